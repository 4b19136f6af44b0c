//! Databases for single tests, on a server that is there already: made before, dropped after, never shared.

use std::hash::{BuildHasher as _, Hasher as _};
use std::io::Write as _;
use std::sync::Once;
use tokio_postgres::{Client, Config, NoTls};

/// Names the URL of a server's maintenance database, whose user may make databases. The server should be there for tests
/// alone.
pub const SERVER_VARIABLE: &str = "VALETKEY_TEST_POSTGRES";
/// Names where a PgBouncer in transaction mode before that server listens.
pub const POOLER_VARIABLE: &str = "VALETKEY_TEST_POSTGRES_POOLER";

/// The server for tests. Without one, says once that tests are skipped.
#[must_use]
pub fn server() -> Option<String> {
    static SAID: Once = Once::new();
    let found = std::env::var_os(SERVER_VARIABLE).map(|url| url.into_string().expect("a URL is text"));
    if found.is_none() {
        SAID.call_once(|| say(&format!("SKIPPED: {SERVER_VARIABLE} is not set")));
    }
    found
}

/// The URL of a database behind the pooler, with `{database}` for its name. Without one, says once that tests are skipped.
#[must_use]
pub fn pooled() -> Option<String> {
    static SAID: Once = Once::new();
    let Some(address) = std::env::var_os(POOLER_VARIABLE) else {
        SAID.call_once(|| say(&format!("SKIPPED: {POOLER_VARIABLE} is not set")));
        return None;
    };
    let server: Config = server()?.parse().expect("it is a URL");
    let user = server.get_user().unwrap_or("postgres");
    Some(format!("postgres://{user}@{}/{{database}}", address.display()))
}

/// Past the test harness, which keeps what a test that passes has said.
fn say(text: &str) {
    // Nobody can be told that nobody can be told.
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// One database; dropping this drops it.
#[derive(Debug)]
pub struct Database {
    server: String,
    name: String,
}

impl Database {
    /// An empty one.
    pub async fn empty(server: &str) -> Self {
        Self::copied(server, "template0").await
    }

    /// A copy of another, which nobody may be connected to.
    pub async fn copied(server: &str, template: &str) -> Self {
        let name = format!("valetkey_test_{:016x}", drawn());
        run(server, &format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
        Self {
            server: server.to_owned(),
            name,
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> String {
        let (server, query) = self.server.split_once('?').unwrap_or((&self.server, ""));
        let (server, _) = server.rsplit_once('/').expect("a URL names its database");
        let query = if query.is_empty() {
            String::new()
        } else {
            format!("?{query}")
        };
        format!("{server}/{}{query}", self.name)
    }

    /// Ends everybody's sessions, so that it may be copied from.
    pub async fn is_left_alone(&self) {
        let text = format!("ALTER DATABASE {} ALLOW_CONNECTIONS false", self.name);
        run(&self.server, &text).await;
        let text = format!(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '{}'",
            self.name
        );
        run(&self.server, &text).await;
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let text = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let server = self.server.clone();
        blocking(async move { try_to_run(&server, &text).await }).unwrap_or_else(|error| {
            say(&format!("{} stays behind: {error}", self.name));
        });
    }
}

/// Waits on a thread of its own, wherever the caller is.
pub fn blocking<T: Send>(work: impl Future<Output = T> + Send) -> T {
    let thread = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime can be made").block_on(work)
    };
    std::thread::scope(|scope| scope.spawn(thread).join().expect("it did not panic"))
}

/// Runs one statement.
pub async fn run(server: &str, statement: &str) {
    if let Err(error) = try_to_run(server, statement).await {
        panic!("{statement}: {error}: {:?}", error.as_db_error());
    }
}

/// The same, when it may fail.
pub async fn try_to_run(server: &str, statement: &str) -> Result<(), tokio_postgres::Error> {
    let (client, _connection) = connected(server).await?;
    client.batch_execute(statement).await
}

/// A connection of its own; the task ends with it.
pub async fn connected(url: &str) -> Result<(Client, tokio::task::JoinHandle<()>), tokio_postgres::Error> {
    let config: Config = url.parse()?;
    let (client, connection) = config.connect(NoTls).await?;
    // Its end is the client's, which tells it.
    Ok((client, tokio::spawn(async move { drop(connection.await) })))
}

/// A number that nobody else draws.
fn drawn() -> u64 {
    std::collections::hash_map::RandomState::new()
        .build_hasher()
        .finish()
}
