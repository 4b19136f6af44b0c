//! One more process on the data of a test server: a store and a server of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use valetkey_server::{Inspect, Server, Settings, StartError};
use valetkey_store::Store;
use valetkey_testkit::cast::{self, Person, Registered};
use valetkey_testkit::{App, Browser, FakeClock, SeededRandom, Site, TestServer};

/// The master key of every test server.
pub(crate) const MASTER_KEY: [u8; 32] = [42; 32];

/// Two processes never draw the same bytes.
static SEED: AtomicU64 = AtomicU64::new(1_000);

pub(crate) struct Node {
    pub(crate) server: Server,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) site: Site,
    pub(crate) clock: FakeClock,
}

impl Node {
    /// Beside the first one, with the usual settings.
    pub(crate) async fn beside(first: &TestServer) -> Self {
        Self::with(first, |_| ()).await
    }

    /// Beside the first one, as the test wants it.
    pub(crate) async fn with(first: &TestServer, change: impl FnOnce(&mut Settings)) -> Self {
        Self::over(first, first.store_beside().await, change).await
    }

    /// Beside the first one, over a store of the test's choice.
    pub(crate) async fn over(
        first: &TestServer,
        store: Arc<dyn Store>,
        change: impl FnOnce(&mut Settings),
    ) -> Self {
        let mut settings = Settings::new(cast::policy());
        settings.password_workers = 1;
        settings.inspect = Inspect::Allowed;
        change(&mut settings);
        let server = start(settings, store.clone(), &MASTER_KEY, &first.clock)
            .await
            .unwrap();
        Self {
            site: Site::router(server.issuer(), server.app()),
            clock: first.clock.clone(),
            server,
            store,
        }
    }

    pub(crate) fn browser(&self, person: Person) -> Browser {
        Browser::at(self.site.clone(), person)
    }

    pub(crate) fn app(&self, registered: Registered) -> App {
        App::at(self.site.clone(), registered)
    }

    /// Where operators look.
    pub(crate) fn management(&self) -> Site {
        Site::router(self.server.issuer(), self.server.management_router())
    }
}

/// Starts a server with a master key of the test's choice.
pub(crate) async fn start(
    settings: Settings,
    store: Arc<dyn Store>,
    master_key: &[u8; 32],
    clock: &FakeClock,
) -> Result<Server, StartError> {
    let random = Arc::new(SeededRandom::new(SEED.fetch_add(1, Ordering::SeqCst)));
    Server::new(settings, store, master_key, Arc::new(clock.clone()), random).await
}
