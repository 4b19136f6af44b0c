//! Who takes part in a session, and that they are told of its end, whichever way somebody ends it, in the same step.

use super::records::{
    ALICE, BOB, assert_exists, assert_orphan, client_id, letter, logout, logouts, participant,
    people_and_apps, session, session_id, sid, taken, time,
};
use crate::{Due, Store};
use std::sync::Arc;
use valetkey_model::user::PasswordHash;
use valetkey_model::{Delivery, Participant, Session};

/// Sessions 1 and 2 are Alice's, 3 is Bob's; `app` takes part in all of them, `other` in the first.
async fn sessions_with_participants(store: &Arc<dyn Store>) {
    people_and_apps(store).await;
    for (number, user) in [(1, ALICE), (2, ALICE), (3, BOB)] {
        store.begin_session(session(number, user), None).await.unwrap();
        store.join_session(participant(number, "app")).await.unwrap();
    }
    store.join_session(participant(1, "other")).await.unwrap();
}

/// Exactly these logouts wait, since `at`.
async fn assert_told(store: &Arc<dyn Store>, at: i64, told: &[Participant]) {
    let waiting = store.count_deliveries(time(at)).await.unwrap();
    assert_eq!(waiting, told.len() as u64);
    // Due at once, and not before.
    let early = store
        .take_deliveries(logouts(100), time(at - 1), time(at + 9), 100)
        .await;
    assert_eq!(early.unwrap(), Vec::new());
    let mut found = store
        .take_deliveries(logouts(100), time(at), time(at + 9), 100)
        .await
        .unwrap();
    found.sort_by(|a, b| a.id.cmp(&b.id));
    let mut expected: Vec<Delivery> = told
        .iter()
        .map(|participant| taken(&logout(participant, at), at + 9))
        .collect();
    expected.sort_by(|a, b| a.id.cmp(&b.id));
    assert_eq!(found, expected);
    for participant in told {
        let left = store.list_participants(participant.sid).await.unwrap();
        assert_eq!(left, Vec::new());
    }
}

async fn assert_takes_part(store: &Arc<dyn Store>, participants: &[Participant]) {
    let sid = participants[0].sid;
    assert_eq!(store.list_participants(sid).await.unwrap(), participants);
}

/// The two participants of session 1.
fn both() -> [Participant; 2] {
    [participant(1, "app"), participant(1, "other")]
}

/// Nobody takes part who did not join; a session that is over is joined by nobody, a client that is gone joins none.
pub async fn nobody_takes_part_who_did_not_join(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    store.begin_session(session(1, ALICE), None).await.unwrap();
    assert_eq!(store.list_participants(sid(1)).await.unwrap(), Vec::new());
    store.join_session(participant(2, "app")).await.unwrap();
    assert_eq!(store.list_participants(sid(2)).await.unwrap(), Vec::new());
    let gone = store.join_session(participant(1, "gone")).await;
    assert_orphan(gone, "participant");
    assert_eq!(store.list_participants(sid(1)).await.unwrap(), Vec::new());
    assert!(store.end_session(session_id(1), time(40)).await.unwrap());
    store.join_session(participant(1, "app")).await.unwrap();
    assert_eq!(store.list_participants(sid(1)).await.unwrap(), Vec::new());
    assert_told(&store, 40, &[]).await;
}

/// Twice is once; participants come by client id, and only those of the session.
pub async fn joining_twice_is_joining_once(store: Arc<dyn Store>) {
    sessions_with_participants(&store).await;
    for _ in 0..2 {
        store.join_session(participant(1, "app")).await.unwrap();
    }
    assert_takes_part(&store, &both()).await;
    assert_takes_part(&store, &[participant(2, "app")]).await;
    // By the name that the client has for the person now.
    let renamed = Participant {
        sub: "pairwise".to_owned(),
        ..participant(1, "app")
    };
    store.join_session(renamed.clone()).await.unwrap();
    assert_takes_part(&store, &[renamed, participant(1, "other")]).await;
}

/// Back-Channel Logout §2.5: whoever took part in the session is to be told, and nobody else.
pub async fn ending_a_session_tells_its_participants(store: Arc<dyn Store>) {
    sessions_with_participants(&store).await;
    assert!(!store.end_session(session_id(9), time(39)).await.unwrap());
    assert_eq!(store.count_deliveries(time(0)).await.unwrap(), 0);
    assert!(store.end_session(session_id(1), time(40)).await.unwrap());
    assert!(!store.end_session(session_id(1), time(41)).await.unwrap());
    assert_told(&store, 40, &both()).await;
    assert_takes_part(&store, &[participant(2, "app")]).await;
    assert_takes_part(&store, &[participant(3, "app")]).await;
}

/// What waits under that name already is not begun again.
pub async fn a_logout_that_waits_already_is_left_alone(store: Arc<dyn Store>) {
    sessions_with_participants(&store).await;
    let waits = Delivery {
        id: Delivery::logout_id(sid(2), &client_id("app")),
        ..letter("", 0)
    };
    store.enqueue(waits.clone()).await.unwrap();
    assert!(store.end_session(session_id(2), time(40)).await.unwrap());
    let found = store.take_deliveries(Due::Letters, time(40), time(99), 10).await;
    assert_eq!(found.unwrap(), vec![taken(&waits, 99)]);
    assert_eq!(store.list_participants(sid(2)).await.unwrap(), Vec::new());
}

/// The clients of a person who signs in again are not disturbed, and hear of the end when it comes.
pub async fn a_new_sign_in_of_the_same_person_tells_nobody(store: Arc<dyn Store>) {
    sessions_with_participants(&store).await;
    let again = Session {
        sid: sid(1),
        ..session(4, ALICE)
    };
    store.begin_session(again, Some(session_id(1))).await.unwrap();
    assert_eq!(store.count_deliveries(time(0)).await.unwrap(), 0);
    assert_takes_part(&store, &both()).await;
    assert!(!store.end_session(session_id(1), time(39)).await.unwrap());
    assert!(store.end_session(session_id(4), time(40)).await.unwrap());
    assert_told(&store, 40, &both()).await;
}

/// Two forms sent at once: the second sign-in does not know of the first, and takes its place all the same.
pub async fn a_session_that_bears_the_same_sid_is_replaced(store: Arc<dyn Store>) {
    sessions_with_participants(&store).await;
    for number in [4, 5] {
        let again = Session {
            sid: sid(1),
            ..session(number, ALICE)
        };
        store.begin_session(again, Some(session_id(1))).await.unwrap();
    }
    for number in [1, 4] {
        assert_eq!(store.find_session(session_id(number)).await.unwrap(), None);
    }
    assert_eq!(store.count_deliveries(time(0)).await.unwrap(), 0);
    assert_takes_part(&store, &both()).await;
    assert!(store.end_session(session_id(5), time(40)).await.unwrap());
    assert_told(&store, 40, &both()).await;
}

/// The clients of the first person hear that they are signed out, those of the second do not.
pub async fn a_sign_in_of_another_person_tells_the_participants_of_the_first(store: Arc<dyn Store>) {
    sessions_with_participants(&store).await;
    let of_bob = Session {
        created_at: time(33),
        ..session(4, BOB)
    };
    store.begin_session(of_bob, Some(session_id(1))).await.unwrap();
    assert_told(&store, 33, &both()).await;
    assert_takes_part(&store, &[participant(3, "app")]).await;
}

/// A person who signs in again under another name for the session ends the one that clients know, unless time had.
pub async fn a_new_sid_ends_the_old_one(store: Arc<dyn Store>) {
    sessions_with_participants(&store).await;
    let later = |number, at| Session {
        created_at: time(at),
        expires_at: time(5000),
        ..session(number, ALICE)
    };
    store
        .begin_session(later(4, 999), Some(session_id(1)))
        .await
        .unwrap();
    assert_told(&store, 999, &both()).await;
    // Session 2 ends by itself at 1000.
    store
        .begin_session(later(5, 1000), Some(session_id(2)))
        .await
        .unwrap();
    assert_eq!(store.list_participants(sid(2)).await.unwrap(), Vec::new());
    assert_eq!(store.count_deliveries(time(0)).await.unwrap(), 2);
}

/// A sign-in that is refused ends nothing.
pub async fn a_refused_sign_in_tells_nobody(store: Arc<dyn Store>) {
    sessions_with_participants(&store).await;
    let taken = Session {
        sid: sid(9),
        ..session(3, BOB)
    };
    let refused = store.begin_session(taken, Some(session_id(1))).await;
    assert_exists(refused, "session");
    assert_eq!(store.count_deliveries(time(0)).await.unwrap(), 0);
    assert_takes_part(&store, &both()).await;
    assert_takes_part(&store, &[participant(3, "app")]).await;
}

/// "Sign out everywhere else": every session of the person but one, and nobody else's.
pub async fn ending_the_sessions_of_a_person_tells_the_participants_of_each(store: Arc<dyn Store>) {
    sessions_with_participants(&store).await;
    let kept = Some(session_id(2));
    assert_eq!(store.end_sessions_of(ALICE, kept, time(40)).await.unwrap(), 1);
    assert_told(&store, 40, &both()).await;
    assert_takes_part(&store, &[participant(2, "app")]).await;
    assert_takes_part(&store, &[participant(3, "app")]).await;
    assert_eq!(store.end_sessions_of(ALICE, None, time(60)).await.unwrap(), 1);
    let told = store
        .take_deliveries(logouts(100), time(60), time(99), 10)
        .await
        .unwrap();
    assert!(told.contains(&taken(&logout(&participant(2, "app"), 60), 99)));
}

/// A new password signs out everywhere but here.
pub async fn a_new_password_tells_the_participants_of_the_sessions_it_ends(store: Arc<dyn Store>) {
    sessions_with_participants(&store).await;
    let hash = PasswordHash("$argon2id$new".to_owned());
    let set = store.set_password(ALICE, hash, Some(session_id(2)), time(50));
    assert!(set.await.unwrap());
    assert_told(&store, 50, &both()).await;
    assert_takes_part(&store, &[participant(2, "app")]).await;
    assert_takes_part(&store, &[participant(3, "app")]).await;
}

/// Clients hear of it although nothing is left of the person.
pub async fn removing_a_person_tells_the_participants_of_their_sessions(store: Arc<dyn Store>) {
    sessions_with_participants(&store).await;
    assert!(store.remove_user(ALICE, time(60)).await.unwrap());
    let [app, other] = both();
    assert_told(&store, 60, &[app, other, participant(2, "app")]).await;
    assert_takes_part(&store, &[participant(3, "app")]).await;
}

/// Time ends a session without a word; who took part is forgotten with it, and not before.
pub async fn a_session_that_ends_by_itself_tells_nobody(store: Arc<dyn Store>) {
    sessions_with_participants(&store).await;
    let long = Session {
        expires_at: time(2000),
        ..session(4, ALICE)
    };
    store.begin_session(long, None).await.unwrap();
    store.join_session(participant(4, "app")).await.unwrap();
    assert_eq!(store.forget_expired(time(999), 0, 100).await.unwrap(), 0);
    assert_takes_part(&store, &both()).await;
    // Three sessions with four participants.
    assert_eq!(store.forget_expired(time(1000), 0, 100).await.unwrap(), 7);
    for number in [1, 2, 3] {
        assert_eq!(store.list_participants(sid(number)).await.unwrap(), Vec::new());
    }
    assert_takes_part(&store, &[participant(4, "app")]).await;
    assert_eq!(store.count_deliveries(time(0)).await.unwrap(), 0);
}

/// A client that is gone takes part in nothing.
pub async fn a_client_that_is_removed_takes_part_no_more(store: Arc<dyn Store>) {
    sessions_with_participants(&store).await;
    assert!(store.remove_client(&client_id("app")).await.unwrap());
    assert_takes_part(&store, &[participant(1, "other")]).await;
    assert_eq!(store.list_participants(sid(2)).await.unwrap(), Vec::new());
    assert!(store.end_session(session_id(1), time(40)).await.unwrap());
    assert_told(&store, 40, &[participant(1, "other")]).await;
}
