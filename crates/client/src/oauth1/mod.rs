//! OAuth 1.0a (RFC 5849) for app authors: signing requests, and the flow to token credentials.
//!
//! A [`Consumer`] is an app with its key and secret; [`Consumer::sign_request`] signs any [`HttpRequest`](crate::HttpRequest). A [`Client`]
//! is that app at one [`Provider`]: [`Client::temporary_credentials`] gives the address to send a person's browser to,
//! [`Client::finish`] takes what the browser brings back, and [`Client::send_signed`] calls the API.
//!
//! What is checked on the way: the server confirms the callback, so it speaks 1.0a and not 1.0, whose flow can be fixed to
//! another session (§2.1); the callback names the token that this person was sent away with (§2.2). Debug output shows no
//! secret, and a `PLAINTEXT` signature leaves over https alone.
//!
//! RSA keys sign with SHA-256 here, never with SHA-1.
//!
//! An app that moves to OAuth 2 exchanges what it has: [`crate::Client::migrate`].
//!
//! ```
//! use std::sync::Arc;
//!
//! use valetkey_client::oauth1::{Callback, Client, Consumer, Provider, Signing};
//! use valetkey_client::Timestamp;
//! use valetkey_protocol::secret::OAuth1Secret;
//! # use valetkey_client::{HttpError, HttpRequest};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let now = Timestamp(1_800_000_000);
//! # let http = |request: HttpRequest| {
//! #     assert!(request.headers()["authorization"].to_str().unwrap().starts_with("OAuth oauth_consumer_key=\"printer\""));
//! #     let body = match request.uri().path() {
//! #         "/oauth1/initiate" => "oauth_token=t1&oauth_token_secret=s1&oauth_callback_confirmed=true",
//! #         "/oauth1/token" => "oauth_token=t2&oauth_token_secret=s2",
//! #         _ => "vacation.jpg",
//! #     };
//! #     async move { Ok::<_, HttpError>(http::Response::new(body.as_bytes().to_vec())) }
//! # };
//! // Once, at the start. A real app passes `Arc::new(HyperClient::new()?)` as `http`.
//! let consumer = Consumer {
//!     key: "printer".to_owned(),
//!     signing: Signing::HmacSha256(OAuth1Secret::new("printer-secret")),
//! };
//! let client = Client::new(Arc::new(http), Provider::of_issuer("https://login.example"), consumer);
//!
//! // A person wants to connect: send the browser to `url`, keep `pending` in the person's session.
//! let callback = Callback::Url("https://printer.example/ready");
//! let (url, pending) = client.temporary_credentials(callback, &[], now).await?;
//! assert_eq!(url.as_str(), "https://login.example/oauth1/authorize?oauth_token=t1");
//!
//! // The browser comes back to the callback: pass on the query as it stands.
//! let token = client.finish(pending, "oauth_token=t1&oauth_verifier=v1", now).await?;
//!
//! // From now on, requests are signed with both secrets.
//! let photo = client.get("https://photos.example/photos?size=original", Some(&token), now).await?;
//! assert_eq!(photo.body(), b"vacation.jpg");
//! # Ok(())
//! # }
//! ```

mod consumer;
mod flow;
mod migration;
mod watch;

pub use consumer::{Consumer, Once, Signed, Signing};
pub use flow::{Callback, Client, Pending, Provider};
pub use valetkey_protocol::oauth1::TokenCredentials;
