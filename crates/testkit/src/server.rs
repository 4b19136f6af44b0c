//! The server under test: the real one, over data of its own.

use crate::app::App;
use crate::browser::Browser;
use crate::cast::{self, Person, Registered};
use crate::clock::FakeClock;
use crate::consumer::Consumer;
use crate::home::{Home, Opener};
use crate::photos::Photos;
use crate::random::SeededRandom;
use crate::recorder::Recorder;
use crate::site::Site;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use valetkey_model::user::PasswordHash;
use valetkey_model::{Client, ClientId};
use valetkey_protocol::rule::Rule;
use valetkey_protocol::secret::Password;
use valetkey_server::inspector::Inspector;
use valetkey_server::listen::{self, Limits, Serving};
use valetkey_server::{Inspect, Server, Settings, provision};
use valetkey_store::Store;

/// More flows than any test makes.
const FLOWS: usize = 10_000;

/// A server that runs in this process.
pub struct TestServer {
    /// The time, for everybody.
    pub clock: FakeClock,
    /// What it remembers.
    pub store: Arc<dyn Store>,
    /// What it told of its checks.
    pub inspector: Arc<Inspector>,
    /// Where requests go.
    pub site: Site,
    server: Server,
    settings: Settings,
    home: Home,
}

impl std::fmt::Debug for TestServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TestServer")
            .field("site", &self.site.issuer)
            .finish_non_exhaustive()
    }
}

impl TestServer {
    /// A fresh server with the cast.
    pub async fn start() -> Self {
        Self::start_with(|_| ()).await
    }

    /// A fresh server with other settings.
    pub async fn start_with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::start_at(Home::furnished().await, change).await
    }

    /// A fresh server over SQLite, whatever store was chosen for the tests: for a test that looks into its file.
    pub async fn start_in_a_folder() -> Self {
        Self::start_in_a_folder_with(|_| ()).await
    }

    /// The same with other settings.
    pub async fn start_in_a_folder_with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::start_at(Home::folder().await, change).await
    }

    /// A fresh server over an empty PostgreSQL database, whatever store was chosen for the tests.
    pub async fn start_in_database(url: &str) -> Self {
        Self::start_in_database_with(url, |_| ()).await
    }

    /// The same with other settings.
    pub async fn start_in_database_with(url: &str, change: impl FnOnce(&mut Settings)) -> Self {
        let home = Home::Url(url.to_owned());
        furnish(home.open(Opener::Owner).await).await;
        Self::start_at(home, change).await
    }

    async fn start_at(home: Home, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings::new(cast::policy());
        settings.password_workers = 1;
        settings.inspector = Some(Inspector::new(FLOWS));
        settings.inspect = Inspect::Everyone;
        change(&mut settings);
        Self::open(home, settings, FakeClock::default()).await
    }

    async fn open(home: Home, settings: Settings, clock: FakeClock) -> Self {
        let store = home.open(Opener::Owner).await;
        let random = Arc::new(SeededRandom::new(
            crate::clock::FakeClock::timestamp(&clock).0.unsigned_abs(),
        ));
        let server = Server::new(
            settings.clone(),
            store.clone(),
            &cast::MASTER_KEY,
            Arc::new(clock.clone()),
            random,
        );
        let server = server.await.expect("the server starts");
        Self {
            site: Site::router(server.issuer(), server.app()),
            inspector: settings.inspector.clone().unwrap_or_else(|| Inspector::new(1)),
            clock,
            store,
            server,
            settings,
            home,
        }
    }

    /// Stops, and starts again on the same data.
    pub async fn restart(self) -> Self {
        self.restart_with(|_| ()).await
    }

    /// The same with other settings.
    pub async fn restart_with(self, change: impl FnOnce(&mut Settings)) -> Self {
        let Self {
            home,
            mut settings,
            clock,
            store,
            server,
            site,
            inspector,
            ..
        } = self;
        drop((store, server, site, inspector));
        change(&mut settings);
        clock.advance(1);
        Self::open(home, settings, clock).await
    }

    /// Serves over TCP through the real accept loop, until the task is aborted or the test ends.
    pub async fn listen(&self, limits: Limits) -> (SocketAddr, JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        self.listen_on(listener, limits)
    }

    /// The same at a port that was taken before, for an issuer that names it.
    pub fn listen_on(&self, listener: TcpListener, limits: Limits) -> (SocketAddr, JoinHandle<()>) {
        let address = listener.local_addr().expect("it has an address");
        let serving = Serving {
            limits,
            connections: self.server.connections(),
            ..Serving::default()
        };
        let app = self.server.app();
        let task = tokio::spawn(async move {
            listen::serve(listener, app, serving, std::future::pending())
                .await
                .expect("it serves");
        });
        (address, task)
    }

    /// Lets the server see what a test changed in its store.
    pub async fn refresh(&self) {
        self.server.refresh().await;
    }

    /// Changes what a client registered, as an operator does.
    pub async fn changes(&self, registered: Registered, change: impl FnOnce(&mut Client)) {
        let id = ClientId::parse(registered.id).expect("it is an id");
        let found = self.store.find_client(&id).await.expect("the store answers");
        let mut client = found.expect("the client is there");
        change(&mut client);
        assert!(self.store.update_client(client).await.expect("the store answers"));
        self.refresh().await;
    }

    /// Forgets what is over, as the server does from time to time.
    pub async fn forget_expired(&self) {
        self.server.forget_expired().await;
    }

    /// Exchanges the signing keys that have signed for long enough, as the server does from time to time.
    pub async fn rotate_keys(&self) {
        self.server.rotate_keys().await;
    }

    /// Delivers the logout tokens and letters that are due, as the server does by itself, and waits for each try.
    pub async fn deliver(&self) {
        self.server.deliver().await;
    }

    /// Follows changes, forgets and delivers by itself, as a running server does, until the task is aborted.
    #[must_use]
    pub fn runs(&self) -> JoinHandle<()> {
        self.server.spawn_background()
    }

    /// A browser of somebody who is not signed in.
    #[must_use]
    pub fn browser(&self, person: Person) -> Browser {
        Browser::new(self.site.clone(), person)
    }

    /// An app.
    #[must_use]
    pub fn app(&self, registered: Registered) -> App {
        App::new(self.site.clone(), registered)
    }

    /// The Photos API; it believes JWTs by themselves.
    #[must_use]
    pub fn photos(&self) -> Photos {
        self.photos_with(&Arc::default(), |builder| builder.jwt())
    }

    /// A Photos API that checks tokens in another way, and tells a recorder.
    #[must_use]
    pub fn photos_with(
        &self,
        recorder: &Arc<Recorder>,
        way: impl FnOnce(valetkey_resource_server::Builder) -> valetkey_resource_server::Builder,
    ) -> Photos {
        Photos::new(&self.site, self.clock.clone(), recorder, way)
    }

    /// A Photos API that takes signed requests of OAuth 1.0a beside bearer tokens.
    #[must_use]
    pub fn photos_by_both(&self, recorder: &Arc<Recorder>) -> Photos {
        Photos::by_both(&self.site, self.clock.clone(), recorder)
    }

    /// A consumer of OAuth 1.0a.
    #[must_use]
    pub fn consumer(&self, registered: Registered) -> Consumer {
        Consumer::at(self.site.clone(), self.clock.clone(), registered)
    }

    /// How many requests a rule has refused, as `/metrics` counts them.
    pub async fn refusals(&self, rule: Rule) -> u64 {
        let text = self.metrics().await;
        let start = format!("valetkey_refusals_total{{rule=\"{}\"}} ", rule.info().id);
        let line = text.lines().find_map(|line| line.strip_prefix(start.as_str()));
        line.map_or(0, |count| count.parse().expect("a count is a number"))
    }

    /// What it counted, as `/metrics` tells it.
    pub async fn metrics(&self) -> String {
        let management = Site::router(&self.site.issuer, self.server.management_router());
        management.get("/metrics", &[]).await.text()
    }

    /// The rules that a request was found to satisfy, so far.
    #[must_use]
    pub fn passed(&self) -> BTreeSet<Rule> {
        let flows = self.inspector.flows();
        let messages = flows.iter().flat_map(|flow| &flow.messages);
        let checks = messages.flat_map(|message| &message.event.checks);
        checks
            .filter(|check| check.refused.is_none())
            .map(|check| check.rule)
            .collect()
    }

    /// The store of one more process on the same data.
    pub async fn store_beside(&self) -> Arc<dyn Store> {
        self.home.open(Opener::Guest).await
    }

    /// Runs one statement that both databases understand, past the server.
    pub async fn runs_sql(&self, statement: &str) {
        self.home.runs(statement).await;
    }

    /// How many rows a table has.
    pub async fn count(&self, table: &str) -> i64 {
        self.home.count(table).await
    }

    /// The URL of the PostgreSQL database, where there is one.
    #[must_use]
    pub fn database_url(&self) -> String {
        match &self.home {
            Home::Folder(_) => panic!("this test needs a server over PostgreSQL"),
            Home::Database(database) => database.url(),
            Home::Url(url) => url.clone(),
        }
    }

    /// Where the SQLite file is, after [`start_in_a_folder`](Self::start_in_a_folder).
    #[must_use]
    pub fn folder(&self) -> &Path {
        match &self.home {
            Home::Folder(folder) => folder.path(),
            _ => panic!("this test needs a server that started in a folder"),
        }
    }
}

/// Puts the cast and the signing keys into an empty store. Passwords and keys take a while to make: once for all tests.
pub(crate) async fn furnish(store: Arc<dyn Store>) {
    let clock = FakeClock::default();
    let random = SeededRandom::new(1);
    for person in [cast::ALICE, cast::BOB] {
        let hash: PasswordHash = provision::hash_any_password(&Password::new(person.password), &random)
            .await
            .expect("a password can be hashed");
        store
            .insert_user(person.record(hash, clock.timestamp()))
            .await
            .expect("a person can be added");
    }
    for client in cast::clients(clock.timestamp()) {
        store.insert_client(client).await.expect("a client can be added");
    }
    let settings = Settings::new(cast::policy());
    let server = Server::new(
        settings,
        store,
        &cast::MASTER_KEY,
        Arc::new(clock),
        Arc::new(random),
    )
    .await;
    drop(server.expect("the server makes its keys"));
}
