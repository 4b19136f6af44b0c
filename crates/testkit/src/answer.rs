//! What came back: an HTTP answer and the things tests look for in it.

use http::{HeaderMap, StatusCode};
use serde_json::Value;
use url::Url;
use valetkey_protocol::rule::{Answer as Goes, Rule};

/// An HTTP answer with its whole body.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

/// The tokens of a successful token response.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// The access token.
    pub access: String,
    /// The refresh token; empty when there is none.
    pub refresh: String,
    /// The ID token; empty when there is none.
    pub id: String,
    /// The whole answer.
    pub json: Value,
}

/// The one form of a page.
#[derive(Debug, Clone)]
pub struct Form {
    /// Where it posts to.
    pub action: String,
    /// Its hidden fields.
    pub hidden: Vec<(String, String)>,
}

impl Answer {
    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; `Null` when it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// A member of the JSON body; empty when it is not there or no text.
    #[must_use]
    pub fn member(&self, name: &str) -> String {
        self.json()
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    }

    /// The OAuth error code of the JSON body; empty when there is none.
    #[must_use]
    pub fn error(&self) -> String {
        self.member("error")
    }

    /// A member of a form body, as OAuth 1.0a answers; empty when it is not there.
    #[must_use]
    pub fn field(&self, name: &str) -> String {
        let mut pairs = url::form_urlencoded::parse(&self.body);
        let found = pairs.find(|(key, _)| key == name);
        found.map(|(_, value)| value.into_owned()).unwrap_or_default()
    }

    /// The `oauth_problem` of the form body; empty when there is none.
    #[must_use]
    pub fn problem(&self) -> String {
        self.field("oauth_problem")
    }

    /// A header; empty when it is not there.
    #[must_use]
    pub fn header(&self, name: &str) -> String {
        let value = self
            .headers
            .get(name)
            .map(|value| String::from_utf8_lossy(value.as_bytes()));
        value.unwrap_or_default().into_owned()
    }

    /// Where the answer redirects to, as it stands.
    #[must_use]
    pub fn location(&self) -> Option<String> {
        self.status.is_redirection().then(|| self.header("location"))
    }

    /// The absolute URL that the answer redirects to.
    ///
    /// # Panics
    /// When it redirects nowhere, or not by an absolute URL.
    #[must_use]
    pub fn callback(&self) -> Url {
        let location = self
            .location()
            .unwrap_or_else(|| panic!("{} redirects nowhere: {}", self.status, self.text()));
        Url::parse(&location).unwrap_or_else(|_| panic!("{location} is not absolute"))
    }

    /// A parameter of the redirect's query; empty when it is not there.
    #[must_use]
    pub fn parameter(&self, name: &str) -> String {
        let callback = self.callback();
        let found = callback.query_pairs().find(|(key, _)| key == name);
        found.map(|(_, value)| value.into_owned()).unwrap_or_default()
    }

    /// A parameter of the redirect's fragment; empty when it is not there.
    #[must_use]
    pub fn fragment(&self, name: &str) -> String {
        let callback = self.callback();
        let fragment = callback.fragment().unwrap_or_default();
        let mut pairs = url::form_urlencoded::parse(fragment.as_bytes());
        let found = pairs.find(|(key, _)| key == name);
        found.map(|(_, value)| value.into_owned()).unwrap_or_default()
    }

    /// A parameter of the redirect, whether in the query or in the fragment; empty when it is in neither.
    #[must_use]
    pub fn returned(&self, name: &str) -> String {
        let in_query = self.parameter(name);
        if in_query.is_empty() {
            self.fragment(name)
        } else {
            in_query
        }
    }

    /// The tokens.
    ///
    /// # Panics
    /// When the answer is no success.
    pub fn tokens(&self) -> Tokens {
        assert_eq!(self.status, 200, "{}", self.text());
        assert_eq!(self.member("token_type"), "Bearer");
        Tokens {
            access: self.member("access_token"),
            refresh: self.member("refresh_token"),
            id: self.member("id_token"),
            json: self.json(),
        }
    }

    /// Asserts that this is an OAuth error (RFC 6749 §5.2), or a problem of OAuth 1.0a, with the code and the status of a rule.
    ///
    /// # Panics
    /// When it is not.
    pub fn is_refused_by(&self, rule: Rule) {
        let info = rule.info();
        let code = match info.answer {
            Goes::OAuthProblem => self.problem(),
            _ => self.error(),
        };
        assert_eq!(
            (self.status.as_u16(), code.as_str()),
            (info.status, info.error.as_str()),
            "{rule:?}: {}",
            self.text()
        );
    }

    /// The one form of the page, or the first.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn form(&self) -> Form {
        self.form_with("")
    }

    /// The first form of the page that holds this text.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn form_with(&self, held: &str) -> Form {
        let text = self.text();
        let form = text
            .split("<form")
            .skip(1)
            .find(|form| form.split("</form>").next().unwrap_or_default().contains(held))
            .unwrap_or_else(|| panic!("{} has no form with {held:?}: {text}", self.status));
        let form = form.split("</form>").next().unwrap_or_default();
        let hidden = form
            .split("<input")
            .skip(1)
            .filter(|tag| attribute(tag, "type").as_deref() == Some("hidden"))
            .filter_map(|tag| Some((attribute(tag, "name")?, attribute(tag, "value")?)))
            .collect();
        Form {
            action: attribute(form, "action").expect("a form has an action"),
            hidden,
        }
    }
}

/// What a page tells the browser of passkeys.
impl Answer {
    /// The options for `navigator.credentials`.
    ///
    /// # Panics
    /// When the page asks for no passkey.
    #[must_use]
    pub fn passkey_options(&self) -> Value {
        let text = self.text();
        let (_, rest) = text
            .split_once("data-options=\"")
            .unwrap_or_else(|| panic!("{} asks for no passkey: {text}", self.status));
        let json = rest.split('"').next().unwrap_or_default();
        let json = json.replace("&#34;", "\"").replace("&#38;", "&");
        serde_json::from_str(&json).expect("options are JSON")
    }
}

/// The value of an attribute of the first tag; the few characters that our templates escape are put back.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let tag = tag.split('>').next()?;
    let value = tag.split(&format!(" {name}=\"")).nth(1)?.split('"').next()?;
    Some(
        value
            .replace("&#38;", "&")
            .replace("&amp;", "&")
            .replace("&#x2F;", "/"),
    )
}
