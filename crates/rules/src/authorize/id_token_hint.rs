//! Whom the client means (OpenID Connect Core §3.1.2.1, §3.1.2.2): with an `id_token_hint`, or with a value of the claim `sub`
//! (§5.5.1), the answer is about that person or it is an error, whoever else is signed in. With it the last check.
//!
//! The signature is not looked at: hints are old, and so is the key that signed them. A made-up hint only narrows
//! who may be answered, which is what its sender asks for. Who it is says the subject that the client knows the person by.

use super::ValidRequest;
use super::redirect_uri::Trusted;
use crate::policy::Policy;
use serde::Deserialize;
use std::collections::BTreeSet;
use valetkey_jose::jwt::Unverified;
use valetkey_protocol::claims_request::Asked;
use valetkey_protocol::rule::{Refusal, Rule, Trail};

#[derive(Deserialize)]
struct Hint {
    iss: String,
    sub: String,
}

pub(super) fn read(
    valid: ValidRequest,
    trusted: &Trusted<'_>,
    policy: &Policy,
    trail: &mut Trail,
) -> Result<ValidRequest, Refusal> {
    let hint = match trusted.request.id_token_hint.as_deref() {
        None => None,
        Some(text) => Some(subject(text, policy).ok_or_else(|| {
            trail.refuse(Refusal::new(
                Rule::AuthorizeLoginRequired,
                "an id_token_hint that is an ID token of this server",
                "another text (not shown)",
            ))
        })?),
    };
    let asked = [&valid.claims.id_token, &valid.claims.userinfo]
        .into_iter()
        .filter_map(|claims| named(claims.get("sub")?.as_ref()?));
    let hinted = hint
        .map(|sub| BTreeSet::from([sub]))
        .into_iter()
        .chain(asked)
        .reduce(|all, more| &all & &more);
    Ok(ValidRequest { hinted, ..valid })
}

fn subject(text: &str, policy: &Policy) -> Option<String> {
    let hint: Hint = Unverified::parse(text).ok()?.unverified_claims().ok()?;
    (hint.iss == policy.issuer).then_some(hint.sub)
}

/// The subjects that the claim names; `None` when anybody will do.
fn named(sub: &Asked) -> Option<BTreeSet<String>> {
    let values = sub.value.iter().chain(&sub.values);
    let names_none = sub.value.is_none() && sub.values.is_empty();
    (!names_none).then(|| {
        values
            .filter_map(|value| value.as_str().map(str::to_owned))
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;
    use valetkey_jose::{Algorithm, SigningKey};

    #[test]
    fn only_an_id_token_of_this_server_names_somebody() {
        let key = SigningKey::generate(Algorithm::ES256).unwrap();
        let hint = |iss: &str, sub: &str| {
            // Long expired, as hints are.
            let claims = serde_json::json!({ "iss": iss, "sub": sub, "exp": 1 });
            key.sign_jwt("JWT", &claims).unwrap()
        };
        let policy = samples::policy();
        for bad in [
            String::from("x"),
            String::from("a.b.c"),
            hint("https://evil.example", "alice"),
        ] {
            assert_eq!(subject(&bad, &policy), None, "{bad}");
        }
        let hinted = subject(&hint(&policy.issuer, "alice"), &policy);
        assert_eq!(hinted.as_deref(), Some("alice"));
    }
}
