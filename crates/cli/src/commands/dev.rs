//! `valetkey dev`: the explainer's example on this machine. The authorization server, the Photos API and MySweetApp on
//! three ports of the loopback interface, with a cast whose passwords everybody knows.

use super::dev_ports::Ports;
use super::dev_told;
use crate::config::Storage;
use crate::failure::{Failure, Outcome};
use crate::run::{Running, Stop};
use crate::seed::{self, Addresses};
use crate::{logs, master_key, output, place, run};
use axum::Router;
use clap::Args;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::TcpListener;
use valetkey_demo::app::{self, AppSettings};
use valetkey_demo::clock;
use valetkey_demo::photos::{self, PhotosSettings};
use valetkey_model::UserId;
use valetkey_protocol::observe::Observer;
use valetkey_protocol::secret::{ClientSecret, OAuth1Secret};
use valetkey_rules::SecretKeys;
use valetkey_server::clock::SystemClock;
use valetkey_server::inspector::Inspector;
use valetkey_server::listen::{Limits, Serving};
use valetkey_server::random::{self, SystemRandom};
use valetkey_server::{Inspect, Server, Settings};
use valetkey_store::Store;
use valetkey_store_sqlite::{OpenOptions, SqliteStore};

/// How many flows the inspector keeps.
const FLOWS: usize = 500;
/// An open inspector page waits for news all the time; nobody should wait for it at the end.
const DRAIN_SECONDS: u64 = 1;

/// The options of `dev`.
#[derive(Debug, Args)]
pub(super) struct Dev {
    /// The first of the ports; 0 looks for free ones.
    #[arg(long, value_name = "N", default_value_t = seed::DEFAULT_PORT, value_parser = clap::value_parser!(u16).range(0..=65533))]
    port: u16,
    /// Also serve /metrics, at this port.
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    metrics_port: Option<u16>,
    /// Keep the data in this folder; without it, a temporary one goes at exit.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// One loopback address to listen on [default: 127.0.0.1 and ::1].
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<IpAddr>,
}

/// The three parts.
struct Routers {
    server: Server,
    photos: Router,
    app: Router,
}

impl Dev {
    pub(super) async fn run(self) -> Outcome {
        logs::plain();
        let stop = Stop::on_signal(true)?;
        let loopback = run::loopback(self.listen)?;
        let ports = Ports::take(&loopback, self.port).await?;
        let metrics = match self.metrics_port {
            Some(port) => run::bind_loopback(&loopback, port, "choose another with --metrics-port").await?,
            None => Vec::new(),
        };
        let addresses = Addresses::at(ports.first);
        let folder = Folder::choose(self.data.as_deref())?;
        let routers = routers(&folder.path, &addresses).await?;
        let background = routers.server.spawn_background();
        let running = serve(ports, metrics, &routers, stop);
        output::print(&dev_told::table_of(
            &addresses,
            self.metrics_port,
            self.data.as_deref(),
        ))?;
        let finished = running.finish().await;
        background.abort();
        finished
    }
}

fn serve(ports: Ports, metrics: Vec<TcpListener>, routers: &Routers, stop: Stop) -> Running {
    let limits = Limits {
        drain_seconds: DRAIN_SECONDS,
        // Whoever comes is on this machine.
        connections_per_address: 0,
        ..Limits::default()
    };
    let serving = Serving {
        limits,
        ..Serving::default()
    };
    let counted = Serving {
        connections: routers.server.connections(),
        ..serving.clone()
    };
    let mut running = Running::until(stop);
    running.serve(ports.server, &routers.server.app(), &counted);
    running.serve(ports.photos, &routers.photos, &serving);
    running.serve(ports.app, &routers.app, &serving);
    running.serve(metrics, &routers.server.management_router(), &serving);
    running
}

async fn routers(folder: &Path, addresses: &Addresses) -> Outcome<Routers> {
    let storage = Storage::in_folder(folder.to_owned());
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(folder, OpenOptions::owner())?);
    let is_new = store.list_keys().await?.is_empty();
    let master = master_key::obtain(&storage, is_new, &SystemRandom)?;
    let inspector = Inspector::new(FLOWS);
    let settings = settings(addresses, Arc::clone(&inspector));
    let secrets = SecretKeys::new(&master);
    let (clock, random) = (Arc::new(SystemClock), Arc::new(SystemRandom));
    // Making an RSA key and hashing two passwords take longer than everything else; so they go side by side.
    let (server, alice) = tokio::join!(
        Server::new(settings, Arc::clone(&store), &master, clock, random),
        seed::plant(store.as_ref(), addresses, &secrets)
    );
    let observer: Arc<dyn Observer> = inspector;
    Ok(Routers {
        server: server?,
        photos: photos(addresses, alice?, Arc::clone(&observer))?,
        app: app(addresses, observer)?,
    })
}

fn settings(addresses: &Addresses, inspector: Arc<Inspector>) -> Settings {
    let mut settings = Settings::new(seed::policy(addresses));
    settings.brand.dev = true;
    settings.dev = Some(seed::told(addresses));
    settings.inspector = Some(inspector);
    settings.inspect = Inspect::Everyone;
    // MySweetApp hears of sign-outs on this machine.
    let loopback = ["127.0.0.0/8", "::1/128"].iter();
    settings.outbound.allow_private = loopback.filter_map(|network| network.parse().ok()).collect();
    settings
}

fn photos(addresses: &Addresses, alice: UserId, observer: Arc<dyn Observer>) -> Outcome<Router> {
    let settings = PhotosSettings {
        resource: addresses.photos.clone(),
        issuer: addresses.issuer.clone(),
        client_id: "photos-api".into(),
        client_secret: ClientSecret::new(seed::PHOTOS_SECRET),
        pictures_of: Some(alice.to_string()),
        browser_origins: vec![addresses.app.clone()],
        observer: Some(observer),
        clock: clock::system(),
    };
    photos::router(settings).map_err(|error| Failure::refused(format!("the Photos API: {error}")))
}

fn app(addresses: &Addresses, observer: Arc<dyn Observer>) -> Outcome<Router> {
    let settings = AppSettings {
        base_url: addresses.app.clone(),
        issuer: addresses.issuer.clone(),
        client_id: "mysweetapp".into(),
        client_secret: ClientSecret::new(seed::APP_SECRET),
        oauth1_consumer_secret: Some(OAuth1Secret::new(seed::APP_OAUTH1_SECRET)),
        photos_url: addresses.photos.clone(),
        inspector_url: format!("{}/inspector", addresses.issuer),
        spa_client_id: Some("mysweetspa".into()),
        observer: Some(observer),
        clock: clock::system(),
    };
    app::router(settings).map_err(|error| Failure::refused(format!("MySweetApp: {error}")))
}

/// The data folder; a temporary one goes when this is dropped.
struct Folder {
    path: PathBuf,
    temporary: bool,
}

impl Folder {
    fn choose(kept: Option<&Path>) -> Outcome<Self> {
        let folder = match kept {
            Some(kept) => Self {
                path: kept.to_owned(),
                temporary: false,
            },
            None => {
                let name = format!("valetkey-dev-{}", random::text::<12>(&SystemRandom));
                let path = std::env::temp_dir().join(name);
                make_private(&path)?;
                Self {
                    path,
                    temporary: true,
                }
            }
        };
        place::take_for_dev(&folder.path)?;
        Ok(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.temporary
            && let Err(error) = std::fs::remove_dir_all(&self.path)
        {
            tracing::warn!(%error, folder = %self.path.display(), "the temporary folder could not be removed");
        }
    }
}

/// Makes the folder, which must not be there yet, for its owner alone.
fn make_private(path: &Path) -> Outcome {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(Failure::file(path))
}
