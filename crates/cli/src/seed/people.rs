//! Who can sign in at `dev`: Alice, with every standard claim, and Bob.

use crate::failure::Outcome;
use valetkey_model::{User, UserId};
use valetkey_protocol::claims::{Address, StandardClaims};
use valetkey_protocol::secret::Password;
use valetkey_server::clock::{Clock as _, SystemClock};
use valetkey_server::provision::hash_any_password;
use valetkey_server::random::{self, SystemRandom};
use valetkey_store::Store;

/// A person of the cast.
pub(super) struct Role {
    pub(super) username: &'static str,
    pub(super) password: &'static str,
    claims: fn() -> StandardClaims,
}

pub(super) const PEOPLE: [Role; 2] = [
    Role {
        username: "alice",
        password: "wonderland",
        claims: alice,
    },
    Role {
        username: "bob",
        password: "builder",
        claims: bob,
    },
];

/// Adds the person who is not there yet. A password that somebody changed stays.
pub(super) async fn person(store: &dyn Store, role: &Role) -> Outcome<UserId> {
    if let Some(there) = store.find_user_by_username(role.username).await? {
        return Ok(there.id);
    }
    let id = UserId(random::uuid(&SystemClock, &SystemRandom));
    let hash = hash_any_password(&Password::new(role.password), &SystemRandom).await?;
    let user = User {
        id,
        username: role.username.into(),
        password_hash: Some(hash),
        claims: (role.claims)(),
        created_at: SystemClock.now(),
    };
    store.insert_user(user).await?;
    Ok(id)
}

/// Every standard claim (OpenID Connect Core §5.1).
pub(super) fn alice() -> StandardClaims {
    let text = |text: &str| Some(text.to_owned());
    StandardClaims {
        name: text("Alice Pleasance Liddell"),
        given_name: text("Alice"),
        family_name: text("Liddell"),
        middle_name: text("Pleasance"),
        nickname: text("Al"),
        preferred_username: text("alice"),
        profile: text("https://alice.example/about"),
        picture: text("https://alice.example/alice.png"),
        website: text("https://alice.example/"),
        gender: text("female"),
        birthdate: text("1852-05-04"),
        zoneinfo: text("Europe/London"),
        locale: text("en-GB"),
        updated_at: Some(1_762_300_800),
        email: text("alice@wonderland.example"),
        email_verified: Some(true),
        phone_number: text("+44 20 7946 0958"),
        phone_number_verified: Some(true),
        address: Some(Address {
            formatted: text("1 Rabbit Hole Lane\nOxford\nOxfordshire\nOX1 1AA\nUnited Kingdom"),
            street_address: text("1 Rabbit Hole Lane"),
            locality: text("Oxford"),
            region: text("Oxfordshire"),
            postal_code: text("OX1 1AA"),
            country: text("United Kingdom"),
        }),
    }
}

fn bob() -> StandardClaims {
    StandardClaims {
        name: Some("Bob Builder".into()),
        given_name: Some("Bob".into()),
        family_name: Some("Builder".into()),
        preferred_username: Some("bob".into()),
        email: Some("bob@builder.example".into()),
        email_verified: Some(false),
        updated_at: Some(1_762_300_800),
        ..StandardClaims::default()
    }
}
