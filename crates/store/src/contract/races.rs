//! Races: many tasks on many threads at one row, let go at the same moment.

use super::records::{
    ALICE, BOB, active, active_grant, add_grants, client, client_id, consent_of, device, device_id, grant,
    grant_id, key, oauth1_grant, people_and_apps, revoked, state_of, time, user,
};
use crate::{Redeemed, Rotated, Store, StoreError};
use std::sync::Arc;
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use uuid::Uuid;
use valetkey_model::device::DeviceState;
use valetkey_model::grant::{GrantState, GrantedBy, RevokedWhy};
use valetkey_model::{DeviceAuthorization, Grant, User, UserId};

/// How many tasks race.
pub(super) const RACERS: u32 = 200;

/// Runs the work once for each racer, all at once; the answers, in no order.
pub(super) async fn race<T, F, W>(store: &Arc<dyn Store>, work: W) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
    W: Fn(Arc<dyn Store>, u32) -> F,
{
    let start = Arc::new(Barrier::new(RACERS as usize));
    let mut racers = JoinSet::new();
    for number in 0..RACERS {
        let (start, run) = (start.clone(), work(store.clone(), number));
        racers.spawn(async move {
            start.wait().await;
            run.await
        });
    }
    racers.join_all().await
}

/// Code replay, two hundred at once: one set of tokens, ever.
pub async fn of_two_hundred_parallel_redemptions_of_a_code_one_wins(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    add_grants(&store, &[grant(1)]).await;
    let answers = race(&store, |store, number| async move {
        (
            number,
            store.redeem_code(grant_id(1), active(number)).await.unwrap(),
        )
    })
    .await;
    let winners: Vec<u32> = winners(&answers, &Redeemed::Won);
    assert_eq!(winners.len(), 1, "{winners:?} won");
    let now = grant(1).redeemed(active(winners[0]));
    assert_eq!(store.find_grant(grant_id(1)).await.unwrap(), Some(now.clone()));
    let lost = Redeemed::Lost(Box::new(now));
    assert!(
        answers
            .iter()
            .all(|(number, answer)| *number == winners[0] || *answer == lost)
    );
}

/// Refresh token reuse, two hundred at once: one successor.
pub async fn of_two_hundred_parallel_rotations_of_a_generation_one_wins(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    add_grants(&store, &[grant(1)]).await;
    store.redeem_code(grant_id(1), active(1)).await.unwrap();
    let answers = race(&store, |store, number| async move {
        let next = active(number + 2);
        (number, store.rotate_refresh(grant_id(1), 1, next).await.unwrap())
    })
    .await;
    let winners: Vec<u32> = winners(&answers, &Rotated::Won);
    assert_eq!(winners.len(), 1, "{winners:?} won");
    let now = grant(1).redeemed(active(winners[0] + 2));
    assert_eq!(store.find_grant(grant_id(1)).await.unwrap(), Some(now.clone()));
    let lost = Rotated::Lost(Box::new(now));
    assert!(
        answers
            .iter()
            .all(|(number, answer)| *number == winners[0] || *answer == lost)
    );
}

/// However redemptions, rotations and revocations fall, the end is revoked, by exactly one caller.
pub async fn a_revocation_wins_against_redemptions_and_rotations(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    add_grants(&store, &[grant(1)]).await;
    let answers = race(&store, |store, number| async move {
        match number % 3 {
            0 => store.redeem_code(grant_id(1), active(1)).await.map(|_| false),
            1 => store
                .rotate_refresh(grant_id(1), 1, active(2))
                .await
                .map(|_| false),
            _ => {
                store
                    .revoke_grant(grant_id(1), RevokedWhy::ByAdmin, time(77))
                    .await
            }
        }
    })
    .await;
    let revocations = answers
        .into_iter()
        .filter(|answer| *answer.as_ref().unwrap())
        .count();
    assert_eq!(revocations, 1);
    assert_eq!(state_of(&store, 1).await, revoked(RevokedWhy::ByAdmin, 77));
}

/// Different grants do not get in each other's way.
pub async fn parallel_redemptions_of_different_codes_all_win(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    let answers = race(&store, |store, number| async move {
        let number = u128::from(number);
        store.insert_grant(grant(number), None).await.unwrap();
        store.redeem_code(grant_id(number), active(1)).await.unwrap()
    })
    .await;
    assert!(answers.iter().all(|answer| *answer == Redeemed::Won));
    let listed = store.list_active_grants(ALICE, time(100)).await.unwrap();
    assert_eq!(listed.len(), RACERS as usize);
    assert!(
        listed
            .iter()
            .all(|grant| grant.state == GrantState::Active(active(1)))
    );
}

/// Of two people (or two browsers) that authorize the same temporary credentials, one does (RFC 5849 §2.2).
pub async fn of_two_hundred_parallel_authorizations_of_temporary_credentials_one_counts(
    store: Arc<dyn Store>,
) {
    people_and_apps(&store).await;
    let answers = race(&store, |store, number| async move {
        let user = if number % 2 == 0 { ALICE } else { BOB };
        let grant = Grant {
            user,
            ..oauth1_grant(1)
        };
        (
            user,
            store.insert_grant(grant.clone(), Some(consent_of(&grant))).await,
        )
    })
    .await;
    let winners: Vec<UserId> = answers
        .iter()
        .filter_map(|(user, answer)| answer.is_ok().then_some(*user))
        .collect();
    assert_eq!(winners.len(), 1, "{winners:?} won");
    let refused =
        |(_, answer): &&(UserId, Result<(), StoreError>)| matches!(answer, Err(StoreError::Exists { .. }));
    assert_eq!(answers.iter().filter(refused).count(), RACERS as usize - 1);
    assert_eq!(
        store.find_grant(grant_id(1)).await.unwrap().unwrap().user,
        winners[0]
    );
    for user in [ALICE, BOB] {
        let allowed = store.find_consent(user, &client_id("app")).await.unwrap();
        assert_eq!(allowed.is_some(), user == winners[0]);
    }
}

/// A device request is answered once: by one approval with its one grant, or by one denial with none.
pub async fn of_two_hundred_parallel_answers_to_a_device_one_counts(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    for round in 0..4 {
        let id = device_id(round);
        assert!(store.insert_device(device(round)).await.unwrap());
        let grant_of = move |number: u32| 1000 * (round + 1) + u128::from(number);
        let answers = race(&store, |store, number| async move {
            // Who comes first differs from round to round.
            let answer = if (u128::from(number) + round).is_multiple_of(2) {
                let grant = active_grant(grant_of(number), GrantedBy::DeviceCode);
                store.approve_device(id, grant, None).await
            } else {
                store.deny_device(id).await
            };
            (number, answer.unwrap())
        })
        .await;
        let winners = winners(&answers, &true);
        assert_eq!(winners.len(), 1, "{winners:?} won");
        let winner = grant_id(grant_of(winners[0]));
        let approved = (u128::from(winners[0]) + round).is_multiple_of(2);
        let expected = match approved {
            true => DeviceState::Approved { grant: winner },
            false => DeviceState::Denied,
        };
        assert_eq!(store.find_device(id).await.unwrap().unwrap().state, expected);
        for number in 0..RACERS {
            let grant = grant_id(grant_of(number));
            let is_there = store.find_grant(grant).await.unwrap().is_some();
            assert_eq!(is_there, approved && grant == winner);
        }
    }
}

/// A device that polls in parallel cannot hide that it polls too often.
pub async fn of_two_hundred_parallel_polls_of_a_device_one_is_the_first(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    assert!(store.insert_device(device(1)).await.unwrap());
    let answers = race(&store, |store, _| async move {
        let before = store.poll_device(device_id(1), time(20)).await.unwrap();
        before.unwrap().polled_at
    })
    .await;
    let first = answers.iter().filter(|polled_at| polled_at.is_none());
    assert_eq!(first.count(), 1);
    let later = answers.iter().filter(|polled_at| **polled_at == Some(time(20)));
    assert_eq!(later.count(), RACERS as usize - 1);
}

/// A user code names one request: who guesses well gets no second one.
pub async fn of_two_hundred_parallel_devices_of_one_user_code_one_is_added(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    let answers = race(&store, |store, number| async move {
        let device = DeviceAuthorization {
            user_code_key: "one for all".to_owned(),
            ..device(u128::from(number))
        };
        (number, store.insert_device(device).await.unwrap())
    })
    .await;
    let winners = winners(&answers, &true);
    assert_eq!(winners.len(), 1, "{winners:?} won");
    let found = store.find_device_by_user_code("one for all").await.unwrap();
    assert_eq!(found.unwrap().id, device_id(u128::from(winners[0])));
}

/// Nonce replay, two hundred at once (RFC 5849 §3.3): one counts.
pub async fn of_two_hundred_parallel_showings_of_a_nonce_one_is_the_first(store: Arc<dyn Store>) {
    let answers = race(&store, |store, number| async move {
        let expires_at = time(i64::from(number));
        store.insert_nonce_once("nonce", expires_at).await.unwrap()
    })
    .await;
    assert_eq!(answers.into_iter().filter(|first| *first).count(), 1);
}

/// One registration of a name; the others are told that it exists.
pub async fn of_two_hundred_parallel_people_of_one_name_one_is_added(store: Arc<dyn Store>) {
    let answers = race(&store, |store, number| async move {
        let spelled = if number % 2 == 0 { "Alice" } else { "aLICE" };
        let id = UserId(Uuid::from_u128(u128::from(number)));
        store
            .insert_user(User {
                id,
                ..user(ALICE, spelled)
            })
            .await
    })
    .await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    let refused = |answer: &&Result<(), StoreError>| matches!(answer, Err(StoreError::Exists { .. }));
    assert_eq!(answers.iter().filter(refused).count(), RACERS as usize - 1);
    assert_eq!(store.list_users().await.unwrap().len(), 1);
}

/// Two nodes that start on an empty store agree on one first key.
pub async fn of_two_hundred_parallel_first_keys_one_is_added(store: Arc<dyn Store>) {
    let answers = race(&store, |store, number| async move {
        store
            .insert_first_key(key(&format!("kid-{number}"), "ES256", 0))
            .await
            .unwrap()
    })
    .await;
    assert_eq!(answers.into_iter().filter(|added| *added).count(), 1);
    assert_eq!(store.list_keys().await.unwrap().len(), 1);
}

/// Guessing in parallel is counted in full.
pub async fn two_hundred_parallel_failures_are_all_counted(store: Arc<dyn Store>) {
    let answers = race(&store, |store, _| async move {
        store.record_failure("alice", time(0), 60).await.unwrap().failures
    })
    .await;
    let mut counted = answers;
    counted.sort_unstable();
    assert_eq!(counted, (1..=RACERS).collect::<Vec<_>>());
    let attempts = store.attempts("alice", time(1)).await.unwrap().unwrap();
    assert_eq!(attempts.failures, RACERS);
}

/// A client that is being removed gets no grant that survives it.
pub async fn no_grant_survives_the_removal_of_its_client(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    let answers = race(&store, |store, number| async move {
        if number == RACERS / 2 {
            assert!(store.remove_client(&client_id("app")).await.unwrap());
            return Ok(());
        }
        store.insert_grant(grant(u128::from(number)), None).await
    })
    .await;
    let expected =
        |answer: &Result<(), StoreError>| matches!(answer, Ok(()) | Err(StoreError::Orphan { .. }));
    assert!(answers.iter().all(expected));
    store.insert_client(client("app")).await.unwrap();
    for number in 0..u128::from(RACERS) {
        assert_eq!(store.find_grant(grant_id(number)).await.unwrap(), None);
    }
}

pub(super) fn winners<T: PartialEq>(answers: &[(u32, T)], won: &T) -> Vec<u32> {
    let winners = answers.iter().filter(|(_, answer)| answer == won);
    winners.map(|(number, _)| *number).collect()
}
