//! MySweetApp's own sessions: what it remembers about one browser, on the server, behind a random cookie.
//!
//! Tokens stay here; the browser never gets one (the shape that RFC 10017 recommends). The number of sessions is
//! bounded: the one that was not used for the longest time goes first. Nothing outlives the program.

use super::calls::{Said, Taken};
use super::sent::Sent;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use url::Url;
use valetkey_client::oauth1::{self, TokenCredentials};
use valetkey_client::{IdClaims, Pending, Tokens};

/// The cookie's name; its own, because cookies do not tell the ports of one host apart.
pub(super) const COOKIE_NAME: &str = "mysweetapp_session";
/// More browsers than this are not remembered.
const MAX_SESSIONS: usize = 500;
/// Sign-ins that one browser may have begun, in as many tabs.
const MAX_PENDING: usize = 5;

/// What the app remembers about one browser.
#[derive(Default)]
pub(super) struct Session {
    /// Sign-ins that were begun and have not come back.
    pub(super) pending: Vec<Begun>,
    /// The same, begun the 1.0 way.
    pub(super) signing: Vec<oauth1::Pending>,
    /// What it got when they came back.
    pub(super) holds: Holding,
    /// The `state` of a sign-out that has gone to the server.
    signing_out: Option<String>,
    used: u64,
}

/// A sign-in that has gone to the server.
pub(super) struct Begun {
    pub(super) pending: Pending,
    /// The page of the app to go to afterwards, when it is not the first.
    pub(super) target: Option<Url>,
    /// Whether the person is to prove once more who they are.
    pub(super) confirming: bool,
}

/// What the app holds for one person, by one protocol or both.
#[derive(Clone, Default)]
pub(super) struct Holding {
    /// By OAuth 2.
    pub(super) connected: Option<Arc<Connected>>,
    /// By OAuth 1.0a.
    pub(super) signed: Option<Arc<SignedIn>>,
    /// The app's last deed and how it came out.
    pub(super) said: Arc<Said>,
}

/// What the app got by OAuth 2.
#[derive(Clone)]
pub(super) struct Connected {
    /// The tokens. Absent once the person took them back here.
    pub(super) tokens: Arc<Tokens>,
    /// The `state` of the request that it all began with; it names the flow in the inspector.
    pub(super) state: String,
    /// Who it is, in the person's own words.
    pub(super) name: Option<String>,
    /// The photos, when the last call brought them.
    pub(super) taken: Option<Taken>,
}

/// What the app got by OAuth 1.0a.
#[derive(Clone)]
pub(super) struct SignedIn {
    /// The token credentials.
    pub(super) token: Arc<TokenCredentials>,
    /// The last request that was signed with them.
    pub(super) sent: Option<Arc<Sent>>,
    /// The photos, when that request brought them.
    pub(super) taken: Option<Taken>,
}

/// Every browser's session.
#[derive(Default)]
pub(super) struct Sessions {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    by_id: HashMap<String, Session>,
    uses: u64,
}

impl Sessions {
    /// Runs `change` on the session with that id, when there is one.
    pub(super) fn with<T>(&self, id: &str, change: impl FnOnce(&mut Session) -> T) -> Option<T> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.uses = inner.uses.wrapping_add(1);
        let uses = inner.uses;
        let session = inner.by_id.get_mut(id)?;
        session.used = uses;
        Some(change(session))
    }

    /// What the app holds for the browser with that cookie.
    pub(super) fn holding(&self, id: Option<&str>) -> Holding {
        id.and_then(|id| self.with(id, |session| session.holds.clone()))
            .unwrap_or_default()
    }

    /// Remembers a sign-in that begins, in the browser's session or in a new one whose id it gives.
    pub(super) fn begin(&self, id: Option<&str>, begun: Begun) -> Option<String> {
        self.begin_in(id, |session| push(&mut session.pending, begun))
    }

    /// The same the 1.0 way.
    pub(super) fn begin_signing(&self, id: Option<&str>, pending: oauth1::Pending) -> Option<String> {
        self.begin_in(id, |session| push(&mut session.signing, pending))
    }

    fn begin_in(&self, id: Option<&str>, add: impl FnOnce(&mut Session)) -> Option<String> {
        let known = id.filter(|id| self.with(id, |_| ()).is_some());
        match known {
            Some(id) => {
                self.with(id, add);
                None
            }
            None => {
                let mut session = Session::default();
                add(&mut session);
                self.insert(session)
            }
        }
    }

    /// The sign-in with that state, once: it cannot be finished twice.
    pub(super) fn take_pending(&self, id: Option<&str>, state: &str) -> Option<Begun> {
        self.with(id?, |session| {
            take(&mut session.pending, |begun| begun.pending.state() == state)
        })?
    }

    /// The sign-in with those temporary credentials, once.
    pub(super) fn take_signing(&self, id: Option<&str>, token: &str) -> Option<oauth1::Pending> {
        self.with(id?, |session| {
            take(&mut session.signing, |begun| begun.token() == token)
        })?
    }

    /// Ends the browser's session and begins a new one that holds more: an id from before the sign-in never names a
    /// session after it.
    pub(super) fn connect(&self, old: Option<&str>, add: impl FnOnce(&mut Holding)) -> Option<String> {
        let mut holds = self.holding(old);
        self.end(old);
        add(&mut holds);
        self.insert(Session {
            holds,
            ..Session::default()
        })
    }

    /// Changes what the session holds.
    pub(super) fn update(&self, id: &str, change: impl FnOnce(&mut Holding)) {
        self.with(id, |session| change(&mut session.holds));
    }

    /// Remembers, in a session that holds nothing, a sign-out on its way: the session's id and the `state` to send.
    pub(super) fn begin_sign_out(&self) -> Option<(String, String)> {
        let state = random_id()?;
        let id = self.insert(Session {
            signing_out: Some(state.clone()),
            ..Session::default()
        })?;
        Some((id, state))
    }

    /// Whether the browser had gone away to sign out with that `state`; once.
    pub(super) fn take_sign_out(&self, id: Option<&str>, state: &str) -> bool {
        let sent = id.and_then(|id| self.with(id, |session| session.signing_out.take()));
        sent.flatten().is_some_and(|sent| sent == state)
    }

    /// Forgets what every person got by OAuth 2 whose ID token is one of those, and leaves word. Says how many.
    pub(super) fn end_signed_in(&self, is_one: impl Fn(&IdClaims) -> bool, word: &Arc<Said>) -> usize {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let mut ended = 0;
        for session in inner.by_id.values_mut() {
            let connected = session.holds.connected.as_ref();
            let claims = connected.and_then(|connected| connected.tokens.id_claims.as_ref());
            if claims.is_some_and(&is_one) {
                session.holds.connected = None;
                session.holds.said = Arc::clone(word);
                ended += 1;
            }
        }
        ended
    }

    /// Forgets the session.
    pub(super) fn end(&self, id: Option<&str>) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(id) = id {
            inner.by_id.remove(id);
        }
    }

    fn insert(&self, mut session: Session) -> Option<String> {
        let id = random_id()?;
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.uses = inner.uses.wrapping_add(1);
        session.used = inner.uses;
        if inner.by_id.len() >= MAX_SESSIONS {
            let oldest = inner.by_id.iter().min_by_key(|(_, session)| session.used);
            if let Some(oldest) = oldest.map(|(id, _)| id.clone()) {
                inner.by_id.remove(&oldest);
            }
        }
        inner.by_id.insert(id.clone(), session);
        Some(id)
    }
}

/// Adds one, and forgets the oldest when there are too many.
fn push<T>(begun: &mut Vec<T>, one: T) {
    begun.push(one);
    let surplus = begun.len().saturating_sub(MAX_PENDING);
    begun.drain(..surplus);
}

fn take<T>(begun: &mut Vec<T>, is_it: impl FnMut(&T) -> bool) -> Option<T> {
    let at = begun.iter().position(is_it)?;
    Some(begun.remove(at))
}

/// 256 random bits. `None` when the machine has no randomness; then nobody signs in.
fn random_id() -> Option<String> {
    let mut bytes = [0_u8; 32];
    aws_lc_rs::rand::fill(&mut bytes).ok()?;
    Some(URL_SAFE_NO_PAD.encode(bytes))
}

/// The session id that the browser sent.
pub(super) fn sent(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| (name == COOKIE_NAME).then_some(value))
}

/// The header that gives the browser its session id.
pub(super) fn cookie(id: &str, secure: bool) -> Option<HeaderValue> {
    let secure = if secure { "; Secure" } else { "" };
    HeaderValue::try_from(format!(
        "{COOKIE_NAME}={id}; Path=/; HttpOnly; SameSite=Lax{secure}"
    ))
    .ok()
}

/// The header that takes it away.
pub(super) fn no_cookie() -> HeaderValue {
    HeaderValue::from_static("mysweetapp_session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_ids_are_long_and_never_the_same() {
        let (a, b) = (random_id().unwrap(), random_id().unwrap());
        assert_ne!(a, b);
        assert_eq!(a.len(), 43);
    }

    #[test]
    fn the_session_that_was_not_used_for_longest_goes_first() {
        let sessions = Sessions::default();
        let first = sessions.insert(Session::default()).unwrap();
        let second = sessions.insert(Session::default()).unwrap();
        for _ in 2..MAX_SESSIONS {
            sessions.insert(Session::default()).unwrap();
        }
        sessions.with(&first, |_| ()).unwrap();
        sessions.insert(Session::default()).unwrap();
        assert!(sessions.with(&first, |_| ()).is_some());
        assert!(sessions.with(&second, |_| ()).is_none());
    }

    #[test]
    fn only_the_apps_own_cookie_counts() {
        let mut headers = HeaderMap::new();
        headers.append(
            COOKIE,
            HeaderValue::from_static("vk_session=x; xmysweetapp_session=y"),
        );
        assert_eq!(sent(&headers), None);
        headers.append(COOKIE, HeaderValue::from_static("a=b; mysweetapp_session=z"));
        assert_eq!(sent(&headers), Some("z"));
    }

    #[test]
    fn scripts_cannot_read_the_cookie_and_other_sites_do_not_send_it() {
        let value = cookie("abc", true).unwrap();
        assert_eq!(
            value.to_str().unwrap(),
            "mysweetapp_session=abc; Path=/; HttpOnly; SameSite=Lax; Secure"
        );
        assert!(
            no_cookie()
                .to_str()
                .unwrap()
                .starts_with(&format!("{COOKIE_NAME}=;"))
        );
    }
}
