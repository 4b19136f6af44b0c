//! Readiness, and the stamp that tells caches to look again.

use super::records::{
    ALICE, BOB, active, client, client_id, grant, grant_id, key, people_and_apps, session, time,
};
use crate::Store;
use std::sync::Arc;
use valetkey_model::Client;
use valetkey_model::relying_party::Registered;
use valetkey_model::user::PasswordHash;

/// A store that works says so, as often as it is asked.
pub async fn a_store_that_works_is_ready(store: Arc<dyn Store>) {
    store.ready().await.unwrap();
    store.ready().await.unwrap();
}

/// Each change of a client or a key moves the stamp.
pub async fn the_stamp_grows_with_every_change_of_clients_and_keys(store: Arc<dyn Store>) {
    let mut last = store.change_stamp().await.unwrap();
    for step in 0..9 {
        match step {
            0 => store.insert_client(client("app")).await.unwrap(),
            1 => assert!(store.update_client(client("app")).await.unwrap()),
            2 => assert!(store.remove_client(&client_id("app")).await.unwrap()),
            3 => assert!(store.insert_first_key(key("a", "ES256", 0)).await.unwrap()),
            4 => assert!(
                store
                    .rotate_key(key("b", "ES256", 1), None, time(1), time(9))
                    .await
                    .unwrap()
            ),
            5 => assert_eq!(store.forget_keys(time(9)).await.unwrap(), 1),
            6 => {
                let registered = Client {
                    registration: Some(Registered::default()),
                    ..client("registered")
                };
                store.insert_client(registered).await.unwrap();
            }
            7 => assert_eq!(store.forget_unused_clients(time(1), 9).await.unwrap(), 1),
            _ => assert!(
                store
                    .rotate_key(key("c", "RS256", 1), None, time(1), time(9))
                    .await
                    .unwrap()
            ),
        }
        let now = store.change_stamp().await.unwrap();
        assert!(now > last, "step {step} left the stamp at {now}");
        last = now;
    }
}

/// What changes no client and no key leaves the stamp alone, so that caches live.
pub async fn the_stamp_does_not_move_otherwise(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    store.insert_first_key(key("a", "ES256", 0)).await.unwrap();
    let before = store.change_stamp().await.unwrap();

    store.insert_client(client("app")).await.unwrap_err();
    assert!(!store.update_client(client("absent")).await.unwrap());
    assert!(!store.remove_client(&client_id("absent")).await.unwrap());
    assert!(!store.insert_first_key(key("b", "ES256", 0)).await.unwrap());
    store
        .rotate_key(key("a", "ES256", 1), None, time(1), time(9))
        .await
        .unwrap_err();
    let not_this = store.rotate_key(key("b", "ES256", 1), Some("b"), time(1), time(9));
    assert!(!not_this.await.unwrap());
    assert_eq!(store.forget_keys(time(1_000)).await.unwrap(), 0);
    assert_eq!(store.forget_unused_clients(time(1_000), 9).await.unwrap(), 0);
    store.begin_session(session(1, ALICE), None).await.unwrap();
    store.insert_grant(grant(1), None).await.unwrap();
    store.redeem_code(grant_id(1), active(1)).await.unwrap();
    store
        .set_password(ALICE, PasswordHash("x".to_owned()), None, time(1))
        .await
        .unwrap();
    store.remove_user(BOB, time(5)).await.unwrap();
    store.ready().await.unwrap();

    assert_eq!(store.change_stamp().await.unwrap(), before);
}
