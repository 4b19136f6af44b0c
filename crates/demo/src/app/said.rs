//! What the app's last deed came to, in words: an answer of the API or of the server, good or bad, with the rule
//! behind it wherever one was named. Only texts; the templates escape them.

use http::{HeaderMap, StatusCode, header::WWW_AUTHENTICATE};
use valetkey_client::{Error, HttpResponse};

/// More members than this no answer has.
const MAX_MEMBERS: usize = 12;

/// One answer, told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// A few words.
    pub(super) title: String,
    /// The status or error line.
    pub(super) line: String,
    /// Whether it went as the person wanted.
    pub(super) good: bool,
    /// Sentences.
    pub(super) text: Vec<String>,
    /// The parts of the answer.
    pub(super) rows: Vec<Part>,
}

/// One part of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) says: &'static str,
    /// Whether the value is an address that may be opened.
    pub(super) link: bool,
}

impl Part {
    fn new(name: &str, value: &str, says: &'static str) -> Self {
        Self {
            name: name.to_owned(),
            value: value.to_owned(),
            says,
            link: value.starts_with("https://") || value.starts_with("http://"),
        }
    }
}

/// Something went well.
pub(super) fn good(title: &str, line: &str, text: &str) -> Said {
    Said {
        title: title.to_owned(),
        line: line.to_owned(),
        good: true,
        text: vec![text.to_owned()],
        rows: Vec::new(),
    }
}

/// Something did not work, without a spec to name.
pub(super) fn bad(title: &str, text: &str) -> Said {
    Said {
        title: title.to_owned(),
        text: vec![text.to_owned()],
        ..Said::default()
    }
}

/// What the client library said no to, or what the authorization server answered.
pub(super) fn error(title: &str, error: &Error) -> Said {
    let mut said = Said {
        title: title.to_owned(),
        ..Said::default()
    };
    match error {
        Error::Refused(refusal) => {
            let info = refusal.rule.info();
            said.line = info.id.to_owned();
            said.text = vec![info.says.to_owned(), info.fix.to_owned()];
            said.rows
                .push(Part::new(info.spec, info.url, "the rule's section"));
            if !refusal.expected.is_empty() {
                said.rows.push(Part::new("expected", &refusal.expected, ""));
            }
            if !refusal.received.is_empty() {
                said.rows.push(Part::new("received", &refusal.received, ""));
            }
        }
        Error::Wire {
            error,
            description,
            uri,
        } => {
            said.line.clone_from(error);
            said.text.push(wire_meaning(error).to_owned());
            if let Some(description) = description {
                said.rows
                    .push(Part::new("error_description", description, "in Valetkey’s words"));
            }
            if let Some(uri) = uri {
                said.rows.push(Part::new("error_uri", uri, "more about it"));
            }
        }
        other => said.text.push(other.to_string()),
    }
    said
}

/// The error codes that a person can meet here (RFC 6749 §4.1.2.1 and §5.2).
fn wire_meaning(code: &str) -> &'static str {
    match code {
        "access_denied" | "permission_denied" => "You said no, so MySweetApp got no key. Nothing was shared.",
        "signature_invalid" => {
            "MySweetApp and Valetkey do not come to the same signature: the consumer secret differs, or what was signed."
        }
        "consumer_key_unknown" | "consumer_key_refused" => {
            "Valetkey knows no app of that name that may use OAuth 1.0a."
        }
        "timestamp_refused" => "The clocks of MySweetApp and Valetkey lie too far apart.",
        "invalid_grant" => {
            "What MySweetApp showed does not count: it was used before, was taken back, or is too old."
        }
        "invalid_client" => {
            "Valetkey does not take MySweetApp for MySweetApp: the client id or its secret is wrong."
        }
        "invalid_scope" => "MySweetApp asked for something that it may not have.",
        "temporarily_unavailable" | "server_error" => "Valetkey could not answer just now. Try again.",
        _ => "Valetkey refused the request.",
    }
}

/// What a resource server answered that did not let the app in (RFC 6750 §3).
pub(super) fn api_refused(status: StatusCode, headers: &HeaderMap) -> Said {
    let challenge = headers
        .get(WWW_AUTHENTICATE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let mut rows = Vec::new();
    if !challenge.is_empty() {
        rows.push(Part::new(
            "WWW-Authenticate",
            challenge,
            "the whole header, as it came",
        ));
    }
    let members = challenge_members(challenge);
    rows.extend(
        members
            .iter()
            .map(|(name, value)| Part::new(name, value, member_meaning(name))),
    );
    let error = members.iter().find(|(name, _)| name == "error");
    let text = match (status, error.map(|(_, value)| value.as_str())) {
        (StatusCode::UNAUTHORIZED, Some("invalid_token")) => {
            "The token does not count: it was taken back, has expired, or is not for this API. (RFC 6750 §3.1)"
        }
        (StatusCode::FORBIDDEN, _) => {
            "The token is good, but does not reach so far: it lacks the scope. (RFC 6750 §3.1)"
        }
        (StatusCode::UNAUTHORIZED, _) => "The API wants an access token. (RFC 6750 §3)",
        _ => "The API could not answer.",
    };
    Said {
        title: "The Photos API said no".to_owned(),
        line: status_line(status),
        good: false,
        text: vec![text.to_owned()],
        rows,
    }
}

/// What a resource server answered that did not take a signature (RFC 5849 §3.2).
pub(super) fn signature_refused(answer: &HttpResponse) -> Said {
    let members = members_of_form(answer.body());
    let problem = members
        .iter()
        .find(|(name, _)| name == "oauth_problem")
        .map_or("", |(_, problem)| problem.as_str());
    let text = match problem {
        "token_revoked" => {
            "The access was taken back at Valetkey, and from that moment on no signature opens the door."
        }
        "token_expired" => "The access has ended.",
        "token_rejected" => "The token credentials do not count here.",
        "permission_denied" => "The signature is good, but does not reach so far: it lacks the scope.",
        "signature_invalid" => "What was signed is not what the API got, or another secret signed it.",
        "nonce_used" => "The API has seen this very request before. (RFC 5849 §3.3)",
        "timestamp_refused" => {
            "The request was signed too long ago, or by a clock that is wrong. (RFC 5849 §3.3)"
        }
        "" => "The API could not answer.",
        _ => "The API wants a request that is signed by the letter. (RFC 5849 §3.2)",
    };
    Said {
        title: "The Photos API said no".to_owned(),
        line: status_line(answer.status()),
        good: false,
        text: vec![text.to_owned()],
        rows: members
            .iter()
            .map(|(name, value)| Part::new(name, value, problem_meaning(name)))
            .collect(),
    }
}

/// What became of a request that was sent twice. That it is refused is the good news.
pub(super) fn replayed(answer: &HttpResponse) -> Said {
    let refused = signature_refused(answer);
    let is_seen = refused.rows.iter().any(|row| row.value == "nonce_used");
    if !is_seen {
        return refused;
    }
    Said {
        title: "The same request again: refused".to_owned(),
        good: true,
        text: vec![
            "Word for word what opened the door a moment ago. Each request carries a number that is used once, so whoever \
             copies it on the way has got nothing. (RFC 5849 §3.3)"
                .to_owned(),
        ],
        ..refused
    }
}

fn problem_meaning(name: &str) -> &'static str {
    match name {
        "oauth_problem" => "what is wrong, as a code",
        "oauth_problem_advice" => "what is wrong, for developers",
        "rule" => "which rule said no",
        "more" => "where it is written",
        "expected" => "what would have been right",
        "received" => "what came instead",
        "fix" => "what to do about it",
        _ => "",
    }
}

fn members_of_form(body: &[u8]) -> Vec<(String, String)> {
    let pairs = url::form_urlencoded::parse(body).into_owned();
    pairs
        .filter(|(_, value)| !value.is_empty())
        .take(MAX_MEMBERS)
        .collect()
}

/// `GET /photos → 401 Unauthorized`
pub(super) fn status_line(status: StatusCode) -> String {
    let reason = status.canonical_reason().unwrap_or_default();
    format!("GET /photos → {} {reason}", status.as_u16())
}

fn member_meaning(name: &str) -> &'static str {
    match name {
        "realm" => "whose door it is",
        "error" => "what is wrong, as a code",
        "error_description" => "what is wrong, for developers",
        "scope" => "what the token would have to allow",
        "resource_metadata" => "where programs read how to get a good token (RFC 9728)",
        _ => "",
    }
}

/// The members of one `Bearer` challenge: `name="value"`, set apart by commas (RFC 9110 §11.2).
fn challenge_members(header: &str) -> Vec<(String, String)> {
    let Some((scheme, mut rest)) = header.split_once(' ') else {
        return Vec::new();
    };
    let mut members = Vec::new();
    if !scheme.eq_ignore_ascii_case("bearer") {
        return members;
    }
    while let Some((name, after)) = rest.split_once("=\"") {
        let Some((value, after)) = after.split_once('"') else {
            break;
        };
        members.push((name.trim_matches([' ', ',']).to_owned(), value.to_owned()));
        rest = after;
    }
    members
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn a_challenge_that_is_cut_off_or_of_another_scheme_gives_what_can_be_read() {
        for nothing in [
            "",
            "Bearer",
            "Basic realm=\"x\"",
            "Bearer realm=x",
            "Bearer error=\"cut",
        ] {
            assert!(challenge_members(nothing).is_empty(), "{nothing:?}");
        }
        assert_eq!(
            challenge_members("bearer realm=\"a, b\", error=\"invalid_token\""),
            [
                ("realm".to_owned(), "a, b".to_owned()),
                ("error".to_owned(), "invalid_token".to_owned())
            ]
        );
    }

    #[test]
    fn a_token_that_was_taken_back_is_explained() {
        let mut headers = HeaderMap::new();
        let challenge = "Bearer error=\"invalid_token\", resource_metadata=\"http://localhost:8081/x\"";
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        let said = api_refused(StatusCode::UNAUTHORIZED, &headers);
        assert!(!said.good);
        assert_eq!(said.line, "GET /photos → 401 Unauthorized");
        assert!(said.text[0].contains("taken back"));
        assert_eq!(said.rows[0].value, challenge);
        assert!(said.rows[2].link && !said.rows[1].link);
    }

    #[test]
    fn a_script_address_never_becomes_a_link() {
        assert!(!Part::new("error_uri", "javascript:alert(1)", "").link);
    }

    #[test]
    fn the_servers_own_error_is_shown_with_its_description() {
        let wire = Error::Wire {
            error: "invalid_grant".into(),
            description: Some("The code was used before.".into()),
            uri: Some("https://as.example/rules/x".into()),
        };
        let said = error("No tokens", &wire);
        assert_eq!(said.line, "invalid_grant");
        assert_eq!(said.rows.len(), 2);
        assert!(said.rows[1].link);
    }
}
