//! The whole code flow with PKCE of somebody who is signed in and has allowed the app before: the authorization endpoint
//! answers with a code, the token endpoint takes it.

use super::wrong;
use crate::generator::{Load, Step};
use crate::party::{API, Party, REDIRECT_URI, VERIFIER};
use crate::wire::{self, Answer, Request};
use memchr::memmem::Finder;
use std::io::Error;

/// See the module.
pub struct Flow {
    /// Of each connection: its browser's request.
    authorize: Vec<Vec<u8>>,
    /// The app's request, but for the length and the code.
    before: Vec<u8>,
    form: String,
    /// Of each connection, the code that it got.
    codes: Vec<Option<String>>,
    access: Finder<'static>,
    id: Finder<'static>,
}

impl Flow {
    pub fn make(party: &Party, connections: usize) -> Result<Self, Error> {
        let client = &party.clients.web;
        let target = party.authorize_target(client, Some(API));
        let mut authorize = Vec::new();
        for connection in 0..connections {
            let (browser, code) = party.sign_in(client, Some(API), connection)?;
            party.redeem(client, &code)?;
            let cookie = browser.cookie_header();
            let headers = [("cookie", cookie.as_str()), ("accept", "text/html")];
            let request = Request {
                method: "GET",
                target: &target,
                headers: &headers,
                form: None,
            };
            authorize.push(request.bytes(&party.host));
        }
        let request = party.posted(&party.endpoints.token, client, &[]);
        let mut before = request
            .strip_suffix(b"content-length: 0\r\n\r\n")
            .unwrap_or_default()
            .to_vec();
        before.extend_from_slice(b"content-length: ");
        let pairs = [
            ("grant_type", "authorization_code"),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", VERIFIER),
        ];
        Ok(Self {
            authorize,
            before,
            form: format!("{}&code=", wire::form(&pairs)),
            codes: vec![None; connections],
            access: Finder::new(b"\"access_token\":\"eyJ"),
            id: Finder::new(b"\"id_token\":\"eyJ"),
        })
    }
}

fn code(answer: &Answer<'_>) -> Option<String> {
    let location = answer
        .header("location")
        .filter(|_| answer.status == 303 || answer.status == 302)?;
    let query = location.strip_prefix(REDIRECT_URI)?.strip_prefix('?')?;
    let code = query.split('&').find_map(|pair| pair.strip_prefix("code="))?;
    Some(code.to_owned())
}

impl Load for Flow {
    fn ask(&mut self, connection: usize, out: &mut Vec<u8>) {
        match &self.codes[connection] {
            None => out.extend_from_slice(&self.authorize[connection]),
            Some(code) => {
                out.extend_from_slice(&self.before);
                out.extend_from_slice((self.form.len() + code.len()).to_string().as_bytes());
                out.extend_from_slice(b"\r\n\r\n");
                out.extend_from_slice(self.form.as_bytes());
                out.extend_from_slice(code.as_bytes());
            }
        }
    }

    fn take(&mut self, connection: usize, answer: &Answer<'_>) -> Step {
        if self.codes[connection].take().is_none() {
            self.codes[connection] = code(answer);
            return if self.codes[connection].is_some() {
                Step::More
            } else {
                wrong(answer)
            };
        }
        let has_both = self.access.find(answer.body).is_some() && self.id.find(answer.body).is_some();
        if answer.status == 200 && has_both {
            Step::Done
        } else {
            wrong(answer)
        }
    }
}
