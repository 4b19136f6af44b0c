//! Whether access tokens still count, each reason against it first.

use super::*;
use crate::samples::{self, NOW};
use valetkey_jose::SigningKey;
use valetkey_model::GrantId;
use valetkey_model::grant::RevokedWhy;

fn handles() -> HandleKeys {
    HandleKeys::new(&[7; 32])
}

#[test]
fn a_token_of_another_key_type_issuer_or_time_reads_as_nothing() {
    let key = SigningKey::generate(Algorithm::ES256).unwrap();
    let stranger = SigningKey::generate(Algorithm::ES256).unwrap();
    let keys: KeySet = [key.verifying_key()].into_iter().collect();
    let claims = samples::access_claims();
    let read_at = |text: &str, now| read(text, &keys, &handles(), &samples::policy(), now);

    let good = key.sign_jwt("at+jwt", &claims).unwrap();
    assert_eq!(read_at(&good, NOW), Some(claims.clone()));
    assert_eq!(read_at(&good, claims.exp), None, "expired");
    assert_eq!(
        read_at(&key.sign_jwt("JWT", &claims).unwrap(), NOW),
        None,
        "an ID token"
    );
    assert_eq!(
        read_at(&stranger.sign_jwt("at+jwt", &claims).unwrap(), NOW),
        None,
        "a foreign key"
    );
    let foreign = AccessTokenClaims {
        iss: "https://evil.example".into(),
        ..claims
    };
    assert_eq!(read_at(&key.sign_jwt("at+jwt", &foreign).unwrap(), NOW), None);
    for text in ["", "x", "a.b.c", "vka_", "vka_AAAA", "vkr_AAAA"] {
        assert_eq!(read_at(text, NOW), None, "{text}");
    }
}

#[test]
fn an_opaque_token_reads_until_it_expires() {
    let claims = samples::access_claims();
    let text = handles().seal_access(&claims);
    let read_at = |now| read(&text, &KeySet::default(), &handles(), &samples::policy(), now);
    assert_eq!(read_at(claims.exp), None);
    assert_eq!(read_at(NOW), Some(claims));
}

#[test]
fn a_token_stops_counting_with_its_grant() {
    let claims = samples::access_claims();
    let (grant, client) = (samples::active_grant(), samples::web_client());
    let good = Facts {
        token_revoked: false,
        grant: Some(&grant),
        client: Some(&client),
        source: None,
    };
    let with = |grant| Facts { grant, ..good };
    assert!(counts(&claims, &good, NOW));
    let by_itself = Facts {
        token_revoked: true,
        ..good
    };
    assert!(!counts(&claims, &by_itself, NOW), "revoked by itself");
    assert!(!counts(&claims, &with(None), NOW), "no grant");
    assert!(!counts(&claims, &good, claims.exp), "expired");
    let revoked = grant.clone().revoked(RevokedWhy::ByResourceOwner, NOW);
    assert!(!counts(&claims, &with(Some(&revoked)), NOW));
    let other = Grant {
        id: GrantId(uuid::Uuid::from_u128(99)),
        ..grant.clone()
    };
    assert!(!counts(&claims, &with(Some(&other)), NOW), "another grant");
}

#[test]
fn while_a_code_is_out_only_tokens_of_the_authorization_endpoint_count() {
    let (claims, client) = (samples::access_claims(), samples::web_client());
    let counted = |grant: &Grant, now| {
        let facts = Facts {
            token_revoked: false,
            grant: Some(grant),
            client: Some(&client),
            source: Some(&client),
        };
        counts(&claims, &facts, now)
    };
    let grant = samples::code_grant();
    for by in [GrantedBy::DeviceCode, GrantedBy::OAuth1] {
        let other = Grant { by, ..grant.clone() };
        assert!(!counted(&other, NOW), "{by:?} gives no token before its code");
    }
    let over = Grant {
        expires_at: NOW,
        ..grant.clone()
    };
    assert!(!counted(&over, NOW), "the grant is over");
    let replayed = grant.clone().revoked(RevokedWhy::CodeReplayed, NOW);
    assert!(!counted(&replayed, NOW), "the code was shown twice");
    assert!(counted(&grant, NOW), "hybrid flow");
    let code_expired = NOW.plus_seconds(samples::policy().code_ttl_seconds + 1);
    assert!(counted(&grant, code_expired), "nobody wanted the code");
}

#[test]
fn a_token_stops_counting_with_its_client() {
    let claims = samples::access_claims();
    let (grant, client) = (samples::active_grant(), samples::web_client());
    let mut facts = Facts {
        token_revoked: false,
        grant: Some(&grant),
        client: None,
        source: None,
    };
    assert!(!counts(&claims, &facts, NOW), "the client was removed");
    let own = AccessTokenClaims { gid: None, ..claims };
    assert!(!counts(&own, &facts, NOW), "the client was removed");
    (facts.client, facts.source) = (Some(&client), Some(&client));
    assert!(!counts(&own, &facts, NOW), "it may not act for itself any more");
    let mut service = client.clone();
    service.grant_types.insert(GrantType::ClientCredentials);
    (facts.client, facts.source) = (Some(&service), Some(&service));
    assert!(counts(&own, &facts, NOW), "client credentials");
    facts.token_revoked = true;
    assert!(!counts(&own, &facts, NOW));
}

/// MySweetApp's token, handed on to the backup service.
fn exchanged() -> (AccessTokenClaims, Client) {
    let mut client = samples::service_client();
    client.grant_types.insert(GrantType::TokenExchange);
    let claims = AccessTokenClaims {
        client_id: client.id.clone(),
        grant_client: Some(samples::web_client().id),
        ..samples::access_claims()
    };
    (claims, client)
}

#[test]
fn an_exchanged_token_dies_with_the_grant_of_its_subject() {
    let ((claims, client), grant) = (exchanged(), samples::active_grant());
    let good = Facts {
        token_revoked: false,
        grant: Some(&grant),
        client: Some(&client),
        source: None,
    };
    let with = |grant| Facts { grant, ..good };
    assert!(counts(&claims, &good, NOW));
    assert!(!counts(&claims, &with(None), NOW), "no grant");
    let revoked = grant.clone().revoked(RevokedWhy::ByResourceOwner, NOW);
    assert!(!counts(&claims, &with(Some(&revoked)), NOW));
    let by_itself = Facts {
        token_revoked: true,
        ..good
    };
    assert!(!counts(&claims, &by_itself, NOW));
}

#[test]
fn a_token_that_hides_whose_grant_it_came_from_does_not_count() {
    let ((claims, client), grant) = (exchanged(), samples::active_grant());
    let facts = Facts {
        token_revoked: false,
        grant: Some(&grant),
        client: Some(&client),
        source: None,
    };
    for grant_client in [None, Some(client.id.clone())] {
        let claims = AccessTokenClaims {
            grant_client,
            ..claims.clone()
        };
        assert!(!counts(&claims, &facts, NOW));
    }
}

#[test]
fn exchanged_tokens_stop_counting_when_the_client_may_not_exchange_any_more() {
    let ((claims, mut client), grant) = (exchanged(), samples::active_grant());
    let source = acts_for_itself(samples::web_client());
    let own = AccessTokenClaims {
        gid: None,
        sub: "mysweetapp".into(),
        ..claims.clone()
    };
    let counts_for = |claims: &AccessTokenClaims, client: &Client| {
        let facts = Facts {
            token_revoked: false,
            grant: claims.gid.map(|_| &grant),
            client: Some(client),
            source: Some(&source),
        };
        counts(claims, &facts, NOW)
    };
    assert!(counts_for(&claims, &client) && counts_for(&own, &client));
    client.grant_types = [GrantType::ClientCredentials].into();
    assert!(!counts_for(&claims, &client) && !counts_for(&own, &client));
}

fn acts_for_itself(mut client: Client) -> Client {
    client.grant_types.insert(GrantType::ClientCredentials);
    client
}

#[test]
fn what_came_from_a_clients_own_token_stops_counting_with_that_client() {
    let (claims, client) = exchanged();
    let source = acts_for_itself(samples::web_client());
    let own = AccessTokenClaims { gid: None, ..claims };
    let counts_from = |source: Option<&Client>| {
        let facts = Facts {
            token_revoked: false,
            grant: None,
            client: Some(&client),
            source,
        };
        counts(&own, &facts, NOW)
    };
    assert!(counts_from(Some(&source)));
    assert!(!counts_from(None), "it was removed");
    assert!(
        !counts_from(Some(&samples::web_client())),
        "it may not act for itself any more"
    );
    assert!(
        !counts_from(Some(&acts_for_itself(client.clone()))),
        "another client"
    );
}

#[test]
fn an_oauth_1_grant_never_counts_as_a_bearer_tokens_grant() {
    let (claims, client) = (samples::access_claims(), samples::web_client());
    for by in GrantedBy::ALL {
        let grant = Grant {
            by,
            ..samples::active_grant()
        };
        let facts = Facts {
            token_revoked: false,
            grant: Some(&grant),
            client: Some(&client),
            source: None,
        };
        assert_eq!(counts(&claims, &facts, NOW), by != GrantedBy::OAuth1, "{by:?}");
    }
}
