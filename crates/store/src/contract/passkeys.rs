//! Passkeys.

use super::records::{ALICE, BOB, assert_exists, assert_orphan, passkey, people_and_apps, time};
use crate::{Leaving, Store};
use std::sync::Arc;
use valetkey_model::Passkey;

/// Nothing is found, used or removed where there is no such passkey.
pub async fn an_absent_passkey_is_none(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    store.insert_passkey(passkey(1, ALICE)).await.unwrap();
    for absent in [&[0, 2][..], &[0], &[0, 1, 0], &[]] {
        assert_eq!(store.find_passkey(absent).await.unwrap(), None);
        assert!(!store.use_passkey(absent, 5, 6, time(9)).await.unwrap());
        assert!(
            !store
                .remove_passkey(ALICE, absent, Leaving::Anything)
                .await
                .unwrap()
        );
    }
    assert_eq!(store.list_passkeys(BOB).await.unwrap(), Vec::new());
    assert_eq!(store.list_passkeys(ALICE).await.unwrap(), vec![passkey(1, ALICE)]);
}

/// A credential id names one passkey (WebAuthn §7.1): nobody registers that of another, nor their own again.
pub async fn a_passkey_id_is_taken_only_once(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    store.insert_passkey(passkey(1, ALICE)).await.unwrap();
    for second in [passkey(1, BOB), passkey(1, ALICE)] {
        let other_key = Passkey {
            public_key: vec![0xbb],
            ..second
        };
        assert_exists(store.insert_passkey(other_key).await, "passkey");
    }
    let found = store.find_passkey(&[0, 1]).await.unwrap();
    assert_eq!(found, Some(passkey(1, ALICE)));
}

/// Nobody who was just removed has a passkey.
pub async fn a_passkey_of_nobody_is_refused(store: Arc<dyn Store>) {
    assert_orphan(store.insert_passkey(passkey(1, ALICE)).await, "passkey");
    assert_eq!(store.find_passkey(&[0, 1]).await.unwrap(), None);
}

/// Every field survives, at its limits.
pub async fn a_passkey_comes_back_as_it_went_in(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    let full = Passkey {
        id: vec![0xff; 1023],
        name: "Zoë's \"key\"".to_owned(),
        public_key: (0..=255).collect(),
        sign_count: u32::MAX,
        backed_up: true,
        transports: ["usb", "nfc", "hybrid"].map(str::to_owned).to_vec(),
        last_used_at: Some(time(77)),
        ..passkey(1, ALICE)
    };
    let bare = Passkey {
        name: String::new(),
        sign_count: 0,
        transports: Vec::new(),
        ..passkey(2, BOB)
    };
    for passkey in [full, bare] {
        store.insert_passkey(passkey.clone()).await.unwrap();
        let found = store.find_passkey(&passkey.id).await.unwrap();
        assert_eq!(found, Some(passkey));
    }
}

/// The first that a person made stands first, and nobody else's.
pub async fn passkeys_are_listed_oldest_first(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    for passkey in [
        passkey(3, ALICE),
        passkey(1, ALICE),
        passkey(4, BOB),
        passkey(2, ALICE),
    ] {
        store.insert_passkey(passkey).await.unwrap();
    }
    let listed = store.list_passkeys(ALICE).await.unwrap();
    assert_eq!(listed, [1, 2, 3].map(|number| passkey(number, ALICE)));
}

/// A cloned authenticator (WebAuthn §6.1.1): a use that starts from another count than the passkey's is told apart, and
/// changes nothing.
pub async fn a_use_of_a_passkey_starts_from_its_count(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    store.insert_passkey(passkey(1, ALICE)).await.unwrap();
    store.insert_passkey(passkey(2, ALICE)).await.unwrap();
    for (from, to, counts) in [
        (4, 6, false),
        (6, 7, false),
        (5, 6, true),
        (5, 6, false),
        (6, 9, true),
    ] {
        let used = store
            .use_passkey(&[0, 1], from, to, time(i64::from(to) * 10))
            .await;
        assert_eq!(used.unwrap(), counts, "from {from} to {to}");
    }
    let used = Passkey {
        sign_count: 9,
        last_used_at: Some(time(90)),
        ..passkey(1, ALICE)
    };
    assert_eq!(
        store.list_passkeys(ALICE).await.unwrap(),
        vec![used, passkey(2, ALICE)]
    );
}

/// An authenticator that does not count can be used as often as the person likes.
pub async fn a_passkey_that_does_not_count_is_used_again_and_again(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    let uncounted = Passkey {
        sign_count: 0,
        ..passkey(1, ALICE)
    };
    store.insert_passkey(uncounted.clone()).await.unwrap();
    for at in [10, 20] {
        assert!(store.use_passkey(&[0, 1], 0, 0, time(at)).await.unwrap());
        let used = Passkey {
            last_used_at: Some(time(at)),
            ..uncounted.clone()
        };
        assert_eq!(store.find_passkey(&[0, 1]).await.unwrap(), Some(used));
    }
}

/// Whoever knows the id of somebody's passkey cannot take it away.
pub async fn only_its_person_removes_a_passkey(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    store.insert_passkey(passkey(1, ALICE)).await.unwrap();
    store.insert_passkey(passkey(2, ALICE)).await.unwrap();
    assert!(
        !store
            .remove_passkey(BOB, &[0, 1], Leaving::Anything)
            .await
            .unwrap()
    );
    assert_eq!(store.list_passkeys(ALICE).await.unwrap().len(), 2);
    assert!(
        store
            .remove_passkey(ALICE, &[0, 1], Leaving::Anything)
            .await
            .unwrap()
    );
    assert_eq!(store.list_passkeys(ALICE).await.unwrap(), vec![passkey(2, ALICE)]);
    assert!(
        !store
            .remove_passkey(ALICE, &[0, 1], Leaving::Anything)
            .await
            .unwrap()
    );
    store.insert_passkey(passkey(1, BOB)).await.unwrap();
}
