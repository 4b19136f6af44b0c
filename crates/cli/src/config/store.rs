//! `[store]`: where the data is. `[keys]`: where the master key is, which is never in the data, and how long signing keys
//! sign.

use super::document::Checks;
use super::section::{Key, Preset, Section};
use serde::Deserialize;
use std::path::PathBuf;
use valetkey_server::settings::KeyRotation;

/// The master key's file, when none is named.
const MASTER_KEY_FILE: &str = "master.key";

const DAY_SECONDS: i64 = 24 * 3600;

/// The keys of `[store]`.
pub(super) const SECTION: Section = Section {
    name: "store",
    repeated: false,
    about: "Where people, clients and grants are kept.",
    keys: &[Key {
        name: "folder",
        kind: "folder",
        preset: Preset::Required("\"/var/lib/valetkey\""),
        meaning: "The data folder; made, for its owner alone, when it is not there. One server uses it at a time.",
    }],
};

/// The keys of `[keys]`.
pub(super) const KEYS_SECTION: Section = Section {
    name: "keys",
    repeated: false,
    about: "The master key: 32 bytes that open every stored signing key and make every code and refresh token; and how long \
            a signing key signs.",
    keys: &[
        Key {
            name: "master_key_file",
            kind: "file",
            preset: Preset::Is("\"master.key\""),
            meaning: "The file that holds it, in base64. Made, for its owner alone, when it is not there and the store is still \
                      empty. The environment variable `VALETKEY_MASTER_KEY` goes before it. Whoever has the data and this key \
                      has everything: keep and back them up apart from each other.",
        },
        Key {
            name: "rotate_after_days",
            kind: "days",
            preset: Preset::Is("90"),
            meaning: "A signing key that has signed for so long is exchanged for a new one; 0 means never, but for \
                      `valetkey key rotate`.",
        },
        Key {
            name: "overlap_seconds",
            kind: "seconds",
            preset: Preset::Is("3600"),
            meaning: "A signing key that was exchanged still verifies until the last token that it signed has expired, and for \
                      so long after that: clocks differ, and APIs keep key sets for a while.",
        },
    ],
};

/// `[store]` as it was written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Raw {
    folder: Option<String>,
}

/// `[keys]` as it was written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawKeys {
    master_key_file: Option<String>,
    rotate_after_days: Option<i64>,
    overlap_seconds: Option<i64>,
}

/// Both, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Storage {
    /// The data folder.
    pub(crate) folder: PathBuf,
    /// The master key's file.
    pub(crate) master_key_file: PathBuf,
}

impl Storage {
    /// A folder with everything in it, as `dev` uses it.
    pub(crate) fn in_folder(folder: PathBuf) -> Self {
        let master_key_file = folder.join(MASTER_KEY_FILE);
        Self {
            folder,
            master_key_file,
        }
    }
}

/// Checks `[store]` and `[keys]`.
pub(super) fn check(raw: &Raw, keys: &RawKeys, checks: &mut Checks) -> Option<Storage> {
    let Some(folder) = raw.folder.as_deref().filter(|folder| !folder.is_empty()) else {
        checks.refuse(
            "store",
            "folder",
            "is missing; name the folder for the data, as \"/var/lib/valetkey\"",
        );
        return None;
    };
    Some(Storage {
        folder: checks.path(folder),
        master_key_file: checks.path(keys.master_key_file.as_deref().unwrap_or(MASTER_KEY_FILE)),
    })
}

/// Checks how long a signing key signs.
pub(super) fn check_rotation(keys: &RawKeys, checks: &mut Checks) -> KeyRotation {
    let mut rotation = KeyRotation::default();
    if let Some(days) = keys.rotate_after_days {
        let days = checks.within("keys", "rotate_after_days", days, 0..=3660);
        rotation.after_seconds = (days > 0).then_some(days * DAY_SECONDS);
    }
    if let Some(seconds) = keys.overlap_seconds {
        // Clients may keep a key set for five minutes.
        rotation.margin_seconds = checks.within("keys", "overlap_seconds", seconds, 300..=30 * DAY_SECONDS);
    }
    rotation
}
