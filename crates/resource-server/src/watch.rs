//! What a resource server tells an observer: the request (step 5), its own questions to the authorization server, and
//! the response (step 6). Tokens are told by their hash alone.

use http::HeaderMap;
use http::StatusCode;
use http::request::Parts;
use valetkey_jose::{KeySet, b64, hash};
use valetkey_protocol::oauth1::Protocol;
use valetkey_protocol::observe::{Event, Key, Observer, Parameter, Role, Step};
use valetkey_protocol::rule::{Check, Rule, Trail};
use valetkey_protocol::time::Timestamp;

use crate::access::Access;
use crate::stop::Refused;

/// The name of the parameter that shows what was signed.
const BASE_STRING: &str = "signature base string";

/// What happens on the way of one request. Records nothing when nobody watches.
pub(crate) struct Story {
    pub(crate) now: Timestamp,
    /// The checks on the request's token.
    pub(crate) trail: Trail,
    watched: bool,
    questions: Vec<Event>,
    /// What was signed, of a signed request.
    signed: Option<Vec<Parameter>>,
    keys: Vec<Key>,
    client_id: Option<String>,
}

impl Story {
    pub(crate) fn new(observer: Option<&dyn Observer>, now: Timestamp) -> Self {
        let watched = observer.is_some();
        Self {
            now,
            trail: if watched { Trail::recording() } else { Trail::off() },
            watched,
            questions: Vec::new(),
            signed: None,
            keys: Vec::new(),
            client_id: None,
        }
    }

    /// The request is signed: its protocol parameters, and the base string that the signature must be for.
    pub(crate) fn signed(&mut self, protocol: &Protocol, base_string: &str) {
        if self.watched {
            let pairs = protocol.pairs().into_iter();
            let mut parameters: Vec<_> = pairs.map(|(name, value)| Parameter::named(name, value)).collect();
            parameters.push(Parameter::plain(BASE_STRING, base_string));
            self.signed = Some(parameters);
        }
        if let Some(token) = &protocol.token {
            self.token(&hash::sha256(token.as_bytes()));
        }
    }

    /// The request showed the token with this hash.
    pub(crate) fn token(&mut self, hash: &[u8; 32]) {
        if self.watched {
            self.keys.push(Key::Token(b64::encode_url(hash)));
        }
    }

    /// The token gives this access.
    pub(crate) fn access(&mut self, access: &Access) {
        if self.watched && self.client_id.is_none() {
            self.keys.extend(access.grant_id.clone().map(Key::Grant));
            self.client_id = Some(access.client_id.clone());
        }
    }

    /// The key set was fetched on the way.
    pub(crate) fn fetched(&mut self, keys: &KeySet) {
        let names: Vec<_> = keys.iter().map(|key| key.kid()).collect();
        let parameters = vec![Parameter::plain("kid", names.join(" "))];
        self.question("Key set fetched", "200 OK", parameters, Vec::new());
    }

    /// A trail of its own for a part of the checks.
    pub(crate) fn side_trail(&self) -> Trail {
        if self.watched {
            Trail::recording()
        } else {
            Trail::off()
        }
    }

    /// The checks on an introspection answer are the answer's, and the request's as well.
    pub(crate) fn introspected(&mut self, trail: Trail) -> Vec<Rule> {
        self.answered("Introspection answer checked", trail)
    }

    /// The checks on the server's word about a signature, likewise.
    pub(crate) fn verified(&mut self, trail: Trail) {
        self.answered("Verification answer checked", trail);
    }

    fn answered(&mut self, title: &str, trail: Trail) -> Vec<Rule> {
        let checks = trail.into_checks();
        let active = checks.iter().all(|check| check.refused.is_none());
        let parameters = vec![Parameter::plain("counts", if active { "yes" } else { "no" })];
        self.question(title, "200 OK", parameters, checks.clone());
        self.append(&checks)
    }

    /// Appends a part's checks to the request's, and gives the rules that were satisfied.
    pub(crate) fn take_over(&mut self, trail: Trail) -> Vec<Rule> {
        self.append(&trail.into_checks())
    }

    fn append(&mut self, checks: &[Check]) -> Vec<Rule> {
        for check in checks {
            match &check.refused {
                None => self.trail.passed(check.rule),
                // Answered where it was refused; here it is only told.
                Some(refusal) => drop(self.trail.refuse(refusal.clone())),
            }
        }
        let satisfied = checks.iter().filter(|check| check.refused.is_none());
        satisfied.map(|check| check.rule).collect()
    }

    fn question(&mut self, title: &str, line: &str, parameters: Vec<Parameter>, checks: Vec<Check>) {
        if self.watched {
            self.questions.push(Event {
                at: self.now,
                from: Role::AuthorizationServer,
                to: Role::ResourceServer,
                step: Step::Other,
                title: title.to_owned(),
                line: line.to_owned(),
                client_id: None,
                parameters,
                checks,
                keys: Vec::new(),
            });
        }
    }

    /// Tells about the request, then about the questions it led to. Gives what the response's event needs.
    pub(crate) fn tell_request(self, observer: Option<&dyn Observer>, request: &Parts) -> Ending {
        let ending = Ending {
            keys: self.keys,
            client_id: self.client_id,
        };
        let Some(observer) = observer else {
            return ending;
        };
        let title = if self.signed.is_some() {
            "Signed request"
        } else {
            "Resource request"
        };
        observer.observe(Event {
            at: self.now,
            from: Role::Client,
            to: Role::ResourceServer,
            step: Step::ResourceRequest,
            title: title.to_owned(),
            line: format!("{} {}", request.method, request.uri.path()),
            client_id: ending.client_id.clone(),
            parameters: self.signed.unwrap_or_else(|| authorization(request)),
            checks: self.trail.into_checks(),
            keys: ending.keys.clone(),
        });
        for question in self.questions {
            observer.observe(Event {
                keys: ending.keys.clone(),
                client_id: ending.client_id.clone(),
                ..question
            });
        }
        ending
    }
}

/// The credentials, masked.
fn authorization(request: &Parts) -> Vec<Parameter> {
    let values = request.headers.get_all(http::header::AUTHORIZATION).iter();
    let parameters = values.map(|value| {
        let text = String::from_utf8_lossy(value.as_bytes());
        Parameter::secret("authorization", &text)
    });
    parameters.collect()
}

/// What ties the response to its request.
pub(crate) struct Ending {
    keys: Vec<Key>,
    client_id: Option<String>,
}

impl Ending {
    /// The service behind the layer answered.
    pub(crate) fn tell_answer(
        self,
        observer: Option<&dyn Observer>,
        status: StatusCode,
        headers: &HeaderMap,
        now: Timestamp,
    ) {
        let kind = headers
            .get(http::header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        let parameters = kind.map(|kind| Parameter::plain("content-type", kind));
        self.tell(observer, status, parameters.into_iter().collect(), now);
    }

    /// The layer refused.
    pub(crate) fn tell_refusal(self, observer: Option<&dyn Observer>, refused: &Refused, now: Timestamp) {
        let challenges = refused.challenges.iter();
        let parameters = challenges.map(|text| Parameter::plain("www-authenticate", text));
        self.tell(observer, refused.status, parameters.collect(), now);
    }

    fn tell(
        self,
        observer: Option<&dyn Observer>,
        status: StatusCode,
        parameters: Vec<Parameter>,
        now: Timestamp,
    ) {
        let Some(observer) = observer else {
            return;
        };
        observer.observe(Event {
            at: now,
            from: Role::ResourceServer,
            to: Role::Client,
            step: Step::ResourceResponse,
            title: "Resource response".to_owned(),
            line: status.to_string(),
            client_id: self.client_id,
            parameters,
            checks: Vec::new(),
            keys: self.keys,
        });
    }
}
