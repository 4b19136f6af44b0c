//! Failed attempts.

use super::records::time;
use crate::{Attempts, Store};
use std::sync::Arc;

/// Nobody has failed before they did, and clearing nothing is no error.
pub async fn no_attempts_are_none(store: Arc<dyn Store>) {
    assert_eq!(store.attempts("key", time(0)).await.unwrap(), None);
    store.clear_attempts("key").await.unwrap();
}

/// The window opens with the first failure and is not prolonged by later ones.
pub async fn failures_count_in_a_window_that_later_ones_do_not_prolong(store: Arc<dyn Store>) {
    for (at, failures) in [(0, 1), (30, 2), (59, 3)] {
        let expected = Attempts {
            failures,
            window_ends_at: time(60),
        };
        assert_eq!(store.record_failure("key", time(at), 60).await.unwrap(), expected);
        assert_eq!(store.attempts("key", time(at)).await.unwrap(), Some(expected));
    }
}

/// When the window has ended, the count starts again.
pub async fn a_window_that_has_ended_counts_no_more(store: Arc<dyn Store>) {
    for _ in 0..3 {
        store.record_failure("key", time(0), 60).await.unwrap();
    }
    assert!(store.attempts("key", time(59)).await.unwrap().is_some());
    assert_eq!(store.attempts("key", time(60)).await.unwrap(), None);
    let first_again = Attempts {
        failures: 1,
        window_ends_at: time(90),
    };
    assert_eq!(
        store.record_failure("key", time(60), 30).await.unwrap(),
        first_again
    );
}

/// A success forgets the failures of its key, and of no other.
pub async fn clearing_forgets_the_failures_of_one_key(store: Arc<dyn Store>) {
    store.record_failure("key", time(0), 60).await.unwrap();
    let other = store.record_failure("other", time(0), 60).await.unwrap();
    store.clear_attempts("key").await.unwrap();
    assert_eq!(store.attempts("key", time(1)).await.unwrap(), None);
    assert_eq!(store.attempts("other", time(1)).await.unwrap(), Some(other));
    assert_eq!(
        store.record_failure("key", time(2), 60).await.unwrap().failures,
        1
    );
}
