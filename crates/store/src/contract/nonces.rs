//! Nonces, and whatever else may be shown once.

use super::records::time;
use crate::Store;
use std::sync::Arc;

/// Nonce replay (RFC 5849 §3.3), assertion replay (RFC 7523 §3): the first showing counts, whatever end a later one names.
pub async fn a_nonce_is_taken_once(store: Arc<dyn Store>) {
    assert!(store.insert_nonce_once("nonce", time(300)).await.unwrap());
    for expires_at in [time(300), time(1), time(999)] {
        assert!(!store.insert_nonce_once("nonce", expires_at).await.unwrap());
    }
    assert!(store.insert_nonce_once("another", time(300)).await.unwrap());
    // No later showing has prolonged it.
    assert_eq!(store.forget_expired(time(300), 0, 10).await.unwrap(), 2);
}

/// A clock that runs behind lets nobody show a nonce twice.
pub async fn a_nonce_that_has_expired_is_refused_until_it_is_forgotten(store: Arc<dyn Store>) {
    assert!(store.insert_nonce_once("nonce", time(-1000)).await.unwrap());
    assert!(!store.insert_nonce_once("nonce", time(-1000)).await.unwrap());
    assert_eq!(store.forget_expired(time(-1001), 0, 10).await.unwrap(), 0);
    assert!(!store.insert_nonce_once("nonce", time(300)).await.unwrap());
    assert_eq!(store.forget_expired(time(-1000), 0, 10).await.unwrap(), 1);
    assert!(store.insert_nonce_once("nonce", time(300)).await.unwrap());
}

/// Two nonces are the same only when every character is.
pub async fn nonces_are_told_apart_by_every_character(store: Arc<dyn Store>) {
    let long = "1790000000 app ".to_owned() + &"n".repeat(1000);
    let longer = long.clone() + "n";
    let keys = [
        "a",
        "A",
        " a",
        "a ",
        "aa",
        "\u{e1}",
        "a\u{301}",
        "1",
        "1.0",
        "01",
        "%",
        "_",
        long.as_str(),
        longer.as_str(),
    ];
    for expected in [true, false] {
        for key in keys {
            let first = store.insert_nonce_once(key, time(300)).await.unwrap();
            assert_eq!(first, expected, "{key:?}");
        }
    }
}
