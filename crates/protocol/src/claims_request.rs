//! The `claims` parameter (OpenID Connect Core §5.5): single claims that a client asks for, in userinfo and in the ID token.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Most claims that one request may name, in both places together.
pub const MOST_CLAIMS: usize = 64;

/// The value of `claims`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClaimsRequest {
    /// From the userinfo endpoint.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub userinfo: BTreeMap<String, Option<Asked>>,
    /// In the ID token.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub id_token: BTreeMap<String, Option<Asked>>,
}

/// How a claim is asked for (§5.5.1); `null` in its place asks for it in the default way.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// Whether the client cannot do without it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub essential: bool,
    /// The one value that will do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// The values that will do, the preferred first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Value>,
}

impl ClaimsRequest {
    /// Reads the parameter; `None` when it is not what §5.5 says. Other members than the two are ignored.
    #[must_use]
    pub fn parse(json: &str) -> Option<Self> {
        // A struct would also be read from a list.
        let object: serde_json::Map<String, Value> = serde_json::from_str(json).ok()?;
        let request: Self = serde_json::from_value(Value::Object(object)).ok()?;
        (request.userinfo.len() + request.id_token.len() <= MOST_CLAIMS).then_some(request)
    }

    /// Whether nothing is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.userinfo.is_empty() && self.id_token.is_empty()
    }
}

impl Asked {
    /// Whether the value will do: any, when none is named.
    #[must_use]
    pub fn accepts(&self, value: &Value) -> bool {
        let names_none = self.value.is_none() && self.values.is_empty();
        names_none || self.value.as_ref() == Some(value) || self.values.contains(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_no_claims_request_is_not_read() {
        for bad in [
            "",
            "x",
            "[]",
            r#"{"userinfo":[]}"#,
            r#"{"id_token":{"acr":"1"}}"#,
            r#"{"id_token":{"acr":{"essential":"yes"}}}"#,
            r#"{"id_token":{"acr":{"values":"1"}}}"#,
        ] {
            assert_eq!(ClaimsRequest::parse(bad), None, "{bad}");
        }
        let many: BTreeMap<String, ()> = (0..=MOST_CLAIMS).map(|n| (n.to_string(), ())).collect();
        assert_eq!(
            ClaimsRequest::parse(&json!({ "userinfo": many }).to_string()),
            None
        );
    }

    #[test]
    fn a_claims_request_is_read_as_core_5_5_writes_it() {
        let text = r#"{"userinfo":{"given_name":{"essential":true},"nickname":null},
            "id_token":{"acr":{"values":["2","1"]},"sub":{"value":"248289761001"}},"other":1}"#;
        let request = ClaimsRequest::parse(text).unwrap();
        assert!(request.userinfo["given_name"].as_ref().unwrap().essential);
        assert_eq!(request.userinfo["nickname"], None);
        assert!(
            request.id_token["sub"]
                .as_ref()
                .unwrap()
                .accepts(&json!("248289761001"))
        );
        assert!(!request.id_token["acr"].as_ref().unwrap().accepts(&json!("3")));
        let again = serde_json::to_string(&request).unwrap();
        assert_eq!(ClaimsRequest::parse(&again), Some(request));
    }
}
