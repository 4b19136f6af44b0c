//! Whom the client means (OpenID Connect Core §3.1.2.1, §3.1.2.2): with an `id_token_hint` the answer is about that
//! person or it is an error, whoever else is signed in. With it the last check.
//!
//! The signature is not looked at: hints are old, and so is the key that signed them. A made-up hint only narrows
//! who may be answered, which is what its sender asks for.

use super::ValidRequest;
use super::redirect_uri::Trusted;
use crate::policy::Policy;
use serde::Deserialize;
use uuid::Uuid;
use valetkey_jose::jwt::Unverified;
use valetkey_model::UserId;
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
    let Some(text) = trusted.request.id_token_hint.as_deref() else {
        return Ok(valid);
    };
    match subject(text, policy) {
        Some(user) => Ok(ValidRequest {
            hinted: Some(user),
            ..valid
        }),
        None => Err(trail.refuse(Refusal::new(
            Rule::AuthorizeLoginRequired,
            "an id_token_hint that is an ID token of this server",
            "another text (not shown)",
        ))),
    }
}

fn subject(text: &str, policy: &Policy) -> Option<UserId> {
    let hint: Hint = Unverified::parse(text).ok()?.unverified_claims().ok()?;
    let user = Uuid::try_parse(&hint.sub).ok()?;
    (hint.iss == policy.issuer).then_some(UserId(user))
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
        let alice = samples::user().to_string();
        for bad in [
            String::from("x"),
            String::from("a.b.c"),
            hint("https://evil.example", &alice),
            hint(&policy.issuer, "alice"),
        ] {
            assert_eq!(subject(&bad, &policy), None, "{bad}");
        }
        assert_eq!(
            subject(&hint(&policy.issuer, &alice), &policy),
            Some(samples::user())
        );
    }
}
