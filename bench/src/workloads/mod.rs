//! The workloads: what is asked, and what must come back. One file for each that is more than the same request again.

mod flow;
mod refresh;
mod signed_call;

pub use refresh::Refresh;

use crate::browser::{Browser, hidden};
use crate::generator::{Load, Step};
use crate::party::{
    API, API_SCOPE, ARCHIVE, ARCHIVE_SCOPE, DISCOVERY, LEDGER, LEDGER_SCOPE, Party, algorithm, must,
};
use crate::wire::{self, Answer, Request};
use memchr::memmem::Finder;
use std::io::Error;

/// A workload that has a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    ServiceJwt,
    ServiceRs256,
    ServiceOpaque,
    RefreshEs256,
    RefreshRs256,
    Flow,
    IntrospectOpaque,
    IntrospectJwt,
    Userinfo,
    Login,
    Discovery,
    Jwks,
    SignedCall,
}

/// Refresh tokens that are there already.
#[derive(Debug, Clone, Default)]
pub struct Grants {
    pub es256: Vec<String>,
    pub rs256: Vec<String>,
}

/// Makes a workload for that many connections, and asks once to see that the answer is what its name says.
pub fn make(kind: Kind, party: &Party, grants: &Grants, connections: usize) -> Result<Box<dyn Load>, Error> {
    let ready = match kind {
        Kind::ServiceJwt => service(party, API_SCOPE, API, Some("ES256"))?,
        Kind::ServiceRs256 => service(party, ARCHIVE_SCOPE, ARCHIVE, Some("RS256"))?,
        Kind::ServiceOpaque => service(party, LEDGER_SCOPE, LEDGER, None)?,
        Kind::IntrospectOpaque => introspect(party, connections, Some(LEDGER))?,
        Kind::IntrospectJwt => introspect(party, connections, None)?,
        Kind::Userinfo => userinfo(party, connections)?,
        Kind::Login => login(party, connections)?,
        Kind::Discovery => document(party, DISCOVERY, "\"token_endpoint\""),
        Kind::Jwks => document(party, &party.endpoints.jwks, "\"kty\""),
        Kind::RefreshEs256 => {
            return refresh::make(party, &party.clients.web, "ES256", &grants.es256, connections);
        }
        Kind::RefreshRs256 => {
            return refresh::make(
                party,
                &party.clients.web_rs256,
                "RS256",
                &grants.rs256,
                connections,
            );
        }
        Kind::Flow => return Ok(Box::new(flow::Flow::make(party, connections)?)),
        Kind::SignedCall => return Ok(Box::new(signed_call::SignedCall::make(party)?)),
    };
    for request in ready.requests.iter().take(1) {
        let answer = wire::ask(party.address, request)?;
        if let Step::Wrong(why) = ready.judge(&answer.view()) {
            return Err(Error::other(format!("{kind:?}: {why}")));
        }
    }
    Ok(Box::new(ready))
}

/// The same request again and again, one for each connection.
pub struct Fixed {
    pub requests: Vec<Vec<u8>>,
    pub status: u16,
    /// What the answer must hold: in the head, in the body.
    pub in_head: Option<Finder<'static>>,
    pub in_body: Option<Finder<'static>>,
}

impl Fixed {
    /// Answers 200 with this in the body.
    pub fn new(requests: Vec<Vec<u8>>, in_body: &str) -> Self {
        Self {
            requests,
            status: 200,
            in_head: None,
            in_body: Some(Finder::new(in_body).into_owned()),
        }
    }

    fn judge(&self, answer: &Answer<'_>) -> Step {
        let holds = |finder: &Option<Finder<'_>>, text| {
            finder.as_ref().is_none_or(|finder| finder.find(text).is_some())
        };
        let is_right = answer.status == self.status
            && holds(&self.in_head, answer.head)
            && holds(&self.in_body, answer.body);
        if is_right { Step::Done } else { wrong(answer) }
    }
}

impl Load for Fixed {
    fn ask(&mut self, connection: usize, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.requests[connection % self.requests.len()]);
    }

    fn take(&mut self, _: usize, answer: &Answer<'_>) -> Step {
        self.judge(answer)
    }
}

/// What came instead.
pub fn wrong(answer: &Answer<'_>) -> Step {
    let body = String::from_utf8_lossy(&answer.body[..answer.body.len().min(300)]);
    Step::Wrong(format!("{} {body}", answer.status).into())
}

/// The form that the yardsticks are posted: the very request of the first workload.
pub fn yardstick(party: &Party, path: &str) -> Fixed {
    let pairs = [
        ("grant_type", "client_credentials"),
        ("scope", API_SCOPE),
        ("resource", API),
    ];
    let request = party.posted(path, &party.clients.service, &pairs);
    Fixed::new(vec![request], "\"access_token\"")
}

fn service(party: &Party, scope: &str, resource: &str, wanted: Option<&str>) -> Result<Fixed, Error> {
    let token = party.service_token(scope, resource)?;
    let alg = algorithm(&token);
    let is_right = alg.as_deref() == wanted && token.len() > 20;
    must(is_right, format_args!("another token than wanted: {token}"))?;
    let pairs = [
        ("grant_type", "client_credentials"),
        ("scope", scope),
        ("resource", resource),
    ];
    let request = party.posted(&party.endpoints.token, &party.clients.service, &pairs);
    let begins = if wanted.is_some() {
        "\"access_token\":\"eyJ"
    } else {
        "\"access_token\":\""
    };
    Ok(Fixed::new(vec![request], begins))
}

/// The API asks about tokens: each connection about another one.
fn introspect(party: &Party, connections: usize, opaque: Option<&str>) -> Result<Fixed, Error> {
    let mut requests = Vec::new();
    for connection in 0..connections {
        let token = match opaque {
            Some(resource) => party.service_token(LEDGER_SCOPE, resource)?,
            // One that a person gave: its grant is looked up, too.
            None => {
                let (_, code) = party.sign_in(&party.clients.web, Some(API), connection)?;
                party.redeem(&party.clients.web, &code)?.access
            }
        };
        must(
            algorithm(&token).is_some() != opaque.is_some(),
            "a token of the other format",
        )?;
        requests.push(party.posted(
            &party.endpoints.introspect,
            &party.clients.api,
            &[("token", &token)],
        ));
    }
    Ok(Fixed::new(requests, "\"active\":true"))
}

/// Apps ask who signed in: each connection about another grant.
fn userinfo(party: &Party, connections: usize) -> Result<Fixed, Error> {
    let mut requests = Vec::new();
    for connection in 0..connections {
        let (_, code) = party.sign_in(&party.clients.web, None, connection)?;
        let tokens = party.redeem(&party.clients.web, &code)?;
        must(
            !party.is_valetkey || algorithm(&tokens.access).is_some(),
            "the access token is no JWT",
        )?;
        let bearer = format!("Bearer {}", tokens.access);
        let headers = [("authorization", bearer.as_str())];
        let target = &party.endpoints.userinfo;
        requests.push(
            Request {
                method: "GET",
                target,
                headers: &headers,
                form: None,
            }
            .bytes(&party.host),
        );
    }
    Ok(Fixed::new(requests, "\"email\""))
}

fn document(party: &Party, target: &str, holds: &str) -> Fixed {
    let request = Request {
        method: "GET",
        target,
        headers: &[],
        form: None,
    };
    Fixed::new(vec![request.bytes(&party.host)], holds)
}

/// People sign in with their passwords: each connection another person.
fn login(party: &Party, connections: usize) -> Result<Fixed, Error> {
    let mut requests = Vec::new();
    for connection in 0..connections {
        let mut browser = Browser::new(party.address);
        let page = browser.get("/login")?.text();
        let flow = hidden(&page, "flow").ok_or_else(|| Error::other(format!("no sign-in page: {page}")))?;
        let person = &party.people[connection % party.people.len()];
        let form = wire::form(&[
            ("flow", &flow),
            ("username", &person.username),
            ("password", &person.password),
        ]);
        let (cookie, origin) = (browser.cookie_header(), format!("http://{}", party.host));
        let headers = [
            ("cookie", cookie.as_str()),
            ("origin", &origin),
            ("sec-fetch-site", "same-origin"),
        ];
        let request = Request {
            method: "POST",
            target: "/login",
            headers: &headers,
            form: Some(&form),
        };
        requests.push(request.bytes(&party.host));
    }
    Ok(Fixed {
        requests,
        status: 303,
        in_head: Some(Finder::new("set-cookie: ").into_owned()),
        in_body: None,
    })
}
