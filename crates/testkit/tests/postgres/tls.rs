//! TLS to the database: whenever it is spoken, the certificate is verified; and where it has to be, nothing goes in plain.

use super::{binaries, patient};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;
use valetkey_store::Store as _;
use valetkey_store_postgres::{OpenError, PostgresOptions, PostgresStore};
use valetkey_testkit::postgres::{Cluster, Setup};

const PASSWORD: &str = "the-password-of-the-database";

fn openssl(folder: &Path, arguments: &str) {
    let made = Command::new("openssl")
        .args(arguments.split(' '))
        .current_dir(folder)
        .output();
    let made = made.expect("openssl is installed");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// An authority of the test's own.
struct Authority(TempDir);

impl Authority {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let new = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=authority";
        openssl(folder.path(), &format!("{new} -keyout ca.key -out ca.pem"));
        Self(folder)
    }

    fn text(&self, file: &str) -> String {
        std::fs::read_to_string(self.0.path().join(file)).unwrap()
    }

    /// A certificate for a host, and its key.
    fn signs(&self, host: &str) -> (String, String) {
        let folder = self.0.path();
        let new = "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=database";
        openssl(folder, &format!("{new} -keyout server.key -out server.csr"));
        std::fs::write(folder.join("more"), format!("subjectAltName=DNS:{host}\n")).unwrap();
        let sign = "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile more";
        openssl(folder, &format!("{sign} -out server.pem"));
        (self.text("server.pem"), self.text("server.key"))
    }

    fn trusted(&self) -> PostgresOptions {
        PostgresOptions {
            root_certificates: Some(self.text("ca.pem").into_bytes()),
            ..patient()
        }
    }
}

/// A server that shows this certificate and takes nothing in plain.
fn cluster(binaries: &Path, tls: Option<(String, String)>) -> Cluster {
    let setup = Setup {
        password: Some(PASSWORD),
        only_tls: tls.is_some(),
        tls,
        ..Setup::default()
    };
    Cluster::start_with(binaries, setup)
}

/// The database by the name of its host.
fn url(cluster: &Cluster, sslmode: &str) -> String {
    format!("{}?sslmode={sslmode}", cluster_url(cluster))
}

fn cluster_url(cluster: &Cluster) -> String {
    cluster.url().replace("127.0.0.1", "localhost")
}

async fn is_refused(url: &str, options: PostgresOptions) -> String {
    let refused = PostgresStore::open(url, options).await.expect_err(url);
    assert!(matches!(refused, OpenError::Database(_)), "{refused:?}");
    let said = format!("{refused} {refused:?}");
    assert!(!said.contains(PASSWORD), "{said}");
    said
}

#[tokio::test]
async fn a_database_whose_certificate_our_authority_signed_is_opened_and_nothing_is_said_in_plain() {
    let Some(binaries) = binaries() else { return };
    let authority = Authority::new();
    let cluster = cluster(&binaries, Some(authority.signs("localhost")));
    for sslmode in ["verify-full", "require", "prefer"] {
        let store = PostgresStore::open(&url(&cluster, sslmode), authority.trusted()).await;
        store.unwrap().ready().await.unwrap();
    }
    let said = is_refused(&url(&cluster, "disable"), authority.trusted()).await;
    assert!(said.contains("no encryption"), "{said}");
}

#[tokio::test]
async fn a_database_whose_certificate_somebody_else_signed_is_refused_in_every_mode() {
    let Some(binaries) = binaries() else { return };
    let (ours, theirs) = (Authority::new(), Authority::new());
    let cluster = cluster(&binaries, Some(theirs.signs("localhost")));
    for sslmode in ["verify-full", "require", "prefer"] {
        is_refused(&url(&cluster, sslmode), ours.trusted()).await;
        // The authorities that browsers trust did not sign it, either.
        is_refused(&url(&cluster, sslmode), patient()).await;
    }
    is_refused(&cluster_url(&cluster), ours.trusted()).await;
}

#[tokio::test]
async fn a_certificate_for_another_host_is_refused_although_our_authority_signed_it() {
    let Some(binaries) = binaries() else { return };
    let authority = Authority::new();
    let cluster = cluster(&binaries, Some(authority.signs("other.example")));
    for sslmode in ["verify-full", "require", "prefer"] {
        is_refused(&url(&cluster, sslmode), authority.trusted()).await;
    }
}

#[tokio::test]
async fn a_database_without_tls_is_refused_where_tls_is_required_and_gets_no_password() {
    let Some(binaries) = binaries() else { return };
    let authority = Authority::new();
    let cluster = cluster(&binaries, None);
    for sslmode in ["verify-full", "require"] {
        is_refused(&url(&cluster, sslmode), authority.trusted()).await;
    }
    let plain = PostgresStore::open(&url(&cluster, "prefer"), authority.trusted()).await;
    plain.unwrap().ready().await.unwrap();
}
