//! `valetkey serve`: the server for real, from a configuration file.

use crate::config::{self, Settings as Config};
use crate::failure::Outcome;
use crate::place::{self, Role};
use crate::run::{self, Running, Stop};
use crate::tls::Certificate;
use crate::{files, logs, master_key, output};
use clap::Args;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::TcpListener;
use valetkey_server::clock::SystemClock;
use valetkey_server::inspector::Inspector;
use valetkey_server::listen::{Limits, Serving};
use valetkey_server::random::SystemRandom;
use valetkey_server::{Inspect, Server, Settings};

/// How many flows the inspector keeps of the clients that `client inspect` allows.
const FLOWS: usize = 200;

/// The options of `serve`.
#[derive(Debug, Args)]
pub(super) struct Serve {
    /// The configuration.
    #[arg(long, value_name = "FILE", required_unless_present = "example")]
    config: Option<PathBuf>,
    /// Only check the configuration, the certificate, the store and the master key, and say what is wrong with them.
    #[arg(long)]
    check: bool,
    /// Only print a complete configuration with comments, to begin with.
    #[arg(long, conflicts_with_all = ["config", "check"])]
    example: bool,
}

/// The sockets, bound before anything else is done.
struct Sockets {
    public: TcpListener,
    management: Option<TcpListener>,
}

impl Serve {
    pub(super) async fn run(self) -> Outcome {
        let Some(file) = self.config else {
            return output::print(&config::reference::example());
        };
        let config = config::load(&file)?;
        if self.check {
            return check(&file, config).await;
        }
        logs::json(config.log);
        files::raise_for(config.server.connections);
        warn_of_open_management(&config);
        let stop = Stop::on_signal(false)?;
        let certificate = config.tls.clone().map(Certificate::read).transpose()?;
        let sockets = Sockets::bind(&config).await?;
        let server = server(&config).await?;
        let serving = serving(&config, &server, certificate.as_ref())?;
        let background = server.spawn_background();
        let renewal = tokio::spawn(renew_on_hangup(certificate));
        let running = start(sockets, &config, &server, &serving, stop);
        let finished = running.finish().await;
        background.abort();
        renewal.abort();
        tracing::info!("stopped");
        finished
    }
}

impl Sockets {
    async fn bind(config: &Config) -> Outcome<Self> {
        let public = run::bind(config.server.listen, "change [server] listen").await?;
        let management = match config.server.management_listen {
            Some(address) => {
                Some(run::bind(address, "change [server] management_listen, or set it to \"off\"").await?)
            }
            None => None,
        };
        Ok(Self { public, management })
    }
}

/// What a start would read, without starting and without making anything.
async fn check(file: &Path, config: Config) -> Outcome {
    let is_new = place::is_new(&config.storage.data).await?;
    config.tls.map(Certificate::read).transpose()?;
    let mut said = format!("{} is in order\n", file.display());
    if master_key::find(&config.storage)?.is_none() {
        master_key::may_be_made(&config.storage, is_new)?;
        said.push_str(&format!(
            "{} is not there yet; the first start makes it\n",
            config.storage.master_key_file.display()
        ));
    }
    output::print(&said)
}

/// Metrics and recorded flows go out in plain http, to everybody who reaches the address.
fn warn_of_open_management(config: &Config) {
    if let Some(address) = config.server.management_listen
        && !address.ip().to_canonical().is_loopback()
    {
        tracing::warn!(
            management_listen = %address,
            "[server] management_listen is not a loopback address: whoever reaches it reads the metrics and the \
             recorded flows, in plain http; keep it on an inner network"
        );
    }
}

async fn server(config: &Config) -> Outcome<Server> {
    let store = place::open_store(&config.storage.data, Role::Owner).await?;
    let is_new = store.list_keys().await?.is_empty();
    let master = master_key::obtain(&config.storage, is_new, &SystemRandom)?;
    let mut settings = Settings::new(config.policy.clone());
    settings.brand = config.brand.clone();
    settings.links.clone_from(&config.links);
    settings.key_rotation = config.key_rotation;
    settings.outbound = config.outbound.clone();
    settings.mail.clone_from(&config.mail);
    settings.providers.clone_from(&config.providers);
    settings.trusted_proxies.clone_from(&config.proxies);
    settings.inspect = Inspect::Allowed;
    // Its pages are on the management address alone: without that, recording would be for nobody.
    settings.inspector = config.server.management_listen.map(|_| Inspector::new(FLOWS));
    Ok(Server::new(
        settings,
        store,
        &master,
        Arc::new(SystemClock),
        Arc::new(SystemRandom),
    )
    .await?)
}

fn serving(config: &Config, server: &Server, certificate: Option<&Arc<Certificate>>) -> Outcome<Serving> {
    Ok(Serving {
        limits: Limits {
            drain_seconds: config.server.drain_seconds,
            header_seconds: config.server.idle_seconds,
            open_connections: config.server.connections,
            connections_per_address: config.server.connections_per_address,
            ..Limits::default()
        },
        tls: certificate.map(Certificate::server_config).transpose()?,
        connections: server.connections(),
        proxies: config.proxies.clone(),
    })
}

fn start(sockets: Sockets, config: &Config, server: &Server, serving: &Serving, stop: Stop) -> Running {
    // The real addresses: port 0 in the configuration means any free one.
    let shown = |socket: &TcpListener| {
        socket
            .local_addr()
            .map(|address| address.to_string())
            .unwrap_or_default()
    };
    let (listen, management) = (shown(&sockets.public), sockets.management.as_ref().map(shown));
    let mut running = Running::until(stop);
    running.serve(vec![sockets.public], &server.app(), serving);
    let plain = Serving {
        limits: serving.limits.clone(),
        ..Serving::default()
    };
    running.serve(
        sockets.management.into_iter().collect(),
        &server.management_router(),
        &plain,
    );
    let tls = serving.tls.is_some();
    tracing::info!(issuer = %config.policy.issuer, listen, management, tls, "ready");
    running
}

/// A renewed certificate is used from the next connection on.
#[cfg(unix)]
async fn renew_on_hangup(certificate: Option<Arc<Certificate>>) {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut hangup) = signal(SignalKind::hangup()) else {
        return;
    };
    while hangup.recv().await.is_some() {
        match certificate.as_ref().map(|certificate| certificate.read_again()) {
            None => tracing::info!("SIGHUP: there is no certificate to read again"),
            Some(Ok(())) => tracing::info!("SIGHUP: the certificate was read again"),
            Some(Err(error)) => tracing::error!(%error, "SIGHUP: the old certificate stays"),
        }
    }
}

#[cfg(not(unix))]
async fn renew_on_hangup(_certificate: Option<Arc<Certificate>>) {}
