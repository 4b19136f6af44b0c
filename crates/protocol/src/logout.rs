//! Sign-out: the request of a client (OpenID Connect RP-Initiated Logout §2), and the logout token by which clients hear of
//! it (Back-Channel Logout §2.4). Nothing is judged here: that is `rules::logout`.

use crate::params::Params;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The `typ` of logout tokens (Back-Channel Logout §2.4).
pub const LOGOUT_TOKEN_TYPE: &str = "logout+jwt";
/// The member of `events` that makes a JWT a logout token.
pub const LOGOUT_EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// A sign-out request as received.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the spec's own parameters")]
pub struct Request {
    pub id_token_hint: Option<String>,
    pub logout_hint: Option<String>,
    pub client_id: Option<String>,
    pub post_logout_redirect_uri: Option<String>,
    pub state: Option<String>,
    pub ui_locales: Option<String>,
    /// The first parameter that stands more than once, when one does.
    pub repeated: Option<String>,
}

impl Request {
    /// Takes the parameters it knows; unknown ones are ignored.
    #[must_use]
    pub fn from_params(params: &Params) -> Self {
        Self {
            id_token_hint: params.get_owned("id_token_hint"),
            logout_hint: params.get_owned("logout_hint"),
            client_id: params.get_owned("client_id"),
            post_logout_redirect_uri: params.get_owned("post_logout_redirect_uri"),
            state: params.get_owned("state"),
            ui_locales: params.get_owned("ui_locales"),
            repeated: params.repeated().map(str::to_owned),
        }
    }
}

/// The claims of a logout token. It has no `nonce`, so that it cannot be taken for an ID token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogoutTokenClaims {
    /// The issuer.
    pub iss: String,
    /// Who signed out, as the client knows them.
    pub sub: String,
    /// The client.
    pub aud: String,
    /// When it was made.
    pub iat: Timestamp,
    /// When it ends.
    pub exp: Timestamp,
    /// Its own name.
    pub jti: String,
    /// [`LOGOUT_EVENT`] with an empty object.
    pub events: BTreeMap<String, serde_json::Map<String, serde_json::Value>>,
    /// Which session.
    pub sid: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_keeps_what_it_knows_and_reports_what_stands_twice() {
        let raw = b"client_id=a&state=1&state=2&post_logout_redirect_uri=https%3A%2F%2Fa.example%2Fout&x=y";
        let request = Request::from_params(&Params::parse_raw(raw).unwrap());
        assert_eq!(request.client_id.as_deref(), Some("a"));
        assert_eq!(request.repeated.as_deref(), Some("state"));
        assert_eq!(
            request.post_logout_redirect_uri.as_deref(),
            Some("https://a.example/out")
        );
    }
}
