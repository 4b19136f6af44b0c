//! A database that lets nobody in: a program that starts says so and ends; one that runs tells of a fault, because asking
//! again is of no use before somebody repaired it.

use super::{binaries, patient};
use valetkey_store::{Store as _, StoreError};
use valetkey_store_postgres::{OpenError, PostgresOptions, PostgresStore};
use valetkey_testkit::postgres::{self, Cluster, Setup};

const PASSWORD: &str = "the-password-of-the-database";

fn cluster(binaries: &std::path::Path) -> Cluster {
    let setup = Setup {
        password: Some(PASSWORD),
        ..Setup::default()
    };
    Cluster::start_with(binaries, setup)
}

#[tokio::test]
async fn a_password_a_user_or_a_database_that_is_not_known_ends_the_start_with_what_is_wrong() {
    let Some(binaries) = binaries() else { return };
    let right = cluster(&binaries);
    let url = right.url();
    for (wrong, code) in [
        (url.replace(PASSWORD, &format!("not-{PASSWORD}")), "(28P01)"),
        (url.replace("valetkey:", "nobody:"), "(28P01)"),
        (url.replace("/postgres", "/nowhere"), "(3D000)"),
    ] {
        let refused = PostgresStore::open(&wrong, patient()).await.expect_err(code);
        let looked = PostgresStore::is_new(&wrong, &patient()).await.expect_err(code);
        for error in [refused, looked] {
            assert!(matches!(error, OpenError::Database(_)), "{error:?}");
            let said = error.to_string();
            assert!(said.starts_with("the database cannot be opened: "), "{said}");
            assert!(said.ends_with(code) && !said.contains(PASSWORD), "{said}");
        }
    }
}

#[tokio::test]
async fn a_password_that_counts_no_more_is_a_fault_to_repair_and_nothing_to_ask_again_for() {
    let Some(binaries) = binaries() else { return };
    let cluster = cluster(&binaries);
    let one = PostgresOptions {
        pool_size: 1,
        ..patient()
    };
    let store = PostgresStore::open(&cluster.url(), one).await.unwrap();
    let (operator, _connection) = postgres::connected(&cluster.url()).await.unwrap();
    let cut_off = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity \
         WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
    for (change, back, code) in [
        (
            "PASSWORD 'another'".to_owned(),
            format!("PASSWORD '{PASSWORD}'"),
            "(28P01)",
        ),
        ("NOLOGIN".to_owned(), "LOGIN".to_owned(), "(28000)"),
    ] {
        operator
            .batch_execute(&format!("ALTER ROLE valetkey {change}"))
            .await
            .unwrap();
        operator.query(cut_off, &[]).await.unwrap();
        // The connection that it had is lost: that may be over a moment later, and tells nothing here.
        drop(store.ready().await);
        let told = store.ready().await;
        let Err(StoreError::Backend(why)) = told else {
            panic!("{told:?}");
        };
        let said = format!("{why} {why:?}");
        assert!(said.contains(code) && !said.contains(PASSWORD), "{said}");
        operator
            .batch_execute(&format!("ALTER ROLE valetkey {back}"))
            .await
            .unwrap();
        store.ready().await.unwrap();
    }
}
