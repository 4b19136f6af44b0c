//! Somebody on the way to a provider and back. What must be known then travels sealed in cookies of the browser that was sent
//! there, named by the request's `state`: nothing is stored, and an answer that is brought by another browser finds nothing
//! (RFC 9700 §4.7). A browser keeps no cookie over 4 KB, so a long request takes several.

use crate::context::Context;
use crate::cookies;
use crate::interaction::Interaction;
use http::{HeaderMap, HeaderValue, header};
use serde::{Deserialize, Serialize};
use valetkey_client::Pending;
use valetkey_jose::{b64, hash};
use valetkey_protocol::rule::{Refusal, Rule};
use valetkey_protocol::time::Timestamp;

/// What of the sealed text goes into one cookie.
const PIECE_BYTES: usize = 3000;
/// How many cookies one sign-in takes at most.
const MOST_PIECES: usize = 10;
/// With more such cookies in the browser, the older sign-ins are given up.
const MOST_COOKIES: usize = 20;

/// See the module.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Away {
    /// Where to.
    pub(crate) provider: String,
    /// What the client must know when the person comes back.
    pub(crate) pending: Pending,
    /// Since when.
    pub(crate) began_at: Timestamp,
    /// What the person wanted here.
    pub(crate) interaction: Interaction,
}

impl Away {
    /// The cookies to set, the clearing of others among them.
    pub(crate) fn cookies(&self, app: &Context, headers: &HeaderMap) -> Result<Vec<HeaderValue>, Refusal> {
        let plain = serde_json::to_vec(self).unwrap_or_default();
        let sealed = app
            .secrets
            .interaction
            .seal_to_text(context(app).as_bytes(), &plain);
        let pieces = sealed.len().div_ceil(PIECE_BYTES);
        if pieces > MOST_PIECES {
            let expected = format!("a request that fits into {} bytes", PIECE_BYTES * MOST_PIECES);
            let received = format!("one of {} bytes", sealed.len());
            return Err(Refusal::new(Rule::RequestTooLarge, expected, received));
        }
        let name = name(app, self.pending.state());
        let seconds = app.policy().interaction_ttl_seconds;
        let mut set = crowd(app, headers);
        for (index, piece) in sealed.as_bytes().chunks(PIECE_BYTES).enumerate() {
            let piece = String::from_utf8_lossy(piece);
            // How many there are stands before the first.
            let value = if index == 0 {
                format!("{pieces}.{piece}")
            } else {
                piece.into_owned()
            };
            set.extend(cookie(app, &format!("{name}_{index}"), &value, seconds));
        }
        Ok(set)
    }

    /// What the browser was sent away with under this `state`.
    pub(crate) fn find(app: &Context, headers: &HeaderMap, state: &str) -> Option<Self> {
        let name = name(app, state);
        let (pieces, first) = cookies::read(headers, &format!("{name}_0"))?.split_once('.')?;
        let pieces: usize = pieces.parse().ok().filter(|pieces| *pieces <= MOST_PIECES)?;
        let mut sealed = first.to_owned();
        for index in 1..pieces {
            sealed.push_str(cookies::read(headers, &format!("{name}_{index}"))?);
        }
        let plain = app
            .secrets
            .interaction
            .open_from_text(context(app).as_bytes(), &sealed)
            .ok()?;
        serde_json::from_slice(&plain).ok()
    }

    /// The cookies that clear it away: it counts once.
    pub(crate) fn clear(app: &Context, headers: &HeaderMap, state: &str) -> Vec<HeaderValue> {
        let name = name(app, state);
        clear_all(app, headers, |cookie| {
            cookie
                .strip_prefix(&name)
                .is_some_and(|rest| rest.starts_with('_'))
        })
    }
}

/// Tells it from a request on its way through the pages, which is sealed with the same key.
fn context(app: &Context) -> String {
    format!("{} away", app.policy().issuer)
}

/// Cookies that another host may set must not be taken for ours; those that do not stand at `/` cannot be `__Host-`.
fn prefix(app: &Context) -> &'static str {
    if app.issuer.is_https {
        "__Secure-vk_with_"
    } else {
        "vk_with_"
    }
}

fn name(app: &Context, state: &str) -> String {
    let hash = hash::sha256(state.as_bytes());
    let tag = b64::encode_url(hash.get(..12).unwrap_or_default());
    format!("{}{tag}", prefix(app))
}

/// Only the addresses of this feature get it.
fn cookie(app: &Context, name: &str, value: &str, seconds: i64) -> Option<HeaderValue> {
    let path = app.path("/login/with");
    let secure = if app.issuer.is_https { "; Secure" } else { "" };
    let line = format!("{name}={value}; Path={path}; HttpOnly; SameSite=Lax{secure}; Max-Age={seconds}");
    HeaderValue::from_str(&line).ok()
}

/// Clears sign-ins that were begun before, when there are too many for a browser to send.
fn crowd(app: &Context, headers: &HeaderMap) -> Vec<HeaderValue> {
    let all = clear_all(app, headers, |cookie| cookie.starts_with(prefix(app)));
    if all.len() > MOST_COOKIES { all } else { Vec::new() }
}

fn clear_all(app: &Context, headers: &HeaderMap, which: impl Fn(&str) -> bool) -> Vec<HeaderValue> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(name, _)| which(name))
        .filter_map(|(name, _)| cookie(app, name, "", 0))
        .collect()
}
