//! An authorization request on its way through login and consent. It travels sealed with the browser and is
//! bound to a cookie of it, so that nobody can finish in one browser what was begun in another
//! (RFC 9700 §4.7); nothing is stored.

use crate::context::Context;
use crate::cookies;
use crate::factors::FirstStep;
use crate::passkeys::Challenge;
use crate::{random, routes};
use http::{HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};
use valetkey_jose::{b64, hash};
use valetkey_model::{Session, SessionId};
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::time::Timestamp;
use valetkey_rules::account::link::Invitation;
use valetkey_rules::authorize::{LoginWhy, RedirectError, ValidRequest};
use valetkey_rules::upstream::Told;

/// What is pending while the person signs in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Pending {
    /// A good request.
    Request(Box<ValidRequest>),
    /// A bad request of a known client: the client is told once the person is known (RFC 9700 §4.11.2).
    Refused(Box<RedirectError>),
    /// No request: the person came to see a page of their account.
    Account {
        /// Its path.
        to: String,
        /// Whether only a sign-in for this very visit will do.
        fresh: bool,
    },
}

/// See the module.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Interaction {
    /// Names it for the inspector.
    pub(crate) id: String,
    pub(crate) pending: Pending,
    pub(crate) started_at: Timestamp,
    /// The session that was begun for this very request, if one was.
    pub(crate) signed_in: Option<SessionId>,
    /// The session that the consent page was made for.
    pub(crate) shown_to: Option<SessionId>,
    /// What another provider told of the person, until they have an account or a link with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) told: Option<Box<Told>>,
    /// An invitation that was opened on the way here, and found good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) invitation: Option<Invitation>,
    /// The session whose person links an account at another provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) links_for: Option<SessionId>,
    /// Why the person must sign in, for the page to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) why: Option<LoginWhy>,
    /// Who has taken the first of two steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) first_step: Option<FirstStep>,
    /// What a passkey is to sign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) challenge: Option<Challenge>,
    /// Hash of the browser's cookie.
    browser: String,
}

/// The browser's binding: the value of its cookie, new or brought along.
#[derive(Debug, Clone)]
pub(crate) struct Browser {
    value: String,
    is_new: bool,
}

impl Browser {
    /// The binding that the browser brought, or a new one.
    pub(crate) fn of(app: &Context, headers: &HeaderMap) -> Self {
        match cookies::read(headers, &app.cookies.browser) {
            Some(value) if b64::decode_url(value).is_ok_and(|bytes| bytes.len() == 32) => Self {
                value: value.to_owned(),
                is_new: false,
            },
            _ => Self {
                value: random::text::<32>(app.random.as_ref()),
                is_new: true,
            },
        }
    }

    /// The cookie to set, when the browser does not have it yet.
    pub(crate) fn cookie(&self, app: &Context) -> Option<HeaderValue> {
        self.is_new
            .then(|| app.cookies.set(&app.cookies.browser, &self.value))
            .flatten()
    }

    /// What a sealed request holds of it.
    pub(crate) fn hash(&self) -> String {
        b64::encode_url(&hash::sha256(self.value.as_bytes()))
    }
}

impl Pending {
    /// The person came by themselves, to see their account.
    pub(crate) fn account() -> Self {
        Self::Account {
            to: String::from(routes::ACCOUNT),
            fresh: false,
        }
    }
}

impl Interaction {
    /// Begins one.
    pub(crate) fn begin(app: &Context, pending: Pending, browser: &Browser) -> Self {
        Self {
            id: random::text::<12>(app.random.as_ref()),
            pending,
            started_at: app.now(),
            signed_in: None,
            shown_to: None,
            told: None,
            invitation: None,
            links_for: None,
            why: None,
            first_step: None,
            challenge: None,
            browser: browser.hash(),
        }
    }

    /// The sealed text.
    pub(crate) fn seal(&self, app: &Context) -> String {
        let plain = serde_json::to_vec(self).unwrap_or_default();
        app.secrets
            .interaction
            .seal_to_text(app.policy().issuer.as_bytes(), &plain)
    }

    /// Opens a sealed text that came back, and checks that it is not too old and is this browser's.
    pub(crate) fn open(
        app: &Context,
        sealed: Option<&str>,
        headers: &HeaderMap,
        trail: &mut Trail,
    ) -> Result<Self, Refusal> {
        let issuer = app.policy().issuer.as_bytes();
        let opened: Option<Self> = sealed
            .and_then(|text| app.secrets.interaction.open_from_text(issuer, text).ok())
            .and_then(|plain| serde_json::from_slice(&plain).ok());
        let Some(interaction) = opened else {
            return Err(trail.refuse(Refusal::plain(Rule::InteractionUnreadable)));
        };
        trail.passed(Rule::InteractionUnreadable);
        interaction.check(app, headers, trail)?;
        Ok(interaction)
    }

    /// Checks that it is not too old and is this browser's.
    pub(crate) fn check(&self, app: &Context, headers: &HeaderMap, trail: &mut Trail) -> Result<(), Refusal> {
        let age = app.now().seconds_since(self.started_at);
        let longest = app.policy().interaction_ttl_seconds;
        trail.require(Rule::InteractionExpired, age < longest, || {
            (format!("at most {longest} seconds"), format!("{age} seconds"))
        })?;
        let is_same = cookies::read(headers, &app.cookies.browser)
            .map(|value| b64::encode_url(&hash::sha256(value.as_bytes())))
            .is_some_and(|hash| hash == self.browser);
        trail.require(Rule::InteractionOtherBrowser, is_same, || {
            let received = match cookies::read(headers, &app.cookies.browser) {
                None => "a browser without our cookie",
                Some(_) => "another browser",
            };
            (
                String::from("the browser in which the request began"),
                received.to_owned(),
            )
        })
    }

    /// Whether the person signed in for this very request, in this session.
    pub(crate) fn was_signed_in_for(&self, session: &Session) -> bool {
        self.signed_in == Some(session.id)
    }
}
