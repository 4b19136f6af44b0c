//! What this client tells an observer: the requests it signs, with the base string that the server must come to as well,
//! and the checks that nobody else can see.

use valetkey_jose::{b64, hash};
use valetkey_protocol::oauth1::TokenCredentials;
use valetkey_protocol::observe::{Event, Key, Parameter, Role, Step};
use valetkey_protocol::params::Params;
use valetkey_protocol::rule::Trail;
use valetkey_protocol::time::Timestamp;

use super::consumer::Signed;
use super::flow::{Client, Pending};
use crate::HttpRequest;

/// The name of the parameter that shows a base string.
const BASE_STRING: &str = "signature base string";

impl Client {
    /// The request for temporary credentials.
    pub(super) fn tell_initiate(
        &self,
        signed: &Signed,
        issued: Option<&TokenCredentials>,
        trail: Trail,
        now: Timestamp,
    ) {
        let told = Told {
            to: Role::AuthorizationServer,
            step: Step::AuthorizationRequest,
            title: "Request for temporary credentials signed",
            line: "POST initiate".to_owned(),
        };
        self.tell_signed(told, signed, issued, trail, now);
    }

    /// The checks on the callback.
    pub(super) fn tell_callback(&self, pending: &Pending, params: &Params, trail: Trail, now: Timestamp) {
        let parameters = params.pairs();
        self.tell(Event {
            at: now,
            from: Role::ResourceOwner,
            to: Role::Client,
            step: Step::AuthorizationGrant,
            title: "Callback checks".to_owned(),
            line: "GET oauth_callback".to_owned(),
            client_id: None,
            parameters: parameters
                .map(|(name, value)| Parameter::named(name, value))
                .collect(),
            checks: trail.into_checks(),
            keys: vec![key(pending.token())],
        });
    }

    /// The request for token credentials; what it gets joins the flow.
    pub(super) fn tell_token(&self, signed: &Signed, issued: Option<&TokenCredentials>, now: Timestamp) {
        let told = Told {
            to: Role::AuthorizationServer,
            step: Step::TokenRequest,
            title: "Request for token credentials signed",
            line: "POST token".to_owned(),
        };
        self.tell_signed(told, signed, issued, Trail::off(), now);
    }

    /// A request to the API.
    pub(super) fn tell_request(&self, request: &HttpRequest, signed: &Signed, now: Timestamp) {
        let told = Told {
            to: Role::ResourceServer,
            step: Step::ResourceRequest,
            title: "Request signed",
            line: format!("{} {}", request.method(), request.uri().path()),
        };
        self.tell_signed(told, signed, None, Trail::off(), now);
    }

    fn tell_signed(
        &self,
        told: Told,
        signed: &Signed,
        issued: Option<&TokenCredentials>,
        trail: Trail,
        now: Timestamp,
    ) {
        if self.observer().is_some() {
            let issued = issued.map(|credentials| credentials.token.as_str());
            self.tell(event(told, signed, issued, trail, now));
        }
    }

    fn tell(&self, event: Event) {
        if let Some(observer) = self.observer() {
            observer.observe(Event {
                client_id: Some(self.consumer().key.clone()),
                ..event
            });
        }
    }
}

/// Where a signed request goes, and what it is called.
pub(super) struct Told {
    pub(super) to: Role,
    pub(super) step: Step,
    pub(super) title: &'static str,
    pub(super) line: String,
}

/// A signed request, told with its base string. It ties the flow of its token to the token that was issued for it.
pub(super) fn event(
    told: Told,
    signed: &Signed,
    issued: Option<&str>,
    trail: Trail,
    now: Timestamp,
) -> Event {
    let pairs = signed.protocol.pairs().into_iter();
    let mut parameters: Vec<_> = pairs.map(|(name, value)| Parameter::named(name, value)).collect();
    parameters.push(Parameter::plain(BASE_STRING, &signed.base_string));
    let tokens = signed.protocol.token.as_deref().into_iter().chain(issued);
    Event {
        at: now,
        from: Role::Client,
        to: told.to,
        step: told.step,
        title: told.title.to_owned(),
        line: told.line,
        client_id: None,
        parameters,
        checks: trail.into_checks(),
        keys: tokens.map(key).collect(),
    }
}

fn key(token: &str) -> Key {
    Key::Token(b64::encode_url(&hash::sha256(token.as_bytes())))
}
