//! Who makes the load: each client has a browser with a session of its own, and lives whole flows over HTTP, one connection a
//! request. Requests are repeated, doubled and replayed on purpose. Everything is in the log before it is sent.

mod asker;
mod holding;
mod lives;
mod outcome;
mod words;

pub use asker::Asker;
pub use holding::Held;
pub use lives::Client;
pub use words::{Load, Random};

use super::log::Log;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::task::JoinHandle;

/// Clients at work.
#[derive(Debug)]
pub struct Crowd {
    stop: Arc<AtomicBool>,
    clients: Vec<JoinHandle<Client>>,
}

impl Crowd {
    /// Lets them begin: client `i` at site `i` of the load's, around.
    #[must_use]
    pub fn begin(load: &Load, log: &Log) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let clients = (0..load.clients)
            .map(|number| {
                let client = Client::new(load, log, number);
                tokio::spawn(client.live(Arc::clone(&stop)))
            })
            .collect();
        Self { stop, clients }
    }

    /// Lets them finish what they are about, and then ask about every grant that they were ever given.
    pub async fn end(self) {
        self.stop.store(true, Ordering::SeqCst);
        let mut asking = Vec::new();
        for client in self.clients {
            let client = client.await.expect("a client does not fail");
            asking.push(tokio::spawn(client.asks_about_everything()));
        }
        for asked in asking {
            asked.await.expect("a client does not fail");
        }
    }

    /// Waits until they have stopped by themselves, because each has lived as many flows as the load allows.
    pub async fn finish(self) {
        let mut done = Vec::new();
        for client in self.clients {
            done.push(client.await.expect("a client does not fail"));
        }
        for client in done {
            client.asks_about_everything().await;
        }
    }
}
