//! What `dev` and `serve` share: sockets, the signals that stop them, and serving until then.

use crate::failure::{Failure, Outcome};
use axum::Router;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use valetkey_server::listen::{self, Serving};

/// Tells everybody who serves that it is time to stop.
#[derive(Debug, Clone)]
pub(crate) struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Ready when it is time.
    pub(crate) async fn asked(mut self) {
        // An error means that nobody is left who could ask: stop, too.
        let _ = self.0.wait_for(|stop| *stop).await;
    }
}

/// Listens for SIGINT and SIGTERM from now on. `hangup` says whether SIGHUP stops, too (the terminal went away).
#[cfg(unix)]
pub(crate) fn stop_on_signal(hangup: bool) -> Outcome<Stop> {
    use tokio::signal::unix::{SignalKind, signal};
    let failed = |source| Failure::System { doing: "signals cannot be received", source };
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut gone = if hangup { Some(signal(SignalKind::hangup()).map_err(failed)?) } else { None };
    let (ask, asked) = watch::channel(false);
    tokio::spawn(async move {
        let hung_up = async {
            match &mut gone {
                Some(gone) => gone.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hung_up => {}
        }
        // Fails only when everybody has stopped already.
        let _ = ask.send(true);
    });
    Ok(Stop(asked))
}

/// Listens for Ctrl-C from now on.
#[cfg(not(unix))]
pub(crate) fn stop_on_signal(_hangup: bool) -> Outcome<Stop> {
    let (ask, asked) = watch::channel(false);
    tokio::spawn(async move {
        let _ = tokio::signal::ctrl_c().await;
        let _ = ask.send(true);
    });
    Ok(Stop(asked))
}

/// The routers that run, each on its sockets.
#[derive(Debug, Default)]
pub(crate) struct Running {
    tasks: JoinSet<std::io::Result<()>>,
}

impl Running {
    /// Serves the router on every socket until it is time to stop.
    pub(crate) fn serve(&mut self, sockets: Vec<TcpListener>, router: &Router, serving: &Serving, stop: &Stop) {
        for socket in sockets {
            let asked = stop.clone().asked();
            self.tasks.spawn(listen::serve(socket, router.clone(), serving.clone(), asked));
        }
    }

    /// Ready when all have stopped and their requests are answered, or the time for that is over.
    pub(crate) async fn finish(mut self) -> Outcome {
        while let Some(ended) = self.tasks.join_next().await {
            let ended = ended.map_err(std::io::Error::other).and_then(|result| result);
            ended.map_err(Failure::system("serving"))?;
        }
        Ok(())
    }
}

/// A socket on this address.
pub(crate) async fn bind(address: SocketAddr, way_out: &str) -> Outcome<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => Failure::refused(format!("port {} is taken (at {}); {way_out}", address.port(), address.ip())),
        ErrorKind::PermissionDenied => Failure::refused(format!("port {} needs more rights than this user has", address.port())),
        _ => Failure::refused(format!("{address}: {error}")),
    })
}

/// Sockets on the loopback interface: `localhost` may lead to 127.0.0.1 or to `[::1]`, which not every machine has.
pub(crate) async fn bind_loopback(port: u16, way_out: &str) -> Outcome<Vec<TcpListener>> {
    let mut sockets = vec![bind((Ipv4Addr::LOCALHOST, port).into(), way_out).await?];
    match TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await {
        Ok(socket) => sockets.push(socket),
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            return Err(Failure::refused(format!("port {port} is taken (at ::1); {way_out}")));
        }
        Err(error) => tracing::debug!(%error, "there is no IPv6 loopback"),
    }
    Ok(sockets)
}
