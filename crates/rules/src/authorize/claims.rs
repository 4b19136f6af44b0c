//! Single claims that are asked for by `claims` (OpenID Connect Core §5.5), beside those that a scope asks for, and how a
//! person is told of them.
//!
//! What was allowed is remembered in the scope of the consent, as `claim:` and the claim's name. No client can ask for such
//! a scope: no policy has one.

use super::ValidRequest;
use super::redirect_uri::Trusted;
use crate::shown::shown;
use valetkey_model::Consent;
use valetkey_protocol::claims_request::ClaimsRequest;
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::scope::{OPENID, Scope};

/// The claims that tell something about a person (§5.1), the scope that each belongs to (§5.4), and what an app does with it.
const TELLING: [(&str, &str, &str); 19] = [
    ("name", "profile", "See your full name"),
    ("given_name", "profile", "See your given name"),
    ("family_name", "profile", "See your family name"),
    ("middle_name", "profile", "See your middle name"),
    ("nickname", "profile", "See your nickname"),
    ("preferred_username", "profile", "See the username you go by"),
    ("profile", "profile", "See the address of your profile page"),
    ("picture", "profile", "See your picture"),
    ("website", "profile", "See the address of your website"),
    ("gender", "profile", "See your gender"),
    ("birthdate", "profile", "See your birthday"),
    ("zoneinfo", "profile", "See your time zone"),
    ("locale", "profile", "See your language"),
    ("updated_at", "profile", "See when your profile was last changed"),
    ("email", "email", "See your e-mail address"),
    (
        "email_verified",
        "email",
        "See whether your e-mail address is verified",
    ),
    ("address", "address", "See your postal address"),
    ("phone_number", "phone", "See your phone number"),
    (
        "phone_number_verified",
        "phone",
        "See whether your phone number is verified",
    ),
];

const PREFIX: &str = "claim:";

pub(super) fn read(
    valid: ValidRequest,
    trusted: &Trusted<'_>,
    trail: &mut Trail,
) -> Result<ValidRequest, Refusal> {
    let Some(text) = trusted.request.claims.as_deref() else {
        return Ok(valid);
    };
    let Some(claims) = ClaimsRequest::parse(text) else {
        return Err(trail.refuse(Refusal::new(
            Rule::AuthorizeClaimsMalformed,
            "a JSON object with userinfo, id_token or both",
            shown(text),
        )));
    };
    trail.passed(Rule::AuthorizeClaimsMalformed);
    // Without openid there is neither an ID token nor userinfo that could tell anything.
    let means_something = valid.scope.contains(OPENID);
    Ok(ValidRequest {
        claims: if means_something {
            claims
        } else {
            ClaimsRequest::default()
        },
        ..valid
    })
}

/// The scope that a person allows: the one of the request, and a word for each single claim that no scope of it opens.
#[must_use]
pub fn asked_for(valid: &ValidRequest) -> Scope {
    let names = valid.claims.userinfo.keys().chain(valid.claims.id_token.keys());
    names
        .filter_map(|name| telling(name))
        .filter(|(_, scope, _)| !valid.scope.contains(scope))
        .filter_map(|(name, _, _)| Scope::parse(&format!("{PREFIX}{name}")).ok())
        .fold(valid.scope.clone(), |all, word| all.union(&word))
}

/// The same without the claims that a scope opens which the person has allowed before.
pub(super) fn to_be_covered(valid: &ValidRequest, consent: &Consent) -> Scope {
    let opened = |word: &str| {
        let claim = word.strip_prefix(PREFIX).and_then(telling);
        claim.is_some_and(|(_, scope, _)| consent.scope.contains(scope))
    };
    let all = asked_for(valid);
    let opened: Vec<&str> = all.words().filter(|word| opened(word)).collect();
    match Scope::parse(&opened.join(" ")) {
        Ok(opened) => all.without(&opened),
        Err(_) => all,
    }
}

/// What a word of [`asked_for`] that is no scope lets an app do.
pub(crate) fn says(word: &str) -> Option<&'static str> {
    let (_, _, says) = word.strip_prefix(PREFIX).and_then(telling)?;
    Some(says)
}

fn telling(name: &str) -> Option<(&'static str, &'static str, &'static str)> {
    TELLING.into_iter().find(|(claim, _, _)| *claim == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::scope;
    use valetkey_protocol::claims::{Address, StandardClaims};

    #[test]
    fn every_standard_claim_is_told_of_under_the_scope_that_opens_it() {
        let text = || Some(String::from("x"));
        let all = StandardClaims {
            name: text(),
            given_name: text(),
            family_name: text(),
            middle_name: text(),
            nickname: text(),
            preferred_username: text(),
            profile: text(),
            picture: text(),
            website: text(),
            gender: text(),
            birthdate: text(),
            zoneinfo: text(),
            locale: text(),
            updated_at: Some(1),
            email: text(),
            email_verified: Some(true),
            phone_number: text(),
            phone_number_verified: Some(true),
            address: Some(Address::default()),
        };
        let names = |claims: &StandardClaims| -> Vec<String> {
            let value = serde_json::to_value(claims).unwrap();
            value.as_object().unwrap().keys().cloned().collect()
        };
        assert_eq!(names(&all).len(), TELLING.len());
        for word in ["profile", "email", "address", "phone"] {
            for name in names(&all.for_scope(&scope(word))) {
                assert_eq!(telling(&name).map(|(_, scope, _)| scope), Some(word), "{name}");
            }
        }
        assert_eq!(telling("sub"), None);
        assert_eq!(says("claim:email"), Some("See your e-mail address"));
        assert_eq!((says("email"), says("claim:shoe_size")), (None, None));
    }
}
