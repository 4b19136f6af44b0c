//! OAuth 2.0, OpenID Connect and OAuth 1.0a for app authors.
//!
//! A [`Client`] is one app at one authorization server; [`Client::discover`] makes it from a [`Registration`], which says
//! how the app proves who it is: a secret, or an assertion signed with a secret or a key ([`ClientAuthentication`]).
//! The ways to [`Tokens`]:
//!
//! | for | call |
//! |---|---|
//! | a person with a browser (code and PKCE, RFC 6749 §4.1, RFC 7636) | [`Client::begin`], [`Client::finish`] |
//! | a person on another device (RFC 8628) | [`Client::begin_device`], [`Client::poll_device`] |
//! | the app itself (RFC 6749 §4.4) | [`Client::client_credentials`] |
//! | a token for a token (RFC 8693) | [`Client::exchange`] |
//! | OAuth 1.0a credentials that move to OAuth 2 | [`Client::migrate`] |
//! | a new access token (RFC 6749 §6) | [`Client::refresh`] |
//!
//! [`Client::userinfo`] asks who signed in, [`Client::revoke`] gives a token back. [`oauth1`] signs requests and walks the
//! flow of OAuth 1.0a (RFC 5849). A server without discovery, that speaks OAuth 2.0 alone, is one of [`Endpoints`]:
//! [`Client::with_endpoints`], and [`Client::userinfo_json`] says who signed in there.
//!
//! [`Client::end_session_url`] is the way to sign out at the server; [`Client::back_channel_logout`] and
//! [`Client::front_channel_sid`] read how the server tells of a session that ended. [`ThirdPartyLogin`] reads a link by which
//! somebody else starts a sign-in.
//!
//! [`Client::begin`] gives the address to send a person's browser to, and a [`Pending`] to keep in that person's session.
//! [`Client::finish`] takes what the browser brings back and gives tokens, or says why not.
//!
//! What is checked on the way, without being asked:
//!
//! - `state` ties the answer to the browser that was sent away (RFC 6749 §10.12), PKCE ties the code to this client
//!   (RFC 7636), and `iss` tells which server answers, so that one server's code never goes to another (RFC 9207).
//! - The ID token: signature, algorithm, issuer, audience, time, nonce, the hash of the access token
//!   (OpenID Connect Core §3.1.3.7), and on refresh that it is about the same person (§12.2).
//! - Userinfo counts only for the person of the ID token (§5.3.2).
//! - A logout token is one, of this issuer and for this client, and no ID token in its place (Back-Channel Logout 1.0 §2.6).
//! - Secrets travel over https alone (plain http to this machine excepted), and no redirect is followed.
//!
//! Each of these is a rule of the catalogue in [`valetkey_protocol::rule`]; [`Error::rule`] names the one that refused.
//!
//! Time is an argument: pass the seconds since 1970 as [`Timestamp`]. HTTP is a small trait, [`HttpClient`];
//! [`HyperClient`] comes along. Where tokens are kept is the app's to decide; this crate stores nothing.
//!
//! # Example
//!
//! ```
//! use std::sync::Arc;
//!
//! use valetkey_client::{Ask, Client, ClientAuthentication, Registration, Timestamp};
//! use valetkey_protocol::secret::ClientSecret;
//! # use serde_json::json;
//! # use valetkey_client::{HttpError, HttpRequest};
//! # use valetkey_jose::{Algorithm, JwkSet, SigningKey};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let key = Arc::new(SigningKey::generate(Algorithm::ES256)?);
//! # let nonce = Arc::new(std::sync::Mutex::new(String::new()));
//! # let now = Timestamp(1_800_000_000);
//! # // An authorization server in the same process: metadata, keys and the token endpoint.
//! # let (signer, said) = (Arc::clone(&key), Arc::clone(&nonce));
//! # let http = move |request: HttpRequest| {
//! #     let body = match request.uri().path() {
//! #         "/jwks" => json!(JwkSet { keys: vec![signer.public_jwk()] }),
//! #         "/token" => {
//! #             let claims = json!({
//! #                 "iss": "https://login.example", "sub": "alice", "aud": "mysweetapp",
//! #                 "iat": now.0, "exp": now.0 + 60, "nonce": *said.lock().unwrap(),
//! #             });
//! #             json!({
//! #                 "access_token": "at", "token_type": "Bearer", "expires_in": 300,
//! #                 "id_token": signer.sign_jwt("JWT", &claims).unwrap(),
//! #             })
//! #         }
//! #         _ => json!({
//! #             "issuer": "https://login.example",
//! #             "authorization_endpoint": "https://login.example/authorize",
//! #             "token_endpoint": "https://login.example/token",
//! #             "jwks_uri": "https://login.example/jwks",
//! #             "id_token_signing_alg_values_supported": ["ES256"],
//! #             "authorization_response_iss_parameter_supported": true,
//! #         }),
//! #     };
//! #     async move { Ok::<_, HttpError>(http::Response::new(body.to_string().into_bytes())) }
//! # };
//! // Once, at the start. A real app passes `Arc::new(HyperClient::new()?)` as `http`.
//! let client = Client::discover(Arc::new(http), Registration {
//!     issuer: "https://login.example".to_owned(),
//!     client_id: "mysweetapp".to_owned(),
//!     authentication: ClientAuthentication::SecretBasic(ClientSecret::new("mysweetapp-secret")),
//!     redirect_uri: Some("https://app.example/callback".to_owned()),
//! }).await?;
//!
//! // A person wants to sign in: send the browser to `url`, keep `pending` in the person's session.
//! let (url, pending) = client.begin(&Ask { scope: "openid photos.read", ..Ask::default() })?;
//! assert!(url.as_str().starts_with("https://login.example/authorize?response_type=code&"));
//! # *nonce.lock().unwrap() = url.query_pairs().find(|(name, _)| name == "nonce").unwrap().1.into_owned();
//!
//! // The browser comes back to the redirect URI: pass on the query as it stands.
//! let query = format!("code=c1&state={}&iss=https%3A%2F%2Flogin.example", pending.state());
//! let tokens = client.finish(pending, &query, now).await?;
//! assert_eq!(tokens.id_claims.unwrap().sub, "alice");
//!
//! // Somebody slips a foreign code into the browser: refused, by a rule with a name.
//! let (_, pending) = client.begin(&Ask { scope: "openid", ..Ask::default() })?;
//! let refused = client.finish(pending, "code=c2&state=guessed", now).await.unwrap_err();
//! assert_eq!(refused.rule().map(|rule| rule.id()), Some("VK-CLIENT-STATE-MISMATCH"));
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

mod after;
mod ask;
mod callback;
mod client;
mod device;
mod discovery;
mod endpoints;
mod error;
mod exchange;
mod grants;
mod hyper_client;
mod id_token;
mod keys;
mod logout;
pub mod oauth1;
mod random;
mod registration;
#[cfg(test)]
mod tests;
mod third_party;
mod token_endpoint;
mod tokens;
mod transport;
mod watch;

pub use ask::{Ask, Pending};
pub use client::Client;
pub use device::{DeviceAuthorization, Polled};
pub use endpoints::Endpoints;
pub use error::Error;
pub use exchange::{Exchange, Exchanged};
pub use hyper_client::HyperClient;
pub use logout::LogoutToken;
pub use registration::{ClientAuthentication, Registration};
pub use third_party::ThirdPartyLogin;
pub use tokens::{IdClaims, Tokens, UserInfo};
pub use transport::{BoxFuture, HttpClient, HttpError, HttpRequest, HttpResponse};
pub use valetkey_protocol::authorize::ResponseMode;
pub use valetkey_protocol::time::Timestamp;
