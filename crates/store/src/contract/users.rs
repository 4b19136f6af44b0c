//! People.

use super::records::{
    ALICE, BOB, active, add_grants, assert_exists, client_id, code, consent_of, grant, grant_id,
    grant_of_session, link, passkey, people_and_apps, revoked, session, session_id, state_of, time, totp,
    user,
};
use crate::Store;
use std::sync::Arc;
use valetkey_model::grant::RevokedWhy;
use valetkey_model::user::PasswordHash;
use valetkey_model::{Grant, User, UserId};
use valetkey_protocol::claims::{Address, StandardClaims};

fn verified(email: &str) -> StandardClaims {
    StandardClaims {
        email: Some(email.to_owned()),
        email_verified: Some(true),
        ..StandardClaims::default()
    }
}

async fn ids_by_email(store: &Arc<dyn Store>, email: &str) -> Vec<UserId> {
    let found = store.find_users_by_email(email).await.unwrap();
    found.into_iter().map(|user| user.id).collect()
}

/// Nothing is found, changed or removed where there is no such person.
pub async fn an_absent_person_is_none(store: Arc<dyn Store>) {
    store.insert_user(user(BOB, "bob")).await.unwrap();
    let hash = PasswordHash("$argon2id$new".to_owned());
    assert_eq!(store.find_user(ALICE).await.unwrap(), None);
    assert_eq!(store.find_user_by_username("alice").await.unwrap(), None);
    assert_eq!(store.find_user_by_username("").await.unwrap(), None);
    assert!(!store.set_password(ALICE, hash, None, time(1)).await.unwrap());
    assert!(
        !store
            .set_claims(ALICE, StandardClaims::default(), verified("a@example.com"))
            .await
            .unwrap()
    );
    for email in ["a@example.com", ""] {
        assert_eq!(store.find_users_by_email(email).await.unwrap(), Vec::new());
    }
    assert!(!store.remove_user(ALICE, time(60)).await.unwrap());
    assert_eq!(store.list_users().await.unwrap(), vec![user(BOB, "bob")]);
}

/// Case and blanks around do not make another name, in any alphabet.
pub async fn a_username_is_taken_only_once_whatever_its_case(store: Arc<dyn Store>) {
    store.insert_user(user(ALICE, "Änne")).await.unwrap();
    for same in ["Änne", "änne", "ÄNNE", " änne "] {
        assert_exists(store.insert_user(user(BOB, same)).await, "user");
    }
    store.insert_user(user(BOB, "anne")).await.unwrap();
    assert_eq!(store.list_users().await.unwrap().len(), 2);
}

/// An id names one person.
pub async fn a_user_id_is_taken_only_once(store: Arc<dyn Store>) {
    store.insert_user(user(ALICE, "alice")).await.unwrap();
    assert_exists(store.insert_user(user(ALICE, "bob")).await, "user");
    assert_eq!(store.find_user(ALICE).await.unwrap(), Some(user(ALICE, "alice")));
    assert_eq!(store.find_user_by_username("bob").await.unwrap(), None);
}

/// What the person types finds them; what they registered comes back.
pub async fn a_person_is_found_by_username_without_regard_to_case(store: Arc<dyn Store>) {
    store.insert_user(user(ALICE, "Alice.B")).await.unwrap();
    for typed in ["Alice.B", "alice.b", "ALICE.B", " alice.b"] {
        let found = store.find_user_by_username(typed).await.unwrap();
        assert_eq!(found, Some(user(ALICE, "Alice.B")), "{typed:?}");
    }
    for other in ["alice", "alice_b", "alice%", "alice.bb"] {
        assert_eq!(
            store.find_user_by_username(other).await.unwrap(),
            None,
            "{other:?}"
        );
    }
}

/// Every claim survives, and so does the lack of each.
pub async fn a_person_comes_back_as_they_went_in(store: Arc<dyn Store>) {
    let text = |text: &str| Some(text.to_owned());
    let alice = User {
        claims: StandardClaims {
            name: text("Alice Wonder"),
            given_name: text("Alice"),
            locale: text("de-AT"),
            updated_at: Some(1),
            email: text("alice@example.com"),
            email_verified: Some(true),
            phone_number_verified: Some(false),
            address: Some(Address {
                country: text("Österreich"),
                ..Address::default()
            }),
            ..StandardClaims::default()
        },
        ..user(ALICE, "alice")
    };
    let bob = User {
        password_hash: None,
        ..user(BOB, "bob")
    };
    for person in [alice, bob] {
        store.insert_user(person.clone()).await.unwrap();
        assert_eq!(store.find_user(person.id).await.unwrap(), Some(person));
    }
}

/// An address that nobody has proved to be theirs leads to nobody.
pub async fn an_address_that_was_not_verified_finds_nobody(store: Arc<dyn Store>) {
    for (number, email_verified) in (1..).zip([None, Some(false)]) {
        let claims = StandardClaims {
            email_verified,
            ..verified("alice@example.com")
        };
        let user = User {
            claims,
            ..user(UserId(uuid::Uuid::from_u128(number)), &format!("user-{number}"))
        };
        store.insert_user(user).await.unwrap();
    }
    let without_address = User {
        claims: StandardClaims {
            email: None,
            ..verified("")
        },
        ..user(ALICE, "alice@example.com")
    };
    store.insert_user(without_address).await.unwrap();
    for email in ["alice@example.com", ""] {
        assert_eq!(ids_by_email(&store, email).await, []);
    }
}

/// Account takeover by an address that only looks the same: the Kelvin sign is a small k to Unicode, and a dotless i a
/// capital I, and the letter that opens the account must not go there.
pub async fn an_address_is_compared_without_regard_to_ascii_case_alone(store: Arc<dyn Store>) {
    let alice = User {
        claims: verified("Mike+X@Example.COM"),
        ..user(ALICE, "alice")
    };
    store.insert_user(alice).await.unwrap();
    for same in ["Mike+X@Example.COM", "mike+x@example.com", "MIKE+X@EXAMPLE.COM"] {
        assert_eq!(ids_by_email(&store, same).await, [ALICE], "{same}");
    }
    for other in [
        "mi\u{212A}e+x@example.com",
        "m\u{131}ke+x@example.com",
        "mike@example.com",
        "mike%@example.com",
        " mike+x@example.com",
        "mike+x@example.co",
    ] {
        assert_eq!(ids_by_email(&store, other).await, [], "{other}");
    }
}

/// Several people may share an address; the first comes first, and there is an end to it.
pub async fn people_of_one_address_are_listed_oldest_first_and_ten_at_most(store: Arc<dyn Store>) {
    for number in (1..=12).rev() {
        let user = User {
            claims: verified("family@example.com"),
            created_at: time(number),
            ..user(
                UserId(uuid::Uuid::from_u128(1000 - number.unsigned_abs() as u128)),
                &format!("user-{number}"),
            )
        };
        store.insert_user(user).await.unwrap();
    }
    let found = store.find_users_by_email("family@example.com").await.unwrap();
    let found: Vec<_> = found.into_iter().map(|user| user.created_at).collect();
    assert_eq!(found, (1..=10).map(time).collect::<Vec<_>>());
}

/// What is known about a person is replaced as a whole, and so is the address by which they are found.
pub async fn new_claims_replace_the_old_ones(store: Arc<dyn Store>) {
    let alice = User {
        claims: StandardClaims {
            name: Some("Alice".to_owned()),
            ..verified("old@example.com")
        },
        ..user(ALICE, "alice")
    };
    let before = alice.claims.clone();
    store.insert_user(alice).await.unwrap();
    store.insert_user(user(BOB, "bob")).await.unwrap();
    assert!(
        store
            .set_claims(ALICE, before, verified("new@example.com"))
            .await
            .unwrap()
    );
    let changed = User {
        claims: verified("new@example.com"),
        ..user(ALICE, "alice")
    };
    assert_eq!(store.find_user(ALICE).await.unwrap(), Some(changed));
    assert_eq!(ids_by_email(&store, "old@example.com").await, []);
    assert_eq!(ids_by_email(&store, "new@example.com").await, [ALICE]);
    let to_be_verified = StandardClaims {
        email_verified: Some(false),
        ..verified("new@example.com")
    };
    let from = verified("new@example.com");
    assert!(store.set_claims(ALICE, from, to_be_verified).await.unwrap());
    assert_eq!(ids_by_email(&store, "new@example.com").await, []);
    assert_eq!(store.find_user(BOB).await.unwrap(), Some(user(BOB, "bob")));
}

/// Who changes what is not there any more has read something else, and reads again.
pub async fn claims_that_changed_meanwhile_are_not_overwritten(store: Arc<dyn Store>) {
    store.insert_user(user(ALICE, "alice")).await.unwrap();
    let before = user(ALICE, "alice").claims;
    let first = verified("first@example.com");
    let set = store.set_claims(ALICE, before.clone(), first.clone()).await;
    assert!(set.unwrap());
    let late = store
        .set_claims(ALICE, before, verified("late@example.com"))
        .await;
    assert!(!late.unwrap());
    let found = store.find_user(ALICE).await.unwrap().unwrap();
    assert_eq!(found.claims, first);
    let again = store.set_claims(ALICE, first.clone(), first).await;
    assert!(again.unwrap(), "as it stands");
}

/// The order is that of the names, without regard to case.
pub async fn people_are_listed_by_username(store: Arc<dyn Store>) {
    assert_eq!(store.list_users().await.unwrap(), Vec::new());
    store.insert_user(user(ALICE, "Zoe")).await.unwrap();
    store.insert_user(user(BOB, "adam")).await.unwrap();
    let listed = store.list_users().await.unwrap();
    assert_eq!(listed, vec![user(BOB, "adam"), user(ALICE, "Zoe")]);
}

/// Whoever had taken the account over is out; apps that act while the person is away stay.
pub async fn a_new_password_ends_sessions_and_all_but_offline_grants(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    store.begin_session(session(1, ALICE), None).await.unwrap();
    store.begin_session(session(2, ALICE), None).await.unwrap();
    store.begin_session(session(3, BOB), None).await.unwrap();
    let of_bob = Grant {
        user: BOB,
        ..grant_of_session(4, 3)
    };
    let without_session = Grant {
        session: None,
        ..grant_of_session(3, 1)
    };
    add_grants(
        &store,
        &[grant_of_session(1, 1), grant(2), without_session, of_bob],
    )
    .await;
    store.redeem_code(grant_id(1), active(1)).await.unwrap();
    let consent = consent_of(&grant(5));
    store.insert_grant(grant(5), Some(consent.clone())).await.unwrap();

    let hash = PasswordHash("$argon2id$new".to_owned());
    assert!(
        store
            .set_password(ALICE, hash.clone(), None, time(50))
            .await
            .unwrap()
    );

    let alice = User {
        password_hash: Some(hash),
        ..user(ALICE, "alice")
    };
    assert_eq!(store.find_user(ALICE).await.unwrap(), Some(alice));
    assert_eq!(store.find_session(session_id(1)).await.unwrap(), None);
    assert_eq!(store.find_session(session_id(2)).await.unwrap(), None);
    assert_eq!(state_of(&store, 1).await, revoked(RevokedWhy::SignedOut, 50));
    assert_eq!(state_of(&store, 2).await, grant(2).state);
    assert_eq!(state_of(&store, 3).await, revoked(RevokedWhy::SignedOut, 50));
    assert_eq!(
        store.find_consent(ALICE, &client_id("app")).await.unwrap(),
        Some(consent)
    );
    assert_eq!(
        store.find_session(session_id(3)).await.unwrap(),
        Some(session(3, BOB))
    );
    assert_eq!(state_of(&store, 4).await, grant(4).state);
    assert_eq!(store.find_user(BOB).await.unwrap(), Some(user(BOB, "bob")));
}

/// The browser in which the person sets a new password stays signed in.
pub async fn a_new_password_leaves_the_session_it_was_set_in(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    for number in [1, 2] {
        store.begin_session(session(number, ALICE), None).await.unwrap();
        add_grants(&store, &[grant_of_session(number, number)]).await;
    }
    let hash = PasswordHash("$argon2id$new".to_owned());
    let set = store.set_password(ALICE, hash, Some(session_id(2)), time(50));
    assert!(set.await.unwrap());
    assert_eq!(store.find_session(session_id(1)).await.unwrap(), None);
    assert_eq!(state_of(&store, 1).await, revoked(RevokedWhy::SignedOut, 50));
    assert_eq!(
        store.find_session(session_id(2)).await.unwrap(),
        Some(session(2, ALICE))
    );
    assert_eq!(state_of(&store, 2).await, grant(2).state);
}

/// Sessions, consents, grants, second factors and links go with the person; those of others stay.
pub async fn removing_a_person_takes_everything_of_theirs_along(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    store.begin_session(session(1, ALICE), None).await.unwrap();
    store.begin_session(session(2, BOB), None).await.unwrap();
    let of_bob = Grant {
        user: BOB,
        ..grant(2)
    };
    for grant in [grant_of_session(1, 1), of_bob.clone()] {
        store
            .insert_grant(grant.clone(), Some(consent_of(&grant)))
            .await
            .unwrap();
    }

    for user in [ALICE, BOB] {
        store.put_totp(totp(user), vec![code(1)]).await.unwrap();
        let number = u8::from(user == BOB);
        store.insert_passkey(passkey(number, user)).await.unwrap();
        let link = link("x", &number.to_string(), user);
        store.insert_link(link).await.unwrap();
    }

    assert!(store.remove_user(ALICE, time(60)).await.unwrap());

    assert_eq!(store.find_user(ALICE).await.unwrap(), None);
    assert_eq!(store.find_user_by_username("alice").await.unwrap(), None);
    assert_eq!(store.find_session(session_id(1)).await.unwrap(), None);
    assert_eq!(store.find_grant(grant_id(1)).await.unwrap(), None);
    assert_eq!(store.list_consents(ALICE).await.unwrap(), Vec::new());
    assert_eq!(store.find_totp(ALICE).await.unwrap(), None);
    assert_eq!(store.count_recovery_codes(ALICE).await.unwrap(), 0);
    assert_eq!(store.find_passkey(&[0, 0]).await.unwrap(), None);
    assert_eq!(store.find_link("x", "0").await.unwrap(), None);
    assert_eq!(store.find_totp(BOB).await.unwrap(), Some(totp(BOB)));
    assert_eq!(store.count_recovery_codes(BOB).await.unwrap(), 1);
    assert_eq!(store.list_passkeys(BOB).await.unwrap(), vec![passkey(1, BOB)]);
    assert_eq!(store.list_links(BOB).await.unwrap(), vec![link("x", "1", BOB)]);
    assert_eq!(
        store.find_session(session_id(2)).await.unwrap(),
        Some(session(2, BOB))
    );
    assert_eq!(store.find_grant(grant_id(2)).await.unwrap(), Some(of_bob.clone()));
    assert_eq!(store.list_consents(BOB).await.unwrap(), vec![consent_of(&of_bob)]);
    store.insert_user(user(ALICE, "alice")).await.unwrap();
    assert_eq!(store.list_consents(ALICE).await.unwrap(), Vec::new());
}
