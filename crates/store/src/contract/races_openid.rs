//! Races at what OpenID Connect adds: factors, keys, sign-ins and sign-outs, deliveries.

use super::races::{RACERS, race, winners};
use super::records::{
    ALICE, add_grants, client, client_id, code, grant_id, grant_of_session, key, letter, link, logout,
    logouts, participant, passkey, people_and_apps, session, session_id, sid, taken, time, totp, user,
};
use crate::{Due, Store, StoreError};
use std::collections::BTreeSet;
use std::sync::Arc;
use uuid::Uuid;
use valetkey_model::relying_party::Registered;
use valetkey_model::{Client, Session, UserId};

/// Replay of a one-time code, two hundred at once (RFC 6238 §5.2): it counts once.
pub async fn of_two_hundred_parallel_showings_of_a_one_time_code_one_counts(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    store.put_totp(totp(ALICE), Vec::new()).await.unwrap();
    let answers = race(&store, |store, _| async move {
        store.use_totp_step(ALICE, 101).await.unwrap()
    })
    .await;
    assert_eq!(answers.into_iter().filter(|counts| *counts).count(), 1);
    let found = store.find_totp(ALICE).await.unwrap().unwrap();
    assert_eq!(found.last_step, 101);
}

/// Replay of a recovery code, two hundred at once: it opens the account once.
pub async fn of_two_hundred_parallel_showings_of_a_recovery_code_one_counts(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    store.put_totp(totp(ALICE), vec![code(1), code(2)]).await.unwrap();
    let answers = race(&store, |store, _| async move {
        store.use_recovery_code(ALICE, code(1)).await.unwrap()
    })
    .await;
    assert_eq!(answers.into_iter().filter(|counts| *counts).count(), 1);
    assert_eq!(store.count_recovery_codes(ALICE).await.unwrap(), 1);
}

/// A passkey and its clones, two hundred at once: one use starts from each count.
pub async fn of_two_hundred_parallel_uses_of_a_passkey_from_one_count_one_wins(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    store.insert_passkey(passkey(1, ALICE)).await.unwrap();
    let answers = race(&store, |store, number| async move {
        let at = time(i64::from(number));
        let used = store.use_passkey(&[0, 1], 5, 6 + number, at).await;
        (number, used.unwrap())
    })
    .await;
    let winners = winners(&answers, &true);
    assert_eq!(winners.len(), 1, "{winners:?} won");
    let found = store.find_passkey(&[0, 1]).await.unwrap().unwrap();
    assert_eq!(found.sign_count, 6 + winners[0]);
    assert_eq!(found.last_used_at, Some(time(i64::from(winners[0]))));
}

/// A credential id that two hundred people register at once belongs to one.
pub async fn of_two_hundred_parallel_registrations_of_a_passkey_one_is_added(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    let answers = race(&store, |store, _| async move {
        store.insert_passkey(passkey(1, ALICE)).await
    })
    .await;
    assert_one_added(&answers);
    assert_eq!(store.list_passkeys(ALICE).await.unwrap().len(), 1);
}

/// Nodes that find the same key too old make one successor.
pub async fn of_two_hundred_parallel_rotations_of_a_key_one_happens(store: Arc<dyn Store>) {
    store.insert_first_key(key("old", "ES256", 0)).await.unwrap();
    let answers = race(&store, |store, number| async move {
        let next = key(&format!("kid-{number}"), "ES256", 10);
        let rotated = store.rotate_key(next, Some("old"), time(10), time(50));
        (number, rotated.await.unwrap())
    })
    .await;
    let winners = winners(&answers, &true);
    assert_eq!(winners.len(), 1, "{winners:?} won");
    let keys = store.list_keys().await.unwrap();
    let signs: Vec<_> = keys.iter().filter(|key| key.retired_at.is_none()).collect();
    assert_eq!((keys.len(), signs.len()), (2, 1));
    assert_eq!(signs[0].kid, format!("kid-{}", winners[0]));
}

/// A person who comes from elsewhere for the first time in many tabs is one person here.
pub async fn of_two_hundred_parallel_people_of_one_account_elsewhere_one_is_added(store: Arc<dyn Store>) {
    let answers = race(&store, |store, number| async move {
        let id = UserId(Uuid::from_u128(u128::from(number) + 1));
        let user = user(id, &format!("user-{number}"));
        store.insert_linked_user(user, link("x", "1", id)).await
    })
    .await;
    assert_one_added(&answers);
    let people = store.list_users().await.unwrap();
    assert_eq!(people.len(), 1);
    let found = store.find_link("x", "1").await.unwrap();
    assert_eq!(found.map(|link| link.user), Some(people[0].id));
}

/// However many nodes look, a delivery is handed to one of them.
pub async fn no_delivery_is_taken_twice_by_two_hundred_parallel_takers(store: Arc<dyn Store>) {
    const DELIVERIES: usize = 500;
    for number in 0..DELIVERIES {
        store.enqueue(letter(&format!("{number}"), 0)).await.unwrap();
    }
    let answers = race(&store, |store, number| async move {
        // Looking again before it is due again finds nothing of the first.
        let again_at = time(60 + i64::from(number));
        let first = store
            .take_deliveries(Due::Letters, time(0), again_at, 2)
            .await
            .unwrap();
        let second = store
            .take_deliveries(Due::Letters, time(59), again_at, 2)
            .await
            .unwrap();
        assert!(first.len() <= 2 && second.len() <= 2);
        [first, second].concat()
    })
    .await;
    let handed_out: Vec<_> = answers.into_iter().flatten().collect();
    assert!(handed_out.iter().all(|delivery| delivery.attempts == 1));
    let names: BTreeSet<&str> = handed_out.iter().map(|delivery| delivery.id.as_str()).collect();
    assert_eq!((handed_out.len(), names.len()), (DELIVERIES, DELIVERIES));
}

/// A session that is being ended gets no participant that nobody tells.
pub async fn no_participant_is_left_untold_by_a_session_that_ends(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    for number in 0..RACERS {
        store
            .insert_client(client(&format!("app-{number}")))
            .await
            .unwrap();
    }
    store.begin_session(session(1, ALICE), None).await.unwrap();
    store.join_session(participant(1, "app")).await.unwrap();
    race(&store, |store, number| async move {
        if number == RACERS / 2 {
            assert!(store.end_session(session_id(1), time(40)).await.unwrap());
        }
        let joins = participant(1, &format!("app-{number}"));
        store.join_session(joins).await.unwrap();
    })
    .await;
    assert_eq!(store.list_participants(sid(1)).await.unwrap(), Vec::new());
    let told = store
        .take_deliveries(logouts(1000), time(40), time(99), 2 * RACERS)
        .await
        .unwrap();
    assert!(told.contains(&taken(&logout(&participant(1, "app"), 40), 99)));
}

/// However often the form is sent, one session bears the `sid`, and the grants are its own.
pub async fn of_two_hundred_parallel_sign_ins_of_one_browser_one_session_is_left(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    store.begin_session(session(0, ALICE), None).await.unwrap();
    store.join_session(participant(0, "app")).await.unwrap();
    add_grants(&store, &[grant_of_session(1, 0)]).await;
    race(&store, |store, number| async move {
        let again = Session {
            sid: sid(0),
            ..session(u128::from(number) + 1, ALICE)
        };
        let replaces = Some(session_id(0));
        store.begin_session(again, replaces).await.unwrap();
    })
    .await;
    let left = store.list_sessions(ALICE, time(3)).await.unwrap();
    assert_eq!(left.len(), 1);
    let grant = store.find_grant(grant_id(1)).await.unwrap().unwrap();
    assert_eq!(grant.session, Some(left[0].id));
    assert_eq!(
        store.list_participants(sid(0)).await.unwrap(),
        vec![participant(0, "app")]
    );
    assert_eq!(store.count_deliveries(time(0)).await.unwrap(), 0);
}

/// A client that somebody begins to use while it is being forgotten is used or gone, never a grant without it.
pub async fn no_grant_survives_a_client_that_was_forgotten(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    let registered = Client {
        registration: Some(Registered::default()),
        ..client("registered")
    };
    store.insert_client(registered).await.unwrap();
    let answers = race(&store, |store, number| async move {
        if number % 2 == 0 {
            return store.forget_unused_clients(time(1), 9).await;
        }
        let grant = valetkey_model::Grant {
            client: client_id("registered"),
            ..super::records::grant(u128::from(number))
        };
        store.insert_grant(grant, None).await.map(|()| 0)
    })
    .await;
    let forgotten: u64 = answers.iter().filter_map(|answer| answer.as_ref().ok()).sum();
    let refused = answers
        .iter()
        .filter(|answer| matches!(answer, Err(StoreError::Orphan { .. })));
    let refused = refused.count();
    assert_eq!(answers.iter().filter(|answer| answer.is_err()).count(), refused);
    let is_there = store.find_client(&client_id("registered")).await.unwrap();
    match is_there {
        Some(_) => assert_eq!((forgotten, refused), (0, 0)),
        None => assert_eq!((forgotten, refused), (1, RACERS as usize / 2)),
    }
}

fn assert_one_added(answers: &[Result<(), StoreError>]) {
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    let refused = |answer: &&Result<(), StoreError>| matches!(answer, Err(StoreError::Exists { .. }));
    assert_eq!(answers.iter().filter(refused).count(), RACERS as usize - 1);
}
