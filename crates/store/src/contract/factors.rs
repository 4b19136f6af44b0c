//! One-time codes and recovery codes: each counts once.

use super::records::{ALICE, BOB, assert_orphan, code, people_and_apps, time, totp};
use crate::Store;
use std::sync::Arc;
use valetkey_model::{SealedSecret, Totp};

/// Nothing is found, used, replaced or removed where there is nothing.
pub async fn absent_one_time_codes_are_none(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    store.put_totp(totp(BOB), vec![code(1)]).await.unwrap();
    assert_eq!(store.find_totp(ALICE).await.unwrap(), None);
    assert!(!store.use_totp_step(ALICE, 101).await.unwrap());
    assert!(!store.use_recovery_code(ALICE, code(1)).await.unwrap());
    assert!(!store.replace_recovery_codes(ALICE, vec![code(2)]).await.unwrap());
    assert_eq!(store.count_recovery_codes(ALICE).await.unwrap(), 0);
    assert!(!store.remove_totp(ALICE).await.unwrap());
    assert_eq!(store.find_totp(BOB).await.unwrap(), Some(totp(BOB)));
    assert_eq!(store.count_recovery_codes(BOB).await.unwrap(), 1);
}

/// Nobody who was just removed has a second factor.
pub async fn one_time_codes_of_nobody_are_refused(store: Arc<dyn Store>) {
    let refused = store.put_totp(totp(ALICE), vec![code(1)]).await;
    assert_orphan(refused, "one-time code app");
    assert_eq!(store.find_totp(ALICE).await.unwrap(), None);
    assert_eq!(store.count_recovery_codes(ALICE).await.unwrap(), 0);
}

/// Replay of a one-time code (RFC 6238 §5.2): one that was seen, or is older than one that was seen, is refused.
pub async fn a_one_time_code_counts_once(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    store.put_totp(totp(ALICE), Vec::new()).await.unwrap();
    store.put_totp(totp(BOB), Vec::new()).await.unwrap();
    for (step, counts) in [
        (100, false),
        (99, false),
        (i64::MIN, false),
        (101, true),
        (101, false),
        (103, true),
        (102, false),
        (i64::MAX, true),
        (i64::MAX, false),
    ] {
        assert_eq!(store.use_totp_step(ALICE, step).await.unwrap(), counts, "{step}");
    }
    let used = Totp {
        last_step: i64::MAX,
        ..totp(ALICE)
    };
    assert_eq!(store.find_totp(ALICE).await.unwrap(), Some(used));
    assert_eq!(store.find_totp(BOB).await.unwrap(), Some(totp(BOB)));
}

/// A new app takes the place of the old one, and its recovery codes that of the old ones.
pub async fn a_new_app_takes_the_place_of_the_old_one(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    store.put_totp(totp(ALICE), vec![code(1), code(2)]).await.unwrap();
    assert!(store.use_totp_step(ALICE, 200).await.unwrap());
    let new = Totp {
        secret: SealedSecret(vec![9]),
        created_at: time(50),
        last_step: 7,
        ..totp(ALICE)
    };
    // The same code twice is one code.
    store.put_totp(new.clone(), vec![code(3), code(3)]).await.unwrap();
    assert_eq!(store.find_totp(ALICE).await.unwrap(), Some(new));
    assert_eq!(store.count_recovery_codes(ALICE).await.unwrap(), 1);
    assert!(!store.use_recovery_code(ALICE, code(1)).await.unwrap());
    assert!(store.use_recovery_code(ALICE, code(3)).await.unwrap());
}

/// A recovery code is used up, by its person alone.
pub async fn a_recovery_code_counts_once(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    store.put_totp(totp(ALICE), vec![code(1), code(2)]).await.unwrap();
    store.put_totp(totp(BOB), vec![code(1), code(3)]).await.unwrap();
    for (number, counts) in [(3, false), (1, true), (1, false)] {
        let used = store.use_recovery_code(ALICE, code(number)).await;
        assert_eq!(used.unwrap(), counts, "{number}");
    }
    assert_eq!(store.count_recovery_codes(ALICE).await.unwrap(), 1);
    assert_eq!(store.count_recovery_codes(BOB).await.unwrap(), 2);
    assert!(store.use_recovery_code(BOB, code(1)).await.unwrap());
    assert_eq!(store.find_totp(ALICE).await.unwrap(), Some(totp(ALICE)));
}

/// New recovery codes leave none of the old, and the app alone.
pub async fn recovery_codes_are_replaced_all_at_once(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    store.put_totp(totp(ALICE), vec![code(1), code(2)]).await.unwrap();
    let new = vec![code(2), code(3), code(3), code(4)];
    assert!(store.replace_recovery_codes(ALICE, new).await.unwrap());
    assert_eq!(store.count_recovery_codes(ALICE).await.unwrap(), 3);
    assert!(!store.use_recovery_code(ALICE, code(1)).await.unwrap());
    assert!(store.use_recovery_code(ALICE, code(2)).await.unwrap());
    assert_eq!(store.find_totp(ALICE).await.unwrap(), Some(totp(ALICE)));
    assert!(store.replace_recovery_codes(ALICE, Vec::new()).await.unwrap());
    assert_eq!(store.count_recovery_codes(ALICE).await.unwrap(), 0);
}

/// Recovery codes stand in for the app; without it they open nothing, and they do not come back with a new one.
pub async fn removing_one_time_codes_takes_the_recovery_codes_along(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    store.put_totp(totp(ALICE), vec![code(1)]).await.unwrap();
    store.put_totp(totp(BOB), vec![code(1)]).await.unwrap();
    assert!(store.remove_totp(ALICE).await.unwrap());
    assert_eq!(store.find_totp(ALICE).await.unwrap(), None);
    assert_eq!(store.count_recovery_codes(ALICE).await.unwrap(), 0);
    assert!(!store.use_recovery_code(ALICE, code(1)).await.unwrap());
    assert!(!store.remove_totp(ALICE).await.unwrap());
    store.put_totp(totp(ALICE), Vec::new()).await.unwrap();
    assert!(!store.use_recovery_code(ALICE, code(1)).await.unwrap());
    assert_eq!(store.find_totp(BOB).await.unwrap(), Some(totp(BOB)));
    assert_eq!(store.count_recovery_codes(BOB).await.unwrap(), 1);
}
