//! The password of the database stands in no log, no error and no `Debug`.

use super::{binaries, patient};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use valetkey_store::Store as _;
use valetkey_store_postgres::PostgresStore;
use valetkey_testkit::postgres::{Cluster, Setup};

const PASSWORD: &str = "the-password-of-the-database";

/// Writes down whatever is told on this thread.
#[derive(Clone, Default)]
struct Everything(Arc<Mutex<String>>);

struct Fields<'t>(&'t mut String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

impl Subscriber for Everything {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut Fields(&mut self.0.lock().unwrap()));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut Fields(&mut self.0.lock().unwrap()));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut Fields(&mut self.0.lock().unwrap()));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn the_password_of_the_database_is_in_no_log_and_no_error() {
    let Some(binaries) = binaries() else { return };
    let log = Everything::default();
    let _listening = tracing::subscriber::set_default(log.clone());
    let setup = Setup {
        password: Some(PASSWORD),
        ..Setup::default()
    };
    let mut cluster = Cluster::start_with(&binaries, setup);
    let right = cluster.url();
    let wrong = right.replace(PASSWORD, &format!("not-{PASSWORD}"));
    let mut told = String::new();
    for url in [
        wrong,
        right.replace("/postgres", "/nowhere"),
        right.replace("@127.0.0.1", "@nowhere.invalid"),
        right.replace("postgres://", "mysql://"),
        format!("{right}?sslmode=sometimes"),
        format!("{right}?no_such_thing={PASSWORD}"),
        format!("postgres://valetkey:{PASSWORD}@[::1/postgres"),
    ] {
        let error = PostgresStore::open(&url, patient()).await.expect_err(&url);
        write!(told, "{error} {error:?}").unwrap();
        let error = PostgresStore::is_new(&url, &patient()).await.expect_err(&url);
        write!(told, "{error} {error:?}").unwrap();
    }
    let store = PostgresStore::open(&right, patient()).await.unwrap();
    store.ready().await.unwrap();
    write!(told, "{store:?} {:?}", patient()).unwrap();
    cluster.stop();
    let error = store.ready().await.unwrap_err();
    write!(told, "{error} {error:?}").unwrap();
    // The connection that listens tells that it is lost.
    while log.0.lock().unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let log = log.0.lock().unwrap().clone();
    for text in [told, log] {
        assert!(!text.contains(PASSWORD), "{text}");
    }
}
