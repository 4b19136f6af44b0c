//! The flow (RFC 5849 §2): temporary credentials, the person's yes, token credentials.

use std::fmt;
use std::sync::Arc;

use http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use serde::{Deserialize, Serialize};
use url::Url;
use valetkey_protocol::oauth1::{Collected, Invalid, Protocol, TemporaryCredentials, TokenCredentials};
use valetkey_protocol::observe::Observer;
use valetkey_protocol::params::{FORM, Params};
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::secret::constant_time_eq;
use valetkey_protocol::time::Timestamp;

use super::consumer::{Consumer, Once, Signed};
use crate::callback;
use crate::discovery::{expect_ok, secure_url};
use crate::{Error, HttpClient, HttpRequest, HttpResponse, random};

const INITIATE: &str = "temporary credentials endpoint";
const TOKEN: &str = "token credentials endpoint";
const CALLBACK: &str = "callback";

/// Where a provider's endpoints are (§2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// Temporary credential request.
    pub initiate: String,
    /// Resource owner authorization.
    pub authorize: String,
    /// Token request.
    pub token: String,
}

impl Provider {
    /// The endpoints of a Valetkey server.
    ///
    /// ```
    /// use valetkey_client::oauth1::Provider;
    ///
    /// assert_eq!(Provider::of_issuer("https://login.example/").token, "https://login.example/oauth1/token");
    /// ```
    #[must_use]
    pub fn of_issuer(issuer: &str) -> Self {
        let endpoint = |name: &str| format!("{}/oauth1/{name}", issuer.trim_end_matches('/'));
        Self {
            initiate: endpoint("initiate"),
            authorize: endpoint("authorize"),
            token: endpoint("token"),
        }
    }
}

/// How the verifier comes back (§2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Callback<'a> {
    /// The person's browser brings it to this address.
    Url(&'a str),
    /// The person reads it off a page and types it into the app (`oob`).
    OutOfBand,
}

/// One authorization on its way. Keep it in the person's session, on the server or in a sealed cookie: it binds the answer
/// to this browser. Serialized it holds a secret in clear. Use it once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// Where the temporary credentials came from.
    initiate: String,
    credentials: TokenCredentials,
}

impl Pending {
    /// The value that the callback must carry: finds the pending authorization when one browser has several.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.credentials.token
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending")
            .field("initiate", &self.initiate)
            .finish_non_exhaustive()
    }
}

/// An app at one provider. Cloning is cheap.
#[derive(Clone)]
pub struct Client {
    http: Arc<dyn HttpClient>,
    provider: Arc<Provider>,
    consumer: Arc<Consumer>,
    observer: Option<Arc<dyn Observer>>,
}

impl Client {
    /// An app at its provider.
    #[must_use]
    pub fn new(http: Arc<dyn HttpClient>, provider: Provider, consumer: Consumer) -> Self {
        Self {
            http,
            provider: Arc::new(provider),
            consumer: Arc::new(consumer),
            observer: None,
        }
    }

    /// Tells `observer` what this client signs, base strings included, and which checks it makes.
    #[must_use]
    pub fn with_observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// The app.
    #[must_use]
    pub fn consumer(&self) -> &Consumer {
        &self.consumer
    }

    pub(super) fn observer(&self) -> Option<&dyn Observer> {
        self.observer.as_deref()
    }

    pub(super) fn trail(&self) -> Trail {
        if self.observer.is_some() {
            Trail::recording()
        } else {
            Trail::off()
        }
    }

    /// Gets temporary credentials (§2.1). Gives the address to send the person to, and what to remember until the answer
    /// comes. `parameters` go along in the body, for providers that want more than the RFC, as a scope.
    ///
    /// # Errors
    /// [`Error::Refused`] when the server does not confirm the callback; [`Error::Wire`] when it refuses; [`Error::Config`]
    /// for a provider's address that is none; those of the transport.
    pub async fn temporary_credentials(
        &self,
        callback: Callback<'_>,
        parameters: &[(&str, &str)],
        now: Timestamp,
    ) -> Result<(Url, Pending), Error> {
        let mut request = post(&self.provider.initiate, parameters)?;
        let more = Protocol {
            callback: Some(match callback {
                Callback::Url(url) => url.to_owned(),
                Callback::OutOfBand => "oob".to_owned(),
            }),
            ..Protocol::default()
        };
        let signed = self.sign(&mut request, None, more, now)?;
        let answer = self.http.send(request).await?;
        let mut trail = self.trail();
        let outcome = temporary(&answer, &mut trail);
        self.tell_initiate(&signed, outcome.as_ref().ok(), trail, now);
        let credentials = outcome?;
        let mut url = secure_url("endpoint", &self.provider.authorize)?;
        url.query_pairs_mut()
            .append_pair("oauth_token", &credentials.token);
        let pending = Pending {
            initiate: self.provider.initiate.clone(),
            credentials,
        };
        Ok((url, pending))
    }

    /// Takes the query of the callback, checks it, and exchanges its verifier for token credentials (§2.2, §2.3).
    ///
    /// # Errors
    /// [`Error::Refused`] when the callback is not about `pending`; [`Error::Malformed`] when it cannot be read or has no
    /// verifier; [`Error::Wire`] when the person said no or the server refuses; those of the transport.
    pub async fn finish(
        &self,
        pending: Pending,
        callback_query: &str,
        now: Timestamp,
    ) -> Result<TokenCredentials, Error> {
        let params = callback::read(callback_query)?;
        let mut trail = self.trail();
        let verifier = self.check_callback(&pending, &params, &mut trail);
        self.tell_callback(&pending, &params, trail, now);
        self.finish_with_verifier(pending, &verifier?, now).await
    }

    /// Exchanges the verifier that the person typed for token credentials (§2.3).
    ///
    /// # Errors
    /// [`Error::Refused`] when `pending` began at another provider; [`Error::Malformed`] when nothing was typed;
    /// [`Error::Wire`] when the server refuses; those of the transport.
    pub async fn finish_with_verifier(
        &self,
        pending: Pending,
        verifier: &str,
        now: Timestamp,
    ) -> Result<TokenCredentials, Error> {
        self.check_provider(&pending, &mut Trail::off())?;
        let verifier = written(verifier).ok_or_else(|| Error::malformed("verifier", "nothing was typed"))?;
        let mut request = post(&self.provider.token, &[])?;
        let more = Protocol {
            verifier: Some(verifier.to_owned()),
            ..Protocol::default()
        };
        let signed = self.sign(&mut request, Some(&pending.credentials), more, now)?;
        let answer = self.http.send(request).await?;
        let outcome = token(&answer);
        self.tell_token(&signed, outcome.as_ref().ok(), now);
        outcome
    }

    /// Signs a request to the API and sends it. The answer comes as it is, whatever its status.
    ///
    /// # Errors
    /// As [`Consumer::sign_request`], and those of the transport.
    pub async fn send_signed(
        &self,
        mut request: HttpRequest,
        token: Option<&TokenCredentials>,
        now: Timestamp,
    ) -> Result<HttpResponse, Error> {
        let signed = self.sign(&mut request, token, Protocol::default(), now)?;
        self.tell_request(&request, &signed, now);
        Ok(self.http.send(request).await?)
    }

    /// [`Client::send_signed`] for a plain GET.
    ///
    /// # Errors
    /// As [`Client::send_signed`].
    pub async fn get(
        &self,
        url: &str,
        token: Option<&TokenCredentials>,
        now: Timestamp,
    ) -> Result<HttpResponse, Error> {
        let request = http::Request::get(url).body(Vec::new());
        let request = request.map_err(|error| Error::Config(error.to_string()))?;
        self.send_signed(request, token, now).await
    }

    fn sign(
        &self,
        request: &mut HttpRequest,
        token: Option<&TokenCredentials>,
        more: Protocol,
        now: Timestamp,
    ) -> Result<Signed, Error> {
        let nonce = random::text()?;
        let once = Once {
            timestamp: now,
            nonce: &nonce,
        };
        self.consumer.sign_with(request, token, once, more)
    }

    /// First that this browser was sent away, then what it brings.
    fn check_callback(&self, pending: &Pending, params: &Params, trail: &mut Trail) -> Result<String, Error> {
        self.check_provider(pending, trail)?;
        let received = params.get("oauth_token");
        let same =
            received.is_some_and(|token| constant_time_eq(token.as_bytes(), pending.token().as_bytes()));
        trail.require(Rule::ClientOAuth1TokenMismatch, same, || {
            let received = if received.is_some() {
                "another token"
            } else {
                "no oauth_token"
            };
            ("the token that was sent".to_owned(), received.to_owned())
        })?;
        if let Some(error) = problem(params.pairs()) {
            // The refusal is for the trail; the caller gets the server's own words.
            let received = params.get("oauth_problem").unwrap_or_default();
            let _ = trail.refuse(Refusal::new(Rule::ClientErrorResponse, "a verifier", received));
            return Err(error);
        }
        trail.passed(Rule::ClientErrorResponse);
        let verifier = params.get("oauth_verifier").and_then(written);
        let none = || Error::malformed(CALLBACK, "neither an oauth_verifier nor an oauth_problem");
        verifier.map(str::to_owned).ok_or_else(none)
    }

    /// What one provider gave out never goes to another.
    fn check_provider(&self, pending: &Pending, trail: &mut Trail) -> Result<(), Refusal> {
        let same = pending.initiate == self.provider.initiate;
        trail.require(Rule::ClientOAuth1TokenMismatch, same, || {
            (self.provider.initiate.clone(), pending.initiate.clone())
        })
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("provider", &self.provider)
            .field("consumer_key", &self.consumer.key)
            .finish_non_exhaustive()
    }
}

/// The answer brings a secret: it must not come in clear (§2.1, §2.3).
fn post(url: &str, parameters: &[(&str, &str)]) -> Result<HttpRequest, Error> {
    secure_url("endpoint", url)?;
    let mut request = http::Request::post(url);
    if !parameters.is_empty() {
        request = request.header(CONTENT_TYPE, FORM);
    }
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish();
    let request = request.body(body.into_bytes());
    request.map_err(|error| Error::Config(error.to_string()))
}

fn temporary(answer: &HttpResponse, trail: &mut Trail) -> Result<TokenCredentials, Error> {
    check_answer(INITIATE, answer)?;
    let read =
        TemporaryCredentials::from_form(answer.body()).map_err(|error| unreadable(INITIATE, &error))?;
    trail.require(
        Rule::ClientOAuth1CallbackUnconfirmed,
        read.callback_confirmed,
        || {
            (
                "oauth_callback_confirmed=true".to_owned(),
                "not confirmed".to_owned(),
            )
        },
    )?;
    Ok(TokenCredentials {
        token: read.token,
        secret: read.secret,
    })
}

fn token(answer: &HttpResponse) -> Result<TokenCredentials, Error> {
    check_answer(TOKEN, answer)?;
    TokenCredentials::from_form(answer.body()).map_err(|error| unreadable(TOKEN, &error))
}

fn unreadable(endpoint: &'static str, error: &Invalid) -> Error {
    Error::malformed(endpoint, error.to_string())
}

/// Anything but 200 is an error: with the server's word for it where it gives one.
fn check_answer(endpoint: &'static str, answer: &HttpResponse) -> Result<(), Error> {
    expect_ok(endpoint, answer).map_err(|status| problem_of(answer).unwrap_or(status))
}

/// The server's word for an error, in the body or in the challenge.
pub(super) fn problem_of(answer: &HttpResponse) -> Option<Error> {
    let body = Params::parse_raw(answer.body()).ok();
    let challenge = answer.headers().get(WWW_AUTHENTICATE);
    let challenge = challenge.and_then(|header| Collected::read(Some(header.as_bytes()), None, None).ok());
    let of_body = body.and_then(|params| problem(params.pairs()));
    let of_challenge = |read: &Collected| {
        let others = read.others.iter();
        problem(others.map(|(name, value)| (name.as_str(), value.as_str())))
    };
    of_body.or_else(|| challenge.as_ref().and_then(of_challenge))
}

/// The error as the OAuth Problem Reporting extension writes it.
fn problem<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)> + Clone) -> Option<Error> {
    let get = |name: &str| {
        let found = pairs.clone().find(|(n, value)| *n == name && !value.is_empty());
        found.map(|(_, value)| value.to_owned())
    };
    Some(Error::Wire {
        error: get("oauth_problem")?,
        description: get("oauth_problem_advice"),
        uri: None,
    })
}

/// What stands in the text without the blanks around it.
fn written(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}
