//! `session_state` (OpenID Connect Session Management §3): by it a page of a client can see, without asking the server,
//! whether the sign-in in this browser is still the one that it knows.
//!
//! The browser state is computed from the session, which gets a new id at every sign-in; a cookie that scripts may read
//! carries it, and is gone after the sign-out. It says nothing of the person, and signs nobody in.

use crate::context::Context;
use crate::random;
use url::{Origin, Url};
use valetkey_jose::{b64, hash};
use valetkey_model::Session;

/// The value of the browser state's cookie; empty where nobody is signed in.
pub(crate) fn browser_state(app: &Context, session: Option<&Session>) -> String {
    session.map_or_else(String::new, |session| {
        b64::encode_url(&app.secrets.browser_state.tag(&[session.id.0.as_bytes()]))
    })
}

/// The `session_state` of an answer to this client at this redirect URI. `None` when no page can be there that could ask.
pub(crate) fn session_state(
    app: &Context,
    client_id: &str,
    redirect_uri: &str,
    session: Option<&Session>,
) -> Option<String> {
    let salt = random::text::<16>(app.random.as_ref());
    computed(client_id, redirect_uri, &browser_state(app, session), &salt)
}

/// §3.2: the hash of client, origin, browser state and salt, and the salt once more. `assets/check-session.js` computes
/// the same.
fn computed(client_id: &str, redirect_uri: &str, browser_state: &str, salt: &str) -> Option<String> {
    let origin = match Url::parse(redirect_uri).ok()?.origin() {
        Origin::Opaque(_) => return None,
        origin @ Origin::Tuple(..) => origin.ascii_serialization(),
    };
    let text = format!("{client_id} {origin} {browser_state} {salt}");
    Some(format!(
        "{}.{salt}",
        b64::encode_url(&hash::sha256(text.as_bytes()))
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_without_an_origin_gets_no_session_state() {
        for uri in ["com.example.app:/callback", "urn:ietf:wg:oauth:2.0:oob", "no url"] {
            assert_eq!(computed("app", uri, "state", "salt"), None, "{uri}");
        }
    }

    #[test]
    fn the_state_is_of_one_client_one_origin_one_browser_state_and_one_salt() {
        let of = |client, uri, state, salt| computed(client, uri, state, salt).unwrap();
        let one = of("app", "https://app.example/callback?x=1", "s", "t");
        // printf 'app https://app.example s t' | openssl dgst -sha256 -binary | basenc --base64url
        assert_eq!(one, format!("{KNOWN}.t"));
        assert_eq!(one, of("app", "https://app.example:443/other", "s", "t"));
        for other in [
            of("apt", "https://app.example/callback", "s", "t"),
            of("app", "https://app.example:8443/callback", "s", "t"),
            of("app", "http://app.example/callback", "s", "t"),
            of("app", "https://app.example/callback", "", "t"),
            of("app", "https://app.example/callback", "s", "u"),
        ] {
            assert_ne!(one, other);
        }
    }

    const KNOWN: &str = "m-3UVrRhTS-j0r2f2YQ7eJOpX-jSxkV2VFUitorl39I";
}
