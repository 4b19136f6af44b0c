//! One signed call of OAuth 1.0a (RFC 5849 §3): the API has the signature checked at `/oauth1/verify`, which is all that
//! the server has to do with such a call. Each has a nonce of its own, which the server remembers durably.

use super::wrong;
use crate::browser::{Browser, parameter};
use crate::generator::{Load, Step};
use crate::party::{API, API_SCOPE, Client, Party, REDIRECT_URI};
use crate::wire::{self, Answer, Owned, Request};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use memchr::memmem::Finder;
use std::io::Error;
use std::time::{SystemTime, UNIX_EPOCH};
use valetkey_protocol::oauth1::{
    Protocol, TemporaryCredentials, TokenCredentials, authorization_header, base_string, signing_key,
};

/// See the module.
pub struct SignedCall {
    before: Vec<u8>,
    consumer: Client,
    token: String,
    key: hmac::Key,
    called: u64,
    active: Finder<'static>,
}

impl SignedCall {
    /// Somebody allows the app; the token credentials that come of it sign every call.
    pub fn make(party: &Party) -> Result<Self, Error> {
        let consumer = party.clients.oauth1.clone();
        let token = token_credentials(party, &consumer)?;
        let request = party.posted("/oauth1/verify", &party.clients.api, &[]);
        let mut before = request
            .strip_suffix(b"content-length: 0\r\n\r\n")
            .unwrap_or_default()
            .to_vec();
        before.extend_from_slice(b"content-length: ");
        Ok(Self {
            before,
            key: hmac_key(&consumer, token.secret.expose()),
            consumer,
            token: token.token,
            called: 0,
            active: Finder::new(b"\"active\":true"),
        })
    }
}

fn hmac_key(consumer: &Client, token_secret: &str) -> hmac::Key {
    let key = signing_key(&consumer.secret, token_secret);
    hmac::Key::new(hmac::HMAC_SHA256, key.expose().as_bytes())
}

fn seconds() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}

fn protocol(consumer: &Client, number: u64) -> Protocol {
    Protocol {
        consumer_key: Some(consumer.id.clone()),
        signature_method: Some(String::from("HMAC-SHA256")),
        timestamp: Some(seconds().to_string()),
        nonce: Some(format!("bench{}x{number}", std::process::id())),
        version: Some(String::from("1.0")),
        ..Protocol::default()
    }
}

fn text_of(method: &str, url: &str, protocol: &Protocol) -> String {
    let pairs = protocol.pairs().into_iter();
    let signed: Vec<(String, String)> = pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    base_string(method, url, &signed).unwrap_or_default()
}

fn sign(key: &hmac::Key, text: &str) -> String {
    STANDARD.encode(hmac::sign(key, text.as_bytes()))
}

/// The three steps of RFC 5849 §2.
fn token_credentials(party: &Party, consumer: &Client) -> Result<TokenCredentials, Error> {
    let post = |path: &str, mut protocol: Protocol, token_secret: &str| -> Result<Owned, Error> {
        let text = text_of("POST", &format!("http://{}{path}", party.host), &protocol);
        protocol.signature = Some(sign(&hmac_key(consumer, token_secret), &text));
        let header = authorization_header(None, &protocol);
        let headers = [("authorization", header.as_str()), ("content-length", "0")];
        let request = Request {
            method: "POST",
            target: path,
            headers: &headers,
            form: None,
        };
        let answer = wire::ask(party.address, &request.bytes(&party.host))?;
        if answer.status == 200 {
            Ok(answer)
        } else {
            Err(Error::other(format!("{path}: {}", answer.text())))
        }
    };
    let mut first = protocol(consumer, u64::MAX);
    first.callback = Some(String::from(REDIRECT_URI));
    let answer = post("/oauth1/initiate", first, "")?;
    let temporary =
        TemporaryCredentials::from_form(&answer.body).map_err(|error| Error::other(error.to_string()))?;
    let target = format!(
        "/oauth1/authorize?{}",
        wire::form(&[("oauth_token", &temporary.token)])
    );
    let callback = Browser::new(party.address).walk(&target, &party.people[0])?;
    let verifier = parameter(&callback, "oauth_verifier").unwrap_or_default();
    let mut last = protocol(consumer, u64::MAX - 1);
    last.token = Some(temporary.token.clone());
    last.verifier = Some(verifier);
    let answer = post("/oauth1/token", last, temporary.secret.expose())?;
    TokenCredentials::from_form(&answer.body).map_err(|error| Error::other(format!("{API_SCOPE}: {error}")))
}

impl Load for SignedCall {
    fn ask(&mut self, _: usize, out: &mut Vec<u8>) {
        self.called += 1;
        let mut protocol = protocol(&self.consumer, self.called);
        protocol.token = Some(self.token.clone());
        let text = text_of("GET", &format!("{API}/photos"), &protocol);
        let form = wire::form(&[("base_string", &text), ("signature", &sign(&self.key, &text))]);
        out.extend_from_slice(&self.before);
        out.extend_from_slice(form.len().to_string().as_bytes());
        out.extend_from_slice(b"\r\n\r\n");
        out.extend_from_slice(form.as_bytes());
    }

    fn take(&mut self, _: usize, answer: &Answer<'_>) -> Step {
        let is_right = answer.status == 200 && self.active.find(answer.body).is_some();
        if is_right { Step::Done } else { wrong(answer) }
    }
}
