//! People.

use super::records::{
    ALICE, BOB, active, add_grants, assert_exists, client_id, consent_of, grant, grant_id, grant_of_session,
    people_and_apps, revoked, session, session_id, state_of, time, user,
};
use crate::Store;
use std::sync::Arc;
use valetkey_model::grant::RevokedWhy;
use valetkey_model::user::PasswordHash;
use valetkey_model::{Grant, User};
use valetkey_protocol::claims::{Address, StandardClaims};

/// Nothing is found, changed or removed where there is no such person.
pub async fn an_absent_person_is_none(store: Arc<dyn Store>) {
    store.insert_user(user(BOB, "bob")).await.unwrap();
    let hash = PasswordHash("$argon2id$new".to_owned());
    assert_eq!(store.find_user(ALICE).await.unwrap(), None);
    assert_eq!(store.find_user_by_username("alice").await.unwrap(), None);
    assert_eq!(store.find_user_by_username("").await.unwrap(), None);
    assert!(!store.set_password(ALICE, hash, None, time(1)).await.unwrap());
    assert!(!store.remove_user(ALICE, time(60)).await.unwrap());
    assert_eq!(store.list_users().await.unwrap(), vec![user(BOB, "bob")]);
}

/// Case and blanks around do not make another name, in any alphabet.
pub async fn a_username_is_taken_only_once_whatever_its_case(store: Arc<dyn Store>) {
    store.insert_user(user(ALICE, "Änne")).await.unwrap();
    for same in ["Änne", "änne", "ÄNNE", " änne "] {
        assert_exists(store.insert_user(user(BOB, same)).await, "user");
    }
    store.insert_user(user(BOB, "anne")).await.unwrap();
    assert_eq!(store.list_users().await.unwrap().len(), 2);
}

/// An id names one person.
pub async fn a_user_id_is_taken_only_once(store: Arc<dyn Store>) {
    store.insert_user(user(ALICE, "alice")).await.unwrap();
    assert_exists(store.insert_user(user(ALICE, "bob")).await, "user");
    assert_eq!(store.find_user(ALICE).await.unwrap(), Some(user(ALICE, "alice")));
    assert_eq!(store.find_user_by_username("bob").await.unwrap(), None);
}

/// What the person types finds them; what they registered comes back.
pub async fn a_person_is_found_by_username_without_regard_to_case(store: Arc<dyn Store>) {
    store.insert_user(user(ALICE, "Alice.B")).await.unwrap();
    for typed in ["Alice.B", "alice.b", "ALICE.B", " alice.b"] {
        let found = store.find_user_by_username(typed).await.unwrap();
        assert_eq!(found, Some(user(ALICE, "Alice.B")), "{typed:?}");
    }
    for other in ["alice", "alice_b", "alice%", "alice.bb"] {
        assert_eq!(
            store.find_user_by_username(other).await.unwrap(),
            None,
            "{other:?}"
        );
    }
}

/// Every claim survives, and so does the lack of each.
pub async fn a_person_comes_back_as_they_went_in(store: Arc<dyn Store>) {
    let text = |text: &str| Some(text.to_owned());
    let alice = User {
        claims: StandardClaims {
            name: text("Alice Wonder"),
            given_name: text("Alice"),
            locale: text("de-AT"),
            updated_at: Some(1),
            email: text("alice@example.com"),
            email_verified: Some(true),
            phone_number_verified: Some(false),
            address: Some(Address {
                country: text("Österreich"),
                ..Address::default()
            }),
            ..StandardClaims::default()
        },
        ..user(ALICE, "alice")
    };
    let bob = User {
        password_hash: None,
        ..user(BOB, "bob")
    };
    for person in [alice, bob] {
        store.insert_user(person.clone()).await.unwrap();
        assert_eq!(store.find_user(person.id).await.unwrap(), Some(person));
    }
}

/// The order is that of the names, without regard to case.
pub async fn people_are_listed_by_username(store: Arc<dyn Store>) {
    assert_eq!(store.list_users().await.unwrap(), Vec::new());
    store.insert_user(user(ALICE, "Zoe")).await.unwrap();
    store.insert_user(user(BOB, "adam")).await.unwrap();
    let listed = store.list_users().await.unwrap();
    assert_eq!(listed, vec![user(BOB, "adam"), user(ALICE, "Zoe")]);
}

/// Whoever had taken the account over is out; apps that act while the person is away stay.
pub async fn a_new_password_ends_sessions_and_all_but_offline_grants(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    store.begin_session(session(1, ALICE), None).await.unwrap();
    store.begin_session(session(2, ALICE), None).await.unwrap();
    store.begin_session(session(3, BOB), None).await.unwrap();
    let of_bob = Grant {
        user: BOB,
        ..grant_of_session(4, 3)
    };
    let without_session = Grant {
        session: None,
        ..grant_of_session(3, 1)
    };
    add_grants(
        &store,
        &[grant_of_session(1, 1), grant(2), without_session, of_bob],
    )
    .await;
    store.redeem_code(grant_id(1), active(1)).await.unwrap();
    let consent = consent_of(&grant(5));
    store.insert_grant(grant(5), Some(consent.clone())).await.unwrap();

    let hash = PasswordHash("$argon2id$new".to_owned());
    assert!(
        store
            .set_password(ALICE, hash.clone(), None, time(50))
            .await
            .unwrap()
    );

    let alice = User {
        password_hash: Some(hash),
        ..user(ALICE, "alice")
    };
    assert_eq!(store.find_user(ALICE).await.unwrap(), Some(alice));
    assert_eq!(store.find_session(session_id(1)).await.unwrap(), None);
    assert_eq!(store.find_session(session_id(2)).await.unwrap(), None);
    assert_eq!(state_of(&store, 1).await, revoked(RevokedWhy::SignedOut, 50));
    assert_eq!(state_of(&store, 2).await, grant(2).state);
    assert_eq!(state_of(&store, 3).await, revoked(RevokedWhy::SignedOut, 50));
    assert_eq!(
        store.find_consent(ALICE, &client_id("app")).await.unwrap(),
        Some(consent)
    );
    assert_eq!(
        store.find_session(session_id(3)).await.unwrap(),
        Some(session(3, BOB))
    );
    assert_eq!(state_of(&store, 4).await, grant(4).state);
    assert_eq!(store.find_user(BOB).await.unwrap(), Some(user(BOB, "bob")));
}

/// Sessions, consents and grants go with the person; those of others stay.
pub async fn removing_a_person_takes_everything_of_theirs_along(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    store.begin_session(session(1, ALICE), None).await.unwrap();
    store.begin_session(session(2, BOB), None).await.unwrap();
    let of_bob = Grant {
        user: BOB,
        ..grant(2)
    };
    for grant in [grant_of_session(1, 1), of_bob.clone()] {
        store
            .insert_grant(grant.clone(), Some(consent_of(&grant)))
            .await
            .unwrap();
    }

    assert!(store.remove_user(ALICE, time(60)).await.unwrap());

    assert_eq!(store.find_user(ALICE).await.unwrap(), None);
    assert_eq!(store.find_user_by_username("alice").await.unwrap(), None);
    assert_eq!(store.find_session(session_id(1)).await.unwrap(), None);
    assert_eq!(store.find_grant(grant_id(1)).await.unwrap(), None);
    assert_eq!(store.list_consents(ALICE).await.unwrap(), Vec::new());
    assert_eq!(
        store.find_session(session_id(2)).await.unwrap(),
        Some(session(2, BOB))
    );
    assert_eq!(store.find_grant(grant_id(2)).await.unwrap(), Some(of_bob.clone()));
    assert_eq!(store.list_consents(BOB).await.unwrap(), vec![consent_of(&of_bob)]);
    store.insert_user(user(ALICE, "alice")).await.unwrap();
    assert_eq!(store.list_consents(ALICE).await.unwrap(), Vec::new());
}
