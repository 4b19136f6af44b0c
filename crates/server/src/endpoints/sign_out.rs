//! What both ways to sign out share, the person's own ([`super::logout`]) and a client's ([`super::end_session`]): the
//! request while the person is asked, the end of the session, and the page or redirect after it.
//!
//! Clients hear of it by the back channel, which the store queues, and by frames on the last page (OpenID Connect Front-Channel
//! Logout §2).

use super::page;
use crate::call::{Call, Failure, Told};
use crate::context::Context;
use crate::interaction::Browser;
use crate::pages::logout::{Onward, SignedOut, signed_out};
use crate::{cookies, outbox, routes, session};
use axum::response::Response;
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use url::Url;
use valetkey_model::{Client, Session, Sid};
use valetkey_protocol::observe::{Parameter, Role, Step};
use valetkey_protocol::rule::{Refusal, Rule};
use valetkey_protocol::time::Timestamp;
use valetkey_rules::logout::{Back, registered_still};

/// Told apart from what else is sealed under the same key.
const SEAL_LABEL: &[u8] = b"sign-out ";

/// A client's request while the person is asked. It travels sealed with the browser and is bound to it, as
/// [`crate::interaction::Interaction`] is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Asked {
    /// Who asks, as far as the request says it.
    pub(super) client: Option<String>,
    /// Where the browser goes afterwards.
    pub(super) back: Option<Back>,
    started_at: Timestamp,
    browser: String,
}

impl Asked {
    pub(super) fn begin(
        app: &Context,
        client: Option<&Client>,
        back: Option<Back>,
        browser: &Browser,
    ) -> Self {
        Self {
            client: client.map(|client| client.id.to_string()),
            back,
            started_at: app.now(),
            browser: browser.hash(),
        }
    }

    pub(super) fn seal(&self, app: &Context) -> String {
        let plain = serde_json::to_vec(self).unwrap_or_default();
        app.secrets.interaction.seal_to_text(&label(app), &plain)
    }

    /// Opens a sealed text that came back, and checks that it is not too old and is this browser's.
    pub(super) fn open(call: &mut Call<'_>, sealed: &str, headers: &HeaderMap) -> Result<Self, Refusal> {
        let app = call.app;
        let opened = app.secrets.interaction.open_from_text(&label(app), sealed);
        let asked: Option<Self> = opened.ok().and_then(|plain| serde_json::from_slice(&plain).ok());
        let Some(asked) = asked else {
            return Err(call.trail.refuse(Refusal::plain(Rule::InteractionUnreadable)));
        };
        call.trail.passed(Rule::InteractionUnreadable);
        let age = call.now.seconds_since(asked.started_at);
        let longest = app.policy().interaction_ttl_seconds;
        call.trail.require(Rule::InteractionExpired, age < longest, || {
            (format!("at most {longest} seconds"), format!("{age} seconds"))
        })?;
        // A browser without our cookie gets a new one here, which is not the one of the request.
        let is_same = Browser::of(app, headers).hash() == asked.browser;
        call.trail.require(Rule::InteractionOtherBrowser, is_same, || {
            (
                String::from("the browser in which the request began"),
                String::from("another browser, or one without our cookie"),
            )
        })?;
        Ok(asked)
    }

    /// The client, when the request named one; where the browser is to go must still be registered for it.
    pub(super) async fn find_client(&self, call: &mut Call<'_>) -> Result<(), Failure> {
        call.client = match &self.client {
            Some(id) => call.app.client(id).await?,
            None => None,
        };
        match &self.back {
            Some(back) => Ok(registered_still(back, call.client.as_deref(), &mut call.trail)?),
            None => Ok(()),
        }
    }
}

fn label(app: &Context) -> Vec<u8> {
    [SEAL_LABEL, app.policy().issuer.as_bytes()].concat()
}

/// A client that is told through the browser.
pub(super) struct Frame {
    name: String,
    url: String,
}

/// Ends the session, when there is one, and answers whom the browser has to tell.
pub(super) async fn end(call: &Call<'_>, session: Option<&Session>) -> Result<Vec<Frame>, Failure> {
    let Some(session) = session else {
        return Ok(Vec::new());
    };
    let app = call.app;
    let frames = frames(app, session.sid).await?;
    app.store.end_session(session.id, call.now).await?;
    outbox::nudge(app);
    tracing::info!(user = %session.user, session = %session.id, "signed out");
    Ok(frames)
}

async fn frames(app: &Context, sid: Sid) -> Result<Vec<Frame>, Failure> {
    let mut frames = Vec::new();
    for participant in app.store.list_participants(sid).await? {
        let Some(client) = app.client(participant.client.as_str()).await? else {
            continue;
        };
        let to = client.openid.frontchannel_logout.as_ref();
        let url = to.and_then(|to| Url::parse(&to.uri).ok());
        if let Some(mut url) = url.filter(|url| matches!(url.scheme(), "http" | "https")) {
            url.query_pairs_mut()
                .append_pair("iss", &app.policy().issuer)
                .append_pair("sid", &app.subjects.session(&client, sid).to_string());
            frames.push(Frame {
                name: client.name.clone(),
                url: url.into(),
            });
        }
    }
    Ok(frames)
}

/// The answer once nobody is signed in any more: on to where the client wants the browser, or a page that says so. Where
/// clients are told through the browser, the page comes first and goes on by itself.
pub(super) async fn leave(
    call: &mut Call<'_>,
    headers: &HeaderMap,
    frames: Vec<Frame>,
    back: Option<&Back>,
) -> Result<Response, Failure> {
    let app = call.app;
    let response = match back {
        Some(back) if frames.is_empty() => page::see_other(&back.location()),
        None if frames.is_empty() => page::see_other(&app.path(routes::LOGOUT)),
        _ => last_page(call, frames, back).await?,
    };
    call.tell(Told {
        from: Role::AuthorizationServer,
        to: Role::Client,
        step: Step::Other,
        title: "Signed out",
        line: response.status().to_string(),
        parameters: told(back),
    });
    // A request without the session's cookie may come from another site, which must not take the browser state away.
    let had_session = cookies::read(headers, &app.cookies.session).is_some();
    let removed = had_session.then(|| session::no_cookies(app));
    Ok(page::with_cookies(response, removed.into_iter().flatten()))
}

fn told(back: Option<&Back>) -> Vec<Parameter> {
    let to = back.map(|back| Parameter::plain("post_logout_redirect_uri", &back.uri));
    let state = back.and_then(|back| back.state.as_deref());
    to.into_iter()
        .chain(state.map(|state| Parameter::named("state", state)))
        .collect()
}

/// The page that says that nobody is signed in, tells clients in its frames, and goes on.
pub(super) async fn last_page(
    call: &Call<'_>,
    frames: Vec<Frame>,
    back: Option<&Back>,
) -> Result<Response, Failure> {
    let app = call.app;
    let onward = match back {
        None => None,
        Some(back) => app.client(&back.client).await?.map(|client| Onward {
            name: client.name.clone(),
            href: back.location(),
        }),
    };
    let (apps, frames) = frames.into_iter().map(|frame| (frame.name, frame.url)).unzip();
    let view = SignedOut { apps, frames, onward };
    Ok(signed_out(&app.settings.brand, &view))
}
