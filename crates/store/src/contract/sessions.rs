//! Sign-in sessions.

use super::records::{
    ALICE, BOB, active, add_grants, assert_exists, assert_orphan, grant, grant_id, grant_of_session,
    people_and_apps, revoked, session, session_id, sid, state_of, time,
};
use crate::Store;
use std::sync::Arc;
use valetkey_model::grant::RevokedWhy;
use valetkey_model::session::SignedInFrom;
use valetkey_model::{Grant, Session, SessionId};
use valetkey_protocol::acr::Acr;

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
        acr: Acr::TwoFactors,
        from: SignedInFrom {
            address: "2001:db8::7".to_owned(),
            user_agent: "Zoë's \"browser\"".to_owned(),
        },
        expires_at: time(-1_000_000),
        ..session(1, ALICE)
    };
    let bare = Session {
        amr: Vec::new(),
        from: SignedInFrom::default(),
        ..session(2, ALICE)
    };
    for session in [long_ago, bare] {
        store.begin_session(session.clone(), None).await.unwrap();
        let found = store.find_session(session.id).await.unwrap();
        assert_eq!(found, Some(session));
    }
}

/// The account page shows the person's own browsers that are signed in, newest first.
pub async fn only_sessions_that_are_not_over_are_listed(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    assert_eq!(store.list_sessions(ALICE, time(0)).await.unwrap(), Vec::new());
    let newest = Session {
        created_at: time(50),
        ..session(1, ALICE)
    };
    let over = Session {
        expires_at: time(100),
        ..session(2, ALICE)
    };
    for session in [&newest, &over, &session(3, ALICE), &session(4, BOB)] {
        store.begin_session(session.clone(), None).await.unwrap();
    }
    let listed = store.list_sessions(ALICE, time(100)).await.unwrap();
    assert_eq!(listed, vec![newest.clone(), session(3, ALICE)]);
    let listed = store.list_sessions(ALICE, time(99)).await.unwrap();
    assert_eq!(listed, vec![newest, session(3, ALICE), over]);
    assert!(store.end_session(session_id(3), time(60)).await.unwrap());
    assert_eq!(store.list_sessions(ALICE, time(100)).await.unwrap().len(), 1);
    assert_eq!(
        store.list_sessions(BOB, time(0)).await.unwrap(),
        vec![session(4, BOB)]
    );
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

/// A browser may still name a session that was ended or forgotten meanwhile; its grants go on as if it were there.
pub async fn a_session_may_replace_one_that_is_gone(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    let of_bob = Grant {
        user: BOB,
        ..grant_of_session(2, 1)
    };
    add_grants(&store, &[grant_of_session(1, 1), of_bob]).await;
    store
        .begin_session(session(2, ALICE), Some(session_id(1)))
        .await
        .unwrap();
    assert_eq!(
        store.find_session(session_id(2)).await.unwrap(),
        Some(session(2, ALICE))
    );
    let moved = store.find_grant(grant_id(1)).await.unwrap();
    assert_eq!(moved, Some(grant_of_session(1, 2)));
    assert_eq!(state_of(&store, 2).await, revoked(RevokedWhy::SignedOut, 2));
}

/// A sign-out in a browser whose session was forgotten meanwhile ends its grants.
pub async fn ending_a_session_that_is_gone_revokes_its_grants(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    add_grants(&store, &[grant_of_session(1, 1), grant_of_session(2, 2)]).await;
    assert!(!store.end_session(session_id(1), time(40)).await.unwrap());
    assert_eq!(state_of(&store, 1).await, revoked(RevokedWhy::SignedOut, 40));
    assert_eq!(state_of(&store, 2).await, grant(2).state);
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

/// Two sessions of Alice and one of Bob, each with a grant of its number.
async fn sessions_with_grants(store: &Arc<dyn Store>) {
    people_and_apps(store).await;
    for (number, user) in [(1, ALICE), (2, ALICE), (3, BOB)] {
        store.begin_session(session(number, user), None).await.unwrap();
        let grant = Grant {
            user,
            ..grant_of_session(number, number)
        };
        add_grants(store, &[grant]).await;
    }
}

/// Whoever has no session has none to end, and somebody else's is none to spare.
pub async fn the_sessions_of_others_are_left_alone(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    store.begin_session(session(3, BOB), None).await.unwrap();
    assert_eq!(store.end_sessions_of(ALICE, None, time(40)).await.unwrap(), 0);
    store.begin_session(session(1, ALICE), None).await.unwrap();
    let of_bob: Option<SessionId> = Some(session_id(3));
    assert_eq!(store.end_sessions_of(ALICE, of_bob, time(40)).await.unwrap(), 1);
    assert_eq!(store.find_session(session_id(1)).await.unwrap(), None);
    assert_eq!(
        store.find_session(session_id(3)).await.unwrap(),
        Some(session(3, BOB))
    );
}

/// "Sign out everywhere else": what hangs on the session that stays, stays; what hangs on none ends, as on the others.
pub async fn ending_all_sessions_but_one_leaves_that_and_its_grants(store: Arc<dyn Store>) {
    sessions_with_grants(&store).await;
    let without_session = Grant {
        session: None,
        ..grant_of_session(4, 1)
    };
    let offline = Grant {
        offline: true,
        ..grant_of_session(5, 1)
    };
    add_grants(&store, &[without_session, offline, grant_of_session(6, 1)]).await;
    store
        .revoke_grant(grant_id(6), RevokedWhy::ByClient, time(30))
        .await
        .unwrap();

    let kept = Some(session_id(2));
    assert_eq!(store.end_sessions_of(ALICE, kept, time(40)).await.unwrap(), 1);

    assert_eq!(store.find_session(session_id(1)).await.unwrap(), None);
    for number in [1, 4] {
        let signed_out = revoked(RevokedWhy::SignedOut, 40);
        assert_eq!(state_of(&store, number).await, signed_out, "grant {number}");
    }
    assert_eq!(state_of(&store, 6).await, revoked(RevokedWhy::ByClient, 30));
    for number in [2, 3, 5] {
        let state = state_of(&store, number).await;
        assert_eq!(state, grant(number).state, "grant {number}");
    }
    for (number, user) in [(2, ALICE), (3, BOB)] {
        let found = store.find_session(session_id(number)).await.unwrap();
        assert_eq!(found, Some(session(number, user)));
    }
    assert_eq!(store.end_sessions_of(ALICE, None, time(41)).await.unwrap(), 1);
    assert_eq!(state_of(&store, 2).await, revoked(RevokedWhy::SignedOut, 41));
    assert_eq!(state_of(&store, 3).await, grant(3).state);
}

/// Two forms sent at once: whichever session bears the `sid` then has the grants.
pub async fn grants_follow_the_sid_of_the_session(store: Arc<dyn Store>) {
    sessions_with_grants(&store).await;
    for number in [4, 5] {
        let again = Session {
            sid: sid(1),
            ..session(number, ALICE)
        };
        store.begin_session(again, Some(session_id(1))).await.unwrap();
    }
    let moved = store.find_grant(grant_id(1)).await.unwrap().unwrap();
    assert_eq!(moved.session, Some(session_id(5)));
    assert!(store.end_session(session_id(5), time(40)).await.unwrap());
    assert_eq!(state_of(&store, 1).await, revoked(RevokedWhy::SignedOut, 40));
    assert_eq!(state_of(&store, 2).await, grant(2).state);
}
