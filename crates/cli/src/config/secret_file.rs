//! A secret in a file of its own: one line that only the server's account may read. It never stands in the configuration.

use std::path::Path;
use zeroize::Zeroizing;

/// No secret is longer.
const MOST_BYTES: usize = 4096;

/// Reads the line; the error is told after the path.
pub(super) fn read(path: &Path) -> Result<Zeroizing<String>, String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let text = Zeroizing::new(text);
    refuse_open(path)?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() || line.len() > MOST_BYTES || line.chars().any(char::is_control) {
        return Err(String::from(
            "holds one line of text, the secret, and nothing else",
        ));
    }
    Ok(Zeroizing::new(line.to_owned()))
}

/// A secret that everybody on the machine may read is none.
pub(super) fn refuse_open(path: &Path) -> Result<(), String> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let kept = std::fs::metadata(path).map_err(|error| error.to_string())?;
        if kept.permissions().mode() & 0o007 != 0 {
            return Err(format!(
                "is open to everybody on this machine: chmod o-rwx {}",
                path.display()
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holding(text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, text).unwrap();
        #[cfg(unix)]
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        (folder, path)
    }

    #[test]
    fn what_is_not_one_line_is_no_secret() {
        for bad in ["", "\n", "\r\n", "a\nb\n", "a\n\n", "a\0", &"x".repeat(4097)] {
            let (_folder, path) = holding(bad);
            assert!(read(&path).unwrap_err().contains("one line"), "{bad:?}");
        }
        assert!(read(Path::new("/nowhere/secret")).is_err());
    }

    #[test]
    fn the_line_is_taken_as_it_stands() {
        for text in [" pass word ", " pass word \n", " pass word \r\n"] {
            let (_folder, path) = holding(text);
            assert_eq!(read(&path).unwrap().as_str(), " pass word ");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_secret_that_everybody_may_read_is_refused() {
        let (_folder, path) = holding("secret\n");
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
        let said = read(&path).unwrap_err();
        assert!(
            said.contains("chmod o-rwx") && !said.contains("secret\n"),
            "{said}"
        );
    }
}
