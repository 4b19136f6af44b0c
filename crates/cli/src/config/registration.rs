//! `[registration]`: clients that register themselves (OpenID Connect Registration, RFC 7591).

use super::document::Checks;
use super::section::{Key, Preset, Section};
use super::suggest::nearest;
use serde::Deserialize;
use std::collections::BTreeSet;
use valetkey_model::client::GrantType;
use valetkey_protocol::scope::Scope;
use valetkey_rules::policy::Policy;
use valetkey_rules::register::{RegistrationMode, RegistrationPolicy};

const NAME: &str = "registration";
const YEAR: i64 = 366 * 24 * 3600;

/// The values of `mode`.
const MODES: [(&str, RegistrationMode); 3] = [
    ("off", RegistrationMode::Off),
    ("initial_access_token", RegistrationMode::InitialAccessToken),
    ("open", RegistrationMode::Open),
];

/// The keys of `[registration]`.
pub(super) const SECTION: Section = Section {
    name: NAME,
    repeated: false,
    about: "Clients that register themselves (OpenID Connect Registration, RFC 7591).",
    keys: &[
        Key {
            name: "mode",
            kind: "off, initial_access_token or open",
            preset: Preset::Is("\"off\""),
            meaning: "Who may register a client: you alone, whoever has a token of `valetkey registration-token`, or anybody.",
        },
        Key {
            name: "allowed_scope",
            kind: "text",
            preset: Preset::Is("\"address email offline_access openid phone profile\""),
            meaning: "The scope that such clients may ask people for, words set apart by blanks.",
        },
        Key {
            name: "grant_types",
            kind: "list of texts",
            preset: Preset::Is("[\"authorization_code\", \"refresh_token\"]"),
            meaning: "What they may use: also client_credentials (tokens for the client itself, without anybody's consent) and urn:ietf:params:oauth:grant-type:device_code. Passwords and token exchange are yours to give, by `client allow`.",
        },
        Key {
            name: "allow_front_channel",
            kind: "true or false",
            preset: Preset::Is("false"),
            meaning: "They may have tokens sent through the browser (implicit and hybrid flows), where tokens leak and can be slipped in: RFC 9700 §2.1.2 advises against it.",
        },
        Key {
            name: "require_pkce_of_confidential_clients",
            kind: "true or false",
            preset: Preset::Is("true"),
            meaning: "Those with a secret or a key must use PKCE, too (RFC 9700 §2.1.1). Public ones always must.",
        },
        Key {
            name: "requests_per_address",
            kind: "number",
            preset: Preset::Is("20"),
            meaning: "So many registrations from one address in a window of [login] window_seconds; those with an initial access token are not counted.",
        },
        Key {
            name: "clients_most",
            kind: "number",
            preset: Preset::Is("10000"),
            meaning: "No more clients than this may have registered themselves.",
        },
        Key {
            name: "unused_ttl_seconds",
            kind: "seconds",
            preset: Preset::Is("2592000"),
            meaning: "Such a client is forgotten when it is so old, nobody has signed in with it, and it got no token for itself in that time; 0 keeps it.",
        },
        Key {
            name: "deduplicate",
            kind: "true or false",
            preset: Preset::Is("false"),
            meaning: "Clients without a secret that register the very same share one client, which then nobody can change: for apps that register anew on each device.",
        },
    ],
};

/// `[registration]` as it was written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Raw {
    mode: Option<String>,
    allowed_scope: Option<String>,
    grant_types: Option<Vec<String>>,
    allow_front_channel: Option<bool>,
    require_pkce_of_confidential_clients: Option<bool>,
    requests_per_address: Option<u32>,
    clients_most: Option<u32>,
    unused_ttl_seconds: Option<i64>,
    deduplicate: Option<bool>,
}

/// Writes `[registration]` into the policy, which must know its scopes already.
pub(super) fn apply(raw: &Raw, policy: &mut Policy, checks: &mut Checks) {
    let preset = RegistrationPolicy::default();
    let registration = RegistrationPolicy {
        mode: mode(raw.mode.as_deref(), checks),
        scope: scope(raw.allowed_scope.as_deref(), policy, checks).unwrap_or(preset.scope),
        grant_types: grant_types(raw.grant_types.as_deref(), checks).unwrap_or(preset.grant_types),
        allow_front_channel: raw.allow_front_channel.unwrap_or(preset.allow_front_channel),
        require_pkce_of_confidential_clients: raw
            .require_pkce_of_confidential_clients
            .unwrap_or(preset.require_pkce_of_confidential_clients),
        requests_per_address: raw.requests_per_address.unwrap_or(preset.requests_per_address),
        clients_most: raw.clients_most.map_or(preset.clients_most, u64::from),
        unused_ttl_seconds: raw.unused_ttl_seconds.unwrap_or(preset.unused_ttl_seconds),
        deduplicate: raw.deduplicate.unwrap_or(preset.deduplicate),
    };
    let requests = i64::from(registration.requests_per_address);
    checks.within(NAME, "requests_per_address", requests, 1..=1_000_000);
    let most = i64::try_from(registration.clients_most).unwrap_or(i64::MAX);
    checks.within(NAME, "clients_most", most, 1..=10_000_000);
    if registration.unused_ttl_seconds != 0 {
        checks.within(
            NAME,
            "unused_ttl_seconds",
            registration.unused_ttl_seconds,
            3600..=10 * YEAR,
        );
    }
    policy.registration = registration;
}

fn mode(written: Option<&str>, checks: &mut Checks) -> RegistrationMode {
    let Some(written) = written else {
        return RegistrationMode::default();
    };
    let known = MODES.iter().find(|(name, _)| *name == written);
    known.map_or_else(
        || {
            let names = MODES.map(|(name, _)| name);
            refuse_word("mode", written, &names, checks);
            RegistrationMode::default()
        },
        |(_, mode)| *mode,
    )
}

fn scope(written: Option<&str>, policy: &Policy, checks: &mut Checks) -> Option<Scope> {
    let known = policy.known_scope();
    match Scope::parse(written?) {
        Ok(scope) => {
            for word in scope.without(&known).words() {
                refuse_word("allowed_scope", word, &known.words().collect::<Vec<_>>(), checks);
            }
            Some(scope)
        }
        Err(error) => {
            checks.refuse(NAME, "allowed_scope", error);
            None
        }
    }
}

fn grant_types(written: Option<&[String]>, checks: &mut Checks) -> Option<BTreeSet<GrantType>> {
    let mut grant_types = BTreeSet::new();
    for name in written? {
        let known = [
            GrantType::AuthorizationCode,
            GrantType::RefreshToken,
            GrantType::ClientCredentials,
            GrantType::DeviceCode,
        ];
        match known.into_iter().find(|grant_type| grant_type.as_str() == name) {
            Some(grant_type) => {
                grant_types.insert(grant_type);
            }
            None if name == GrantType::Implicit.as_str() => {
                checks.refuse(NAME, "grant_types", "for implicit there is allow_front_channel");
            }
            None => refuse_word("grant_types", name, &known.map(GrantType::as_str), checks),
        }
    }
    Some(grant_types)
}

fn refuse_word(key: &str, written: &str, known: &[&str], checks: &mut Checks) {
    let meant = nearest(written, known.iter().copied()).map_or_else(
        || format!("write one of {}", known.join(", ")),
        |meant| format!("did you mean {meant:?}?"),
    );
    checks.refuse(NAME, key, format!("{written:?} is none: {meant}"));
}

#[cfg(test)]
mod tests {
    use super::super::tests::{read_text, refused, with};
    use super::*;

    #[test]
    fn what_nobody_may_give_to_strangers_and_what_nobody_knows_is_refused() {
        for (line, word) in [
            ("mode = \"opne\"", "did you mean \"open\"?"),
            ("mode = \"everybody\"", "write one of off"),
            ("allowed_scope = \"openid emial\"", "did you mean \"email\"?"),
            ("allowed_scope = \"a\\\"b\"", "scope"),
            ("grant_types = [\"password\"]", "\"password\" is none"),
            (
                "grant_types = [\"urn:ietf:params:oauth:grant-type:token-exchange\"]",
                "is none",
            ),
            ("grant_types = [\"implicit\"]", "there is allow_front_channel"),
            ("requests_per_address = 0", "outside 1 to"),
            ("clients_most = 0", "outside 1 to"),
            ("unused_ttl_seconds = 60", "outside 3600 to"),
            ("unused_ttl_seconds = -1", "outside 3600 to"),
        ] {
            let said = refused(&with(&format!("[registration]\n{line}\n")));
            assert!(
                said.contains("[registration]") && said.contains(word),
                "{line}: {said}"
            );
        }
    }

    #[test]
    fn registration_is_off_until_somebody_opens_it() {
        assert_eq!(
            read_text(&with("")).unwrap().policy.registration,
            RegistrationPolicy::default()
        );
        let open = with(
            "[registration]\nmode = \"open\"\nallowed_scope = \"openid\"\ngrant_types = [\"authorization_code\", \
             \"client_credentials\"]\nallow_front_channel = true\nrequire_pkce_of_confidential_clients = false\n\
             requests_per_address = 7\nclients_most = 8\nunused_ttl_seconds = 0\ndeduplicate = true\n",
        );
        let registration = read_text(&open).unwrap().policy.registration;
        let expected = RegistrationPolicy {
            mode: RegistrationMode::Open,
            scope: Scope::parse("openid").unwrap(),
            grant_types: [GrantType::AuthorizationCode, GrantType::ClientCredentials].into(),
            allow_front_channel: true,
            require_pkce_of_confidential_clients: false,
            requests_per_address: 7,
            clients_most: 8,
            unused_ttl_seconds: 0,
            deduplicate: true,
        };
        assert_eq!(registration, expected);
    }
}
