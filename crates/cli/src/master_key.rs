//! The master key: 32 bytes from the environment or a file, never in the data folder's database. Made on the first
//! start, and never made anew beside data that another one sealed.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use valetkey_jose::b64;
use valetkey_server::random::{self, SystemRandom};
use zeroize::Zeroizing;

/// The environment variable that goes before the file.
pub(crate) const VARIABLE: &str = "VALETKEY_MASTER_KEY";

/// The key. It does not print itself.
pub(crate) type MasterKey = Zeroizing<[u8; 32]>;

/// There is no usable master key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MasterKeyError {
    /// The variable or the file holds something else.
    #[error("{0} holds no master key: 32 bytes in base64url, 43 characters")]
    Form(String),
    /// The file cannot be read or made.
    #[error("the master key {path}: {source}", path = path.display())]
    File { path: PathBuf, source: std::io::Error },
    /// There are signing keys already, but their master key is gone.
    #[error(
        "the master key {path} is missing, but the data was sealed with one: put it back, or set {VARIABLE}",
        path = path.display()
    )]
    Missing { path: PathBuf },
}

/// Opens the key. Makes it when there is none and `is_new` says that nothing was sealed yet.
pub(crate) fn open(path: &Path, is_new: bool) -> Result<MasterKey, MasterKeyError> {
    if let Some(text) = from_environment() {
        return read(&text).ok_or_else(|| MasterKeyError::Form(VARIABLE.to_owned()));
    }
    let failed = |source| MasterKeyError::File {
        path: path.to_owned(),
        source,
    };
    match std::fs::read_to_string(path) {
        Ok(text) => {
            warn_if_others_can_read(path);
            let text = Zeroizing::new(text);
            read(&text).ok_or_else(|| MasterKeyError::Form(path.display().to_string()))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            if !is_new {
                return Err(MasterKeyError::Missing { path: path.to_owned() });
            }
            make(path).map_err(failed)
        }
        Err(error) => Err(failed(error)),
    }
}

/// A key that is kept nowhere, for data that goes with the process.
pub(crate) fn passing() -> MasterKey {
    Zeroizing::new(random::bytes(&SystemRandom))
}

fn from_environment() -> Option<Zeroizing<String>> {
    #[expect(clippy::disallowed_methods, reason = "the command line is where the environment is read")]
    let value = std::env::var(VARIABLE);
    value.ok().map(Zeroizing::new)
}

fn read(text: &str) -> Option<MasterKey> {
    let bytes = Zeroizing::new(b64::decode_url(text.trim()).ok()?);
    let key: [u8; 32] = bytes.as_slice().try_into().ok()?;
    Some(Zeroizing::new(key))
}

fn make(path: &Path) -> std::io::Result<MasterKey> {
    let key = passing();
    if let Some(folder) = path.parent().filter(|folder| *folder != Path::new("")) {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    let text = Zeroizing::new(format!("{}\n", b64::encode_url(key.as_slice())));
    file.write_all(text.as_bytes())?;
    // Data is sealed with it from now on: it has to be there after a power cut.
    file.sync_all()?;
    Ok(key)
}

#[cfg(unix)]
fn warn_if_others_can_read(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    if std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0) {
        tracing::warn!(path = %path.display(), "the master key can be read by others: chmod 600");
    }
}

#[cfg(not(unix))]
fn warn_if_others_can_read(_: &Path) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_new_key_is_made_beside_data_that_another_sealed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        assert!(matches!(open(&path, false), Err(MasterKeyError::Missing { .. })));
        assert!(!path.exists());
    }

    #[test]
    fn a_file_that_holds_something_else_is_refused_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        for bad in ["", "abc", &"A".repeat(42), &"A".repeat(44), &"!".repeat(43)] {
            std::fs::write(&path, bad).unwrap();
            assert!(matches!(open(&path, true), Err(MasterKeyError::Form(_))), "{bad:?}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), bad);
        }
    }

    #[test]
    fn a_key_is_made_once_and_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/master.key");
        let made = open(&path, true).unwrap();
        assert_eq!(open(&path, false).unwrap(), made);
        assert_eq!(open(&path, true).unwrap(), made);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }
}
