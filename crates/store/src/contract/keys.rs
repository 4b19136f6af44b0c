//! Signing keys.

use super::records::{assert_exists, key, time};
use crate::Store;
use std::sync::Arc;
use valetkey_model::StoredKey;

fn retired(key: StoredKey, at: i64, expires: i64) -> StoredKey {
    StoredKey {
        retired_at: Some(time(at)),
        expires_at: Some(time(expires)),
        ..key
    }
}

/// An empty store has no key.
pub async fn no_keys_are_an_empty_list(store: Arc<dyn Store>) {
    assert_eq!(store.list_keys().await.unwrap(), Vec::new());
    assert_eq!(store.forget_keys(time(1_000_000)).await.unwrap(), 0);
}

/// There is one first key of each algorithm.
pub async fn a_second_first_key_of_an_algorithm_is_not_added(store: Arc<dyn Store>) {
    assert!(store.insert_first_key(key("a", "ES256", 0)).await.unwrap());
    assert!(!store.insert_first_key(key("b", "ES256", 1)).await.unwrap());
    assert!(store.insert_first_key(key("c", "RS256", 2)).await.unwrap());
    let listed = store.list_keys().await.unwrap();
    assert_eq!(listed, vec![key("c", "RS256", 2), key("a", "ES256", 0)]);
}

/// A key that was made retired does not stand in the way of a first key that signs.
pub async fn a_retired_key_does_not_count_as_the_first(store: Arc<dyn Store>) {
    let old = retired(key("old", "ES256", 0), 10, 20);
    assert!(store.insert_first_key(old.clone()).await.unwrap());
    assert!(store.insert_first_key(key("new", "ES256", 11)).await.unwrap());
    assert_eq!(
        store.list_keys().await.unwrap(),
        vec![key("new", "ES256", 11), old]
    );
}

/// A rotation retires the key that signs, in the same step, and leaves other algorithms and older keys alone.
pub async fn a_rotation_retires_the_key_that_signs(store: Arc<dyn Store>) {
    store.insert_first_key(key("a", "ES256", 0)).await.unwrap();
    store.insert_first_key(key("r", "RS256", 1)).await.unwrap();
    store
        .rotate_key(key("b", "ES256", 10), None, time(10), time(50))
        .await
        .unwrap();
    store
        .rotate_key(key("c", "ES256", 20), None, time(20), time(60))
        .await
        .unwrap();
    let expected = vec![
        key("c", "ES256", 20),
        retired(key("b", "ES256", 10), 20, 60),
        key("r", "RS256", 1),
        retired(key("a", "ES256", 0), 10, 50),
    ];
    assert_eq!(store.list_keys().await.unwrap(), expected);
}

/// Where no key signs, a rotation adds the first.
pub async fn a_rotation_without_a_key_adds_one(store: Arc<dyn Store>) {
    store
        .rotate_key(key("a", "ES256", 0), None, time(0), time(50))
        .await
        .unwrap();
    assert_eq!(store.list_keys().await.unwrap(), vec![key("a", "ES256", 0)]);
}

/// Two nodes whose keys are old agree on one successor: who names a key that signs no more is told so.
pub async fn a_rotation_of_a_key_that_does_not_sign_changes_nothing(store: Arc<dyn Store>) {
    let rotate = |to, replaces, at| store.rotate_key(key(to, "ES256", at), replaces, time(at), time(50));
    assert!(!rotate("b", Some("a"), 1).await.unwrap());
    assert_eq!(store.list_keys().await.unwrap(), Vec::new());
    store.insert_first_key(key("a", "ES256", 0)).await.unwrap();
    store.insert_first_key(key("r", "RS256", 0)).await.unwrap();
    for other in ["r", "", "A"] {
        assert!(!rotate("b", Some(other), 5).await.unwrap(), "{other}");
    }
    assert!(rotate("b", Some("a"), 10).await.unwrap());
    assert!(!rotate("c", Some("a"), 11).await.unwrap());
    let expected = vec![
        key("b", "ES256", 10),
        retired(key("a", "ES256", 0), 10, 50),
        key("r", "RS256", 0),
    ];
    assert_eq!(store.list_keys().await.unwrap(), expected);
}

/// Retiring and adding happen together or not at all.
pub async fn a_refused_rotation_retires_nothing(store: Arc<dyn Store>) {
    store.insert_first_key(key("a", "ES256", 0)).await.unwrap();
    assert_exists(
        store
            .rotate_key(key("a", "ES256", 5), None, time(5), time(50))
            .await,
        "key",
    );
    assert_eq!(store.list_keys().await.unwrap(), vec![key("a", "ES256", 0)]);
}

/// A key leaves when its time is up, not before; one that signs never does.
pub async fn only_keys_whose_time_is_up_are_forgotten(store: Arc<dyn Store>) {
    store.insert_first_key(key("a", "ES256", 0)).await.unwrap();
    store
        .rotate_key(key("b", "ES256", 10), None, time(10), time(50))
        .await
        .unwrap();
    assert_eq!(store.forget_keys(time(49)).await.unwrap(), 0);
    assert_eq!(store.list_keys().await.unwrap().len(), 2);
    assert_eq!(store.forget_keys(time(50)).await.unwrap(), 1);
    assert_eq!(store.list_keys().await.unwrap(), vec![key("b", "ES256", 10)]);
}
