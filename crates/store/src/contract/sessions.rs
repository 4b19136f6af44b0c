//! Sign-in sessions.

use super::records::{
    ALICE, BOB, active, add_grants, assert_exists, assert_orphan, grant, grant_id, grant_of_session,
    people_and_apps, revoked, session, session_id, state_of, time,
};
use crate::Store;
use std::sync::Arc;
use valetkey_model::grant::RevokedWhy;
use valetkey_model::{Grant, Session};

/// Nothing is found or ended where there is no session.
pub async fn an_absent_session_is_none(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    store.begin_session(session(1, ALICE), None).await.unwrap();
    assert_eq!(store.find_session(session_id(2)).await.unwrap(), None);
    assert!(!store.end_session(session_id(2), time(5)).await.unwrap());
    assert_eq!(
        store.find_session(session_id(1)).await.unwrap(),
        Some(session(1, ALICE))
    );
}

/// The store does not decide whether a session has expired.
pub async fn a_session_comes_back_as_it_went_in_even_when_expired(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    let long_ago = Session {
        amr: vec!["pwd".to_owned(), "otp".to_owned()],
        expires_at: time(-1_000_000),
        ..session(1, ALICE)
    };
    store.begin_session(long_ago.clone(), None).await.unwrap();
    assert_eq!(store.find_session(session_id(1)).await.unwrap(), Some(long_ago));
}

/// No session begins for a person who was just removed.
pub async fn a_session_of_nobody_is_refused(store: Arc<dyn Store>) {
    assert_orphan(store.begin_session(session(1, ALICE), None).await, "session");
    assert_eq!(store.find_session(session_id(1)).await.unwrap(), None);
}

/// Both steps of a sign-in happen, or none.
pub async fn a_refused_session_replaces_nothing(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    store.begin_session(session(1, ALICE), None).await.unwrap();
    store.begin_session(session(2, BOB), None).await.unwrap();
    add_grants(&store, &[grant_of_session(1, 1)]).await;
    let taken = store.begin_session(session(2, BOB), Some(session_id(1))).await;
    assert_exists(taken, "session");
    assert_eq!(
        store.find_session(session_id(1)).await.unwrap(),
        Some(session(1, ALICE))
    );
    assert_eq!(
        store.find_grant(grant_id(1)).await.unwrap(),
        Some(grant_of_session(1, 1))
    );
}

/// Session fixation: the id from before the sign-in is worth nothing after it.
pub async fn a_new_sign_in_of_the_same_person_ends_the_old_id_and_keeps_the_grants(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    store.begin_session(session(1, ALICE), None).await.unwrap();
    let offline = Grant {
        offline: true,
        ..grant_of_session(2, 1)
    };
    add_grants(&store, &[grant_of_session(1, 1), offline.clone(), grant(3)]).await;

    store
        .begin_session(session(2, ALICE), Some(session_id(1)))
        .await
        .unwrap();

    assert_eq!(store.find_session(session_id(1)).await.unwrap(), None);
    assert_eq!(
        store.find_session(session_id(2)).await.unwrap(),
        Some(session(2, ALICE))
    );
    assert_eq!(
        store.find_grant(grant_id(1)).await.unwrap(),
        Some(grant_of_session(1, 2))
    );
    let moved = Grant {
        session: Some(session_id(2)),
        ..offline
    };
    assert_eq!(store.find_grant(grant_id(2)).await.unwrap(), Some(moved));
    assert_eq!(store.find_grant(grant_id(3)).await.unwrap(), Some(grant(3)));
    assert!(store.end_session(session_id(2), time(9)).await.unwrap());
    assert_eq!(state_of(&store, 1).await, revoked(RevokedWhy::SignedOut, 9));
}

/// A sign-in of somebody else in the same browser signs the first person out.
pub async fn a_sign_in_of_another_person_revokes_the_grants_of_the_first(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    store.begin_session(session(1, ALICE), None).await.unwrap();
    let offline = Grant {
        offline: true,
        ..grant_of_session(2, 1)
    };
    add_grants(&store, &[grant_of_session(1, 1), offline.clone()]).await;
    store.redeem_code(grant_id(1), active(1)).await.unwrap();

    let of_bob = Session {
        created_at: time(33),
        ..session(2, BOB)
    };
    store
        .begin_session(of_bob.clone(), Some(session_id(1)))
        .await
        .unwrap();

    assert_eq!(store.find_session(session_id(1)).await.unwrap(), None);
    assert_eq!(store.find_session(session_id(2)).await.unwrap(), Some(of_bob));
    assert_eq!(state_of(&store, 1).await, revoked(RevokedWhy::SignedOut, 33));
    assert_eq!(state_of(&store, 2).await, offline.state);
}

/// A browser may still name a session that was ended meanwhile.
pub async fn a_session_may_replace_one_that_is_gone(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    store
        .begin_session(session(2, ALICE), Some(session_id(1)))
        .await
        .unwrap();
    assert_eq!(
        store.find_session(session_id(2)).await.unwrap(),
        Some(session(2, ALICE))
    );
}

/// Sign-out takes what hangs on this session, and nothing else; what was revoked before keeps its reason.
pub async fn ending_a_session_revokes_only_its_grants_that_are_not_offline(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    store.begin_session(session(1, ALICE), None).await.unwrap();
    store.begin_session(session(2, ALICE), None).await.unwrap();
    let offline = Grant {
        offline: true,
        ..grant_of_session(3, 1)
    };
    let code = grant_of_session(2, 1);
    add_grants(
        &store,
        &[
            grant_of_session(1, 1),
            code,
            offline.clone(),
            grant_of_session(4, 2),
        ],
    )
    .await;
    add_grants(
        &store,
        &[
            grant_of_session(5, 1),
            Grant {
                session: None,
                ..grant_of_session(6, 1)
            },
        ],
    )
    .await;
    store.redeem_code(grant_id(1), active(1)).await.unwrap();
    store
        .revoke_grant(grant_id(5), RevokedWhy::ByClient, time(30))
        .await
        .unwrap();

    assert!(store.end_session(session_id(1), time(40)).await.unwrap());

    assert_eq!(store.find_session(session_id(1)).await.unwrap(), None);
    assert_eq!(state_of(&store, 1).await, revoked(RevokedWhy::SignedOut, 40));
    assert_eq!(state_of(&store, 2).await, revoked(RevokedWhy::SignedOut, 40));
    assert_eq!(state_of(&store, 3).await, offline.state);
    assert_eq!(state_of(&store, 5).await, revoked(RevokedWhy::ByClient, 30));
    assert_eq!(state_of(&store, 6).await, grant(6).state);
    assert_eq!(
        store.find_session(session_id(2)).await.unwrap(),
        Some(session(2, ALICE))
    );
    assert_eq!(state_of(&store, 4).await, grant(4).state);
    assert!(!store.end_session(session_id(1), time(41)).await.unwrap());
    assert_eq!(state_of(&store, 1).await, revoked(RevokedWhy::SignedOut, 40));
}
