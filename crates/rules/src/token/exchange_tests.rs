//! Token exchange, each check violated first (RFC 8693 §2).

use super::*;
use crate::issue::exchanged_access_token;
use crate::policy::{Resource, TokenFormat};
use crate::samples::{self, CALENDAR, ISSUER, NOW, PHOTOS, resource, scope};
use proptest::prelude::*;
use valetkey_model::client::Exchange;

/// An API behind the Photos API, with one of its scopes.
const STORAGE: &str = "https://storage.example";

fn policy() -> Policy {
    let mut policy = samples::policy();
    policy.resources.push(Resource {
        indicator: resource(STORAGE),
        name: "Storage".into(),
        token_format: TokenFormat::Opaque,
        scopes: [("photos.read".to_owned(), "Read the files".to_owned())].into(),
        access_token_ttl_seconds: Some(120),
    });
    policy
}

/// The Photos API, which calls the storage behind it.
fn photos_api() -> Client {
    Client {
        introspects: [resource(PHOTOS)].into(),
        grant_types: [GrantType::TokenExchange, GrantType::ClientCredentials].into(),
        scope: scope("photos.read calendar.read openid"),
        ..samples::service_client()
    }
}

fn impersonator(subjects: &[&Client]) -> Client {
    Client {
        introspects: [].into(),
        exchange: Some(Exchange {
            subjects: subjects.iter().map(|client| client.id.clone()).collect(),
            may_impersonate: true,
        }),
        ..photos_api()
    }
}

fn shown(claims: AccessTokenClaims) -> Shown {
    Shown {
        claims: Some(claims),
        counts: true,
    }
}

/// Texts that read as no token of this server.
fn nothing() -> Shown {
    Shown {
        claims: None,
        counts: false,
    }
}

/// A token that the client got for itself.
fn own_token(client: &Client) -> AccessTokenClaims {
    AccessTokenClaims {
        sub: client.id.to_string(),
        client_id: client.id.clone(),
        gid: None,
        auth_time: None,
        ..samples::access_claims()
    }
}

fn gateway() -> Actor {
    Actor {
        sub: "gateway".into(),
        client_id: None,
        act: None,
    }
}

fn request(scope: Option<&str>, resources: &[&str], audiences: &[&str]) -> Request {
    let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
    Request {
        scope: scope.map(str::to_owned),
        resource: owned(resources),
        audience: owned(audiences),
        ..Request::default()
    }
}

fn to_storage() -> Request {
    request(None, &[STORAGE], &[])
}

fn decided(
    request: &Request,
    client: &Client,
    subject: &Shown,
    actor: Option<&Shown>,
) -> Result<Exchanged, Rule> {
    let facts = Facts {
        client,
        subject,
        actor,
    };
    decide(request, &facts, &policy(), NOW, &mut Trail::off()).map_err(|refusal| refusal.rule)
}

/// As the Photos API, with its own token as the actor's.
fn delegated(request: &Request, subject: AccessTokenClaims) -> Result<Exchanged, Rule> {
    let api = photos_api();
    let actor = shown(own_token(&api));
    decided(request, &api, &shown(subject), Some(&actor))
}

fn typed(subject: Option<&str>, subject_type: Option<&str>) -> Request {
    Request {
        subject_token: subject.map(AnyToken::new),
        subject_token_type: subject_type.map(str::to_owned),
        ..Request::default()
    }
}

fn unread(request: &Request) -> Rule {
    read(request, &mut Trail::off()).unwrap_err().rule
}

#[test]
fn a_request_without_a_subject_token_and_its_type_is_refused() {
    for (token, token_type) in [(None, None), (Some("t"), None), (None, Some(ACCESS_TOKEN_TYPE))] {
        assert_eq!(
            unread(&typed(token, token_type)),
            Rule::ExchangeSubjectTokenMissing
        );
    }
}

#[test]
fn tokens_of_other_types_and_half_an_actor_are_refused() {
    for other in [
        REFRESH_TOKEN_TYPE,
        "urn:ietf:params:oauth:token-type:id_token",
        "access_token",
    ] {
        assert_eq!(
            unread(&typed(Some("t"), Some(other))),
            Rule::ExchangeTokenTypeUnsupported
        );
    }
    for (actor, actor_type, subject_type) in [
        (Some("a"), None, ACCESS_TOKEN_TYPE),
        (None, Some(ACCESS_TOKEN_TYPE), ACCESS_TOKEN_TYPE),
        (Some("a"), Some(REFRESH_TOKEN_TYPE), ACCESS_TOKEN_TYPE),
        (Some("a"), Some(OAUTH1_TOKEN_TYPE), ACCESS_TOKEN_TYPE),
        (Some("a"), Some(ACCESS_TOKEN_TYPE), OAUTH1_TOKEN_TYPE),
    ] {
        let request = Request {
            actor_token: actor.map(AnyToken::new),
            actor_token_type: actor_type.map(str::to_owned),
            ..typed(Some("t"), Some(subject_type))
        };
        assert_eq!(unread(&request), Rule::ExchangeTokenTypeUnsupported);
    }
}

#[test]
fn only_an_access_token_is_given_and_a_refresh_token_by_migration_alone() {
    for (subject_type, requested, given) in [
        (ACCESS_TOKEN_TYPE, ACCESS_TOKEN_TYPE, true),
        (ACCESS_TOKEN_TYPE, REFRESH_TOKEN_TYPE, false),
        (
            ACCESS_TOKEN_TYPE,
            "urn:ietf:params:oauth:token-type:id_token",
            false,
        ),
        (JWT_TYPE, JWT_TYPE, false),
        (OAUTH1_TOKEN_TYPE, REFRESH_TOKEN_TYPE, true),
        (OAUTH1_TOKEN_TYPE, ACCESS_TOKEN_TYPE, true),
        (OAUTH1_TOKEN_TYPE, OAUTH1_TOKEN_TYPE, false),
    ] {
        let request = Request {
            requested_token_type: Some(requested.into()),
            ..typed(Some("t"), Some(subject_type))
        };
        let outcome = read(&request, &mut Trail::off()).map_err(|refusal| refusal.rule);
        let expected = Some(Rule::ExchangeRequestedTypeUnsupported).filter(|_| !given);
        assert_eq!(outcome.err(), expected, "{subject_type} for {requested}");
    }
}

#[test]
fn the_tokens_of_a_request_are_told_apart_by_their_types() {
    let mut trail = Trail::recording();
    let request = Request {
        actor_token: Some(AnyToken::new("a")),
        actor_token_type: Some(JWT_TYPE.into()),
        ..typed(Some("s"), Some(ACCESS_TOKEN_TYPE))
    };
    let Asked::AccessToken { subject, actor } = read(&request, &mut trail).unwrap() else {
        panic!("an access token taken for another");
    };
    assert_eq!((subject.expose(), actor.unwrap().expose()), ("s", "a"));
    assert_eq!(trail.into_checks().len(), 3);
    let request = typed(Some("s"), Some(OAUTH1_TOKEN_TYPE));
    let asked = read(&request, &mut Trail::off()).unwrap();
    assert!(matches!(asked, Asked::OAuth1 { subject } if subject.expose() == "s"));
}

#[test]
fn a_public_or_unregistered_client_exchanges_nothing() {
    let subject = shown(samples::access_claims());
    let mut unregistered = impersonator(&[&samples::web_client()]);
    unregistered.grant_types = [GrantType::ClientCredentials].into();
    let public = Client {
        authentication: valetkey_model::client::Authentication::None,
        ..impersonator(&[&samples::web_client()])
    };
    for client in [unregistered, public] {
        assert_eq!(
            decided(&to_storage(), &client, &subject, None),
            Err(Rule::TokenGrantTypeNotAllowed)
        );
    }
}

#[test]
fn a_subject_token_that_is_none_or_does_not_count_is_refused() {
    let api = photos_api();
    let actor = shown(own_token(&api));
    let revoked = Shown {
        counts: false,
        ..shown(samples::access_claims())
    };
    for subject in [revoked, nothing()] {
        assert_eq!(
            decided(&to_storage(), &api, &subject, Some(&actor)),
            Err(Rule::ExchangeSubjectTokenInvalid)
        );
    }
}

#[test]
fn an_actor_token_that_is_not_the_clients_own_is_refused() {
    let api = photos_api();
    let subject = shown(samples::access_claims());
    let revoked = Shown {
        counts: false,
        ..shown(own_token(&api))
    };
    let anothers = shown(samples::access_claims());
    for actor in [revoked, nothing(), anothers] {
        assert_eq!(
            decided(&to_storage(), &api, &subject, Some(&actor)),
            Err(Rule::ExchangeActorTokenInvalid)
        );
    }
}

#[test]
fn a_person_cannot_be_made_an_actor_by_exchanging_their_token_first() {
    let api = photos_api();
    let theirs = delegated(&to_storage(), samples::access_claims()).unwrap();
    let exchanged = exchanged_access_token(&theirs, &api, &policy(), [3; 16], NOW);
    assert_eq!(exchanged.client_id, api.id, "it is the client's by its client_id");
    let (subject, actor) = (shown(samples::access_claims()), shown(exchanged));
    assert_eq!(
        decided(&to_storage(), &api, &subject, Some(&actor)),
        Err(Rule::ExchangeActorTokenInvalid)
    );
}

#[test]
fn audience_confusion_a_token_for_another_api_of_another_client_is_refused() {
    let for_calendar = AccessTokenClaims {
        aud: CALENDAR.into(),
        ..samples::access_claims()
    };
    assert_eq!(
        delegated(&to_storage(), for_calendar.clone()),
        Err(Rule::ExchangeSubjectNotAllowed)
    );
    // Registered for another client than the one that it was issued to.
    let client = impersonator(&[&samples::native_client()]);
    assert_eq!(
        decided(&to_storage(), &client, &shown(for_calendar), None),
        Err(Rule::ExchangeSubjectNotAllowed)
    );
}

#[test]
fn impersonation_needs_to_be_allowed() {
    let subject = shown(samples::access_claims());
    let mut client = impersonator(&[&samples::web_client()]);
    assert!(decided(&to_storage(), &client, &subject, None).is_ok());
    if let Some(exchange) = &mut client.exchange {
        exchange.may_impersonate = false;
    }
    for client in [client, photos_api()] {
        assert_eq!(
            decided(&to_storage(), &client, &subject, None),
            Err(Rule::ExchangeImpersonationNotAllowed)
        );
    }
}

#[test]
fn scope_widening_by_exchange_is_refused() {
    let asks = |words| request(Some(words), &[STORAGE], &[]);
    for wider in [
        // Registered for the client, but not in the subject token.
        "calendar.read",
        "photos.read calendar.read",
        // In the subject token, but not registered for the client.
        "profile",
        "photos.write",
        "admin",
    ] {
        assert_eq!(
            delegated(&asks(wider), samples::access_claims()),
            Err(Rule::ExchangeScopeWidened),
            "{wider}"
        );
    }
    // Also where it is not clear yet for which API.
    let anywhere = request(Some("photos.read calendar.read"), &[], &[]);
    assert_eq!(
        delegated(&anywhere, samples::access_claims()),
        Err(Rule::ExchangeScopeWidened)
    );
    let nothing_in_common = AccessTokenClaims {
        scope: scope("email"),
        ..samples::access_claims()
    };
    assert_eq!(
        delegated(&to_storage(), nothing_in_common),
        Err(Rule::ExchangeScopeWidened)
    );
    assert_eq!(
        delegated(&asks("a\"b"), samples::access_claims()),
        Err(Rule::TokenScopeMalformed)
    );
}

#[test]
fn a_scope_is_not_carried_to_an_api_that_does_not_know_it() {
    let subject = AccessTokenClaims {
        scope: scope("photos.read"),
        ..samples::access_claims()
    };
    for asked in [None, Some("photos.read")] {
        assert_eq!(
            delegated(&request(asked, &[CALENDAR], &[]), subject.clone()),
            Err(Rule::ExchangeScopeWidened)
        );
    }
}

#[test]
fn a_token_is_exchanged_for_one_api_that_the_client_may_use() {
    for (resources, audiences) in [
        (&["https://unknown.example"][..], &[][..]),
        (&["not a uri"], &[]),
        (&[ISSUER], &[]),
        (&[STORAGE, PHOTOS], &[]),
        (&[STORAGE], &[PHOTOS]),
        (&[], &["storage"]),
    ] {
        assert_eq!(
            delegated(&request(None, resources, audiences), samples::access_claims()),
            Err(Rule::ExchangeTargetNotAllowed),
            "{resources:?} {audiences:?}"
        );
    }
    let mut bound = photos_api();
    bound.resources = [resource(PHOTOS)].into();
    let (subject, actor) = (shown(samples::access_claims()), shown(own_token(&bound)));
    assert_eq!(
        decided(&to_storage(), &bound, &subject, Some(&actor)),
        Err(Rule::ExchangeTargetNotAllowed)
    );
}

#[test]
fn an_exchange_that_names_no_api_must_mean_one() {
    // Both the Photos API and the storage know photos.read; no API knows openid.
    for asked in [None, Some("photos.read"), Some("openid")] {
        assert_eq!(
            delegated(&request(asked, &[], &[]), samples::access_claims()),
            Err(Rule::TokenResourceAmbiguous)
        );
    }
    let subject = AccessTokenClaims {
        scope: scope("calendar.read"),
        ..samples::access_claims()
    };
    let exchanged = delegated(&request(None, &[], &[]), subject).unwrap();
    assert_eq!(exchanged.issue.audience, Some(resource(CALENDAR)));
}

#[test]
fn a_chain_of_actors_ends() {
    let api = photos_api();
    let again = request(None, &[PHOTOS], &[]);
    let mut subject = samples::access_claims();
    for depth in 1..=MOST_ACTORS {
        let exchanged = delegated(&again, subject).unwrap();
        assert_eq!(exchanged.act.as_ref().unwrap().depth(), depth);
        subject = exchanged_access_token(&exchanged, &api, &policy(), [1; 16], NOW);
    }
    assert_eq!(delegated(&again, subject), Err(Rule::ExchangeSubjectTokenInvalid));
}

#[test]
fn delegation_says_who_acts_for_whom_through_every_hand() {
    let subject = AccessTokenClaims {
        act: Some(gateway()),
        ..samples::access_claims()
    };
    let api = photos_api();
    let (subject_shown, actor) = (shown(subject.clone()), shown(own_token(&api)));
    let facts = Facts {
        client: &api,
        subject: &subject_shown,
        actor: Some(&actor),
    };
    let mut trail = Trail::recording();
    let asked = request(None, &[STORAGE], &[STORAGE]);
    let exchanged = decide(&asked, &facts, &policy(), NOW, &mut trail).unwrap();
    assert_eq!(
        exchanged.act,
        Some(Actor {
            sub: "photo-backup".into(),
            client_id: Some(api.id),
            act: Some(Box::new(gateway())),
        })
    );
    assert_eq!(exchanged.subject, subject);
    let issue = exchanged.issue;
    assert_eq!(issue.audience, Some(resource(STORAGE)));
    assert_eq!(issue.format, TokenFormat::Opaque);
    assert_eq!(
        issue.scope,
        scope("openid photos.read"),
        "without profile, which the API may not have"
    );
    assert!(!issue.refresh_token && !issue.id_token);
    assert_eq!(issue.ttl_seconds, 120);
    assert!(trail.into_checks().iter().all(|check| check.refused.is_none()));
}

#[test]
fn impersonation_keeps_who_acted_before_and_adds_nobody() {
    let client = impersonator(&[&samples::web_client()]);
    for act in [None, Some(gateway())] {
        let subject = AccessTokenClaims {
            act: act.clone(),
            ..samples::access_claims()
        };
        let exchanged = decided(&to_storage(), &client, &shown(subject), None).unwrap();
        assert_eq!(exchanged.act, act);
    }
}

#[test]
fn a_token_near_its_end_gives_one_that_ends_with_it() {
    let subject = AccessTokenClaims {
        exp: NOW.plus_seconds(5),
        ..samples::access_claims()
    };
    assert_eq!(delegated(&to_storage(), subject).unwrap().issue.ttl_seconds, 5);
}

proptest! {
    /// Whatever is asked of whatever token, the new one allows nothing that the subject token did not, or the client may
    /// not have, and nothing of two APIs at once.
    #[test]
    fn no_exchange_gives_more_than_the_subject_token_had(
        had in prop::sample::subsequence(
            vec!["openid", "profile", "photos.read", "photos.write", "calendar.read"], 0..=5),
        asked in prop::option::of(prop::sample::subsequence(
            vec!["openid", "profile", "photos.read", "photos.write", "calendar.read", "admin"], 0..=6)),
        target in prop::sample::subsequence(vec![PHOTOS, CALENDAR, STORAGE, ISSUER], 0..=2),
        lives in 1_i64..2000,
    ) {
        let subject = AccessTokenClaims {
            scope: scope(&had.join(" ")),
            exp: NOW.plus_seconds(lives),
            ..samples::access_claims()
        };
        let asked = asked.map(|words| words.join(" "));
        let api = photos_api();
        if let Ok(exchanged) = delegated(&request(asked.as_deref(), &target, &[]), subject.clone()) {
            let claims = exchanged_access_token(&exchanged, &api, &policy(), [1; 16], NOW);
            prop_assert!(!claims.scope.is_empty());
            prop_assert!(claims.scope.is_subset(&subject.scope) && claims.scope.is_subset(&api.scope));
            if let Some(asked) = &asked {
                prop_assert_eq!(&claims.scope, &scope(asked), "given whole or refused");
            }
            prop_assert!(claims.exp <= subject.exp && claims.exp > NOW);
            prop_assert!(!(claims.scope.contains("photos.read") && claims.scope.contains("calendar.read")));
            prop_assert_eq!((claims.gid, claims.sub), (subject.gid, subject.sub));
        }
    }
}
