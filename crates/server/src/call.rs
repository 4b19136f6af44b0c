//! One call of an endpoint while it is answered: the moment, the reference, the trail of checks, the client,
//! and what the inspector is told. Refusals are logged and counted here, once each.

use crate::context::Context;
use crate::guard::Reference;
use crate::inspector::base_string::BASE_STRING;
use crate::keys::KeyError;
use crate::password::PasswordError;
use crate::settings::Inspect;
use http::Extensions;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use valetkey_jose::{b64, hash};
use valetkey_model::Client;
use valetkey_protocol::observe::{Event, Key, Observer as _, Parameter, Role, Step};
use valetkey_protocol::params::Params;
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::time::Timestamp;
use valetkey_store::StoreError;

/// Why a call is not answered as asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A rule refused.
    Refused(Refusal),
    /// The server failed; the text is for the log.
    Broken(String),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy => Self::Refused(Refusal::plain(Rule::ServerBusy)),
            // The client or the person was removed while the request was on its way.
            StoreError::Orphan { .. } => Self::Refused(Refusal::plain(Rule::InteractionUnreadable)),
            // A disk without room, a database that is away: what was asked can be asked again.
            StoreError::Unavailable(error) => {
                tracing::error!(error, "the store is not available");
                Self::Refused(Refusal::plain(Rule::ServerBusy))
            }
            // A fault of ours, or damage: asking again does not help. It is logged when it is rendered.
            other => Self::Broken(other.to_string()),
        }
    }
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Store(error) => error.into(),
            other => Self::Broken(other.to_string()),
        }
    }
}

impl From<PasswordError> for Failure {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Busy => Self::Refused(Refusal::plain(Rule::ServerBusy)),
            PasswordError::Broken => Self::Broken(error.to_string()),
        }
    }
}

/// See the module.
pub(crate) struct Call<'a> {
    pub(crate) app: &'a Context,
    pub(crate) now: Timestamp,
    reference: Option<Reference>,
    pub(crate) trail: Trail,
    /// The client it concerns, once known.
    pub(crate) client: Option<Arc<Client>>,
    /// Whether the client proved who it is: then it may see what was expected and received.
    pub(crate) proved: bool,
    /// Whether it used HTTP Basic; a 401 then answers with a challenge (RFC 6749 §5.2).
    pub(crate) used_basic: bool,
    /// For `Retry-After`, when the refusal is that it was too often.
    pub(crate) retry_after_seconds: Option<i64>,
    /// Whether the inspector is spared it, because it says nothing new: a device that polls on.
    pub(crate) untold: bool,
    /// What ties the call to its flow.
    pub(crate) keys: Vec<Key>,
    /// The base string of a signed request (RFC 5849 §3.4.1), until the inspector is told of the request.
    pub(crate) base_string: Option<String>,
}

/// One message as an endpoint tells it.
pub(crate) struct Told {
    pub(crate) from: Role,
    pub(crate) to: Role,
    pub(crate) step: Step,
    pub(crate) title: &'static str,
    pub(crate) line: String,
    pub(crate) parameters: Vec<Parameter>,
}

impl<'a> Call<'a> {
    pub(crate) fn new(app: &'a Context, extensions: &Extensions) -> Self {
        let reference = extensions.get::<Reference>().copied();
        // A message without any other tie still belongs to its own answer.
        let now = app.now();
        let watched = may_anybody_be_watched(app, now);
        let own = reference.filter(|_| watched);
        Self {
            app,
            now,
            keys: own
                .map(|reference| Key::Interaction(format!("request {}", reference.as_str())))
                .into_iter()
                .collect(),
            reference,
            trail: new_trail(watched),
            client: None,
            proved: false,
            used_basic: false,
            retry_after_seconds: None,
            untold: false,
            base_string: None,
        }
    }

    /// What the request is called in the log and on pages.
    pub(crate) fn reference(&self) -> &str {
        self.reference.as_ref().map_or("", Reference::as_str)
    }

    /// Whether anybody might record this call. Until the client is known, it may be any that is being watched.
    pub(crate) fn may_be_watched(&self) -> bool {
        may_anybody_be_watched(self.app, self.now)
            && match (self.app.settings.inspect, &self.client) {
                (Inspect::Everyone, _) | (Inspect::Allowed, None) => true,
                (Inspect::Allowed, Some(client)) => is_watched(client, self.now),
            }
    }

    /// Whether whoever called may see what was expected and received.
    pub(crate) fn shows_details(&self) -> bool {
        self.proved || self.app.policy().show_details
    }

    /// The same of a signature that was not good: then nobody has proved anything, but a client that is being watched
    /// has a developer who waits for the base string, and nothing in that is the server's secret.
    pub(crate) fn shows_base_string(&self) -> bool {
        let is_watched = |client: &Arc<Client>| is_watched(client, self.now);
        self.shows_details() || self.client.as_ref().is_some_and(is_watched)
    }

    /// Ties the call to a flow by a token or code, of which only the hash is kept.
    pub(crate) fn tie_token(&mut self, text: &str) {
        if self.may_be_watched() {
            self.keys
                .push(Key::Token(b64::encode_url(&hash::sha256(text.as_bytes()))));
        }
    }

    /// Ties the call to a flow.
    pub(crate) fn tie(&mut self, key: Key) {
        if self.may_be_watched() {
            self.keys.push(key);
        }
    }

    /// [`Call::tell`] on the ways that are taken thousands of times a second: the message is put together only when somebody
    /// may be watching.
    pub(crate) fn tell_watched(&mut self, told: impl FnOnce() -> Told) {
        if self.may_be_watched() {
            let told = told();
            self.tell(told);
        }
    }

    /// Tells the inspector of a message, with the checks made since the last one.
    pub(crate) fn tell(&mut self, told: Told) {
        let next = new_trail(may_anybody_be_watched(self.app, self.now));
        let checks = std::mem::replace(&mut self.trail, next).into_checks();
        let base_string = self.base_string.take();
        let Some(inspector) = self.app.settings.inspector.as_ref().filter(|_| !self.untold) else {
            return;
        };
        let is_allowed = self.app.settings.inspect == Inspect::Everyone
            || self
                .client
                .as_ref()
                .is_some_and(|client| is_watched(client, self.now));
        if !is_allowed {
            return;
        }
        let mut parameters = told.parameters;
        parameters.extend(base_string.map(|text| Parameter::plain(BASE_STRING, text)));
        inspector.observe(Event {
            at: self.now,
            from: told.from,
            to: told.to,
            step: told.step,
            title: told.title.to_owned(),
            line: told.line,
            client_id: self.client.as_ref().map(|client| client.id.to_string()),
            parameters,
            checks,
            keys: self.keys.clone(),
        });
    }

    /// Logs and counts a failure; called once, by whoever renders it.
    pub(crate) fn log(&self, failure: &Failure) {
        let client_id = self.client.as_ref().map(|client| client.id.as_str());
        let reference = self.reference();
        match failure {
            Failure::Refused(refusal) => {
                self.app.metrics.refusal(refusal.rule);
                tracing::info!(rule = refusal.rule.id(), client_id, reference, "refused");
            }
            Failure::Broken(error) => tracing::error!(error, client_id, reference, "failed"),
        }
    }
}

fn new_trail(watched: bool) -> Trail {
    if watched { Trail::recording() } else { Trail::off() }
}

/// Whether any client is being watched at all. When none is, a call records nothing.
fn may_anybody_be_watched(app: &Context, now: Timestamp) -> bool {
    app.settings.inspector.is_some()
        && match app.settings.inspect {
            Inspect::Everyone => true,
            Inspect::Allowed => app.followed.watched.is_at(now),
        }
}

fn is_watched(client: &Client, now: Timestamp) -> bool {
    client.inspect_until.is_some_and(|until| now < until)
}

/// Until when some client is being watched: the latest `inspect_until` of all. It follows the store as the cached clients
/// do; until it has been read once, any client may be watched.
#[derive(Debug)]
pub(crate) struct Watched(AtomicI64);

impl Default for Watched {
    fn default() -> Self {
        Self(AtomicI64::new(i64::MAX))
    }
}

impl Watched {
    /// Takes the latest of these clients.
    pub(crate) fn follow(&self, clients: &[Client]) {
        let latest = clients.iter().filter_map(|client| client.inspect_until).max();
        self.0
            .store(latest.map_or(i64::MIN, |until| until.0), Ordering::Release);
    }

    fn is_at(&self, now: Timestamp) -> bool {
        now.0 < self.0.load(Ordering::Acquire)
    }
}

/// A request's parameters, safe to show.
pub(crate) fn shown_all(params: &Params) -> Vec<Parameter> {
    params
        .pairs()
        .filter(|(name, _)| *name != "password")
        .map(|(name, value)| Parameter::named(name, value))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_795_355_010);

    fn client(inspect_until: Option<Timestamp>) -> Client {
        serde_json::from_value(serde_json::json!({
            "id": "app", "name": "App", "authentication": {"method": "none"}, "application_type": "native",
            "redirect_uris": [], "grant_types": [], "scope": "", "created_at": 0, "inspect_until": inspect_until,
        }))
        .unwrap()
    }

    #[test]
    fn a_fault_of_the_store_is_nothing_to_ask_again_for_and_what_is_not_available_is() {
        let broken = || Box::from("CHECK constraint failed: pulse");
        let failure = Failure::from(StoreError::Backend(broken()));
        assert!(
            matches!(&failure, Failure::Broken(why) if why.contains("CHECK")),
            "{failure:?}"
        );
        let failure = Failure::from(KeyError::Store(StoreError::Backend(broken())));
        assert!(matches!(failure, Failure::Broken(_)), "{failure:?}");
        for error in [StoreError::Unavailable(Box::from("no room")), StoreError::Busy] {
            let failure = Failure::from(error);
            let Failure::Refused(refusal) = failure else {
                panic!("{failure:?}");
            };
            assert_eq!(refusal.rule, Rule::ServerBusy);
            assert!(!refusal.to_string().contains("room"), "{refusal}");
        }
    }

    #[test]
    fn until_the_clients_were_read_any_of_them_may_be_watched() {
        assert!(Watched::default().is_at(NOW));
    }

    #[test]
    fn a_call_records_nothing_once_nobody_is_watched_any_more() {
        let watched = Watched::default();
        watched.follow(&[client(None)]);
        assert!(!watched.is_at(NOW), "nobody is watched");
        let (sooner, later) = (NOW.plus_seconds(10), NOW.plus_seconds(20));
        watched.follow(&[client(Some(later)), client(None), client(Some(sooner))]);
        assert!(watched.is_at(NOW) && watched.is_at(later.plus_seconds(-1)));
        assert!(!watched.is_at(later), "the last one ends");
        watched.follow(&[]);
        assert!(!watched.is_at(NOW), "the client was removed");
    }

    #[test]
    fn a_trail_that_nobody_watches_keeps_no_check() {
        let mut off = new_trail(false);
        off.passed(Rule::MethodNotAllowed);
        assert!(off.into_checks().is_empty());
        let mut on = new_trail(true);
        on.passed(Rule::MethodNotAllowed);
        assert_eq!(on.into_checks().len(), 1);
    }
}
