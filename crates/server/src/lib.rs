//! The Valetkey authorization server as a library: parse, load facts, decide, commit, render.
//!
//! [`Server`] is made from settings, a store and the master key; its routers are merged into anybody's axum app.
//! [`listen::serve`] is the accept loop that the binary uses. Decisions are made in `valetkey-rules`, records
//! are kept by a `valetkey-store` backend; neither is here.
//!
//! ```no_run
//! use std::sync::Arc;
//! use valetkey_rules::policy::Policy;
//! use valetkey_server::clock::SystemClock;
//! use valetkey_server::listen::{self, Serving};
//! use valetkey_server::random::SystemRandom;
//! use valetkey_server::{Server, Settings};
//! use valetkey_store::Store;
//!
//! async fn run(store: Arc<dyn Store>, master_key: [u8; 32]) -> Result<(), Box<dyn std::error::Error>> {
//!     let settings = Settings::new(Policy::new("http://localhost:8080"));
//!     let server = Server::new(settings, store, &master_key, Arc::new(SystemClock), Arc::new(SystemRandom)).await?;
//!     let background = server.spawn_background();
//!     let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
//!     let serving = Serving { connections: server.connections(), ..Serving::default() };
//!     listen::serve(listener, server.app(), serving, std::future::pending()).await?;
//!     background.abort();
//!     Ok(())
//! }
//! ```
//!
//! Tests bring their own [`clock::Clock`] and [`random::Random`], call the router with
//! `tower::ServiceExt::oneshot`, and [`Server::refresh`] after they change clients or keys in the store.
#![forbid(unsafe_code)]

mod accounts;
pub mod address;
mod call;
mod client_keys;
pub mod clock;
mod context;
mod cookies;
mod cors;
mod csrf;
mod encryption;
mod endpoints;
mod factors;
mod form;
pub mod guard;
mod housekeeping;
mod in_use;
pub mod inspector;
mod interaction;
pub mod keys;
pub mod listen;
pub mod mail;
pub mod metrics;
mod once;
pub mod outbound;
mod outbox;
pub mod pages;
mod passkeys;
pub mod password;
pub mod password_strength;
pub mod provision;
mod published;
pub mod qr;
pub mod random;
mod request_objects;
pub mod routes;
mod seen_tokens;
mod session;
mod session_state;
pub mod settings;
mod sign_in;
mod throttle;
pub mod upstream;
mod wire_error;

pub use settings::{Inspect, Settings};

use axum::Router;
use client_keys::ParsedKeys;
use clock::Clock;
use context::{App, Clients, Context, Secrets};
use cookies::Cookies;
use endpoints::health::Readiness;
use guard::References;
use keys::{KeyError, KeyRing};
use mail::{InvalidMailSettings, Mailer};
use metrics::Metrics;
use outbound::documents::Documents;
use outbound::{InvalidOutbound, Outbound};
use outbox::Outbox;
use password::{NoThreads, Passwords};
use prometheus_client::metrics::gauge::Gauge;
use random::{Names, Random};
use request_objects::RequestObjects;
use seen_tokens::SeenTokens;
use settings::{InvalidIssuer, Issuer};
use std::sync::{Arc, OnceLock};
use valetkey_rules::account::link::LinkKeys;
use valetkey_rules::handle::HandleKeys;
use valetkey_rules::recovery::RecoveryKeys;
use valetkey_rules::register::token::RegistrationKeys;
use valetkey_rules::sealed::SecretKeys;
use valetkey_rules::subject::SubjectKeys;
use valetkey_rules::totp::TotpKeys;
use valetkey_store::Store;

/// How many clients are kept in memory.
const CACHED_CLIENTS: usize = 1024;

/// The server, ready to make its routers. Cheap to clone.
#[derive(Clone)]
pub struct Server {
    app: App,
}

/// The server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The issuer is no usable URL.
    #[error(transparent)]
    Issuer(#[from] InvalidIssuer),
    /// The signing keys cannot be made or opened.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// Outbound TLS cannot be set up.
    #[error(transparent)]
    Outbound(#[from] InvalidOutbound),
    /// A provider cannot be used.
    #[error(transparent)]
    Provider(#[from] upstream::InvalidProvider),
    /// Passwords cannot be hashed.
    #[error(transparent)]
    Passwords(#[from] NoThreads),
    /// No letter can go out.
    #[error(transparent)]
    Mail(#[from] InvalidMailSettings),
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("issuer", &self.app.policy().issuer)
            .finish_non_exhaustive()
    }
}

impl Server {
    /// Opens the signing keys (makes them on the first start) and puts everything together.
    pub async fn new(
        mut settings: Settings,
        store: Arc<dyn Store>,
        master_key: &[u8; 32],
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, StartError> {
        let issuer = Issuer::parse(&settings.policy.issuer)?;
        settings.brand.base_path.clone_from(&issuer.path);
        let keys = KeyRing::open(store.as_ref(), master_key, clock.as_ref()).await?;
        let passwords = Passwords::new(
            settings.password_workers,
            settings.password_queue,
            random.as_ref(),
        )?;
        let outbound = Outbound::new(settings.outbound.clone())?;
        let upstream = upstream::Providers::new(&settings.providers)?;
        let mailer = settings.mail.as_ref().map(Mailer::new).transpose()?;
        let app = Context {
            references: References::new(random.as_ref()),
            names: Names::new(),
            cookies: Cookies::new(issuer.is_https, &issuer.path),
            endpoint_urls: [routes::TOKEN, routes::INTROSPECT, routes::REVOKE]
                .map(|path| (path, format!("{}{path}", settings.policy.issuer))),
            issuer,
            settings,
            store,
            keys,
            handles: HandleKeys::new(master_key),
            secrets: Secrets::derive(master_key),
            secrets_of_clients: SecretKeys::new(master_key),
            registrations: RegistrationKeys::new(master_key),
            subjects: SubjectKeys::new(master_key),
            totp: TotpKeys::new(master_key),
            recovery: RecoveryKeys::new(master_key),
            clock,
            random,
            passwords,
            links: LinkKeys::new(master_key),
            documents: Documents::new(outbound.clone()),
            request_objects: RequestObjects::new(&outbound),
            logos: Documents::new(outbound.clone()),
            outbound,
            mailer,
            parsed_keys: ParsedKeys::default(),
            outbox: Outbox::new(master_key),
            upstream,
            metrics: Metrics::default(),
            clients: Clients::new(CACHED_CLIENTS),
            seen_tokens: SeenTokens::default(),
            followed: housekeeping::Followed::default(),
            in_use: in_use::InUse::default(),
            readiness: Readiness::default(),
            metadata: OnceLock::new(),
        };
        Ok(Self { app: Arc::new(app) })
    }

    /// The public router, to be merged into an app of your own: it holds the issuer's path already, and has
    /// no fallback. It must not be nested: by the paths of its routes it knows which endpoints other origins may read.
    pub fn router(&self) -> Router {
        routes::public(&self.app)
    }

    /// The public router with a page for addresses that lead nowhere.
    pub fn app(&self) -> Router {
        routes::with_not_found(&self.app)
    }

    /// The router for operators: health, readiness, metrics, and the inspector where it is not public. It must
    /// listen where only operators reach it.
    pub fn management_router(&self) -> Router {
        routes::management(&self.app)
    }

    /// The gauge of open connections, for [`listen::Serving`].
    #[must_use]
    pub fn connections(&self) -> Gauge {
        self.app.metrics.connections()
    }

    /// Follows changes of clients and keys, forgets what is over, and delivers what waits, until the handle is aborted.
    pub fn spawn_background(&self) -> tokio::task::JoinHandle<()> {
        let (housekeeping, outbox) = (Arc::clone(&self.app), Arc::clone(&self.app));
        tokio::spawn(async move {
            let _seen_to_its_end = housekeeping::Following(Arc::clone(&housekeeping));
            tokio::join!(housekeeping::run(housekeeping), outbox::run(outbox));
        })
    }

    /// Delivers what is due now, and answers when each was tried.
    pub async fn deliver(&self) {
        outbox::deliver_due(&self.app).await;
    }

    /// Looks for changed clients and keys now.
    pub async fn refresh(&self) {
        housekeeping::follow(&self.app).await;
    }

    /// Exchanges the signing keys that have signed for long enough now.
    pub async fn rotate_keys(&self) {
        housekeeping::rotate_keys(&self.app).await;
    }

    /// Forgets all that is over now.
    pub async fn forget_expired(&self) {
        while housekeeping::forget(&self.app).await {}
    }

    /// The issuer identifier.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.app.policy().issuer
    }
}
