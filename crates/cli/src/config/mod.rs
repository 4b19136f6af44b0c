//! The configuration file, in two stages: what was written, and [`Settings`], which can be trusted.
//!
//! One section a file. Unknown keys are refused with the nearest known one; every problem is told at once, with its
//! line. Does not start anything.

mod accounts;
mod brand;
mod document;
mod mail;
mod outbound;
mod protocols;
mod providers;
pub(crate) mod reference;
mod registration;
mod resources;
mod secret_file;
mod section;
mod server;
mod store;
pub(crate) mod suggest;
#[cfg(test)]
mod tests;
mod tokens;
mod transport;

pub(crate) use document::Problems;
pub(crate) use server::Server;
pub(crate) use store::{Data, Postgres, Storage};
pub(crate) use transport::Tls;

use document::Checks;
use section::Section;
use serde::Deserialize;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use tracing_subscriber::filter::LevelFilter;
use valetkey_rules::policy::Policy;
use valetkey_server::address::Network;
use valetkey_server::mail::MailSettings;
use valetkey_server::outbound::OutboundSettings;
use valetkey_server::pages::Brand;
use valetkey_server::settings::{KeyRotation, Links};
use valetkey_server::upstream::ProviderSettings;
use zeroize::Zeroizing;

/// Every section, in the order of the reference.
const SECTIONS: [&Section; 18] = [
    &server::SECTION,
    &transport::TLS_SECTION,
    &transport::PROXY_SECTION,
    &store::SECTION,
    &store::KEYS_SECTION,
    &tokens::SECTION,
    &tokens::LOGIN_SECTION,
    &accounts::SECTION,
    &protocols::DEVICE_SECTION,
    &protocols::ASSERTIONS_SECTION,
    &protocols::OAUTH1_SECTION,
    &registration::SECTION,
    &brand::SECTION,
    &mail::SECTION,
    &outbound::SECTION,
    &resources::SECTION,
    &providers::SECTION,
    &server::LOG_SECTION,
];

/// The file as it was written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Raw {
    server: server::Raw,
    tls: transport::RawTls,
    proxy: transport::RawProxy,
    store: store::Raw,
    keys: store::RawKeys,
    tokens: tokens::Raw,
    login: tokens::RawLogin,
    accounts: accounts::Raw,
    device: protocols::RawDevice,
    client_assertions: protocols::RawAssertions,
    oauth1: protocols::RawOAuth1,
    registration: registration::Raw,
    brand: brand::Raw,
    mail: mail::Raw,
    outbound: outbound::Raw,
    resource: Vec<resources::Raw>,
    provider: Vec<providers::Raw>,
    log: server::RawLog,
}

/// A configuration that was checked.
#[derive(Debug)]
pub(crate) struct Settings {
    /// `[server]`.
    pub(crate) server: Server,
    /// `[tls]`.
    pub(crate) tls: Option<Tls>,
    /// `[proxy]`.
    pub(crate) proxies: Vec<Network>,
    /// `[store]` and `[keys]`.
    pub(crate) storage: Storage,
    /// When the signing keys are exchanged, of `[keys]`.
    pub(crate) key_rotation: KeyRotation,
    /// `[tokens]`, `[login]`, `[accounts]`, `[device]`, `[client_assertions]`, `[oauth1]` and `[[resource]]`.
    pub(crate) policy: Policy,
    /// `[brand]`.
    pub(crate) brand: Brand,
    /// The operator's pages, of `[brand]`.
    pub(crate) links: Links,
    /// `[mail]`.
    pub(crate) mail: Option<MailSettings>,
    /// `[outbound]`.
    pub(crate) outbound: OutboundSettings,
    /// `[[provider]]`.
    pub(crate) providers: Vec<ProviderSettings>,
    /// `[log]`.
    pub(crate) log: LevelFilter,
}

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// There is no such file.
    #[error("{0} is not there; `valetkey serve --example > {0}` writes one to begin with", file.display())]
    Missing {
        /// Which.
        file: PathBuf,
    },
    /// The file cannot be read.
    #[error("{}: {source}", file.display())]
    Unreadable {
        /// Which.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// What it says cannot be.
    #[error("{0}")]
    Refused(#[from] Problems),
}

/// Reads and checks a file.
pub(crate) fn load(file: &Path) -> Result<Settings, ConfigError> {
    let text = std::fs::read_to_string(file).map_err(|source| {
        let file = file.to_owned();
        match source.kind() {
            ErrorKind::NotFound => ConfigError::Missing { file },
            _ => ConfigError::Unreadable { file, source },
        }
    })?;
    Ok(read_with(file, &text, url_from_environment())?)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the cli is the one place that reads the environment"
)]
fn url_from_environment() -> Option<Zeroizing<String>> {
    std::env::var(store::URL_VARIABLE).ok().map(Zeroizing::new)
}

/// Checks a text without the environment.
#[cfg(test)]
fn read(file: &Path, text: &str) -> Result<Settings, Problems> {
    read_with(file, text, None)
}

/// Checks a text; `file` names it, and relative paths count from its folder. `url` is the store's, when it does not stand
/// in the file.
fn read_with(file: &Path, text: &str, url: Option<Zeroizing<String>>) -> Result<Settings, Problems> {
    let mut checks = Checks::begin(file, text, &SECTIONS);
    checks.done()?;
    let raw = toml::from_str::<Raw>(text).unwrap_or_else(|error| {
        checks.malformed(&error.to_string());
        Raw::default()
    });
    checks.done()?;
    let settings = check(&raw, url, &mut checks);
    checks.done()?;
    // A section without a result has told its problem, so the line above has returned.
    settings.ok_or_else(|| {
        checks.malformed("the settings are incomplete");
        checks.into_problems()
    })
}

fn check(raw: &Raw, url: Option<Zeroizing<String>>, checks: &mut Checks) -> Option<Settings> {
    let server = server::check(&raw.server, checks);
    let tls = transport::check_tls(&raw.tls, checks);
    let proxies = transport::check_proxy(&raw.proxy, checks);
    let storage = store::check(&raw.store, &raw.keys, url, checks);
    let key_rotation = store::check_rotation(&raw.keys, checks);
    let log = server::check_log(&raw.log, checks);
    let mut policy = Policy::new(server.as_ref().map_or("", Server::issuer_text));
    tokens::apply(&raw.tokens, &mut policy, checks);
    tokens::apply_login(&raw.login, &mut policy, checks);
    protocols::apply_device(&raw.device, &mut policy, checks);
    protocols::apply_assertions(&raw.client_assertions, &mut policy, checks);
    protocols::apply_oauth1(&raw.oauth1, &mut policy, checks);
    resources::apply(&raw.resource, &mut policy, checks);
    registration::apply(&raw.registration, &mut policy, checks);
    let brand = brand::check(&raw.brand, checks);
    let links = brand::check_links(&raw.brand, checks);
    let outbound = outbound::check(&raw.outbound, checks);
    let mail = mail::check(&raw.mail, checks);
    accounts::apply(&raw.accounts, raw.mail.is_there(), &mut policy, checks);
    let providers = providers::check(&raw.provider, checks);
    let server = server?;
    transport::check_way(&server, tls.as_ref(), &proxies, checks);
    Some(Settings {
        server,
        tls,
        proxies,
        storage: storage?,
        key_rotation,
        policy,
        brand,
        links,
        outbound,
        mail,
        providers,
        log,
    })
}
