//! A proxy of bytes that understands nothing: before the nodes it gives each new connection to the next of them and skips who
//! does not listen; between a node and its database it can be made to pass nothing.

use std::io::Result;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Whoever does not take a connection within this time is skipped.
const CONNECT: Duration = Duration::from_millis(500);

/// A running proxy. Dropping it ends it.
#[derive(Debug)]
pub struct Proxy {
    /// Where it listens.
    pub address: SocketAddr,
    targets: Arc<Mutex<Vec<SocketAddr>>>,
    passes: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// Listens at an address, for these targets.
    ///
    /// # Errors
    /// When it cannot listen there.
    pub async fn begin(at: SocketAddr, targets: Vec<SocketAddr>) -> Result<Self> {
        let listener = TcpListener::bind(at).await?;
        let address = listener.local_addr()?;
        let targets = Arc::new(Mutex::new(targets));
        let (passes, watched) = watch::channel(true);
        let task = tokio::spawn(accept(listener, Arc::clone(&targets), watched));
        Ok(Self {
            address,
            targets,
            passes,
            task,
        })
    }

    /// Leads new connections elsewhere.
    pub fn leads_to(&self, targets: Vec<SocketAddr>) {
        *self.targets.lock().unwrap_or_else(PoisonError::into_inner) = targets;
    }

    /// Passes no byte in either direction, on old and new connections, or passes them again.
    pub fn passes(&self, passes: bool) {
        self.passes.send_replace(passes);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, targets: Arc<Mutex<Vec<SocketAddr>>>, passes: watch::Receiver<bool>) {
    let turn = Arc::new(AtomicUsize::new(0));
    while let Ok((client, _)) = listener.accept().await {
        let targets = targets.lock().unwrap_or_else(PoisonError::into_inner).clone();
        tokio::spawn(serve(client, targets, Arc::clone(&turn), passes.clone()));
    }
}

async fn serve(
    client: TcpStream,
    targets: Vec<SocketAddr>,
    turn: Arc<AtomicUsize>,
    mut passes: watch::Receiver<bool>,
) {
    // The proxy itself is gone: so is the connection.
    if passes.wait_for(|passes| *passes).await.is_err() {
        return;
    }
    let first = turn.fetch_add(1, Ordering::SeqCst);
    for step in 0..targets.len() {
        let Some(target) = targets.get((first + step) % targets.len()) else {
            return;
        };
        let Ok(Ok(server)) = timeout(CONNECT, TcpStream::connect(target)).await else {
            continue;
        };
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        tokio::join!(
            pass(from_client, to_server, passes.clone()),
            pass(from_server, to_client, passes)
        );
        return;
    }
}

/// Passes bytes on until one side ends.
async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut passes: watch::Receiver<bool>) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        let Some(bytes) = buffer.get(..count) else { break };
        if passes.wait_for(|passes| *passes).await.is_err() || to.write_all(bytes).await.is_err() {
            break;
        }
    }
    // The other side may have gone already.
    drop(to.shutdown().await);
}
