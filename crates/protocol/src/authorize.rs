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
    pub registration: Option<String>,
    pub acr_values: Option<String>,
    pub claims: Option<String>,
    pub claims_locales: Option<String>,
    pub display: Option<String>,
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
            registration: params.get_owned("registration"),
            acr_values: params.get_owned("acr_values"),
            claims: params.get_owned("claims"),
            claims_locales: params.get_owned("claims_locales"),
            display: params.get_owned("display"),
            repeated: params.repeated().map(str::to_owned),
        }
    }
}

/// What a client wants back (OAuth 2.0 Multiple Response Types §3, §5). As text its words stand in alphabetical order; they
/// are read in any.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ResponseType {
    /// A code.
    pub code: bool,
    /// An ID token.
    pub id_token: bool,
    /// An access token.
    pub token: bool,
}

/// The text is no response type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a response type is made of code, id_token and token, each at most once")]
pub struct InvalidResponseType;

impl ResponseType {
    /// `code`.
    pub const CODE: Self = Self {
        code: true,
        id_token: false,
        token: false,
    };
    /// `token`.
    pub const TOKEN: Self = Self {
        code: false,
        id_token: false,
        token: true,
    };

    /// Every response type there is.
    pub const ALL: [Self; 7] = [
        Self::CODE,
        Self::TOKEN,
        Self::of(false, true, false),
        Self::of(false, true, true),
        Self::of(true, true, false),
        Self::of(true, false, true),
        Self::of(true, true, true),
    ];

    const fn of(code: bool, id_token: bool, token: bool) -> Self {
        Self {
            code,
            id_token,
            token,
        }
    }

    /// Reads the words, in any order.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut read = Self::default();
        for word in text.split(' ') {
            let flag = match word {
                "code" => &mut read.code,
                "id_token" => &mut read.id_token,
                "token" => &mut read.token,
                _ => return None,
            };
            if std::mem::replace(flag, true) {
                return None;
            }
        }
        Some(read)
    }

    /// Whether a token of any kind comes back through the browser.
    #[must_use]
    pub const fn is_front_channel(self) -> bool {
        self.token || self.id_token
    }

    /// The text, as Multiple Response Types §5 writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match (self.code, self.id_token, self.token) {
            (true, false, false) => "code",
            (true, true, false) => "code id_token",
            (true, true, true) => "code id_token token",
            (true, false, true) => "code token",
            (false, true, false) => "id_token",
            (false, true, true) => "id_token token",
            (false, false, true) => "token",
            (false, false, false) => "",
        }
    }
}

impl TryFrom<String> for ResponseType {
    type Error = InvalidResponseType;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or(InvalidResponseType)
    }
}

impl From<ResponseType> for String {
    fn from(response_type: ResponseType) -> Self {
        response_type.as_str().to_owned()
    }
}

impl std::fmt::Display for ResponseType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where the parameters of an answer stand (OAuth 2.0 Multiple Response Types §2.1, Form Post Response Mode).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    /// In the query of the redirect URI.
    #[default]
    Query,
    /// In its fragment.
    Fragment,
    /// In a form that the browser sends to it.
    FormPost,
}

impl ResponseMode {
    /// Every mode.
    pub const ALL: [Self; 3] = [Self::Query, Self::Fragment, Self::FormPost];

    /// The value of `response_mode`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Fragment => "fragment",
            Self::FormPost => "form_post",
        }
    }

    /// Reads the value.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text)
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
    fn the_words_of_a_response_type_are_read_in_any_order_and_written_in_one() {
        for bad in [
            "",
            "none",
            "Code",
            "code code",
            "code  token",
            "code,token",
            " code",
        ] {
            assert_eq!(ResponseType::parse(bad), None, "{bad:?}");
        }
        for response_type in ResponseType::ALL {
            assert_eq!(ResponseType::parse(response_type.as_str()), Some(response_type));
        }
        let shuffled = ResponseType::parse("token code id_token").unwrap();
        assert_eq!(shuffled.to_string(), "code id_token token");
        assert!(shuffled.is_front_channel() && !ResponseType::CODE.is_front_channel());
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
