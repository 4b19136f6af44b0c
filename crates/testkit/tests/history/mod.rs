//! The history check finds stores that are wrong: the same clients against the real server, over TCP, on a store of which one
//! verb is broken; and nothing on the store as it is.

mod program;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use valetkey_server::listen::{self, Serving};
use valetkey_server::{Inspect, Server, Settings};
use valetkey_testkit::history::broken::{BrokenStore, Fault};
use valetkey_testkit::history::check::{Kind, Limits, Report, check};
use valetkey_testkit::history::clients::{Crowd, Load};
use valetkey_testkit::history::log::Log;
use valetkey_testkit::history::reading;
use valetkey_testkit::{SeededRandom, Site, TestServer, cast};

/// How many flows each of the clients lives.
const FLOWS: usize = 12;
const CLIENTS: usize = 6;

/// Runs the clients on a store that is broken so, and checks what they wrote down.
async fn report_of(fault: Fault, seed: u64) -> Report {
    let first = TestServer::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let issuer = format!("http://{address}");
    let mut policy = cast::policy();
    policy.issuer.clone_from(&issuer);
    let mut settings = Settings::new(policy);
    settings.password_workers = 1;
    settings.inspect = Inspect::Allowed;
    let server = Server::new(
        settings,
        Arc::new(BrokenStore::new(first.store.clone(), fault)),
        &cast::MASTER_KEY,
        Arc::new(first.clock.clone()),
        Arc::new(SeededRandom::new(77)),
    )
    .await
    .unwrap();
    let app = server.app();
    let serving = tokio::spawn(async move {
        listen::serve(listener, app, Serving::default(), std::future::pending()).await
    });
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("history.jsonl");
    let log = Log::create(&file).unwrap();
    let load = Load {
        sites: vec![Site::wire(&issuer, address)],
        app: cast::MYSWEETAPP,
        person: cast::ALICE,
        clients: CLIENTS,
        pause: Duration::from_millis(1),
        patience: Duration::from_secs(60),
        flows: FLOWS,
        seed,
    };
    Crowd::begin(&load, &log).finish().await;
    serving.abort();
    let text = std::fs::read_to_string(file).unwrap();
    let history = reading::read(&[("history".to_owned(), text)], 0).unwrap();
    let report = check(&history, &Limits::default());
    assert!(
        report.grants > (CLIENTS * FLOWS / 2) as u64,
        "the clients came far enough: {report:?}"
    );
    report
}

/// Lets clients make other choices until one of these is found; a wrong verb may need bad luck to do harm.
async fn finds(fault: Fault, expected: &[Kind]) {
    let mut found = BTreeSet::new();
    for seed in 1..=8 {
        let report = report_of(fault, seed).await;
        found.extend(report.violations.iter().map(|violation| violation.kind));
        if expected.iter().any(|kind| found.contains(kind)) {
            return;
        }
    }
    panic!("{fault:?} was not found; found was {found:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_is_right_is_accused_of_nothing() {
    let report = report_of(Fault::None, 1).await;
    let told: Vec<String> = report.violations.iter().map(ToString::to_string).collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redeeming_by_reading_and_then_writing_is_found() {
    finds(Fault::RedeemReadsThenWrites, &[Kind::CodeRedeemedTwice]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotating_without_looking_at_the_generation_is_found() {
    let expected = [Kind::GrantLost, Kind::OldGenerationAccepted];
    finds(Fault::RotateIgnoresTheGeneration, &expected).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revocation_that_is_forgotten_is_found() {
    finds(Fault::RevokeForgets, &[Kind::AcceptedAfterRevocation]).await;
    finds(Fault::RevokeTokenForgets, &[Kind::AcceptedAfterRevocation]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_grant_that_is_acknowledged_before_it_is_there_is_found() {
    finds(Fault::InsertAnswersEarly, &[Kind::GrantLost]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_is_acknowledged_and_not_there_is_found() {
    finds(Fault::SessionsGetLost, &[Kind::SessionLost]).await;
}
