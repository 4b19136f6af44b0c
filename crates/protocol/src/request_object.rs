//! The claims of a request object (OpenID Connect Core §6.1, RFC 9101 §4): the parameters of an authorization request, in a
//! JWT that the client signs. Whether it may be believed is not judged here.

use crate::authorize::Request;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Number, Value};

/// The `typ` that RFC 9101 §10.8 gives a request object.
pub const TYPE: &str = "oauth-authz-req+jwt";

/// The claims. A parameter that is absent, `null` or an empty text says nothing, as outside.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct RequestObject {
    /// Who signed it: the client.
    pub iss: Option<String>,
    /// For whom it is.
    #[serde(deserialize_with = "texts")]
    pub aud: Vec<String>,
    /// When it ends, in seconds; the fraction that RFC 7519 §2 allows is cut off.
    #[serde(deserialize_with = "seconds")]
    pub exp: Option<i64>,
    /// When it begins.
    #[serde(deserialize_with = "seconds")]
    pub nbf: Option<i64>,
    /// Must not be there: a request object in a request object.
    pub request: Option<Value>,
    /// Must not be there.
    pub request_uri: Option<Value>,
    client_id: Option<String>,
    response_type: Option<String>,
    response_mode: Option<String>,
    redirect_uri: Option<String>,
    scope: Option<String>,
    state: Option<String>,
    nonce: Option<String>,
    prompt: Option<String>,
    max_age: Option<Digits>,
    code_challenge: Option<String>,
    code_challenge_method: Option<String>,
    #[serde(deserialize_with = "texts")]
    resource: Vec<String>,
    login_hint: Option<String>,
    id_token_hint: Option<String>,
    ui_locales: Option<String>,
    registration: Option<Object>,
    acr_values: Option<String>,
    claims: Option<Object>,
    claims_locales: Option<String>,
    display: Option<String>,
}

/// Core §6.1 writes numbers as numbers; some clients write them as texts.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
enum Digits {
    Number(Number),
    Text(String),
}

/// Core §6.1 writes an object; some clients write its text, as outside.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
enum Object {
    Members(Map<String, Value>),
    Text(String),
}

impl RequestObject {
    /// `client_id`.
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        self.client_id.as_deref().filter(|text| !text.is_empty())
    }

    /// `response_type`.
    #[must_use]
    pub fn response_type(&self) -> Option<&str> {
        self.response_type.as_deref().filter(|text| !text.is_empty())
    }

    /// Whether a text in it holds NUL, which no parameter outside may hold either ([`InvalidParams::Nul`]). What objects hold
    /// is not looked at: they stay JSON.
    ///
    /// [`InvalidParams::Nul`]: crate::params::InvalidParams::Nul
    #[must_use]
    pub fn holds_nul(&self) -> bool {
        // A member that is added does not compile before somebody says here whether it is looked at.
        let Self {
            iss,
            aud,
            exp: _,
            nbf: _,
            request: _,
            request_uri: _,
            client_id,
            response_type,
            response_mode,
            redirect_uri,
            scope,
            state,
            nonce,
            prompt,
            max_age,
            code_challenge,
            code_challenge_method,
            resource,
            login_hint,
            id_token_hint,
            ui_locales,
            registration: _,
            acr_values,
            claims: _,
            claims_locales,
            display,
        } = self;
        let texts = [
            iss,
            client_id,
            response_type,
            response_mode,
            redirect_uri,
            scope,
            state,
            nonce,
            prompt,
            code_challenge,
            code_challenge_method,
            login_hint,
            id_token_hint,
            ui_locales,
            acr_values,
            claims_locales,
            display,
        ];
        let texts = texts.into_iter().flatten();
        let max_age = match max_age {
            Some(Digits::Text(text)) => Some(text),
            Some(Digits::Number(_)) | None => None,
        };
        let mut all = texts.chain(max_age).chain(aud).chain(resource);
        all.any(|text| text.contains('\0'))
    }

    /// The request as it is meant: what stands in here wins over what stood `outside` (Core §6.1). Whoever takes only what
    /// was signed (RFC 9101 §6.3) gives an `outside` that says nothing but the client's id.
    #[must_use]
    pub fn over(self, outside: Request) -> Request {
        let wins = |inside: Option<String>, outside: Option<String>| {
            inside.filter(|text| !text.is_empty()).or(outside)
        };
        let json = |object: Option<Object>| object.map(Object::text);
        Request {
            response_type: wins(self.response_type, outside.response_type),
            response_mode: wins(self.response_mode, outside.response_mode),
            client_id: wins(self.client_id, outside.client_id),
            redirect_uri: wins(self.redirect_uri, outside.redirect_uri),
            scope: wins(self.scope, outside.scope),
            state: wins(self.state, outside.state),
            nonce: wins(self.nonce, outside.nonce),
            prompt: wins(self.prompt, outside.prompt),
            max_age: wins(self.max_age.map(Digits::text), outside.max_age),
            code_challenge: wins(self.code_challenge, outside.code_challenge),
            code_challenge_method: wins(self.code_challenge_method, outside.code_challenge_method),
            resource: if self.resource.is_empty() {
                outside.resource
            } else {
                self.resource
            },
            login_hint: wins(self.login_hint, outside.login_hint),
            id_token_hint: wins(self.id_token_hint, outside.id_token_hint),
            ui_locales: wins(self.ui_locales, outside.ui_locales),
            request: None,
            request_uri: None,
            registration: wins(json(self.registration), outside.registration),
            acr_values: wins(self.acr_values, outside.acr_values),
            claims: wins(json(self.claims), outside.claims),
            claims_locales: wins(self.claims_locales, outside.claims_locales),
            display: wins(self.display, outside.display),
            repeated: outside.repeated,
        }
    }
}

impl Object {
    fn text(self) -> String {
        match self {
            Self::Members(members) => Value::Object(members).to_string(),
            Self::Text(text) => text,
        }
    }
}

impl Digits {
    fn text(self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text,
        }
    }
}

/// One text or a list of texts (RFC 7519 §4.1.3, RFC 9101 §4 for `resource`).
fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Texts {
        None(()),
        One(String),
        Several(Vec<String>),
    }
    Ok(match Texts::deserialize(deserializer)? {
        Texts::None(()) => Vec::new(),
        Texts::One(text) => vec![text],
        Texts::Several(texts) => texts,
    })
}

fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let number: Option<Number> = Option::deserialize(deserializer)?;
    let Some(number) = number else {
        return Ok(None);
    };
    number
        .as_i64()
        .or_else(|| number.as_f64().map(|seconds| seconds.floor() as i64))
        .map(Some)
        .ok_or_else(|| D::Error::custom("no number of seconds"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(claims: Value) -> Option<RequestObject> {
        serde_json::from_value(claims).ok()
    }

    #[test]
    fn a_parameter_of_another_kind_is_no_request_object() {
        for bad in [
            json!({"scope": ["openid"]}),
            json!({"state": 1}),
            json!({"claims": 1}),
            json!({"claims": []}),
            json!({"exp": "1"}),
            json!({"aud": 1}),
            json!({"max_age": {}}),
            json!({"resource": [1]}),
            json!({"registration": true}),
        ] {
            assert_eq!(read(bad.clone()), None, "{bad}");
        }
        let twice = r#"{"state":"a","state":"b"}"#;
        assert!(serde_json::from_str::<RequestObject>(twice).is_err());
    }

    #[test]
    fn a_nul_is_found_in_every_text() {
        for name in [
            "iss",
            "aud",
            "client_id",
            "response_type",
            "response_mode",
            "redirect_uri",
            "scope",
            "state",
            "nonce",
            "prompt",
            "max_age",
            "code_challenge",
            "code_challenge_method",
            "resource",
            "login_hint",
            "id_token_hint",
            "ui_locales",
            "acr_values",
            "claims_locales",
            "display",
        ] {
            assert!(read(json!({name: "a\0"})).unwrap().holds_nul(), "{name}");
            assert!(!read(json!({name: "a"})).unwrap().holds_nul(), "{name}");
        }
        assert!(read(json!({"resource": ["a", "\0"]})).unwrap().holds_nul());
    }

    #[test]
    fn what_stands_inside_wins_and_what_it_does_not_say_stays() {
        let outside = Request {
            scope: Some("openid".into()),
            state: Some("outside".into()),
            nonce: Some("outside".into()),
            max_age: Some("9".into()),
            claims: Some("{}".into()),
            resource: vec!["https://outside.example".into()],
            request: Some("a.b.c".into()),
            ..Request::default()
        };
        let inside = read(json!({
            "scope": "openid email", "state": "", "nonce": null, "max_age": 60, "exp": 1.5,
            "aud": "https://as.example", "resource": ["https://a.example", "https://b.example"],
            "claims": {"id_token": {"acr": null}}, "unknown": [1],
        }))
        .unwrap();
        assert_eq!((inside.exp, inside.aud.len()), (Some(1), 1));
        let meant = inside.over(outside.clone());
        assert_eq!(meant.scope.as_deref(), Some("openid email"));
        assert_eq!(meant.state.as_deref(), Some("outside"));
        assert_eq!(meant.nonce.as_deref(), Some("outside"));
        assert_eq!(meant.max_age.as_deref(), Some("60"));
        assert_eq!(meant.claims.as_deref(), Some(r#"{"id_token":{"acr":null}}"#));
        assert_eq!(meant.resource.len(), 2);
        assert_eq!(meant.request, None);
        let as_text = read(json!({"claims": "{\"userinfo\":{}}", "max_age": "5"})).unwrap();
        let meant_so = as_text.over(Request::default());
        assert_eq!(meant_so.claims.as_deref(), Some(r#"{"userinfo":{}}"#));
        assert_eq!(meant_so.max_age.as_deref(), Some("5"));
        let unchanged = RequestObject::default().over(outside.clone());
        assert_eq!(
            unchanged,
            Request {
                request: None,
                ..outside
            }
        );
    }

    #[test]
    fn whoever_takes_only_what_was_signed_gets_nothing_from_outside() {
        let inside = read(json!({"scope": "openid", "client_id": "app"})).unwrap();
        let meant = inside.over(Request::default());
        assert_eq!((meant.scope.as_deref(), meant.state), (Some("openid"), None));
    }
}
