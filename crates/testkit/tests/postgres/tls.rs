//! TLS to the database: whenever it is spoken, the certificate is verified; and where it has to be, nothing goes in plain.

use super::authority::Authority;
use super::{binaries, patient};
use std::path::Path;
use valetkey_store::Store as _;
use valetkey_store_postgres::{OpenError, PostgresOptions, PostgresStore};
use valetkey_testkit::postgres::{Cluster, Setup};

const PASSWORD: &str = "the-password-of-the-database";

fn trusted(authority: &Authority) -> PostgresOptions {
    PostgresOptions {
        root_certificates: Some(authority.certificate().into_bytes()),
        ..patient()
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
        let store = PostgresStore::open(&url(&cluster, sslmode), trusted(&authority)).await;
        store.unwrap().ready().await.unwrap();
    }
    let said = is_refused(&url(&cluster, "disable"), trusted(&authority)).await;
    assert!(said.contains("no encryption"), "{said}");
}

#[tokio::test]
async fn a_database_whose_certificate_somebody_else_signed_is_refused_in_every_mode() {
    let Some(binaries) = binaries() else { return };
    let (ours, theirs) = (Authority::new(), Authority::new());
    let cluster = cluster(&binaries, Some(theirs.signs("localhost")));
    for sslmode in ["verify-full", "require", "prefer"] {
        is_refused(&url(&cluster, sslmode), trusted(&ours)).await;
        // The authorities that browsers trust did not sign it, either.
        is_refused(&url(&cluster, sslmode), patient()).await;
    }
    is_refused(&cluster_url(&cluster), trusted(&ours)).await;
}

#[tokio::test]
async fn a_certificate_for_another_host_is_refused_although_our_authority_signed_it() {
    let Some(binaries) = binaries() else { return };
    let authority = Authority::new();
    let cluster = cluster(&binaries, Some(authority.signs("other.example")));
    for sslmode in ["verify-full", "require", "prefer"] {
        is_refused(&url(&cluster, sslmode), trusted(&authority)).await;
    }
}

#[tokio::test]
async fn a_database_without_tls_is_refused_where_tls_is_required_and_gets_no_password() {
    let Some(binaries) = binaries() else { return };
    let authority = Authority::new();
    let cluster = cluster(&binaries, None);
    for sslmode in ["verify-full", "require"] {
        is_refused(&url(&cluster, sslmode), trusted(&authority)).await;
    }
    let plain = PostgresStore::open(&url(&cluster, "prefer"), trusted(&authority)).await;
    plain.unwrap().ready().await.unwrap();
}
