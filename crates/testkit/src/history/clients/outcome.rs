//! What an answer means to a client.

use super::super::record::{Given, Outcome, hashed};
use crate::answer::Answer;
use serde_json::Value;
use std::io::{Error, ErrorKind};
use tokio::time::error::Elapsed;

/// How much of a strange answer is kept.
const EXCERPT: usize = 300;

/// What became of a request.
pub(super) type Sent = Result<Result<Answer, Error>, Elapsed>;

/// The tokens of an answer, as they are.
#[derive(Debug, Clone, Default)]
pub(super) struct Tokens {
    pub(super) refresh: String,
    pub(super) access: String,
}

/// The answer, or what its absence means.
pub(super) fn answered(sent: Sent) -> Result<Answer, Outcome> {
    match sent {
        Err(_) => Err(Outcome::Silent),
        Ok(Err(error)) if error.kind() == ErrorKind::ConnectionRefused => Err(Outcome::Unreached),
        Ok(Err(_)) => Err(Outcome::Broken),
        Ok(Ok(answer)) if answer.status == 503 && !answer.header("retry-after").is_empty() => {
            Err(Outcome::Busy)
        }
        Ok(Ok(answer)) => Ok(answer),
    }
}

/// An answer of the token endpoint.
pub(super) fn of_tokens(answer: &Answer) -> (Outcome, Option<Tokens>) {
    let tokens = Tokens {
        refresh: answer.member("refresh_token"),
        access: answer.member("access_token"),
    };
    if answer.status != 200 || tokens.access.is_empty() || tokens.refresh.is_empty() {
        return (of_refusal(answer), None);
    }
    let json = answer.json();
    let given = Given {
        token: hashed(&tokens.refresh),
        access: hashed(&tokens.access),
        lives_seconds: json.get("expires_in").and_then(Value::as_i64).unwrap_or_default(),
    };
    (Outcome::Done(given), Some(tokens))
}

/// An answer of the introspection endpoint.
pub(super) fn of_introspection(answer: &Answer) -> Outcome {
    match answer.json().get("active").and_then(Value::as_bool) {
        Some(true) if answer.status == 200 => Outcome::Active,
        Some(false) if answer.status == 200 => Outcome::Inactive,
        _ => of_refusal(answer),
    }
}

/// An answer of the revocation endpoint.
pub(super) fn of_revocation(answer: &Answer) -> Outcome {
    if answer.status == 200 {
        return Outcome::Done(Given::default());
    }
    of_refusal(answer)
}

/// An answer to the browser, with the code when there is one.
pub(super) fn of_authorization(answer: &Answer) -> (Outcome, Option<String>) {
    let location = answer.location().unwrap_or_default();
    let Ok(callback) = url::Url::parse(&location) else {
        return (unclean(answer), None);
    };
    let value = |name: &str| {
        let found = callback.query_pairs().find(|(key, _)| key == name);
        found.map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    let (code, error) = (value("code"), value("error"));
    if !code.is_empty() {
        let given = Given {
            token: hashed(&code),
            ..Given::default()
        };
        return (Outcome::Done(given), Some(code));
    }
    let outcome = match error.as_str() {
        "" => unclean(answer),
        "temporarily_unavailable" => Outcome::Busy,
        _ => Outcome::Refused {
            error,
            rule: String::new(),
        },
    };
    (outcome, None)
}

fn of_refusal(answer: &Answer) -> Outcome {
    let error = answer.error();
    if !answer.status.is_client_error() || error.is_empty() {
        return unclean(answer);
    }
    let json = answer.json();
    let rule = json.pointer("/valetkey/rule").and_then(Value::as_str);
    Outcome::Refused {
        error,
        rule: rule.unwrap_or_default().to_owned(),
    }
}

fn unclean(answer: &Answer) -> Outcome {
    let mut body: String = answer.text().chars().take(EXCERPT).collect();
    if let Some(location) = answer.location() {
        // A code or token may stand in the query.
        body = format!("to {}", location.split('?').next().unwrap_or_default());
    }
    Outcome::Unclean {
        status: answer.status.as_u16(),
        body,
    }
}
