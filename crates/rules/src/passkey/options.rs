//! What the page hands to the browser: PublicKeyCredentialCreationOptionsJSON and
//! PublicKeyCredentialRequestOptionsJSON (§5.1), read there by `PublicKeyCredential.parseCreationOptionsFromJSON()` and
//! `parseRequestOptionsFromJSON()`.

use super::response::Bytes;
use super::{ALGORITHMS, RelyingParty, TIMEOUT_SECONDS};
use serde::Serialize;

const PUBLIC_KEY: &str = "public-key";
const REQUIRED: &str = "required";

/// Options for `navigator.credentials.create()`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreationOptions {
    rp: RpEntity,
    user: UserEntity,
    challenge: Bytes,
    pub_key_cred_params: Vec<Parameters>,
    timeout: i64,
    exclude_credentials: Vec<Descriptor>,
    authenticator_selection: Selection,
    attestation: &'static str,
}

/// Options for `navigator.credentials.get()`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestOptions {
    challenge: Bytes,
    timeout: i64,
    rp_id: String,
    allow_credentials: Vec<Descriptor>,
    user_verification: &'static str,
}

/// For whom a passkey is made.
#[derive(Debug, Clone, Copy)]
pub struct Person<'a> {
    /// The account, by [`super::user_handle`].
    pub handle: &'a [u8],
    /// What the person types to sign in.
    pub name: &'a str,
    /// What the person is called.
    pub display_name: &'a str,
}

/// A passkey that is known already (§5.8.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Descriptor {
    #[serde(rename = "type")]
    kind: &'static str,
    id: Bytes,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    transports: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct RpEntity {
    id: String,
    name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct UserEntity {
    id: Bytes,
    name: String,
    display_name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Parameters {
    #[serde(rename = "type")]
    kind: &'static str,
    alg: i32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Selection {
    resident_key: &'static str,
    require_resident_key: bool,
    user_verification: &'static str,
}

impl Descriptor {
    /// A passkey by its id, with what the browser said of how to reach it.
    #[must_use]
    pub fn new(credential_id: &[u8], transports: &[String]) -> Self {
        Self {
            kind: PUBLIC_KEY,
            id: Bytes(credential_id.to_vec()),
            transports: transports.to_vec(),
        }
    }
}

impl CreationOptions {
    /// Options for a new passkey. `name` is what the site is called; `known` are the passkeys that the account has: the
    /// browser makes no second one in the same place.
    #[must_use]
    pub fn new(
        rp: &RelyingParty,
        name: &str,
        person: Person<'_>,
        challenge: &[u8],
        known: Vec<Descriptor>,
    ) -> Self {
        let parameters = |alg| Parameters {
            kind: PUBLIC_KEY,
            alg,
        };
        Self {
            rp: RpEntity {
                id: rp.id.clone(),
                name: name.to_owned(),
            },
            user: UserEntity {
                id: Bytes(person.handle.to_vec()),
                name: person.name.to_owned(),
                display_name: person.display_name.to_owned(),
            },
            challenge: Bytes(challenge.to_vec()),
            pub_key_cred_params: ALGORITHMS.map(parameters).to_vec(),
            timeout: TIMEOUT_SECONDS * 1000,
            exclude_credentials: known,
            authenticator_selection: Selection {
                resident_key: REQUIRED,
                // For browsers that know Level 1 only (§5.4.4).
                require_resident_key: true,
                user_verification: REQUIRED,
            },
            attestation: "none",
        }
    }

    /// As the JSON text that stands in the page.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl RequestOptions {
    /// Options to sign in. With an empty `allowed` the browser offers every passkey that it has for this site, and the
    /// passkey says whose it is.
    #[must_use]
    pub fn new(rp: &RelyingParty, challenge: &[u8], allowed: Vec<Descriptor>) -> Self {
        Self {
            challenge: Bytes(challenge.to_vec()),
            timeout: TIMEOUT_SECONDS * 1000,
            rp_id: rp.id.clone(),
            allow_credentials: allowed,
            user_verification: REQUIRED,
        }
    }

    /// As the JSON text that stands in the page.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}
