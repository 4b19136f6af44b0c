//! Initial access tokens (RFC 7591 §3) and registration access tokens (RFC 7592 §3): whoever brings another text registers
//! and manages nothing, and what was made here counts for what it was made for, in its time.
#![no_main]

#[path = "../shared/samples.rs"]
#[expect(dead_code, reason = "shared with other targets")]
mod samples;

use libfuzzer_sys::fuzz_target;
use samples::NOW;
use std::sync::OnceLock;
use valetkey_model::Client;
use valetkey_model::relying_party::Registered;
use valetkey_protocol::rule::Trail;
use valetkey_protocol::secret::AccessToken;
use valetkey_protocol::time::Timestamp;
use valetkey_rules::Policy;
use valetkey_rules::account::link::{Invitation, LinkKeys};
use valetkey_rules::register::RegistrationMode;
use valetkey_rules::register::token::{Initial, RegistrationKeys, manages, may_register};

struct Fixed {
    keys: RegistrationKeys,
    links: LinkKeys,
    /// By the mode.
    policies: [Policy; 3],
    client: Client,
}

fn fixed() -> &'static Fixed {
    static FIXED: OnceLock<Fixed> = OnceLock::new();
    FIXED.get_or_init(|| {
        let policy = |mode| {
            let mut policy = samples::policy();
            policy.registration.mode = mode;
            policy
        };
        Fixed {
            keys: RegistrationKeys::new(&[7; 32]),
            links: LinkKeys::new(&[7; 32]),
            policies: [
                policy(RegistrationMode::Off),
                policy(RegistrationMode::InitialAccessToken),
                policy(RegistrationMode::Open),
            ],
            client: Client {
                registration: Some(Registered::default()),
                ..samples::client()
            },
        }
    })
}

fuzz_target!(|data: &[u8]| {
    let Some((first, text)) = data.split_first() else {
        return;
    };
    let Ok(text) = std::str::from_utf8(text) else {
        return;
    };
    let Fixed { keys, links, .. } = fixed();
    let expires_at = NOW.plus_seconds(i64::from(*first) - 128);

    assert_eq!(keys.open_initial(text), None);
    registers(Some(text), None);
    registers(None, None);
    assert!(!is_managed_by(text, &fixed().client));

    let initial = Initial {
        jti: text.to_owned(),
        expires_at,
    };
    let token = keys.initial_token(&initial);
    assert_eq!(keys.open_initial(&token).as_ref(), Some(&initial));
    registers(Some(&token), Some(&initial));
    let mixed: String = token.chars().take(24).chain(text.chars()).collect();
    assert!(mixed == token || keys.open_initial(&mixed).is_none());
    // Begins like an initial access token, and is none.
    let invitation = links.seal(&Invitation {
        email: text.to_owned(),
        serial: text.to_owned(),
        expires_at,
    });
    assert_eq!(keys.open_initial(&invitation), None);

    of_clients(text, i64::from(*first));
});

/// What comes of a request to register, in each mode.
fn registers(token: Option<&str>, holds: Option<&Initial>) {
    let Fixed { keys, policies, .. } = fixed();
    let presented = token.map(AccessToken::new);
    let may = policies
        .each_ref()
        .map(|policy| may_register(presented.as_ref(), keys, policy, NOW, &mut Trail::off()).ok());
    let alive = holds.filter(|initial| NOW < initial.expires_at).cloned();
    let by_token = alive.map(Some);
    // With a token that is not good even an open door is shut: who brings one means it to count.
    let by_anybody = if token.is_none() {
        Some(None)
    } else {
        by_token.clone()
    };
    assert_eq!(may, [None, by_token, by_anybody]);
}

/// A registration access token manages the client that it was made for, as long as that is the one that registered.
fn of_clients(text: &str, age: i64) {
    let Fixed { keys, client, .. } = fixed();
    let client = Client {
        created_at: Timestamp(text.len().try_into().unwrap_or(0)),
        ..client.clone()
    };
    let token = keys.management_token(&client.id, client.created_at);
    assert!(is_managed_by(token.expose(), &client));
    let mixed: String = token.expose().chars().take(12).chain(text.chars()).collect();
    assert_eq!(is_managed_by(&mixed, &client), mixed == token.expose());
    let of_an_operator = Client {
        registration: None,
        ..client.clone()
    };
    let shared = Client {
        registration: Some(Registered {
            shared: true,
            ..Registered::default()
        }),
        ..client.clone()
    };
    let anew = Client {
        created_at: client.created_at.plus_seconds(age + 1),
        ..client
    };
    for other in [of_an_operator, shared, anew] {
        assert!(!is_managed_by(token.expose(), &other));
    }
}

fn is_managed_by(token: &str, client: &Client) -> bool {
    let presented = AccessToken::new(token);
    let managed = manages(&presented, Some(client), &fixed().keys, &mut Trail::off());
    assert!(manages(&presented, None, &fixed().keys, &mut Trail::off()).is_err());
    managed.is_ok()
}
