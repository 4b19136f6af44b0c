//! Why a request does not get through, and the answer it gets (RFC 6750 §3, RFC 5849 §3.2).

use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};
use url::form_urlencoded::Serializer;
use valetkey_protocol::bearer::Challenge;
use valetkey_protocol::oauth1::{Protocol, authorization_header};
use valetkey_protocol::params::FORM;
use valetkey_protocol::rule::{Answer, Refusal, Rule};

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
    /// The values of `WWW-Authenticate`.
    pub(crate) challenges: Vec<String>,
    body: Body,
}

#[derive(Debug, Clone)]
enum Body {
    Empty,
    Json(String),
    Form(String),
}

impl Refused {
    /// `signed` says whether the layer would have taken a signed request too.
    pub(crate) fn new(stop: &Stop, scope: &[String], signed: bool, config: &Config) -> Self {
        let refusal = match stop {
            Stop::Refused(refusal) => refusal,
            Stop::Unavailable(_) => {
                return Self {
                    status: StatusCode::SERVICE_UNAVAILABLE,
                    challenges: Vec::new(),
                    body: Body::Json(json(&[
                        ("error", "temporarily_unavailable"),
                        ("error_description", "The authorization server cannot be asked."),
                    ])),
                };
            }
        };
        let info = refusal.rule.info();
        let status = StatusCode::from_u16(info.status).unwrap_or(StatusCode::UNAUTHORIZED);
        match info.answer {
            Answer::OAuthProblem => Self::of_oauth1(status, refusal, config),
            Answer::Challenge => Self::of_bearer(status, refusal.rule, (scope, signed), config),
            _ => Self {
                status,
                challenges: Vec::new(),
                body: Body::Json(error(refusal.rule)),
            },
        }
    }

    /// The answer of RFC 6750 §3.
    fn of_bearer(
        status: StatusCode,
        rule: Rule,
        (scope, signed): (&[String], bool),
        config: &Config,
    ) -> Self {
        let info = rule.info();
        // Who showed no token is told what to show, and no error (RFC 6750 §3.1).
        let shown = rule != Rule::BearerTokenMissing;
        let challenge = Challenge {
            realm: config.realm.clone(),
            error: shown.then_some(info.error),
            error_description: shown.then(|| info.says.to_owned()),
            scope: (!scope.is_empty()).then(|| scope.join(" ")),
            resource_metadata: Some(config.metadata_url.clone()),
        };
        let or_sign = (signed && !shown).then(|| signature_challenge(config));
        Self {
            status,
            challenges: std::iter::once(challenge.to_header()).chain(or_sign).collect(),
            body: if shown {
                Body::Json(error(rule))
            } else {
                Body::Empty
            },
        }
    }

    /// The answer of RFC 5849 §3.2, with the problem as the oauth_problem extension writes it.
    fn of_oauth1(status: StatusCode, refusal: &Refusal, config: &Config) -> Self {
        let info = refusal.rule.info();
        let mut members = vec![
            ("oauth_problem", info.error.as_str()),
            ("oauth_problem_advice", info.says),
            ("more", info.url),
        ];
        if config.show_details {
            members.extend([
                ("rule", info.id),
                ("expected", refusal.expected.as_str()),
                ("received", refusal.received.as_str()),
                ("fix", info.fix),
            ]);
        }
        let body = Serializer::new(String::new()).extend_pairs(members).finish();
        let challenge = (status == StatusCode::UNAUTHORIZED).then(|| signature_challenge(config));
        Self {
            status,
            challenges: challenge.into_iter().collect(),
            body: Body::Form(body),
        }
    }

    pub(crate) fn into_response<R: From<String>>(self) -> Response<R> {
        let (kind, body) = match self.body {
            Body::Empty => (None, String::new()),
            Body::Json(body) => (Some("application/json"), body),
            Body::Form(body) => (Some(FORM), body),
        };
        let mut response = Response::new(R::from(body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(kind) = kind {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        let values = self.challenges.into_iter();
        for value in values.filter_map(|text| HeaderValue::try_from(text).ok()) {
            headers.append(WWW_AUTHENTICATE, value);
        }
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS));
        }
        response
    }
}

/// `OAuth realm=".."`: the API itself where it has no realm of its own.
fn signature_challenge(config: &Config) -> String {
    let realm = config.realm.as_deref().unwrap_or(&config.metadata.resource);
    authorization_header(Some(realm), &Protocol::default())
}

fn error(rule: Rule) -> String {
    let info = rule.info();
    json(&[
        ("error", info.error.as_str()),
        ("error_description", info.says),
        ("error_uri", info.url),
    ])
}

fn json(members: &[(&str, &str)]) -> String {
    let object: serde_json::Map<_, _> = members
        .iter()
        .map(|(name, text)| ((*name).to_owned(), serde_json::Value::from(*text)))
        .collect();
    serde_json::Value::Object(object).to_string()
}
