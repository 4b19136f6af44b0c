//! The token endpoint as the client sees it: the form it sends (RFC 6749 §3.2) and the answer it reads (§5). An answer
//! that is not what was promised is refused; a redirect is such an answer.

use http::HeaderValue;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use serde::Deserialize;
use valetkey_protocol::params::FORM;
use valetkey_protocol::rule::{Rule, Trail};
use valetkey_protocol::scope::Scope;
use valetkey_protocol::secret::{AccessToken, RefreshToken};
use valetkey_protocol::time::Timestamp;

use crate::discovery::{object, read};
use crate::transport::{self, HttpRequest, HttpResponse};
use crate::{Client, Error};

pub(crate) const TOKEN_ENDPOINT: &str = "token endpoint";

/// A successful answer, before the ID token is looked at.
pub(crate) struct Answer {
    pub(crate) access_token: AccessToken,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) scope: Option<Scope>,
    pub(crate) refresh_token: Option<RefreshToken>,
    pub(crate) id_token: Option<String>,
    pub(crate) issued_token_type: Option<String>,
}

#[derive(Deserialize)]
struct Wire {
    access_token: AccessToken,
    token_type: String,
    expires_in: Option<i64>,
    scope: Option<Scope>,
    refresh_token: Option<RefreshToken>,
    id_token: Option<String>,
    issued_token_type: Option<String>,
}

#[derive(Deserialize)]
struct WireError {
    error: String,
    error_description: Option<String>,
    error_uri: Option<String>,
}

impl Client {
    /// Sends a token request and reads its answer.
    pub(crate) async fn ask_tokens<'a>(
        &'a self,
        form: Vec<(&'static str, &'a str)>,
        now: Timestamp,
        trail: &mut Trail,
    ) -> Result<Answer, Error> {
        let answer = self
            .post_form(TOKEN_ENDPOINT, &self.metadata().token_endpoint, form, now)
            .await?;
        read_tokens(&answer, now, trail)
    }

    /// Posts a form with this client's proof of who it is. Answers that are protocol errors become [`Error::Wire`].
    pub(crate) async fn post_form<'a>(
        &'a self,
        endpoint: &'static str,
        url: &str,
        form: Vec<(&'static str, &'a str)>,
        now: Timestamp,
    ) -> Result<HttpResponse, Error> {
        let proof = self.registration().proof(now)?;
        let shown = proof.form.iter().map(|(name, value)| (*name, value.as_ref()));
        let mut request = form_request(endpoint, url, form.into_iter().chain(shown))?;
        if let Some(authorization) = proof.header {
            let value = HeaderValue::try_from(authorization);
            let mut value = value.map_err(|error| Error::malformed(endpoint, error.to_string()))?;
            value.set_sensitive(true);
            request.headers_mut().insert(AUTHORIZATION, value);
        }
        let answer = self.http().send(request).await?;
        check_status(endpoint, &answer)?;
        Ok(answer)
    }
}

/// Reads the answer to a token request.
pub(crate) fn read_tokens(answer: &HttpResponse, now: Timestamp, trail: &mut Trail) -> Result<Answer, Error> {
    // Some servers say 200 to an error as well.
    let wire: Wire = read(TOKEN_ENDPOINT, answer).map_err(|unread| said_error(answer).unwrap_or(unread))?;
    let is_bearer = wire.token_type.eq_ignore_ascii_case("bearer");
    trail.require(Rule::TokenTypeNotBearer, is_bearer, || {
        ("Bearer".to_owned(), wire.token_type.clone())
    })?;
    Ok(Answer {
        access_token: wire.access_token,
        expires_at: wire.expires_in.map(|seconds| now.plus_seconds(seconds)),
        scope: wire.scope,
        refresh_token: wire.refresh_token,
        id_token: wire.id_token,
        issued_token_type: wire.issued_token_type,
    })
}

/// A form to be posted, without any proof of who posts it.
pub(crate) fn form_request<'a>(
    endpoint: &'static str,
    url: &str,
    form: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<HttpRequest, Error> {
    if url.is_empty() {
        return Err(Error::NotOffered(endpoint));
    }
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish();
    http::Request::post(url)
        .header(ACCEPT, "application/json")
        .header(CONTENT_TYPE, FORM)
        .header(USER_AGENT, transport::USER_AGENT)
        .body(body.into_bytes())
        .map_err(|error| Error::malformed(endpoint, error.to_string()))
}

/// Answers that are protocol errors become [`Error::Wire`].
pub(crate) fn check_status(endpoint: &'static str, answer: &HttpResponse) -> Result<(), Error> {
    let status = answer.status();
    if status.is_client_error() || status.is_server_error() {
        return Err(wire_error(endpoint, answer));
    }
    Ok(())
}

fn wire_error(endpoint: &'static str, answer: &HttpResponse) -> Error {
    said_error(answer).unwrap_or_else(|| Error::Status {
        endpoint,
        status: answer.status().as_u16(),
    })
}

fn said_error(answer: &HttpResponse) -> Option<Error> {
    let wire = object::<WireError>(answer.body()).ok()?;
    Some(Error::Wire {
        error: wire.error,
        description: wire.error_description,
        uri: wire.error_uri,
    })
}
