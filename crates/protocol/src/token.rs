//! The token endpoint's request and answer (RFC 6749 §4.1.3, §4.4.2, §5.1, §6). Nothing is judged here.

use crate::params::Params;
use crate::scope::Scope;
use crate::secret::{AccessToken, AuthorizationCode, CodeVerifier, RefreshToken};
use serde::Serialize;

/// A token request as received.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the names are the specs' own parameters")]
pub struct Request {
    pub grant_type: Option<String>,
    pub code: Option<AuthorizationCode>,
    pub redirect_uri: Option<String>,
    pub code_verifier: Option<CodeVerifier>,
    pub refresh_token: Option<RefreshToken>,
    pub scope: Option<String>,
    pub resource: Vec<String>,
}

impl Request {
    /// Takes the parameters it knows. Client authentication is read by [`crate::client_auth`].
    #[must_use]
    pub fn from_params(params: &Params) -> Self {
        Self {
            grant_type: params.get_owned("grant_type"),
            code: params.get("code").map(AuthorizationCode::new),
            redirect_uri: params.get_owned("redirect_uri"),
            code_verifier: params.get("code_verifier").map(CodeVerifier::new),
            refresh_token: params.get("refresh_token").map(RefreshToken::new),
            scope: params.get_owned("scope"),
            resource: params.all("resource").map(str::to_owned).collect(),
        }
    }
}

/// A successful answer (RFC 6749 §5.1). Sent with `Cache-Control: no-store`.
#[derive(Debug, Clone)]
pub struct Response {
    /// The access token; always of type Bearer.
    pub access_token: AccessToken,
    /// How long it lives, in seconds.
    pub expires_in: i64,
    /// The scope it carries.
    pub scope: Scope,
    /// The refresh token, where the client may have one.
    pub refresh_token: Option<RefreshToken>,
    /// The ID token (OpenID Connect Core §3.1.3.3).
    pub id_token: Option<String>,
}

impl Response {
    /// The JSON body.
    #[must_use]
    pub fn to_json(&self) -> String {
        #[derive(Serialize)]
        struct Body<'a> {
            access_token: &'a str,
            token_type: &'static str,
            expires_in: i64,
            #[serde(skip_serializing_if = "Option::is_none")]
            scope: Option<&'a Scope>,
            #[serde(skip_serializing_if = "Option::is_none")]
            refresh_token: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            id_token: Option<&'a str>,
        }
        let body = Body {
            access_token: self.access_token.expose(),
            token_type: "Bearer",
            expires_in: self.expires_in,
            scope: (!self.scope.is_empty()).then_some(&self.scope),
            refresh_token: self.refresh_token.as_ref().map(RefreshToken::expose),
            id_token: self.id_token.as_deref(),
        };
        serde_json::to_string(&body).unwrap_or_default()
    }
}
