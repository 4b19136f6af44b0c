//! `[tokens]`: how long codes, tokens and grants live. `[login]`: signing in, and how guessing is slowed.

use super::document::Checks;
use super::section::{Key, Preset, Section};
use serde::Deserialize;
use std::ops::RangeInclusive;
use valetkey_rules::policy::Policy;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
const YEAR: i64 = 366 * DAY;

/// The keys of `[tokens]`.
pub(super) const SECTION: Section = Section {
    name: "tokens",
    repeated: false,
    about: "How long codes, tokens and grants live.",
    keys: &[
        Key {
            name: "access_token_ttl_seconds",
            kind: "seconds",
            preset: Preset::Is("300"),
            meaning: "Access tokens. An API that checks the signature alone goes on accepting one for so long after it was revoked.",
        },
        Key {
            name: "id_token_ttl_seconds",
            kind: "seconds",
            preset: Preset::Is("3600"),
            meaning: "ID tokens.",
        },
        Key {
            name: "code_ttl_seconds",
            kind: "seconds",
            preset: Preset::Is("60"),
            meaning: "Authorization codes; at most 600 (RFC 6749 §4.1.2).",
        },
        Key {
            name: "refresh_idle_ttl_seconds",
            kind: "seconds",
            preset: Preset::Is("1209600"),
            meaning: "A refresh token that nobody uses for so long stops working (14 days).",
        },
        Key {
            name: "grant_ttl_seconds",
            kind: "seconds",
            preset: Preset::Is("7776000"),
            meaning: "However often it is refreshed, after so long the person is asked again (90 days).",
        },
        Key {
            name: "single_page_grant_ttl_seconds",
            kind: "seconds",
            preset: Preset::Is("86400"),
            meaning: "The same for apps that run in a browser, whose refresh tokens are easier to steal (one day).",
        },
        Key {
            name: "refresh_retry_window_seconds",
            kind: "seconds",
            preset: Preset::Is("30"),
            meaning: "For so long the previous refresh token gets the same successor again, because answers get lost on the way. \
                      After that it counts as stolen, and the grant ends (RFC 9700 §4.14.2).",
        },
    ],
};

/// The keys of `[login]`.
pub(super) const LOGIN_SECTION: Section = Section {
    name: "login",
    repeated: false,
    about: "Signing in, and how guessing is slowed.",
    keys: &[
        Key {
            name: "session_ttl_seconds",
            kind: "seconds",
            preset: Preset::Is("43200"),
            meaning: "How long a browser stays signed in (12 hours).",
        },
        Key {
            name: "interaction_ttl_seconds",
            kind: "seconds",
            preset: Preset::Is("1800"),
            meaning: "How long a person may take for the sign-in and consent pages (30 minutes).",
        },
        Key {
            name: "window_seconds",
            kind: "seconds",
            preset: Preset::Is("900"),
            meaning: "Failed sign-ins are counted in windows of this length.",
        },
        Key {
            name: "failures_per_user",
            kind: "number",
            preset: Preset::Is("10"),
            meaning: "So many failures for one username in a window; then it has to wait for the next.",
        },
        Key {
            name: "failures_per_address",
            kind: "number",
            preset: Preset::Is("100"),
            meaning: "So many failures from one address in a window; many people may share one.",
        },
        Key {
            name: "password_min_characters",
            kind: "characters",
            preset: Preset::Is("8"),
            meaning: "The shortest new password.",
        },
    ],
};

/// `[tokens]` as it was written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Raw {
    access_token_ttl_seconds: Option<i64>,
    id_token_ttl_seconds: Option<i64>,
    code_ttl_seconds: Option<i64>,
    refresh_idle_ttl_seconds: Option<i64>,
    grant_ttl_seconds: Option<i64>,
    single_page_grant_ttl_seconds: Option<i64>,
    refresh_retry_window_seconds: Option<i64>,
}

/// `[login]` as it was written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawLogin {
    session_ttl_seconds: Option<i64>,
    interaction_ttl_seconds: Option<i64>,
    window_seconds: Option<i64>,
    failures_per_user: Option<u32>,
    failures_per_address: Option<u32>,
    password_min_characters: Option<usize>,
}

/// Writes `[tokens]` into the policy.
pub(super) fn apply(raw: &Raw, policy: &mut Policy, checks: &mut Checks) {
    let mut set = |key: &str, written: Option<i64>, limits: RangeInclusive<i64>, into: &mut i64| {
        *into = checks.within("tokens", key, written.unwrap_or(*into), limits);
    };
    set(
        "access_token_ttl_seconds",
        raw.access_token_ttl_seconds,
        10..=DAY,
        &mut policy.access_token_ttl_seconds,
    );
    set(
        "id_token_ttl_seconds",
        raw.id_token_ttl_seconds,
        10..=DAY,
        &mut policy.id_token_ttl_seconds,
    );
    set(
        "code_ttl_seconds",
        raw.code_ttl_seconds,
        5..=600,
        &mut policy.code_ttl_seconds,
    );
    set(
        "refresh_idle_ttl_seconds",
        raw.refresh_idle_ttl_seconds,
        60..=YEAR,
        &mut policy.refresh_idle_ttl_seconds,
    );
    set(
        "grant_ttl_seconds",
        raw.grant_ttl_seconds,
        60..=10 * YEAR,
        &mut policy.grant_ttl_seconds,
    );
    let single_page = raw.single_page_grant_ttl_seconds;
    set(
        "single_page_grant_ttl_seconds",
        single_page,
        60..=YEAR,
        &mut policy.single_page_grant_ttl_seconds,
    );
    set(
        "refresh_retry_window_seconds",
        raw.refresh_retry_window_seconds,
        0..=600,
        &mut policy.refresh_retry_window_seconds,
    );
}

/// Writes `[login]` into the policy.
pub(super) fn apply_login(raw: &RawLogin, policy: &mut Policy, checks: &mut Checks) {
    let mut set = |key: &str, written: Option<i64>, limits: RangeInclusive<i64>, into: &mut i64| {
        *into = checks.within("login", key, written.unwrap_or(*into), limits);
    };
    set(
        "session_ttl_seconds",
        raw.session_ttl_seconds,
        60..=90 * DAY,
        &mut policy.session_ttl_seconds,
    );
    set(
        "interaction_ttl_seconds",
        raw.interaction_ttl_seconds,
        60..=DAY,
        &mut policy.interaction_ttl_seconds,
    );
    set(
        "window_seconds",
        raw.window_seconds,
        10..=DAY,
        &mut policy.login_window_seconds,
    );
    if let Some(failures) = raw.failures_per_user {
        checks.within("login", "failures_per_user", i64::from(failures), 1..=1_000_000);
        policy.login_failures_per_user = failures;
    }
    if let Some(failures) = raw.failures_per_address {
        checks.within(
            "login",
            "failures_per_address",
            i64::from(failures),
            1..=1_000_000,
        );
        policy.login_failures_per_address = failures;
    }
    if let Some(characters) = raw.password_min_characters {
        checks.within(
            "login",
            "password_min_characters",
            i64::try_from(characters).unwrap_or(i64::MAX),
            8..=64,
        );
        policy.password_min_characters = characters;
    }
}
