//! A server that is measured, as its clients know it: Valetkey or the peer. Addresses come from its own metadata.

use crate::browser::{Browser, Person, parameter};
use crate::wire::{self, Owned, Request};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::io::Error;
use std::net::SocketAddr;

/// An API whose access tokens are JWTs, and its scope.
pub const API: &str = "https://api.example";
pub const API_SCOPE: &str = "api.read";
/// An API whose access tokens are opaque, and its scope.
pub const LEDGER: &str = "https://ledger.example";
pub const LEDGER_SCOPE: &str = "ledger.read";
/// An API whose tokens are signed by RS256.
pub const ARCHIVE: &str = "https://archive.example";
pub const ARCHIVE_SCOPE: &str = "archive.read";
/// What an app asks people for.
pub const SIGN_IN_SCOPE: &str = "openid profile email";
pub const REDIRECT_URI: &str = "https://app.example/callback";
/// RFC 7636, appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A client that is registered.
#[derive(Debug, Clone, Default)]
pub struct Client {
    pub id: String,
    pub secret: String,
}

impl Client {
    /// Its `Authorization` header (RFC 6749 §2.3.1).
    pub fn basic(&self) -> String {
        let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let pair = format!("{}:{}", encode(&self.id), encode(&self.secret));
        format!("Basic {}", STANDARD.encode(pair))
    }
}

/// The clients that every party has.
#[derive(Debug, Clone, Default)]
pub struct Clients {
    /// Asks for tokens for itself.
    pub service: Client,
    /// Is both APIs, and asks about tokens.
    pub api: Client,
    /// Signs people in; its ID tokens are ES256.
    pub web: Client,
    /// The same with RS256.
    pub web_rs256: Client,
    /// Signs by OAuth 1.0a; `secret` is the consumer secret.
    pub oauth1: Client,
}

/// Paths below the server's origin.
#[derive(Debug, Clone)]
pub struct Endpoints {
    pub authorize: String,
    pub token: String,
    pub introspect: String,
    pub userinfo: String,
    pub jwks: String,
}

/// Where discovery is.
pub const DISCOVERY: &str = "/.well-known/openid-configuration";

/// See the module.
#[derive(Debug, Clone)]
pub struct Party {
    pub address: SocketAddr,
    pub host: String,
    pub endpoints: Endpoints,
    pub clients: Clients,
    pub people: Vec<Person>,
    pub is_valetkey: bool,
}

/// Tokens that a code brought.
pub struct Tokens {
    pub access: String,
    pub refresh: String,
}

impl Party {
    pub fn meet(
        address: SocketAddr,
        clients: Clients,
        people: Vec<Person>,
        is_valetkey: bool,
    ) -> Result<Self, Error> {
        let host = address.to_string();
        let request = Request {
            method: "GET",
            target: DISCOVERY,
            headers: &[],
            form: None,
        };
        let metadata = wire::ask(address, &request.bytes(&host))?.json();
        let path = |name: &str| {
            let url = metadata[name].as_str().unwrap_or_default();
            let path = url.strip_prefix(&format!("http://{host}"));
            path.map(str::to_owned)
                .ok_or_else(|| Error::other(format!("{name} in the metadata is {url:?}")))
        };
        let endpoints = Endpoints {
            authorize: path("authorization_endpoint")?,
            token: path("token_endpoint")?,
            introspect: path("introspection_endpoint")?,
            userinfo: path("userinfo_endpoint")?,
            jwks: path("jwks_uri")?,
        };
        Ok(Self {
            address,
            host,
            endpoints,
            clients,
            people,
            is_valetkey,
        })
    }

    /// A form that a client posts, as bytes.
    pub fn posted(&self, target: &str, client: &Client, pairs: &[(&str, &str)]) -> Vec<u8> {
        let (basic, form) = (client.basic(), wire::form(pairs));
        let headers = [("authorization", basic.as_str()), ("accept", "application/json")];
        Request {
            method: "POST",
            target,
            headers: &headers,
            form: Some(&form),
        }
        .bytes(&self.host)
    }

    /// Posts it once; the answer must be 200.
    pub fn post(&self, target: &str, client: &Client, pairs: &[(&str, &str)]) -> Result<Owned, Error> {
        let answer = wire::ask(self.address, &self.posted(target, client, pairs))?;
        if answer.status == 200 {
            Ok(answer)
        } else {
            Err(Error::other(format!(
                "{target} answers {}: {}",
                answer.status,
                answer.text()
            )))
        }
    }

    /// The address with which the app sends people to sign in. With a resource, the access token is for that API.
    pub fn authorize_target(&self, client: &Client, resource: Option<&str>) -> String {
        let scope = match resource {
            Some(_) => format!("{SIGN_IN_SCOPE} {API_SCOPE}"),
            None => String::from(SIGN_IN_SCOPE),
        };
        let mut pairs = vec![
            ("client_id", client.id.as_str()),
            ("response_type", "code"),
            ("redirect_uri", REDIRECT_URI),
            ("scope", &scope),
            ("state", "af0ifjsldkj"),
            ("nonce", "n-0S6_WzA2Mj"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        pairs.extend(resource.map(|resource| ("resource", resource)));
        format!("{}?{}", self.endpoints.authorize, wire::form(&pairs))
    }

    /// A browser in which somebody is signed in and has allowed the app, and the code that came of it.
    pub fn sign_in(
        &self,
        client: &Client,
        resource: Option<&str>,
        person: usize,
    ) -> Result<(Browser, String), Error> {
        let mut browser = Browser::new(self.address);
        let person = &self.people[person % self.people.len()];
        let callback = browser.walk(&self.authorize_target(client, resource), person)?;
        match parameter(&callback, "code") {
            Some(code) => Ok((browser, code)),
            None => Err(Error::other(format!("no code came back: {callback}"))),
        }
    }

    /// The form that redeems a code.
    pub fn code_form(code: &str) -> [(&'static str, String); 4] {
        [
            ("grant_type", String::from("authorization_code")),
            ("code", code.to_owned()),
            ("redirect_uri", String::from(REDIRECT_URI)),
            ("code_verifier", String::from(VERIFIER)),
        ]
    }

    /// Redeems a code.
    pub fn redeem(&self, client: &Client, code: &str) -> Result<Tokens, Error> {
        let form = Self::code_form(code);
        let pairs: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = self.post(&self.endpoints.token, client, &pairs)?.json();
        let member = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
        Ok(Tokens {
            access: member("access_token"),
            refresh: member("refresh_token"),
        })
    }

    /// A token of the service for itself.
    pub fn service_token(&self, scope: &str, resource: &str) -> Result<String, Error> {
        let pairs = [
            ("grant_type", "client_credentials"),
            ("scope", scope),
            ("resource", resource),
        ];
        let answer = self
            .post(&self.endpoints.token, &self.clients.service, &pairs)?
            .json();
        Ok(answer["access_token"].as_str().unwrap_or_default().to_owned())
    }
}

/// The `alg` of a JWT; `None` of anything else.
pub fn algorithm(token: &str) -> Option<String> {
    let head = token
        .split('.')
        .next()
        .filter(|_| token.split('.').count() == 3)?;
    let head = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(head)
        .ok()?;
    let head: serde_json::Value = serde_json::from_slice(&head).ok()?;
    head["alg"].as_str().map(str::to_owned)
}

/// An error unless it is so.
pub fn must(is_so: bool, what: impl std::fmt::Display) -> Result<(), Error> {
    if is_so {
        Ok(())
    } else {
        Err(Error::other(what.to_string()))
    }
}
