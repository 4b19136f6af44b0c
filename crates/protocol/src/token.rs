//! The token endpoint's request and answer (RFC 6749 §4.1.3, §4.4.2, §5.1, §6). Nothing is judged here.

use crate::params::Params;
use crate::scope::Scope;
use crate::secret::{
    AccessToken, AnyToken, AuthorizationCode, CodeVerifier, DeviceCode, Password, RefreshToken,
};
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
    /// RFC 6749 §4.3.2.
    pub username: Option<String>,
    pub password: Option<Password>,
    /// RFC 8628 §3.4.
    pub device_code: Option<DeviceCode>,
    /// RFC 8693 §2.1.
    pub audience: Vec<String>,
    pub subject_token: Option<AnyToken>,
    pub subject_token_type: Option<String>,
    pub actor_token: Option<AnyToken>,
    pub actor_token_type: Option<String>,
    pub requested_token_type: Option<String>,
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
            username: params.get_owned("username"),
            password: params.get("password").map(Password::new),
            device_code: params.get("device_code").map(DeviceCode::new),
            audience: params.all("audience").map(str::to_owned).collect(),
            subject_token: params.get("subject_token").map(AnyToken::new),
            subject_token_type: params.get_owned("subject_token_type"),
            actor_token: params.get("actor_token").map(AnyToken::new),
            actor_token_type: params.get_owned("actor_token_type"),
            requested_token_type: params.get_owned("requested_token_type"),
        }
    }
}

/// The `grant_type` of token exchange (RFC 8693 §2.1).
pub const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
/// The type of an access token (RFC 8693 §3).
pub const ACCESS_TOKEN_TYPE: &str = "urn:ietf:params:oauth:token-type:access_token";
/// The type of a JWT (RFC 8693 §3); this server's access tokens are such.
pub const JWT_TYPE: &str = "urn:ietf:params:oauth:token-type:jwt";
/// The type of a refresh token (RFC 8693 §3), as a migration from OAuth 1.0a may request it.
pub const REFRESH_TOKEN_TYPE: &str = "urn:ietf:params:oauth:token-type:refresh_token";
/// Valetkey's own: the token of OAuth 1.0a token credentials (RFC 5849 §2.3), to be exchanged for tokens of OAuth 2.
pub const OAUTH1_TOKEN_TYPE: &str = "urn:valetkey:params:oauth:token-type:oauth1_token";

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
    /// What was issued, in the answer to a token exchange (RFC 8693 §2.2.1).
    pub issued_token_type: Option<&'static str>,
}

impl Response {
    /// The JSON body; empty if it could not be written, since half of it would be worse.
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
            #[serde(skip_serializing_if = "Option::is_none")]
            issued_token_type: Option<&'static str>,
        }
        let body = Body {
            access_token: self.access_token.expose(),
            token_type: "Bearer",
            expires_in: self.expires_in,
            scope: (!self.scope.is_empty()).then_some(&self.scope),
            refresh_token: self.refresh_token.as_ref().map(RefreshToken::expose),
            id_token: self.id_token.as_deref(),
            issued_token_type: self.issued_token_type,
        };
        // With room for all of it: growing would copy the tokens.
        let tokens = [Some(body.access_token), body.refresh_token, body.id_token];
        let room =
            tokens.into_iter().flatten().map(str::len).sum::<usize>() + self.scope.as_str().len() + 256;
        let mut json = Vec::with_capacity(room);
        // Texts and numbers become JSON, and that is UTF-8.
        match serde_json::to_writer(&mut json, &body) {
            Ok(()) => String::from_utf8(json).unwrap_or_default(),
            Err(_) => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response() -> Response {
        Response {
            access_token: AccessToken::new("at"),
            expires_in: 300,
            scope: Scope::default(),
            refresh_token: None,
            id_token: None,
            issued_token_type: None,
        }
    }

    #[test]
    fn what_is_not_issued_is_left_out_of_the_answer() {
        assert_eq!(
            response().to_json(),
            r#"{"access_token":"at","token_type":"Bearer","expires_in":300}"#
        );
    }

    #[test]
    fn everything_issued_stands_in_the_answer_by_its_wire_name() {
        let full = Response {
            scope: Scope::parse("b a").unwrap(),
            refresh_token: Some(RefreshToken::new("rt")),
            id_token: Some("it".into()),
            ..response()
        };
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&full.to_json()).unwrap(),
            serde_json::json!({
                "access_token": "at", "token_type": "Bearer", "expires_in": 300,
                "scope": "a b", "refresh_token": "rt", "id_token": "it",
            })
        );
    }

    #[test]
    fn no_secret_of_a_request_or_an_answer_prints_itself() {
        let params = Params::parse(b"code=s3cret&code_verifier=s3cret&refresh_token=s3cret").unwrap();
        let request = Request::from_params(&params);
        assert_eq!(request.code.as_ref().unwrap().expose(), "s3cret");
        assert!(!format!("{request:?}").contains("s3cret"));
        assert!(!format!("{:?}", response()).contains("\"at\""));
    }
}
