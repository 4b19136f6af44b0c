//! Device authorization requests: one user code for each, one answer for each.

use super::records::{
    ALICE, BOB, active_grant, add_grants, assert_exists, assert_orphan, client_id, consent_of, device,
    device_id, grant, grant_id, people_and_apps, resources, time,
};
use crate::Store;
use std::sync::Arc;
use valetkey_model::device::DeviceState;
use valetkey_model::grant::GrantedBy;
use valetkey_model::{DeviceAuthorization, Grant};
use valetkey_protocol::scope::Scope;

/// A grant of Alice for a device, as an approval adds it.
fn given(number: u128) -> Grant {
    active_grant(number, GrantedBy::DeviceCode)
}

async fn device_state(store: &Arc<dyn Store>, number: u128) -> DeviceState {
    let found = store.find_device(device_id(number)).await.unwrap();
    found.unwrap().state
}

/// Nothing is left of an approval that came to nothing.
async fn assert_nothing_given(store: &Arc<dyn Store>, grant: u128) {
    assert_eq!(store.find_grant(grant_id(grant)).await.unwrap(), None);
    assert_eq!(store.find_consent(ALICE, &client_id("app")).await.unwrap(), None);
}

/// Nothing is found, polled or answered where there is no request.
pub async fn an_absent_device_is_none(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    assert!(store.insert_device(device(1)).await.unwrap());
    let absent = device_id(2);
    assert_eq!(store.find_device(absent).await.unwrap(), None);
    for code in ["User code 1", "user code 2", ""] {
        assert_eq!(store.find_device_by_user_code(code).await.unwrap(), None);
    }
    assert_eq!(store.poll_device(absent, time(20)).await.unwrap(), None);
    let approved = store
        .approve_device(absent, given(1), Some(consent_of(&given(1))))
        .await;
    assert!(!approved.unwrap());
    assert_nothing_given(&store, 1).await;
    assert!(!store.deny_device(absent).await.unwrap());
    assert_eq!(store.find_device(device_id(1)).await.unwrap(), Some(device(1)));
}

/// An id names one request; a second insert changes nothing.
pub async fn a_device_id_is_taken_only_once(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    assert!(store.insert_device(device(1)).await.unwrap());
    let second = DeviceAuthorization {
        user_code_key: "another".to_owned(),
        ..device(1)
    };
    assert_exists(store.insert_device(second).await, "device request");
    assert_eq!(store.find_device(device_id(1)).await.unwrap(), Some(device(1)));
    assert_eq!(store.find_device_by_user_code("another").await.unwrap(), None);
}

/// What somebody types leads to one request and never to another one after it was answered.
pub async fn a_taken_user_code_is_refused_until_it_is_forgotten(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    let second = || DeviceAuthorization {
        client: client_id("other"),
        user_code_key: device(1).user_code_key,
        expires_at: time(9_999),
        ..device(2)
    };
    assert!(store.insert_device(device(1)).await.unwrap());
    assert!(!store.insert_device(second()).await.unwrap());
    assert!(store.deny_device(device_id(1)).await.unwrap());
    assert!(!store.insert_device(second()).await.unwrap());
    let found = store.find_device_by_user_code("user code 1").await.unwrap();
    assert_eq!(found.unwrap().id, device_id(1));
    assert_eq!(store.find_device(device_id(2)).await.unwrap(), None);

    assert_eq!(store.forget_expired(time(610), 0, 10).await.unwrap(), 1);
    assert!(store.insert_device(second()).await.unwrap());
    let found = store.find_device_by_user_code("user code 1").await.unwrap();
    assert_eq!(found, Some(second()));
}

/// No request is added for a client that was just removed.
pub async fn a_device_of_no_client_is_refused(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    store.remove_client(&client_id("app")).await.unwrap();
    assert_orphan(store.insert_device(device(1)).await, "device request");
    assert_eq!(store.find_device(device_id(1)).await.unwrap(), None);
}

/// Every field and every state survives, and so does the lack of each.
pub async fn a_device_comes_back_as_it_went_in(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    let bare = DeviceAuthorization {
        scope: Scope::default(),
        resources: resources(&[]),
        asked_from: String::new(),
        ..device(2)
    };
    let denied = DeviceAuthorization {
        asked_from: "2001:db8::7".to_owned(),
        polled_at: Some(time(20)),
        state: DeviceState::Denied,
        ..device(3)
    };
    let approved = DeviceAuthorization {
        resources: resources(&["https://a.example", "https://b.example"]),
        state: DeviceState::Approved { grant: grant_id(1) },
        ..device(4)
    };
    for device in [device(1), bare, denied, approved] {
        assert!(store.insert_device(device.clone()).await.unwrap());
        assert_eq!(store.find_device(device.id).await.unwrap(), Some(device.clone()));
        let by_code = store.find_device_by_user_code(&device.user_code_key).await;
        assert_eq!(by_code.unwrap(), Some(device));
    }
}

/// RFC 8628 §3.5: whether a device polls too fast is told by when it did before, whoever answered meanwhile.
pub async fn a_poll_tells_of_the_one_before(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    assert!(store.insert_device(device(1)).await.unwrap());
    assert!(store.insert_device(device(2)).await.unwrap());
    let id = device_id(1);
    let polled = |at: Option<i64>| DeviceAuthorization {
        polled_at: at.map(time),
        ..device(1)
    };
    // The last two come from a node whose clock is behind.
    for (at, before) in [(20, None), (25, Some(20)), (23, Some(25)), (24, Some(25))] {
        let told = store.poll_device(id, time(at)).await.unwrap();
        assert_eq!(told, Some(polled(before)), "at {at}");
    }
    assert_eq!(store.find_device(id).await.unwrap(), Some(polled(Some(25))));
    assert!(store.deny_device(id).await.unwrap());
    let told = store.poll_device(id, time(30)).await.unwrap().unwrap();
    assert_eq!(
        (told.polled_at, told.state),
        (Some(time(25)), DeviceState::Denied)
    );
    assert_eq!(store.find_device(device_id(2)).await.unwrap(), Some(device(2)));
}

/// A no is final, and nothing is given by a yes that comes after it.
pub async fn a_denied_device_is_not_approved(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    assert!(store.insert_device(device(1)).await.unwrap());
    assert!(store.deny_device(device_id(1)).await.unwrap());
    assert!(!store.deny_device(device_id(1)).await.unwrap());
    let approved = store
        .approve_device(device_id(1), given(1), Some(consent_of(&given(1))))
        .await;
    assert!(!approved.unwrap());
    assert_nothing_given(&store, 1).await;
    assert_eq!(device_state(&store, 1).await, DeviceState::Denied);
}

/// A yes is given once: the second one adds no grant, and a no takes nothing back.
pub async fn an_approved_device_is_neither_denied_nor_approved_again(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    assert!(store.insert_device(device(1)).await.unwrap());
    let id = device_id(1);
    assert!(store.approve_device(id, given(1), None).await.unwrap());
    let of_bob = Grant {
        user: BOB,
        ..given(2)
    };
    for again in [given(1), given(3), of_bob] {
        let consent = Some(consent_of(&again));
        assert!(!store.approve_device(id, again, consent).await.unwrap());
    }
    assert!(!store.deny_device(id).await.unwrap());
    assert_eq!(
        device_state(&store, 1).await,
        DeviceState::Approved { grant: grant_id(1) }
    );
    assert_nothing_given(&store, 2).await;
    assert_nothing_given(&store, 3).await;
    assert_eq!(store.find_consent(BOB, &client_id("app")).await.unwrap(), None);
    assert_eq!(store.find_grant(grant_id(1)).await.unwrap(), Some(given(1)));
}

/// A person who was just removed approves nothing; another one still can. With its client the request is gone.
pub async fn an_approval_by_nobody_leaves_the_device_pending(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    assert!(store.insert_device(device(1)).await.unwrap());
    assert!(store.insert_device(device(2)).await.unwrap());
    store.remove_user(ALICE, time(5)).await.unwrap();
    let refused = store
        .approve_device(device_id(1), given(1), Some(consent_of(&given(1))))
        .await;
    assert_orphan(refused, "grant");
    assert_nothing_given(&store, 1).await;
    assert_eq!(store.find_device(device_id(1)).await.unwrap(), Some(device(1)));
    let of_bob = Grant {
        user: BOB,
        ..given(1)
    };
    assert!(
        store
            .approve_device(device_id(1), of_bob.clone(), None)
            .await
            .unwrap()
    );

    store.remove_client(&client_id("app")).await.unwrap();
    let of_nobody = Grant {
        id: grant_id(2),
        ..of_bob
    };
    assert!(!store.approve_device(device_id(2), of_nobody, None).await.unwrap());
    assert_nothing_given(&store, 2).await;
}

/// A grant that exists already is not taken for the device's.
pub async fn an_approval_with_a_taken_grant_leaves_the_device_pending(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    assert!(store.insert_device(device(1)).await.unwrap());
    add_grants(&store, &[grant(1)]).await;
    let refused = store
        .approve_device(device_id(1), given(1), Some(consent_of(&given(1))))
        .await;
    assert_exists(refused, "grant");
    assert_eq!(store.find_device(device_id(1)).await.unwrap(), Some(device(1)));
    assert_eq!(store.find_grant(grant_id(1)).await.unwrap(), Some(grant(1)));
    assert_eq!(store.find_consent(ALICE, &client_id("app")).await.unwrap(), None);
}

/// The state, the grant and the consent stand there together, and nothing else of the request has changed.
pub async fn an_approval_adds_the_grant_and_the_consent(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    for number in [1, 2] {
        assert!(store.insert_device(device(number)).await.unwrap());
    }
    store.poll_device(device_id(1), time(20)).await.unwrap();
    let approved = store
        .approve_device(device_id(1), given(1), Some(consent_of(&given(1))))
        .await;
    assert!(approved.unwrap());
    let now = DeviceAuthorization {
        polled_at: Some(time(20)),
        state: DeviceState::Approved { grant: grant_id(1) },
        ..device(1)
    };
    assert_eq!(store.find_device(device_id(1)).await.unwrap(), Some(now));
    assert_eq!(store.find_grant(grant_id(1)).await.unwrap(), Some(given(1)));
    assert_eq!(
        store.find_consent(ALICE, &client_id("app")).await.unwrap(),
        Some(consent_of(&given(1)))
    );
    assert_eq!(store.find_device(device_id(2)).await.unwrap(), Some(device(2)));
}
