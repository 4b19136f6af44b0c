//! Which claims about a person are told: those that the scope opens (OpenID Connect Core §5.4), and single ones that were
//! asked for (§5.5). What nobody knows about the person is left out, never sent empty (§5.3.2).
//!
//! Whether the person has agreed is decided before: a grant holds what they agreed to.

use serde_json::{Map, Value};
use std::collections::BTreeMap;
use valetkey_protocol::claims::StandardClaims;
use valetkey_protocol::claims_request::Asked;
use valetkey_protocol::scope::Scope;

/// The claims, by name. One that was asked for with a value is told only when it has that value (§5.5.1): the client has
/// said that it wants no other.
#[must_use]
pub(crate) fn told(
    person: &StandardClaims,
    scope: &Scope,
    asked: &BTreeMap<String, Option<Asked>>,
) -> Map<String, Value> {
    let mut told = members(&person.for_scope(scope));
    if asked.is_empty() {
        return told;
    }
    let mut known = members(person);
    for (name, how) in asked {
        let wanted = |value: &Value| how.as_ref().is_none_or(|how| how.accepts(value));
        if let Some((name, value)) = known.remove_entry(name).filter(|(_, value)| wanted(value)) {
            told.insert(name, value);
        }
    }
    told
}

fn members(claims: &StandardClaims) -> Map<String, Value> {
    match serde_json::to_value(claims) {
        Ok(Value::Object(mut members)) => {
            members.retain(|_, value| value.as_str() != Some(""));
            members
        }
        Ok(_) | Err(_) => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::scope;
    use serde_json::json;
    use valetkey_protocol::claims_request::ClaimsRequest;

    fn alice() -> StandardClaims {
        StandardClaims {
            name: Some("Alice".into()),
            nickname: Some("Al".into()),
            email: Some("alice@example.com".into()),
            email_verified: Some(true),
            website: Some(String::new()),
            ..StandardClaims::default()
        }
    }

    fn asked(claims: &Value) -> BTreeMap<String, Option<Asked>> {
        ClaimsRequest::parse(&json!({ "userinfo": claims }).to_string())
            .unwrap()
            .userinfo
    }

    fn of(words: &str, claims: &Value) -> Value {
        Value::Object(told(&alice(), &scope(words), &asked(claims)))
    }

    #[test]
    fn what_was_not_asked_for_and_what_is_not_known_is_not_told() {
        assert_eq!(of("openid", &json!({})), json!({}));
        let unknown = json!({"picture": {"essential": true}, "website": null, "sub": null, "password_hash": null, "iss": null});
        assert_eq!(of("openid", &unknown), json!({}));
        assert!(of("profile", &json!({})).get("website").is_none());
        assert_eq!(of("openid", &json!({"nickname": {"value": "Bob"}})), json!({}));
        let neither = json!({"nickname": {"values": ["Bob", "Carol"]}});
        assert_eq!(of("openid", &neither), json!({}));
    }

    #[test]
    fn single_claims_are_told_beside_those_of_the_scope() {
        let single =
            json!({"nickname": null, "name": {"essential": true}, "email_verified": {"value": true}});
        assert_eq!(
            of("openid", &single),
            json!({"nickname": "Al", "name": "Alice", "email_verified": true})
        );
        assert_eq!(
            of("openid email", &json!({"nickname": {"values": ["Al"]}})),
            json!({"email": "alice@example.com", "email_verified": true, "nickname": "Al"})
        );
    }

    #[test]
    fn what_the_scope_opens_stays_open_whatever_value_was_asked_for() {
        let other = json!({"email": {"value": "bob@example.com"}});
        assert_eq!(of("email", &other)["email"], "alice@example.com");
    }
}
