//! From OAuth 1.0a to OAuth 2, each check violated first.

use super::super::migration::{
    Facts as MigrationFacts, Migrated, authenticated_once, decide, read as read_subject,
};
use super::*;
use crate::samples::CALENDAR;
use proptest::prelude::*;
use valetkey_model::grant::RevokedWhy;
use valetkey_protocol::client_auth::Presented;
use valetkey_protocol::params::Params;
use valetkey_protocol::secret::AnyToken;
use valetkey_protocol::token;

fn new_id() -> GrantId {
    GrantId(Uuid::from_u128(0x2020))
}

fn asks(scope: Option<&str>, resources: &[&str]) -> token::Request {
    token::Request {
        subject_token: Some(AnyToken::new(handles().oauth1_token_for(grant_id()))),
        subject_token_type: Some(token::OAUTH1_TOKEN_TYPE.into()),
        scope: scope.map(str::to_owned),
        resource: resources.iter().map(|&text| text.to_owned()).collect(),
        ..token::Request::default()
    }
}

fn migrated(request: &token::Request, client: &Client, grant: Option<&Grant>) -> Result<Migrated, Rule> {
    let facts = MigrationFacts { client, grant };
    decide(
        request,
        &facts,
        &samples::policy(),
        new_id(),
        NOW,
        &mut Trail::off(),
    )
    .map_err(|refusal| refusal.rule)
}

/// A grant for two APIs.
fn broad() -> Grant {
    Grant {
        scope: scope("photos.read calendar.read"),
        resources: [resource(PHOTOS), resource(CALENDAR)].into(),
        ..oauth1_grant()
    }
}

#[test]
fn a_stolen_token_without_its_signature_moves_nobody() {
    let token = handles().oauth1_token_for(grant_id());
    let signed = Protocol {
        token: Some(token.clone()),
        signature: Some("x".into()),
        ..Protocol::default()
    };
    let stripped = Protocol {
        signature: None,
        ..signed.clone()
    };
    let other_token = Protocol {
        token: Some(handles().oauth1_token_for(new_id())),
        ..signed.clone()
    };
    let without_token = Protocol {
        token: None,
        ..signed.clone()
    };
    for proof in [None, Some(&stripped), Some(&other_token), Some(&without_token)] {
        let refusal = read_subject(&asks(None, &[]), proof, &handles(), &mut Trail::off());
        assert_eq!(refusal.unwrap_err().rule, Rule::ExchangeProofMissing);
    }
    let id = read_subject(&asks(None, &[]), Some(&signed), &handles(), &mut Trail::off());
    assert_eq!(id, Ok(grant_id()));
}

#[test]
fn a_signature_beside_a_secret_an_assertion_or_another_client_id_is_refused() {
    let signed = request(&printer()).protocol;
    let judged = |body: &str| {
        let presented = Presented::read(None, &Params::parse_raw(body.as_bytes()).unwrap());
        authenticated_once(&presented, &signed, &mut Trail::off()).map_err(|refusal| refusal.rule)
    };
    for body in ["client_secret=x", "client_assertion=x", "client_assertion_type=x"] {
        assert_eq!(judged(body), Err(Rule::ClientAuthTwoMethods), "{body}");
    }
    assert_eq!(judged("client_id=bank"), Err(Rule::ClientAuthIdsDiffer));
    assert_eq!(judged(""), Ok(()));
    assert_eq!(judged(&format!("client_id={}", printer().id)), Ok(()));
}

#[test]
fn temporary_credentials_move_nobody() {
    let token = handles().seal_temporary(&temporary());
    let signed = Protocol {
        token: Some(token.clone()),
        signature: Some("x".into()),
        ..Protocol::default()
    };
    let request = token::Request {
        subject_token: Some(AnyToken::new(token)),
        ..asks(None, &[])
    };
    let refusal = read_subject(&request, Some(&signed), &handles(), &mut Trail::off());
    assert_eq!(refusal.unwrap_err().rule, Rule::ExchangeSubjectTokenInvalid);
}

#[test]
fn a_client_without_oauth_1_or_refresh_tokens_or_already_retired_moves_nobody() {
    let mut unregistered = printer();
    unregistered.grant_types = [GrantType::AuthorizationCode].into();
    for client in [samples::web_client(), unregistered, retired(printer())] {
        assert_eq!(
            migrated(&asks(None, &[]), &client, Some(&oauth1_grant())),
            Err(Rule::ExchangeMigrationNotAllowed)
        );
    }
}

#[test]
fn a_grant_that_is_over_or_anothers_or_of_oauth_2_is_not_moved() {
    let over = oauth1_grant().revoked(RevokedWhy::ByResourceOwner, NOW);
    let expired = Grant {
        expires_at: NOW,
        ..oauth1_grant()
    };
    let of_oauth2 = Grant {
        by: GrantedBy::AuthorizationCode,
        ..oauth1_grant()
    };
    let anothers = Grant {
        client: stranger().id,
        ..oauth1_grant()
    };
    for (grant, rule) in [
        (None, Rule::OAuth1TokenUnknown),
        (Some(over), Rule::OAuth1TokenRevoked),
        (Some(expired), Rule::OAuth1TokenExpired),
        (Some(of_oauth2), Rule::OAuth1TokenUnknown),
        (Some(allowed_grant()), Rule::OAuth1TokenUnknown),
        (Some(anothers), Rule::OAuth1TokenOtherConsumer),
    ] {
        assert_eq!(migrated(&asks(None, &[]), &printer(), grant.as_ref()), Err(rule));
    }
}

#[test]
fn scope_widening_by_migration_is_refused() {
    for wider in ["photos.write", "photos.read photos.write", "openid", "admin"] {
        assert_eq!(
            migrated(&asks(Some(wider), &[]), &printer(), Some(&oauth1_grant())),
            Err(Rule::ExchangeScopeWidened),
            "{wider}"
        );
    }
    let narrowed = Client {
        scope: scope("openid calendar.read"),
        ..printer()
    };
    assert_eq!(
        migrated(&asks(None, &[]), &narrowed, Some(&oauth1_grant())),
        Err(Rule::ExchangeScopeWidened),
        "what the operator took from the client is gone"
    );
}

#[test]
fn an_api_that_the_old_grant_was_not_for_is_refused() {
    assert_eq!(
        migrated(&asks(None, &[CALENDAR]), &printer(), Some(&oauth1_grant())),
        Err(Rule::TokenResourceNotGranted)
    );
    assert_eq!(
        migrated(&asks(None, &[]), &printer(), Some(&broad())),
        Err(Rule::TokenResourceAmbiguous)
    );
    assert_eq!(
        migrated(
            &asks(Some("photos.read"), &[CALENDAR]),
            &printer(),
            Some(&broad())
        ),
        Err(Rule::TokenResourceNotGranted)
    );
}

#[test]
fn audience_confusion_an_audience_names_the_api_as_a_resource_does() {
    let for_audience = |audience: &str, resources: &[&str]| {
        let request = token::Request {
            audience: vec![audience.to_owned()],
            ..asks(None, resources)
        };
        migrated(&request, &printer(), Some(&broad())).map(|migrated| migrated.issue.audience)
    };
    let not_granted = Err(Rule::TokenResourceNotGranted);
    assert_eq!(for_audience("https://bank.example", &[]), not_granted);
    assert_eq!(
        for_audience(CALENDAR, &[PHOTOS]),
        Err(Rule::TokenResourceAmbiguous)
    );
    assert_eq!(for_audience("photos", &[]), Err(Rule::TokenResourceMalformed));
    assert_eq!(for_audience(CALENDAR, &[CALENDAR]), Ok(Some(resource(CALENDAR))));
}

#[test]
fn a_grant_moves_with_its_person_its_scope_and_no_more() {
    let old = oauth1_grant();
    let Migrated { grant, issue } = migrated(&asks(None, &[]), &printer(), Some(&old)).unwrap();
    let policy = samples::policy();
    assert_eq!(
        grant,
        Grant {
            id: new_id(),
            session: None,
            by: GrantedBy::Migration,
            migrated_from: Some(old.id),
            auth_time: old.created_at,
            nonce: None,
            created_at: NOW,
            expires_at: NOW.plus_seconds(policy.grant_ttl_seconds),
            state: GrantState::Active(Active {
                generation: 1,
                rotated_at: NOW,
                idle_expires_at: NOW.plus_seconds(policy.refresh_idle_ttl_seconds),
            }),
            ..old
        }
    );
    assert!(grant.offline);
    assert_eq!(issue.audience, Some(resource(PHOTOS)));
    assert_eq!(issue.scope, scope("photos.read"));
    assert!(issue.refresh_token && !issue.id_token);
}

#[test]
fn a_grant_may_move_again_and_never_outlives_what_it_continues() {
    let old = Grant {
        expires_at: NOW.plus_seconds(3600),
        ..broad()
    };
    let request = asks(Some("calendar.read"), &[]);
    for _ in 0..2 {
        let Migrated { grant, issue } = migrated(&request, &printer(), Some(&old)).unwrap();
        assert_eq!(grant.expires_at, old.expires_at);
        assert_eq!(grant.resources, [resource(CALENDAR)].into());
        assert_eq!(issue.scope, scope("calendar.read"));
    }
}

proptest! {
    #[test]
    fn no_migration_gives_more_than_the_old_grant_had(
        had in prop::sample::subsequence(vec!["photos.read", "photos.write", "calendar.read"], 1..=3),
        asked in prop::option::of(prop::sample::subsequence(
            vec!["openid", "photos.read", "photos.write", "calendar.read", "admin"], 0..=5)),
        named in prop::option::of(prop::sample::select(vec![PHOTOS, CALENDAR, samples::ISSUER])),
    ) {
        let old = Grant {
            scope: scope(&had.join(" ")),
            ..broad()
        };
        let asked = asked.map(|words| words.join(" "));
        let named: Vec<&str> = named.into_iter().collect();
        if let Ok(Migrated { grant, issue }) = migrated(&asks(asked.as_deref(), &named), &printer(), Some(&old)) {
            prop_assert!(grant.scope.is_subset(&old.scope) && !grant.scope.is_empty());
            prop_assert!(issue.scope.is_subset(&grant.scope));
            prop_assert!(grant.resources.is_subset(&old.resources));
            prop_assert!(grant.expires_at <= old.expires_at);
        }
    }
}
