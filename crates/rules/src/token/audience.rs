//! For which API an access token is (RFC 8707 §2.2), and what it may allow there.
//!
//! An access token is for one API, so that a token leaked by one opens no other (RFC 9700 §2.3). It carries
//! that API's scopes and the issuer's own (`openid`, `profile` ...), so that it also opens userinfo, and
//! never a scope of another API.

use crate::policy::Policy;
use crate::shown::{listed, shown};
use std::collections::BTreeSet;
use valetkey_model::Client;
use valetkey_protocol::resource::ResourceIndicator;
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::scope::Scope;
use valetkey_protocol::token::Request;

/// Chooses the audience. `allowed` may be named; `implied` are those the request means when it names none.
/// Naming the issuer itself asks for a token for userinfo alone. `None` is the issuer.
pub(crate) fn choose(
    request: &Request,
    allowed: &BTreeSet<ResourceIndicator>,
    implied: &BTreeSet<ResourceIndicator>,
    policy: &Policy,
    trail: &mut Trail,
) -> Result<Option<ResourceIndicator>, Refusal> {
    let named = parsed(&request.resource, policy, trail)?;
    let candidates = if named.is_empty() { implied } else { &named };
    trail.require(Rule::TokenResourceAmbiguous, candidates.len() <= 1, || {
        let received = if named.is_empty() {
            "none".into()
        } else {
            list(&named)
        };
        (format!("one of {}", list(candidates)), received)
    })?;
    let Some(chosen) = candidates.first() else {
        return Ok(None);
    };
    if chosen.as_str() == policy.issuer {
        return Ok(None);
    }
    // One that the operator has removed since it was granted is gone.
    let may = allowed.contains(chosen) && policy.resource(chosen).is_some();
    trail.require(Rule::TokenResourceNotGranted, may, || {
        (list(allowed), shown(chosen.as_str()))
    })?;
    Ok(Some(chosen.clone()))
}

/// The APIs that a request for a person's access covers: those it names, or those that its scope belongs to. Every scope
/// must work at one of them.
pub(crate) fn of_a_person(
    named_by_request: &[String],
    scope: &Scope,
    client: &Client,
    policy: &Policy,
    trail: &mut Trail,
) -> Result<BTreeSet<ResourceIndicator>, Refusal> {
    let allowed = policy.resources_of_client(client);
    let named = parsed(named_by_request, policy, trail)?;
    let beyond = named.iter().find(|resource| !allowed.contains(*resource));
    trail.require(Rule::TokenResourceNotGranted, beyond.is_none(), || {
        (list(&allowed), list(&named))
    })?;
    let resources = if named.is_empty() {
        policy.resources_for(scope, &allowed)
    } else {
        named
    };
    let usable = resources.iter().fold(policy.issuer_scope(), |all, resource| {
        all.union(&scope_at(Some(resource), policy))
    });
    trail.require(Rule::TokenScopeNotAllowed, scope.is_subset(&usable), || {
        (
            format!("scopes of {}", list(&resources)),
            shown(&scope.without(&usable).to_string()),
        )
    })?;
    Ok(resources)
}

/// The part of a scope that a token for the audience may carry, as [`scope_at`] has it.
pub(crate) fn part_at(scope: &Scope, audience: Option<&ResourceIndicator>, policy: &Policy) -> Scope {
    let resource = audience.and_then(|indicator| policy.resource(indicator));
    let is_of_api = |word: &str| resource.is_some_and(|resource| resource.scopes.contains_key(word));
    scope.filter(|word| policy.scopes.contains_key(word) || is_of_api(word))
}

/// The scope that a token for the audience may carry.
pub(crate) fn scope_at(audience: Option<&ResourceIndicator>, policy: &Policy) -> Scope {
    let own = policy.issuer_scope();
    match audience.and_then(|indicator| policy.resource(indicator)) {
        Some(resource) => own.union(&resource.scope()),
        None => own,
    }
}

fn parsed(
    texts: &[String],
    policy: &Policy,
    trail: &mut Trail,
) -> Result<BTreeSet<ResourceIndicator>, Refusal> {
    let mut named = BTreeSet::new();
    for text in texts {
        let mut known = policy.resources.iter().map(|resource| &resource.indicator);
        // What an API is named was parsed when the policy was read.
        let known = known.find(|indicator| indicator.as_str() == text).cloned();
        let Ok(resource) = known.map_or_else(|| ResourceIndicator::parse(text), Ok) else {
            return Err(trail.refuse(Refusal::new(
                Rule::TokenResourceMalformed,
                "an absolute URI without a fragment",
                shown(text),
            )));
        };
        named.insert(resource);
    }
    if !named.is_empty() {
        trail.passed(Rule::TokenResourceMalformed);
    }
    Ok(named)
}

fn list(resources: &BTreeSet<ResourceIndicator>) -> String {
    listed(resources.iter().map(ResourceIndicator::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{self, CALENDAR, ISSUER, PHOTOS, resource};

    fn asks(resources: &[&str]) -> Request {
        Request {
            resource: resources.iter().map(|&text| text.to_owned()).collect(),
            ..Request::default()
        }
    }

    fn chosen(named: &[&str], granted: &[&str]) -> Result<Option<ResourceIndicator>, Rule> {
        let granted = granted.iter().map(|text| resource(text)).collect();
        choose(
            &asks(named),
            &granted,
            &granted,
            &samples::policy(),
            &mut Trail::off(),
        )
        .map_err(|refusal| refusal.rule)
    }

    #[test]
    fn a_resource_that_is_no_absolute_uri_is_refused() {
        for bad in [
            "photos",
            "/photos",
            "https://photos.example#x",
            "https://photos.example/#",
        ] {
            assert_eq!(
                chosen(&[bad], &[PHOTOS]),
                Err(Rule::TokenResourceMalformed),
                "{bad}"
            );
        }
    }

    #[test]
    fn a_resource_that_was_not_granted_is_refused() {
        assert_eq!(chosen(&[CALENDAR], &[PHOTOS]), Err(Rule::TokenResourceNotGranted));
        assert_eq!(
            chosen(&["https://photos.example/"], &[PHOTOS]),
            Err(Rule::TokenResourceNotGranted),
            "compared by the letter"
        );
        let gone = "https://gone.example";
        assert_eq!(chosen(&[gone], &[gone]), Err(Rule::TokenResourceNotGranted));
        assert_eq!(chosen(&[], &[gone]), Err(Rule::TokenResourceNotGranted));
    }

    #[test]
    fn a_token_for_two_apis_at_once_is_refused() {
        assert_eq!(
            chosen(&[PHOTOS, CALENDAR], &[PHOTOS, CALENDAR]),
            Err(Rule::TokenResourceAmbiguous)
        );
        assert_eq!(
            chosen(&[], &[PHOTOS, CALENDAR]),
            Err(Rule::TokenResourceAmbiguous)
        );
    }

    #[test]
    fn the_named_one_the_only_one_or_the_issuer_is_chosen() {
        assert_eq!(
            chosen(&[CALENDAR], &[PHOTOS, CALENDAR]),
            Ok(Some(resource(CALENDAR)))
        );
        assert_eq!(chosen(&[PHOTOS, PHOTOS], &[PHOTOS]), Ok(Some(resource(PHOTOS))));
        assert_eq!(chosen(&[], &[PHOTOS]), Ok(Some(resource(PHOTOS))));
        assert_eq!(chosen(&[], &[]), Ok(None));
        assert_eq!(chosen(&[ISSUER], &[PHOTOS, CALENDAR]), Ok(None));
    }

    #[test]
    fn a_token_for_one_api_never_carries_a_scope_of_another() {
        let policy = samples::policy();
        let at_photos = scope_at(Some(&resource(PHOTOS)), &policy);
        assert!(at_photos.contains("photos.read") && at_photos.contains("openid"));
        assert!(!at_photos.contains("calendar.read"));
        assert!(!scope_at(None, &policy).contains("photos.read"));
        let asked = policy.known_scope();
        for audience in [None, Some(resource(PHOTOS)), Some(resource(CALENDAR))] {
            let there = scope_at(audience.as_ref(), &policy);
            assert_eq!(
                part_at(&asked, audience.as_ref(), &policy),
                asked.intersection(&there)
            );
        }
    }
}
