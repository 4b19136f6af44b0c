//! Hearing of changes: one connection of its own that listens, so that a change of clients or keys on one node reaches
//! the others at once. It is only a push: whoever misses one asks for the stamp a moment later.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_postgres::{AsyncMessage, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

/// The channel that changes are told on.
pub(crate) const CHANNEL: &str = "valetkey_changes";

/// How long to wait before the first new attempt to connect; twice as long each time after.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The task that listens; it ends with this.
pub(crate) struct Listener {
    told: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Listener {
    /// Starts to listen, and goes on for ever.
    pub(crate) fn start(config: Config, tls: MakeRustlsConnect) -> Self {
        let told = Arc::new(Notify::new());
        let task = tokio::spawn(listen_for_ever(config, tls, Arc::clone(&told)));
        Self { told, task }
    }

    /// Answers at the next change, or at once when there was one since the last answer.
    pub(crate) async fn told(&self) {
        self.told.notified().await;
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn listen_for_ever(config: Config, tls: MakeRustlsConnect, told: Arc<Notify>) {
    let mut pause = FIRST_PAUSE;
    loop {
        if let Err(error) = listen(&config, tls.clone(), &told, &mut pause).await {
            tracing::warn!(error = %crate::failure::Told(&error), "not listening for changes");
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Listens until the connection is lost.
async fn listen(
    config: &Config,
    tls: MakeRustlsConnect,
    told: &Notify,
    pause: &mut Duration,
) -> Result<(), tokio_postgres::Error> {
    let (client, mut connection) = config.connect(tls).await?;
    let text = format!("LISTEN {CHANNEL}");
    let ask = client.batch_execute(&text);
    tokio::pin!(ask);
    let mut listens = false;
    loop {
        tokio::select! {
            asked = &mut ask, if !listens => {
                asked?;
                listens = true;
                *pause = FIRST_PAUSE;
                // There may have been changes while nobody listened.
                told.notify_one();
            }
            message = poll_fn(|context| connection.poll_message(context)) => match message {
                Some(Ok(AsyncMessage::Notification(_))) => told.notify_one(),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error),
                None => return Ok(()),
            }
        }
    }
}
