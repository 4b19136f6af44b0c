//! The master key: from the environment or a file, and made only when nothing yet depends on one.
//!
//! It is never in the database (decision 0003). When the store holds keys already, a missing master key is a refusal:
//! a new one would make every stored key, code and token worthless.

use crate::config::Storage;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use valetkey_jose::b64;
use valetkey_server::random::Random;
use zeroize::Zeroizing;

/// The environment variable that goes before the file.
pub(crate) const VARIABLE: &str = "VALETKEY_MASTER_KEY";

/// 32 secret bytes.
pub(crate) type MasterKey = Zeroizing<[u8; 32]>;

/// There is no usable master key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MasterKeyError {
    /// The file cannot be read or made.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Not 32 bytes in base64.
    #[error(
        "{place} does not hold a master key: it is 32 bytes in base64, as `openssl rand -base64 32` makes them"
    )]
    Malformed {
        /// The file or the variable.
        place: String,
    },
    /// Anybody on the machine may read it.
    #[error("{0} is open to everybody on this machine: chmod o-rwx {0}", path.display())]
    Open {
        /// Which file.
        path: PathBuf,
    },
    /// There is no file, and no folder to make it in.
    #[error("[keys] master_key_file: {} cannot be made, its folder is not there", path.display())]
    NoFolder {
        /// Where it should be.
        path: PathBuf,
    },
    /// The store has keys, and the master key is gone.
    #[error(
        "the master key is missing: {} is not there, but the store holds keys that only it opens. Restore the file from \
         its backup, or set {VARIABLE}. (A new one would sign everybody out and leave the stored keys closed for ever.)",
        path.display()
    )]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
}

/// Reads the master key; makes it when there is none and `store_is_empty`.
pub(crate) fn obtain(
    storage: &Storage,
    store_is_empty: bool,
    random: &dyn Random,
) -> Result<MasterKey, MasterKeyError> {
    match find(storage)? {
        Some(key) => Ok(key),
        None => {
            may_be_made(storage, store_is_empty)?;
            make(&storage.master_key_file, random)
        }
    }
}

/// The master key of the environment, when there is one.
pub(crate) fn in_environment() -> Result<Option<MasterKey>, MasterKeyError> {
    let text = from_environment();
    text.map(|text| parse(&text, VARIABLE)).transpose()
}

/// Reads the master key; `None` when there is no file yet. Changes nothing.
pub(crate) fn find(storage: &Storage) -> Result<Option<MasterKey>, MasterKeyError> {
    if let Some(text) = from_environment() {
        return parse(&text, VARIABLE).map(Some);
    }
    let path = &storage.master_key_file;
    match std::fs::read_to_string(path).map(Zeroizing::new) {
        Ok(text) => {
            refuse_open_file(path)?;
            parse(&text, &path.display().to_string()).map(Some)
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == ErrorKind::InvalidData => Err(MasterKeyError::Malformed {
            place: path.display().to_string(),
        }),
        Err(source) => Err(MasterKeyError::File {
            path: path.clone(),
            source,
        }),
    }
}

/// Whether a start would make the missing file: nothing depends on the old one, and its folder is there.
pub(crate) fn may_be_made(storage: &Storage, store_is_empty: bool) -> Result<(), MasterKeyError> {
    let path = &storage.master_key_file;
    if !store_is_empty {
        return Err(MasterKeyError::Missing { path: path.clone() });
    }
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    if !folder.is_dir() {
        return Err(MasterKeyError::NoFolder { path: path.clone() });
    }
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the cli is the one place that reads the environment"
)]
fn from_environment() -> Option<Zeroizing<String>> {
    std::env::var(VARIABLE).ok().map(Zeroizing::new)
}

/// Both base64 alphabets, with or without padding.
fn parse(text: &str, place: &str) -> Result<MasterKey, MasterKeyError> {
    let url_safe = |c| match c {
        '+' => '-',
        '/' => '_',
        other => other,
    };
    let plain: Zeroizing<String> =
        Zeroizing::new(text.trim().trim_end_matches('=').chars().map(url_safe).collect());
    let malformed = || MasterKeyError::Malformed {
        place: place.to_owned(),
    };
    let bytes = Zeroizing::new(b64::decode_url(&plain).map_err(|_| malformed())?);
    let key: [u8; 32] = bytes.as_slice().try_into().map_err(|_| malformed())?;
    Ok(Zeroizing::new(key))
}

/// The file gets its name only when it is whole, so that a crash leaves no half key behind.
fn make(path: &Path, random: &dyn Random) -> Result<MasterKey, MasterKeyError> {
    let mut key: MasterKey = Zeroizing::new([0; 32]);
    random.fill(key.as_mut_slice());
    let text = Zeroizing::new(format!("{}\n", b64::encode_url(key.as_slice())));
    let draft = path.with_extension("new");
    let made = write(&draft, text.as_bytes())
        .and_then(|()| std::fs::rename(&draft, path))
        .and_then(|()| sync_folder(path));
    made.map_err(|source| MasterKeyError::File {
        path: path.to_owned(),
        source,
    })?;
    Ok(key)
}

fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = std::fs::File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn sync_folder(path: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    match path.parent() {
        Some(folder) if folder != Path::new("") => std::fs::File::open(folder)?.sync_all()?,
        _ => std::fs::File::open(".")?.sync_all()?,
    }
    Ok(())
}

fn refuse_open_file(path: &Path) -> Result<(), MasterKeyError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let kept = std::fs::metadata(path).map_err(|source| MasterKeyError::File {
            path: path.to_owned(),
            source,
        })?;
        if kept.permissions().mode() & 0o007 != 0 {
            return Err(MasterKeyError::Open {
                path: path.to_owned(),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use valetkey_server::random::SystemRandom;

    fn storage(folder: &tempfile::TempDir) -> Storage {
        Storage::in_folder(folder.path().to_owned())
    }

    #[test]
    fn a_missing_key_is_never_made_anew_for_a_store_that_has_keys() {
        let folder = tempfile::tempdir().unwrap();
        let refused = obtain(&storage(&folder), false, &SystemRandom).unwrap_err();
        assert!(matches!(refused, MasterKeyError::Missing { .. }), "{refused}");
        assert!(!storage(&folder).master_key_file.exists());
    }

    #[test]
    fn a_key_is_made_once_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let made = obtain(&storage(&folder), true, &SystemRandom).unwrap();
        let again = obtain(&storage(&folder), true, &SystemRandom).unwrap();
        assert!(made == again);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(storage(&folder).master_key_file)
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_file_that_holds_something_else_is_refused_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = storage(&folder).master_key_file;
        for bad in [
            "",
            "short",
            &"!".repeat(43),
            &"A".repeat(44),
            &"A".repeat(40),
            &format!("{}B=", "A".repeat(42)),
        ] {
            write(&path, bad.as_bytes()).unwrap();
            let refused = obtain(&storage(&folder), true, &SystemRandom).unwrap_err();
            assert!(
                matches!(refused, MasterKeyError::Malformed { .. }),
                "{bad:?} {refused}"
            );
            assert_eq!(std::fs::read_to_string(&path).unwrap(), bad);
        }
        assert!(
            parse(&format!("{}E=\n", "+/".repeat(21)), "x").is_ok(),
            "the other alphabet, with padding"
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_everybody_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let storage = storage(&folder);
        obtain(&storage, true, &SystemRandom).unwrap();
        std::fs::set_permissions(&storage.master_key_file, std::fs::Permissions::from_mode(0o644)).unwrap();
        let refused = obtain(&storage, true, &SystemRandom).unwrap_err();
        assert!(matches!(refused, MasterKeyError::Open { .. }), "{refused}");
    }
}
