//! What `dev` and `serve` share: sockets, the signals that stop them, and serving until then.

use crate::failure::{Failure, Outcome};
use axum::Router;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use valetkey_server::listen::{self, Serving};

/// Tells everybody who serves that it is time to stop.
#[derive(Debug, Clone)]
pub(crate) struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Comes with the first SIGINT or SIGTERM from now on, and with SIGHUP when `hangup` says so (the terminal went away).
    pub(crate) fn on_signal(hangup: bool) -> Outcome<Self> {
        let mut signals = Signals::new(hangup).map_err(Failure::system("signals cannot be received"))?;
        let (ask, asked) = watch::channel(false);
        tokio::spawn(async move {
            signals.next().await;
            // Fails only when everybody has stopped already.
            let _ = ask.send(true);
        });
        Ok(Self(asked))
    }

    /// Ready when it is time.
    pub(crate) async fn asked(mut self) {
        // An error means that nobody is left who could ask: stop, too.
        let _ = self.0.wait_for(|stop| *stop).await;
    }
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    hangup: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Signals {
    fn new(hangup: bool) -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: if hangup {
                Some(signal(SignalKind::hangup())?)
            } else {
                None
            },
        })
    }

    async fn next(&mut self) {
        let hung_up = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = hung_up => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new(_hangup: bool) -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}

/// The routers that run, each on its sockets.
#[derive(Debug)]
pub(crate) struct Running {
    tasks: JoinSet<std::io::Result<()>>,
    stop: Stop,
}

impl Running {
    /// Nothing yet.
    pub(crate) fn until(stop: Stop) -> Self {
        Self {
            tasks: JoinSet::new(),
            stop,
        }
    }

    /// Serves the router on every socket.
    pub(crate) fn serve(&mut self, sockets: Vec<TcpListener>, router: &Router, serving: &Serving) {
        for socket in sockets {
            let asked = self.stop.clone().asked();
            self.tasks
                .spawn(listen::serve(socket, router.clone(), serving.clone(), asked));
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

/// A socket on this address; `way_out` says what to do when somebody else has it.
pub(crate) async fn bind(address: SocketAddr, way_out: &str) -> Outcome<TcpListener> {
    TcpListener::bind(address)
        .await
        .map_err(|error| match error.kind() {
            ErrorKind::AddrInUse => {
                let text = format!(
                    "port {} is taken: another program listens on {address}; {way_out}",
                    address.port()
                );
                Failure::refused(text)
            }
            ErrorKind::PermissionDenied => {
                let text = format!(
                    "port {} needs more rights than this user has; {way_out}",
                    address.port()
                );
                Failure::refused(text)
            }
            _ => Failure::refused(format!("{address}: {error}")),
        })
}

/// Where `dev` may listen: on loopback alone. `localhost` may lead to 127.0.0.1 or to `[::1]`, so it is both.
pub(crate) fn loopback(asked: Option<IpAddr>) -> Outcome<Vec<IpAddr>> {
    match asked {
        None => Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]),
        Some(address) if address.is_loopback() => Ok(vec![address]),
        Some(address) => {
            let text = format!(
                "dev does not listen on {address}: everybody knows its passwords and secrets, so it stays on loopback; \
                 for other machines there is `valetkey serve`"
            );
            Err(Failure::refused(text))
        }
    }
}

/// Sockets on one port of the loopback interface. Not every machine has the IPv6 one.
pub(crate) async fn bind_loopback(
    addresses: &[IpAddr],
    port: u16,
    way_out: &str,
) -> Outcome<Vec<TcpListener>> {
    let mut sockets = Vec::new();
    for address in addresses {
        let socket = SocketAddr::new(*address, port);
        if address.is_ipv6() && addresses.len() > 1 && is_absent(socket).await {
            continue;
        }
        sockets.push(bind(socket, way_out).await?);
    }
    Ok(sockets)
}

/// Whether this machine has no such address at all; a taken port is something else.
async fn is_absent(socket: SocketAddr) -> bool {
    let tried = TcpListener::bind(SocketAddr::new(socket.ip(), 0)).await;
    tried.is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dev_listens_on_nothing_but_loopback() {
        for address in ["0.0.0.0", "::", "192.168.1.5", "203.0.113.1"] {
            let refused = loopback(Some(address.parse().unwrap())).unwrap_err().to_string();
            assert!(
                refused.contains(address) && refused.contains("loopback"),
                "{refused}"
            );
        }
        assert!(loopback(None).unwrap().iter().all(IpAddr::is_loopback));
        assert_eq!(loopback(Some("127.0.0.2".parse().unwrap())).unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_taken_port_is_named_with_the_way_out() {
        let taken = TcpListener::bind("127.0.0.1:0")
            .await
            .unwrap()
            .into_std()
            .unwrap();
        let port = taken.local_addr().unwrap().port();
        let refused = bind_loopback(&[Ipv4Addr::LOCALHOST.into()], port, "try another")
            .await
            .unwrap_err()
            .to_string();
        assert!(
            refused.contains(&port.to_string()) && refused.ends_with("try another"),
            "{refused}"
        );
    }
}
