//! Remembered consent.

use super::records::{
    ALICE, BOB, active, active_grant, add_grants, assert_exists, client_id, consent_of, grant, grant_id,
    oauth1_grant, people_and_apps, resources, revoked, scope, state_of, time,
};
use crate::Store;
use std::sync::Arc;
use valetkey_model::grant::{GrantedBy, RevokedWhy};
use valetkey_model::{Consent, Grant};

/// Nobody has allowed anything until they did; a grant alone is no consent to remember.
pub async fn an_absent_consent_is_none(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    add_grants(&store, &[grant(1)]).await;
    assert_eq!(store.find_consent(ALICE, &client_id("app")).await.unwrap(), None);
    assert_eq!(store.list_consents(ALICE).await.unwrap(), Vec::new());
    assert_eq!(
        store
            .withdraw_consent(ALICE, &client_id("other"), time(1))
            .await
            .unwrap(),
        0
    );
}

/// A person who allows more later has allowed both; since when is the first time.
pub async fn consent_grows_to_the_union_and_keeps_its_first_date(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    let later = Grant {
        scope: scope("photos.write openid"),
        resources: resources(&["https://albums.example"]),
        created_at: time(500),
        ..grant(2)
    };
    let less = Grant {
        scope: scope("openid"),
        resources: resources(&[]),
        ..grant(3)
    };
    for grant in [grant(1), later, less] {
        store
            .insert_grant(grant.clone(), Some(consent_of(&grant)))
            .await
            .unwrap();
    }
    let union = Consent {
        scope: scope("openid photos.read photos.write"),
        resources: resources(&["https://albums.example", "https://photos.example"]),
        ..consent_of(&grant(1))
    };
    assert_eq!(
        store.find_consent(ALICE, &client_id("app")).await.unwrap(),
        Some(union)
    );
}

/// Consent belongs to one pair.
pub async fn consent_is_remembered_for_the_pair_alone(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    store
        .insert_grant(grant(1), Some(consent_of(&grant(1))))
        .await
        .unwrap();
    assert_eq!(
        store.find_consent(ALICE, &client_id("other")).await.unwrap(),
        None
    );
    assert_eq!(store.find_consent(BOB, &client_id("app")).await.unwrap(), None);
    assert_eq!(store.list_consents(BOB).await.unwrap(), Vec::new());
}

/// What was allowed last stands first.
pub async fn consents_are_listed_newest_first(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    let newer = Grant {
        client: client_id("other"),
        created_at: time(90),
        ..grant(2)
    };
    for grant in [grant(1), newer.clone()] {
        store
            .insert_grant(grant.clone(), Some(consent_of(&grant)))
            .await
            .unwrap();
    }
    let listed = store.list_consents(ALICE).await.unwrap();
    assert_eq!(listed, vec![consent_of(&newer), consent_of(&grant(1))]);
}

/// Grant and consent are written together or not at all.
pub async fn a_refused_grant_adds_no_consent(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    add_grants(&store, &[grant(1)]).await;
    let refused = store.insert_grant(grant(1), Some(consent_of(&grant(1)))).await;
    assert_exists(refused, "grant");
    assert_eq!(store.find_consent(ALICE, &client_id("app")).await.unwrap(), None);
}

/// A person who never saw a consent page (RFC 6749 §4.3) can take back what their password gave.
pub async fn withdrawing_consent_revokes_grants_that_left_none_to_remember(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    let of_bob = Grant {
        user: BOB,
        ..active_grant(3, GrantedBy::Password)
    };
    add_grants(
        &store,
        &[
            active_grant(1, GrantedBy::Password),
            oauth1_grant(2),
            of_bob.clone(),
        ],
    )
    .await;
    let app = client_id("app");
    assert_eq!(store.find_consent(ALICE, &app).await.unwrap(), None);
    assert_eq!(store.withdraw_consent(ALICE, &app, time(70)).await.unwrap(), 2);
    for number in [1, 2] {
        let over = revoked(RevokedWhy::ByResourceOwner, 70);
        assert_eq!(state_of(&store, number).await, over);
    }
    assert_eq!(state_of(&store, 3).await, of_bob.state);
}

/// Taking it back ends every grant of the pair at once, offline ones too, and nothing else.
pub async fn withdrawing_consent_revokes_every_grant_of_the_pair(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    let other_client = Grant {
        client: client_id("other"),
        ..grant(4)
    };
    let other_person = Grant {
        user: BOB,
        ..grant(5)
    };
    for grant in [grant(1), other_client.clone(), other_person.clone()] {
        store
            .insert_grant(grant.clone(), Some(consent_of(&grant)))
            .await
            .unwrap();
    }
    add_grants(&store, &[grant(2), grant(3)]).await;
    store.redeem_code(grant_id(1), active(1)).await.unwrap();
    store
        .revoke_grant(grant_id(3), RevokedWhy::ByClient, time(60))
        .await
        .unwrap();

    let app = client_id("app");
    assert_eq!(store.withdraw_consent(ALICE, &app, time(70)).await.unwrap(), 2);

    assert_eq!(store.find_consent(ALICE, &app).await.unwrap(), None);
    assert_eq!(
        state_of(&store, 1).await,
        revoked(RevokedWhy::ByResourceOwner, 70)
    );
    assert_eq!(
        state_of(&store, 2).await,
        revoked(RevokedWhy::ByResourceOwner, 70)
    );
    assert_eq!(state_of(&store, 3).await, revoked(RevokedWhy::ByClient, 60));
    assert_eq!(state_of(&store, 4).await, other_client.state);
    assert_eq!(state_of(&store, 5).await, other_person.state);
    assert_eq!(
        store.list_consents(ALICE).await.unwrap(),
        vec![consent_of(&other_client)]
    );
    assert_eq!(
        store.list_consents(BOB).await.unwrap(),
        vec![consent_of(&other_person)]
    );
    assert_eq!(store.withdraw_consent(ALICE, &app, time(71)).await.unwrap(), 0);
}
