//! Why a request does not get through, and the answer it gets (RFC 6750 §3).

use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};
use valetkey_protocol::bearer::Challenge;
use valetkey_protocol::rule::{Refusal, Rule};

use crate::config::Config;
use crate::remembered::Unavailable;

/// When to come back after a 503, in seconds.
const RETRY_AFTER_SECONDS: u16 = 5;

/// Why a request does not get through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stop {
    /// By a rule.
    Refused(Refusal),
    /// Nobody can say now whether the token is good.
    Unavailable(Unavailable),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Unavailable> for Stop {
    fn from(unavailable: Unavailable) -> Self {
        Self::Unavailable(unavailable)
    }
}

/// The answer to a request that does not get through.
#[derive(Debug, Clone)]
pub(crate) struct Refused {
    pub(crate) status: StatusCode,
    /// The value of `WWW-Authenticate`.
    pub(crate) challenge: Option<String>,
    body: String,
}

impl Refused {
    pub(crate) fn new(stop: &Stop, scope: &[String], config: &Config) -> Self {
        match stop {
            Stop::Refused(refusal) => Self::by_rule(refusal, scope, config),
            Stop::Unavailable(_) => Self {
                status: StatusCode::SERVICE_UNAVAILABLE,
                challenge: None,
                body: body(&[
                    ("error", "temporarily_unavailable"),
                    ("error_description", "The authorization server cannot be asked."),
                ]),
            },
        }
    }

    fn by_rule(refusal: &Refusal, scope: &[String], config: &Config) -> Self {
        let info = refusal.rule.info();
        // Who showed no token is told what to show, and no error (RFC 6750 §3.1).
        let shown = refusal.rule != Rule::BearerTokenMissing;
        let challenge = Challenge {
            realm: config.realm.clone(),
            error: shown.then_some(info.error),
            error_description: shown.then(|| info.says.to_owned()),
            scope: (!scope.is_empty()).then(|| scope.join(" ")),
            resource_metadata: Some(config.metadata_url.clone()),
        };
        let members = [
            ("error", info.error.as_str()),
            ("error_description", info.says),
            ("error_uri", info.url),
        ];
        Self {
            status: StatusCode::from_u16(info.status).unwrap_or(StatusCode::UNAUTHORIZED),
            challenge: Some(challenge.to_header()),
            body: if shown { body(&members) } else { String::new() },
        }
    }

    pub(crate) fn into_response<R: From<String>>(self) -> Response<R> {
        let is_json = !self.body.is_empty();
        let mut response = Response::new(R::from(self.body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if is_json {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        if let Some(value) = self.challenge.and_then(|text| HeaderValue::try_from(text).ok()) {
            headers.insert(WWW_AUTHENTICATE, value);
        }
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS));
        }
        response
    }
}

fn body(members: &[(&str, &str)]) -> String {
    let object: serde_json::Map<_, _> = members
        .iter()
        .map(|(name, text)| ((*name).to_owned(), serde_json::Value::from(*text)))
        .collect();
    serde_json::Value::Object(object).to_string()
}
