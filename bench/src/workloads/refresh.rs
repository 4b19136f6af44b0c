//! Refreshing with rotation (RFC 6749 §6, RFC 9700 §4.14): each refresh token is shown once, its successor the next time.

use super::wrong;
use crate::generator::{Load, Step};
use crate::party::{Client, Party, algorithm, must};
use crate::wire::Answer;
use memchr::memmem::Finder;
use std::io::Error;

const ACCESS: &[u8] = b"\"access_token\":\"eyJ";
const ID: &[u8] = b"\"id_token\":\"eyJ";

/// See the module. A connection has grants of its own, and takes one of them at random each time.
pub struct Refresh {
    before: Vec<u8>,
    tokens: Vec<String>,
    connections: usize,
    /// Which grant the connection is refreshing.
    under_way: Vec<usize>,
    random: u64,
    access: Finder<'static>,
    id: Finder<'static>,
}

/// With the tokens that are there, or else with one grant for each connection.
pub fn make(
    party: &Party,
    client: &Client,
    alg: &str,
    there: &[String],
    connections: usize,
) -> Result<Box<dyn Load>, Error> {
    let mut tokens = there.to_vec();
    for connection in tokens.len()..connections {
        let (_, code) = party.sign_in(client, Some(crate::party::API), connection)?;
        tokens.push(party.redeem(client, &code)?.refresh);
    }
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", tokens[0].as_str()),
    ];
    let answer = party.post(&party.endpoints.token, client, &form)?.json();
    let member = |name: &str| answer[name].as_str().unwrap_or_default();
    must(
        algorithm(member("access_token")).as_deref() == Some("ES256"),
        format_args!("the access token: {answer}"),
    )?;
    must(
        algorithm(member("id_token")).as_deref() == Some(alg),
        format_args!("the ID token: {answer}"),
    )?;
    must(
        !["", tokens[0].as_str()].contains(&member("refresh_token")),
        format_args!("no rotation: {answer}"),
    )?;
    tokens[0] = member("refresh_token").to_owned();
    Ok(Box::new(Refresh::new(party, client, tokens, connections)))
}

impl Refresh {
    pub fn new(party: &Party, client: &Client, tokens: Vec<String>, connections: usize) -> Self {
        let request = party.posted(&party.endpoints.token, client, &[]);
        let mut before = request
            .strip_suffix(b"content-length: 0\r\n\r\n")
            .unwrap_or_default()
            .to_vec();
        before.extend_from_slice(b"content-length: ");
        Self {
            before,
            tokens,
            connections,
            under_way: vec![0; connections],
            random: 0x9E37_79B9_7F4A_7C15,
            access: Finder::new(ACCESS),
            id: Finder::new(ID),
        }
    }

    fn pick(&mut self, connection: usize) -> usize {
        // xorshift: which one does not matter, as long as it is any.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        let mine = (self.tokens.len() - connection).div_ceil(self.connections);
        connection + (self.random as usize % mine) * self.connections
    }
}

impl Load for Refresh {
    fn ask(&mut self, connection: usize, out: &mut Vec<u8>) {
        const FORM: &str = "grant_type=refresh_token&refresh_token=";
        let index = self.pick(connection);
        self.under_way[connection] = index;
        let token = &self.tokens[index];
        out.extend_from_slice(&self.before);
        out.extend_from_slice((FORM.len() + token.len()).to_string().as_bytes());
        out.extend_from_slice(b"\r\n\r\n");
        out.extend_from_slice(FORM.as_bytes());
        out.extend_from_slice(token.as_bytes());
    }

    fn take(&mut self, connection: usize, answer: &Answer<'_>) -> Step {
        let has_both = self.access.find(answer.body).is_some() && self.id.find(answer.body).is_some();
        let next = answer
            .member("\"refresh_token\"")
            .and_then(|token| std::str::from_utf8(token).ok());
        let token = &mut self.tokens[self.under_way[connection]];
        match next.filter(|next| answer.status == 200 && has_both && *next != token.as_str()) {
            Some(next) => {
                token.clear();
                token.push_str(next);
                Step::Done
            }
            None => wrong(answer),
        }
    }
}
