//! Certificates for tests: an authority that nobody knows, and what it signs. Made by `openssl`.

use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

fn openssl(folder: &Path, arguments: &str) {
    let made = Command::new("openssl")
        .args(arguments.split(' '))
        .current_dir(folder)
        .output();
    let made = made.expect("openssl is installed");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// An authority of the test's own.
pub(crate) struct Authority(TempDir);

impl Authority {
    /// A fresh one.
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let new = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=authority";
        openssl(folder.path(), &format!("{new} -keyout ca.key -out ca.pem"));
        Self(folder)
    }

    fn text(&self, file: &str) -> String {
        std::fs::read_to_string(self.0.path().join(file)).unwrap()
    }

    /// A certificate for a host, and its key, as PEM.
    pub(crate) fn signs(&self, host: &str) -> (String, String) {
        let folder = self.0.path();
        let new = "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=database";
        openssl(folder, &format!("{new} -keyout server.key -out server.csr"));
        std::fs::write(folder.join("more"), format!("subjectAltName=DNS:{host}\n")).unwrap();
        let sign = "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile more";
        openssl(folder, &format!("{sign} -out server.pem"));
        (self.text("server.pem"), self.text("server.key"))
    }

    /// What others trust it by.
    pub(crate) fn certificate(&self) -> String {
        self.text("ca.pem")
    }
}
