//! People's accounts at other providers.

use super::records::{ALICE, BOB, assert_exists, assert_orphan, link, passkey, people_and_apps, time, user};
use crate::{Leaving, Store};
use std::sync::Arc;
use valetkey_model::user::PasswordHash;
use valetkey_model::{Link, User, UserId};

const CAROL: UserId = UserId(uuid::Uuid::from_u128(0xCA401));

/// Nothing is found or removed where there is no link.
pub async fn an_absent_link_is_none(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    store.insert_link(link("x", "1", ALICE)).await.unwrap();
    for (provider, subject) in [("x", "2"), ("y", "1"), ("", ""), ("X", "1")] {
        assert_eq!(store.find_link(provider, subject).await.unwrap(), None);
        assert!(
            !store
                .remove_link(ALICE, provider, subject, Leaving::Anything)
                .await
                .unwrap()
        );
    }
    assert_eq!(store.list_links(BOB).await.unwrap(), Vec::new());
    assert_eq!(
        store.list_links(ALICE).await.unwrap(),
        vec![link("x", "1", ALICE)]
    );
}

/// Whoever signs in with an account there is one person here, and stays it.
pub async fn an_account_is_linked_to_one_person_only(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    store.insert_link(link("x", "1", ALICE)).await.unwrap();
    for user in [BOB, ALICE] {
        let again = Link {
            label: "Another".to_owned(),
            ..link("x", "1", user)
        };
        assert_exists(store.insert_link(again).await, "link");
    }
    assert_eq!(
        store.find_link("x", "1").await.unwrap(),
        Some(link("x", "1", ALICE))
    );
    assert_eq!(store.list_links(BOB).await.unwrap(), Vec::new());
}

/// Nobody who was just removed is linked.
pub async fn a_link_of_nobody_is_refused(store: Arc<dyn Store>) {
    assert_orphan(store.insert_link(link("x", "1", ALICE)).await, "link");
    assert_eq!(store.find_link("x", "1").await.unwrap(), None);
}

/// Account confusion: a subject is compared by the letter (Core §2: case sensitive), and only within its provider.
pub async fn accounts_elsewhere_are_told_apart_by_every_character(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    let accounts = [
        ("x", "1"),
        ("y", "1"),
        ("x", "a"),
        ("x", "A"),
        ("x", "1 "),
        ("x", "01"),
        ("x 1", ""),
        ("x", " 1"),
        ("x", "\u{e1}"),
        ("x", "a\u{301}"),
        ("x", "%"),
        ("x", "_"),
    ];
    for (provider, subject) in accounts {
        store.insert_link(link(provider, subject, ALICE)).await.unwrap();
    }
    for (provider, subject) in accounts {
        let found = store.find_link(provider, subject).await.unwrap();
        assert_eq!(found, Some(link(provider, subject, ALICE)));
    }
}

/// The first that a person linked stands first, and nobody else's.
pub async fn links_are_listed_oldest_first(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    let at = |seconds, link| Link {
        created_at: time(seconds),
        ..link
    };
    let [first, second, third] = [
        at(1, link("y", "9", ALICE)),
        at(2, link("x", "2", ALICE)),
        at(3, link("x", "1", ALICE)),
    ];
    for link in [&third, &first, &link("x", "of Bob", BOB), &second] {
        store.insert_link(link.clone()).await.unwrap();
    }
    assert_eq!(store.list_links(ALICE).await.unwrap(), vec![first, second, third]);
}

/// Whoever knows of somebody's account elsewhere cannot cut it off.
pub async fn only_its_person_removes_a_link(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    store.insert_link(link("x", "1", ALICE)).await.unwrap();
    store.insert_link(link("y", "1", ALICE)).await.unwrap();
    assert!(!store.remove_link(BOB, "x", "1", Leaving::Anything).await.unwrap());
    assert_eq!(store.list_links(ALICE).await.unwrap().len(), 2);
    assert!(
        store
            .remove_link(ALICE, "x", "1", Leaving::Anything)
            .await
            .unwrap()
    );
    assert_eq!(store.find_link("x", "1").await.unwrap(), None);
    assert_eq!(
        store.list_links(ALICE).await.unwrap(),
        vec![link("y", "1", ALICE)]
    );
    assert!(
        !store
            .remove_link(ALICE, "x", "1", Leaving::Anything)
            .await
            .unwrap()
    );
    store.insert_link(link("x", "1", BOB)).await.unwrap();
}

/// The last way to sign in stays, and a provider that signs nobody in is none.
pub async fn the_last_way_to_sign_in_stays(store: Arc<dyn Store>) {
    let nobody_knows_it = User {
        password_hash: None,
        ..user(ALICE, "alice")
    };
    store.insert_user(nobody_knows_it).await.unwrap();
    for id in ["1", "2"] {
        store.insert_link(link("x", id, ALICE)).await.unwrap();
    }
    store.insert_link(link("gone", "1", ALICE)).await.unwrap();
    store.insert_passkey(passkey(1, ALICE)).await.unwrap();
    let unlink = |subject| store.remove_link(ALICE, "x", subject, a_way_in());
    assert!(unlink("1").await.unwrap(), "another link is left");
    assert!(unlink("2").await.unwrap(), "a passkey is left");
    let last = store.remove_passkey(ALICE, &[0, 1], a_way_in()).await.unwrap();
    assert!(!last, "what is left leads nowhere");
    assert!(!store.remove_passkey(ALICE, &[0, 9], a_way_in()).await.unwrap());
    assert_eq!(store.list_passkeys(ALICE).await.unwrap().len(), 1);
    store.insert_link(link("x", "3", ALICE)).await.unwrap();
    assert!(store.remove_passkey(ALICE, &[0, 1], a_way_in()).await.unwrap());
    assert!(!unlink("3").await.unwrap());
    let hash = PasswordHash("$argon2id$new".to_owned());
    assert!(store.set_password(ALICE, hash, None, time(1)).await.unwrap());
    assert!(unlink("3").await.unwrap(), "a password is left");
}

/// Whoever removes the two last ways at the same moment removes one of them.
pub async fn of_two_last_ways_that_are_removed_at_once_one_stays(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    for number in 1..=20_u8 {
        let id = UserId(uuid::Uuid::from_u128(100 + u128::from(number)));
        let person = User {
            password_hash: None,
            ..user(id, &format!("person-{number}"))
        };
        store.insert_user(person).await.unwrap();
        let subject = format!("{number}");
        store.insert_link(link("x", &subject, id)).await.unwrap();
        store.insert_link(link("y", &subject, id)).await.unwrap();
        store.insert_passkey(passkey(number, id)).await.unwrap();
        let key = [0, number];
        let removed = tokio::join!(
            store.remove_link(id, "x", &subject, a_way_in()),
            store.remove_link(id, "y", &subject, a_way_in()),
            store.remove_passkey(id, &key, a_way_in()),
        );
        let removed = [removed.0, removed.1, removed.2].map(|answer| usize::from(answer.unwrap()));
        assert_eq!(removed.iter().sum::<usize>(), 2);
    }
}

fn a_way_in() -> Leaving {
    Leaving::AWayIn {
        providers: vec!["x".to_owned(), "y".to_owned()],
    }
}

/// Person and link are added together or not at all: a taken name leaves no link.
pub async fn a_new_person_with_a_taken_name_leaves_no_link(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    for taken in [user(CAROL, "ALICE"), user(ALICE, "carol")] {
        let link = link("x", "1", taken.id);
        assert_exists(store.insert_linked_user(taken, link).await, "user");
    }
    assert_eq!(store.find_link("x", "1").await.unwrap(), None);
    assert_eq!(store.find_user(CAROL).await.unwrap(), None);
    assert_eq!(store.list_links(ALICE).await.unwrap(), Vec::new());
    assert_eq!(store.list_users().await.unwrap().len(), 2);
}

/// Person and link are added together or not at all: a taken account leaves no person.
pub async fn a_new_person_with_a_taken_account_is_not_added(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    store.insert_link(link("x", "1", ALICE)).await.unwrap();
    let refused = store
        .insert_linked_user(user(CAROL, "carol"), link("x", "1", CAROL))
        .await;
    assert_exists(refused, "link");
    assert_eq!(store.find_user(CAROL).await.unwrap(), None);
    assert_eq!(store.find_user_by_username("carol").await.unwrap(), None);
    assert_eq!(
        store.find_link("x", "1").await.unwrap(),
        Some(link("x", "1", ALICE))
    );
}

/// Account takeover: signing up gives nobody a way into another person's account, whomever the link names.
pub async fn a_new_person_comes_with_a_link_of_their_own(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    store
        .insert_linked_user(user(CAROL, "carol"), link("x", "1", ALICE))
        .await
        .unwrap();
    assert_eq!(store.find_user(CAROL).await.unwrap(), Some(user(CAROL, "carol")));
    assert_eq!(
        store.find_link("x", "1").await.unwrap(),
        Some(link("x", "1", CAROL))
    );
    assert_eq!(store.list_links(ALICE).await.unwrap(), Vec::new());
    assert!(store.remove_user(CAROL, time(5)).await.unwrap());
    assert_eq!(store.find_link("x", "1").await.unwrap(), None);
}
