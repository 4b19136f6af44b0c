//! Forgetting what is over, and nothing else.

use super::records::{
    ALICE, NEVER, active, add_grants, client_id, consent_of, device, device_id, grant, grant_id, letter,
    oauth1_grant, participant, people_and_apps, session, session_id, sid, time,
};
use crate::Store;
use std::sync::Arc;
use valetkey_model::device::DeviceState;
use valetkey_model::grant::{Active, RevokedWhy};
use valetkey_model::{DeviceAuthorization, Grant, Session};
use valetkey_protocol::time::Timestamp;

/// An empty store has nothing to forget.
pub async fn nothing_is_forgotten_where_nothing_is(store: Arc<dyn Store>) {
    assert_eq!(store.forget_expired(time(1_000_000), 0, 100).await.unwrap(), 0);
}

/// Codes, tokens, sessions and who takes part in them, attempts, nonces, deliveries and device requests that still count are kept; so are clients, people and consents, always.
pub async fn what_is_alive_is_never_forgotten(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    store.begin_session(session(1, ALICE), None).await.unwrap();
    store.join_session(participant(1, "app")).await.unwrap();
    store.enqueue(letter("mail", -930)).await.unwrap();
    store
        .insert_grant(grant(1), Some(consent_of(&grant(1))))
        .await
        .unwrap();
    add_grants(&store, &[grant(2)]).await;
    store.redeem_code(grant_id(2), active(1)).await.unwrap();
    store.revoke_token("jti", time(70)).await.unwrap();
    store.record_failure("key", time(0), 70).await.unwrap();
    assert!(store.insert_nonce_once("nonce", time(70)).await.unwrap());
    let short = DeviceAuthorization {
        expires_at: time(70),
        ..device(1)
    };
    assert!(store.insert_device(short.clone()).await.unwrap());

    assert_eq!(store.forget_expired(time(69), 0, 100).await.unwrap(), 0);
    assert_eq!(store.find_grant(grant_id(1)).await.unwrap(), Some(grant(1)));
    assert_eq!(store.find_device(device_id(1)).await.unwrap(), Some(short));
    let far = time(1_000_000);
    assert_eq!(store.forget_expired(far, 0, 100).await.unwrap(), 9);
    assert_eq!(
        store.find_consent(ALICE, &client_id("app")).await.unwrap(),
        Some(consent_of(&grant(1)))
    );
    assert_eq!(store.list_clients().await.unwrap().len(), 2);
    assert_eq!(store.list_users().await.unwrap().len(), 2);
}

/// Each kind of end counts from its own moment, and grants are kept for the given time after it.
pub async fn a_grant_is_forgotten_some_time_after_it_is_over(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    let absolute_end = Grant {
        expires_at: time(400),
        ..grant(3)
    };
    add_grants(&store, &[grant(1), grant(2), absolute_end, grant(4)]).await;
    for number in [2, 3, 4] {
        store.redeem_code(grant_id(number), active(1)).await.unwrap();
    }
    store
        .revoke_grant(grant_id(4), RevokedWhy::ByClient, time(900))
        .await
        .unwrap();
    // the code, the absolute end, the revocation, the idle refresh token
    for (over_at, number) in [
        (time(70), 1),
        (time(400), 3),
        (time(900), 4),
        (active(1).idle_expires_at, 2),
    ] {
        let last_moment = over_at.plus_seconds(99);
        assert_eq!(
            store.forget_expired(last_moment, 100, 10).await.unwrap(),
            0,
            "grant {number}"
        );
        assert!(
            store.find_grant(grant_id(number)).await.unwrap().is_some(),
            "grant {number}"
        );
        assert_eq!(
            store
                .forget_expired(over_at.plus_seconds(100), 100, 10)
                .await
                .unwrap(),
            1
        );
        assert_eq!(
            store.find_grant(grant_id(number)).await.unwrap(),
            None,
            "grant {number}"
        );
    }
}

/// Sessions, token revocations and windows end on the second.
pub async fn sessions_token_revocations_and_attempts_are_forgotten_when_they_end(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    let short = Session {
        expires_at: time(100),
        ..session(1, ALICE)
    };
    store.begin_session(short, None).await.unwrap();
    store.begin_session(session(2, ALICE), None).await.unwrap();
    store.revoke_token("short", time(100)).await.unwrap();
    store.revoke_token("long", time(101)).await.unwrap();
    store.record_failure("short", time(0), 100).await.unwrap();
    store.record_failure("long", time(1), 100).await.unwrap();

    assert_eq!(store.forget_expired(time(99), 0, 100).await.unwrap(), 0);
    assert_eq!(store.forget_expired(time(100), 9_999, 100).await.unwrap(), 3);

    assert_eq!(store.find_session(session_id(1)).await.unwrap(), None);
    assert_eq!(
        store.find_session(session_id(2)).await.unwrap(),
        Some(session(2, ALICE))
    );
    assert!(!store.access_status("short", None).await.unwrap().token_revoked);
    assert!(store.access_status("long", None).await.unwrap().token_revoked);
    assert!(store.attempts("long", time(100)).await.unwrap().is_some());
}

/// A nonce that is shown after its time is refused by its time. A device request is kept a while, so that a device that
/// polls late is told that its code expired (RFC 8628 §3.5).
pub async fn nonces_are_forgotten_when_they_end_and_device_requests_a_while_later(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    assert!(store.insert_nonce_once("short", time(100)).await.unwrap());
    assert!(store.insert_nonce_once("long", time(101)).await.unwrap());
    for (number, expires_at, state) in [
        (1, time(100), DeviceState::Pending),
        (2, time(100), DeviceState::Denied),
        (3, time(101), DeviceState::Pending),
    ] {
        let device = DeviceAuthorization {
            expires_at,
            state,
            ..device(number)
        };
        assert!(store.insert_device(device).await.unwrap());
    }

    assert_eq!(store.forget_expired(time(99), 0, 100).await.unwrap(), 0);
    assert_eq!(store.forget_expired(time(100), 50, 100).await.unwrap(), 1);
    assert_eq!(store.forget_expired(time(149), 50, 100).await.unwrap(), 1);
    assert!(store.find_device(device_id(1)).await.unwrap().is_some());
    assert_eq!(store.forget_expired(time(150), 50, 100).await.unwrap(), 2);

    for number in [1, 2] {
        assert_eq!(store.find_device(device_id(number)).await.unwrap(), None);
    }
    assert!(store.find_device(device_id(3)).await.unwrap().is_some());
    assert!(store.insert_nonce_once("long", time(201)).await.unwrap());
    assert!(store.insert_nonce_once("short", time(200)).await.unwrap());
}

/// A delivery is given up on the second, whether it was due or not.
pub async fn deliveries_are_forgotten_when_they_are_given_up(store: Arc<dyn Store>) {
    store.enqueue(letter("short", 0)).await.unwrap();
    store.enqueue(letter("long", 1)).await.unwrap();
    assert!(store.postpone_delivery("short", time(5000)).await.unwrap());
    assert_eq!(store.forget_expired(time(999), 0, 100).await.unwrap(), 0);
    assert_eq!(store.forget_expired(time(1000), 9_999, 100).await.unwrap(), 1);
    assert!(!store.remove_delivery("short").await.unwrap());
    assert!(store.remove_delivery("long").await.unwrap());
}

/// Token credentials that last until they are revoked, and the end of time: no sum overflows.
pub async fn a_grant_without_an_end_is_kept_until_it_is_revoked(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    let end_of_time = Grant {
        expires_at: Timestamp(i64::MAX),
        ..oauth1_grant(2).redeemed(Active {
            idle_expires_at: Timestamp(i64::MAX),
            ..active(1)
        })
    };
    add_grants(&store, &[oauth1_grant(1), end_of_time.clone()]).await;
    let last_second = NEVER.plus_seconds(-1);
    for keep_seconds in [0, i64::MAX] {
        let forgotten = store.forget_expired(last_second, keep_seconds, 10).await;
        assert_eq!(forgotten.unwrap(), 0);
    }
    let listed = store.list_active_grants(ALICE, last_second).await.unwrap();
    assert_eq!(listed, vec![end_of_time, oauth1_grant(1)]);
    for number in [1, 2] {
        let id = grant_id(number);
        assert!(
            store
                .revoke_grant(id, RevokedWhy::ByAdmin, time(60))
                .await
                .unwrap()
        );
    }
    assert_eq!(store.forget_expired(time(159), 100, 10).await.unwrap(), 0);
    assert_eq!(store.forget_expired(time(160), 100, 10).await.unwrap(), 2);
}

/// One call never forgets more than it may, over all kinds together, and repeated calls forget all.
pub async fn forgetting_keeps_to_its_limit(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    for number in 0..5 {
        add_grants(&store, &[grant(number)]).await;
        store.begin_session(session(number, ALICE), None).await.unwrap();
        for client in ["app", "other"] {
            store.join_session(participant(number, client)).await.unwrap();
        }
        store.enqueue(letter(&format!("mail-{number}"), 0)).await.unwrap();
        store
            .revoke_token(&format!("jti-{number}"), time(1))
            .await
            .unwrap();
        store
            .record_failure(&format!("key-{number}"), time(0), 1)
            .await
            .unwrap();
        let nonce = format!("nonce-{number}");
        assert!(store.insert_nonce_once(&nonce, time(1)).await.unwrap());
        assert!(store.insert_device(device(number)).await.unwrap());
    }
    let far = time(1_000_000);
    assert_eq!(store.forget_expired(far, 0, 0).await.unwrap(), 0);
    for expected in [7, 7, 7, 7, 7, 7, 3, 0] {
        assert_eq!(store.forget_expired(far, 0, 7).await.unwrap(), expected);
    }
    assert_eq!(store.find_grant(grant_id(4)).await.unwrap(), None);
    assert_eq!(store.find_session(session_id(4)).await.unwrap(), None);
    assert_eq!(store.find_device(device_id(4)).await.unwrap(), None);
    assert_eq!(store.list_participants(sid(4)).await.unwrap(), Vec::new());
    assert_eq!(store.count_deliveries(time(0)).await.unwrap(), 0);
}
