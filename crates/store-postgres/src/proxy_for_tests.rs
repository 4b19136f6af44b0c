//! A wire to the database that can fail: it falls silent, or is cut at the worst moment. And it counts how often somebody
//! waited for an answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio_postgres::Config;
use tokio_postgres::config::Host;
use valetkey_store::StoreError;

/// What happens to it.
#[derive(Debug, Default)]
pub(crate) struct Wire {
    /// Nothing comes through, either way, and nobody is told.
    pub(crate) is_silent: AtomicBool,
    /// COMMIT comes through, and its answer does not: the wire is cut, once.
    pub(crate) loses_commit: AtomicBool,
    /// How often something was asked after the last answer had come.
    turns: AtomicU32,
    was_answered: AtomicBool,
}

impl Wire {
    /// How many answers some work waits for, one after the other. Nobody else may use the wire meanwhile.
    pub(crate) async fn waits<T>(&self, work: impl Future<Output = Result<T, StoreError>>) -> u32 {
        let before = self.turns.load(Ordering::Relaxed);
        work.await.unwrap();
        self.turns.load(Ordering::Relaxed) - before
    }

    fn notes(&self, asks: bool) {
        if !asks {
            self.was_answered.store(true, Ordering::Relaxed);
        } else if self.was_answered.swap(false, Ordering::Relaxed) {
            self.turns.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The URL of the database by way of a wire.
pub(crate) async fn lay(url: &str) -> (String, Arc<Wire>) {
    let config: Config = url.parse().unwrap();
    let Some(Host::Tcp(host)) = config.get_hosts().first() else {
        panic!("the tests' server is reached by TCP");
    };
    let server = format!("{host}:{}", config.get_ports().first().unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let ours: SocketAddr = listener.local_addr().unwrap();
    let wire = Arc::new(Wire::default());
    let there = server.clone();
    let for_all = Arc::clone(&wire);
    tokio::spawn(async move {
        loop {
            let (client, _) = listener.accept().await.unwrap();
            let server = TcpStream::connect(&there).await.unwrap();
            let ((up, down), (to_up, to_down)) = (client.into_split(), server.into_split());
            tokio::spawn(carry(up, to_down, Arc::clone(&for_all), true));
            tokio::spawn(carry(to_up, down, Arc::clone(&for_all), false));
        }
    });
    (url.replacen(&server, &ours.to_string(), 1), wire)
}

async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, wire: Arc<Wire>, asks: bool) {
    let mut chunk = vec![0; 1 << 16];
    loop {
        let Ok(length) = from.read(&mut chunk).await else {
            return;
        };
        if length == 0 {
            return;
        }
        if wire.is_silent.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        wire.notes(asks);
        let is_commit = asks && chunk[..length].windows(7).any(|part| part == b"COMMIT\0");
        if to.write_all(&chunk[..length]).await.is_err() {
            return;
        }
        if is_commit && wire.loses_commit.swap(false, Ordering::Relaxed) {
            // The other half waits for an answer that it will not pass on.
            wire.is_silent.store(true, Ordering::Relaxed);
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
            wire.is_silent.store(false, Ordering::Relaxed);
            return;
        }
    }
}
