//! What this client tells an observer: only the checks that nobody else can see. The messages themselves are the
//! authorization server's to tell.

use valetkey_jose::{b64, hash};
use valetkey_protocol::observe::{Event, Key, Parameter, Role, Step};
use valetkey_protocol::params::Params;
use valetkey_protocol::rule::Trail;
use valetkey_protocol::secret::AuthorizationCode;
use valetkey_protocol::time::Timestamp;

use crate::ask::Pending;
use crate::{Client, IdClaims};

/// Callback parameters that an observer must not see whole.
const SECRET: [&str; 2] = ["code", "state"];

impl Client {
    /// A trail that records when somebody watches.
    pub(crate) fn trail(&self) -> Trail {
        if self.observer().is_some() {
            Trail::recording()
        } else {
            Trail::off()
        }
    }

    /// Tells about the checks on the redirect (step 2). It belongs to the flow that this client began; a code joins it
    /// only when it was accepted.
    pub(crate) fn tell_callback(
        &self,
        (pending, params): (&Pending, &Params),
        code: Option<&AuthorizationCode>,
        trail: Trail,
        now: Timestamp,
    ) {
        let mut keys = vec![Key::State(pending.state.clone())];
        keys.extend(code.map(|code| token_key(code.expose())));
        let parameters = params.pairs().map(|(name, value)| {
            if SECRET.contains(&name) {
                Parameter::secret(name, value)
            } else {
                Parameter::plain(name, value)
            }
        });
        self.tell(Event {
            at: now,
            from: Role::ResourceOwner,
            to: Role::Client,
            step: Step::AuthorizationGrant,
            title: "Callback checks".to_owned(),
            line: "GET redirect_uri".to_owned(),
            client_id: None,
            parameters: parameters.collect(),
            checks: trail.into_checks(),
            keys,
        });
    }

    /// Tells about the checks on an answer of the authorization server.
    pub(crate) fn tell_answer(&self, note: Note<'_>, trail: Trail, now: Timestamp) {
        let mut keys: Vec<Key> = note
            .state
            .map(|state| Key::State(state.to_owned()))
            .into_iter()
            .collect();
        keys.extend(note.tokens.iter().map(|token| token_key(token)));
        let parameters = note.claims.map(|claims| {
            vec![
                Parameter::plain("iss", &claims.iss),
                Parameter::plain("sub", &claims.sub),
                Parameter::plain("aud", claims.aud.join(" ")),
                Parameter::plain("exp", claims.exp.to_string()),
            ]
        });
        self.tell(Event {
            at: now,
            from: Role::AuthorizationServer,
            to: Role::Client,
            step: note.step,
            title: note.title.to_owned(),
            line: String::new(),
            client_id: None,
            parameters: parameters.unwrap_or_default(),
            checks: trail.into_checks(),
            keys,
        });
    }

    pub(crate) fn tell(&self, event: Event) {
        if let Some(observer) = self.observer() {
            observer.observe(Event {
                client_id: Some(self.client_id().to_owned()),
                ..event
            });
        }
    }
}

/// What [`Client::tell_answer`] tells, but for the checks.
pub(crate) struct Note<'a> {
    pub(crate) title: &'static str,
    pub(crate) step: Step,
    pub(crate) state: Option<&'a str>,
    /// Codes and tokens that tie it to its flow.
    pub(crate) tokens: &'a [&'a str],
    pub(crate) claims: Option<&'a IdClaims>,
}

fn token_key(token: &str) -> Key {
    Key::Token(b64::encode_url(&hash::sha256(token.as_bytes())))
}
