//! The authorization request (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1) as it came in, and the
//! parameters of its answer. Nothing is judged here: that is `rules::authorize`.

use crate::params::Params;
use serde::{Deserialize, Serialize};

/// An authorization request as received: texts, not yet checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the specs' own parameters")]
pub struct Request {
    pub response_type: Option<String>,
    pub response_mode: Option<String>,
    pub client_id: Option<String>,
    pub redirect_uri: Option<String>,
    pub scope: Option<String>,
    pub state: Option<String>,
    pub nonce: Option<String>,
    pub prompt: Option<String>,
    pub max_age: Option<String>,
    pub code_challenge: Option<String>,
    pub code_challenge_method: Option<String>,
    pub resource: Vec<String>,
    pub login_hint: Option<String>,
    pub id_token_hint: Option<String>,
    pub ui_locales: Option<String>,
    pub request: Option<String>,
    pub request_uri: Option<String>,
    /// The first parameter that stands more than once, when one does.
    pub repeated: Option<String>,
}

impl Request {
    /// Takes the parameters it knows; unknown ones are ignored (RFC 6749 §3.1).
    #[must_use]
    pub fn from_params(params: &Params) -> Self {
        Self {
            response_type: params.get_owned("response_type"),
            response_mode: params.get_owned("response_mode"),
            client_id: params.get_owned("client_id"),
            redirect_uri: params.get_owned("redirect_uri"),
            scope: params.get_owned("scope"),
            state: params.get_owned("state"),
            nonce: params.get_owned("nonce"),
            prompt: params.get_owned("prompt"),
            max_age: params.get_owned("max_age"),
            code_challenge: params.get_owned("code_challenge"),
            code_challenge_method: params.get_owned("code_challenge_method"),
            resource: params.all("resource").map(str::to_owned).collect(),
            login_hint: params.get_owned("login_hint"),
            id_token_hint: params.get_owned("id_token_hint"),
            ui_locales: params.get_owned("ui_locales"),
            request: params.get_owned("request"),
            request_uri: params.get_owned("request_uri"),
            repeated: params.repeated().map(str::to_owned),
        }
    }
}

/// A word of `prompt` (OpenID Connect Core §3.1.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prompt {
    /// No page may be shown.
    None,
    /// Sign in again.
    Login,
    /// Ask for consent again.
    Consent,
    /// Let the person choose an account.
    SelectAccount,
}

impl Prompt {
    /// Reads one word; `None` for an unknown one.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "none" => Some(Self::None),
            "login" => Some(Self::Login),
            "consent" => Some(Self::Consent),
            "select_account" => Some(Self::SelectAccount),
            _ => None,
        }
    }
}

/// Adds parameters to a redirect URI's query (RFC 6749 §4.1.2), keeping the query it has.
#[must_use]
pub fn redirect_with_query(redirect_uri: &str, parameters: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in parameters {
        query.append_pair(name, value);
    }
    let separator = match redirect_uri.find('?') {
        None => "?",
        Some(at) if at + 1 == redirect_uri.len() || redirect_uri.ends_with('&') => "",
        Some(_) => "&",
    };
    format!("{redirect_uri}{separator}{}", query.finish())
}

/// Adds parameters as the fragment of a redirect URI (RFC 6749 §4.2.2), which has none of its own.
#[must_use]
pub fn redirect_with_fragment(redirect_uri: &str, parameters: &[(&str, &str)]) -> String {
    let fragment = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish();
    format!("{redirect_uri}#{fragment}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_that_a_redirect_uri_has_is_kept() {
        let add = |uri| redirect_with_query(uri, &[("code", "a b&c"), ("state", "\r\nx")]);
        assert_eq!(
            add("https://a.example/cb"),
            "https://a.example/cb?code=a+b%26c&state=%0D%0Ax"
        );
        assert_eq!(
            add("https://a.example/cb?x=1"),
            "https://a.example/cb?x=1&code=a+b%26c&state=%0D%0Ax"
        );
        assert_eq!(
            add("https://a.example/cb?"),
            "https://a.example/cb?code=a+b%26c&state=%0D%0Ax"
        );
    }

    #[test]
    fn a_request_keeps_what_it_knows_and_reports_what_stands_twice() {
        let params =
            Params::parse_raw(b"client_id=a&state=1&state=2&resource=x&resource=y&unknown=z").unwrap();
        let request = Request::from_params(&params);
        assert_eq!(request.client_id.as_deref(), Some("a"));
        assert_eq!(request.repeated.as_deref(), Some("state"));
        assert_eq!(request.resource, ["x", "y"]);
    }

    #[test]
    fn a_fragment_follows_whatever_query_there_is() {
        assert_eq!(
            redirect_with_fragment("https://a.example/cb?x=1", &[("access_token", "a b#c")]),
            "https://a.example/cb?x=1#access_token=a+b%23c"
        );
    }

    #[test]
    fn a_prompt_is_read_by_the_letter() {
        for unknown in ["", "None", "create", "login "] {
            assert_eq!(Prompt::parse(unknown), None);
        }
        for known in ["none", "login", "consent", "select_account"] {
            let prompt = Prompt::parse(known).unwrap();
            assert_eq!(serde_json::to_value(prompt).unwrap(), known);
        }
    }
}
