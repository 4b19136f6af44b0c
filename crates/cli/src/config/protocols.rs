//! `[device]`: signing in on another device (RFC 8628). `[client_assertions]`: clients that prove who they are by a JWT
//! (RFC 7523). `[oauth1]`: OAuth 1.0a (RFC 5849).

use super::document::Checks;
use super::section::{Key, Preset, Section};
use serde::Deserialize;
use valetkey_rules::policy::Policy;

/// The values of `audience`.
const AUDIENCES: [&str; 2] = ["issuer", "issuer_or_endpoint"];

/// The keys of `[device]`.
pub(super) const DEVICE_SECTION: Section = Section {
    name: "device",
    repeated: false,
    about: "Signing in on another device (RFC 8628), for clients that are allowed device_code.",
    keys: &[
        Key {
            name: "device_code_ttl_seconds",
            kind: "seconds",
            preset: Preset::Is("600"),
            meaning: "How long a person may take to type the code; short, because somebody else may have sent it to them (RFC 10027).",
        },
        Key {
            name: "interval_seconds",
            kind: "seconds",
            preset: Preset::Is("5"),
            meaning: "A device asks at most so often; faster, and it is told to slow down.",
        },
        Key {
            name: "requests_per_address",
            kind: "number",
            preset: Preset::Is("60"),
            meaning: "So many codes for one address in a window of [login] window_seconds.",
        },
        Key {
            name: "wrong_codes_per_address",
            kind: "number",
            preset: Preset::Is("10"),
            meaning: "So many codes that nobody has, typed from one address in a window; then it has to wait for the next.",
        },
    ],
};

/// The keys of `[client_assertions]`.
pub(super) const ASSERTIONS_SECTION: Section = Section {
    name: "client_assertions",
    repeated: false,
    about: "Clients that prove who they are by a JWT (RFC 7523): client_secret_jwt and private_key_jwt.",
    keys: &[
        Key {
            name: "audience",
            kind: "issuer or issuer_or_endpoint",
            preset: Preset::Is("\"issuer_or_endpoint\""),
            meaning: "What an assertion may be meant for: the issuer alone, as strict profiles want it, or also the address of the endpoint, as older libraries write it.",
        },
        Key {
            name: "longest_ttl_seconds",
            kind: "seconds",
            preset: Preset::Is("3600"),
            meaning: "An assertion that expires later than so long from now is refused; each counts once. Libraries make them for a minute to an hour.",
        },
        Key {
            name: "clock_leeway_seconds",
            kind: "seconds",
            preset: Preset::Is("30"),
            meaning: "A client's clock may differ by so much.",
        },
    ],
};

/// The keys of `[oauth1]`.
pub(super) const OAUTH1_SECTION: Section = Section {
    name: "oauth1",
    repeated: false,
    about: "OAuth 1.0a (RFC 5849), for clients that are allowed oauth1.",
    keys: &[
        Key {
            name: "timestamp_window_seconds",
            kind: "seconds",
            preset: Preset::Is("300"),
            meaning: "The timestamp of a request may differ from the server's clock by so much; each nonce is remembered as long.",
        },
        Key {
            name: "temporary_ttl_seconds",
            kind: "seconds",
            preset: Preset::Is("600"),
            meaning: "How long a person may take from the app's request for temporary credentials to the exchange for token credentials.",
        },
    ],
};

/// `[device]` as it was written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawDevice {
    device_code_ttl_seconds: Option<i64>,
    interval_seconds: Option<i64>,
    requests_per_address: Option<u32>,
    wrong_codes_per_address: Option<u32>,
}

/// `[client_assertions]` as it was written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawAssertions {
    audience: Option<String>,
    longest_ttl_seconds: Option<i64>,
    clock_leeway_seconds: Option<i64>,
}

/// `[oauth1]` as it was written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawOAuth1 {
    timestamp_window_seconds: Option<i64>,
    temporary_ttl_seconds: Option<i64>,
}

/// Writes `[device]` into the policy.
pub(super) fn apply_device(raw: &RawDevice, policy: &mut Policy, checks: &mut Checks) {
    let ttl = raw
        .device_code_ttl_seconds
        .unwrap_or(policy.device_code_ttl_seconds);
    policy.device_code_ttl_seconds = checks.within("device", "device_code_ttl_seconds", ttl, 60..=1800);
    let interval = raw.interval_seconds.unwrap_or(policy.device_interval_seconds);
    policy.device_interval_seconds = checks.within("device", "interval_seconds", interval, 1..=60);
    let mut count = |key: &str, written: Option<u32>, into: &mut u32| {
        *into = written.unwrap_or(*into);
        checks.within("device", key, i64::from(*into), 1..=1_000_000);
    };
    count(
        "requests_per_address",
        raw.requests_per_address,
        &mut policy.device_requests_per_address,
    );
    count(
        "wrong_codes_per_address",
        raw.wrong_codes_per_address,
        &mut policy.device_wrong_codes_per_address,
    );
}

/// Writes `[client_assertions]` into the policy.
pub(super) fn apply_assertions(raw: &RawAssertions, policy: &mut Policy, checks: &mut Checks) {
    const SECTION: &str = "client_assertions";
    match raw.audience.as_deref() {
        None => {}
        Some("issuer") => policy.assertion_audience_issuer_only = true,
        Some("issuer_or_endpoint") => policy.assertion_audience_issuer_only = false,
        Some(other) => {
            let meant = super::suggest::nearest(other, AUDIENCES).map_or_else(
                || format!("write one of {}", AUDIENCES.join(", ")),
                |meant| format!("did you mean {meant:?}?"),
            );
            checks.refuse(SECTION, "audience", format!("{other:?} is none: {meant}"));
        }
    }
    let ttl = raw.longest_ttl_seconds.unwrap_or(policy.assertion_ttl_seconds);
    policy.assertion_ttl_seconds = checks.within(SECTION, "longest_ttl_seconds", ttl, 10..=86_400);
    let leeway = raw.clock_leeway_seconds.unwrap_or(policy.clock_leeway_seconds);
    policy.clock_leeway_seconds = checks.within(SECTION, "clock_leeway_seconds", leeway, 0..=300);
}

/// Writes `[oauth1]` into the policy.
pub(super) fn apply_oauth1(raw: &RawOAuth1, policy: &mut Policy, checks: &mut Checks) {
    let window = raw
        .timestamp_window_seconds
        .unwrap_or(policy.oauth1_timestamp_window_seconds);
    policy.oauth1_timestamp_window_seconds =
        checks.within("oauth1", "timestamp_window_seconds", window, 10..=3600);
    let ttl = raw
        .temporary_ttl_seconds
        .unwrap_or(policy.oauth1_temporary_ttl_seconds);
    policy.oauth1_temporary_ttl_seconds = checks.within("oauth1", "temporary_ttl_seconds", ttl, 60..=3600);
}
