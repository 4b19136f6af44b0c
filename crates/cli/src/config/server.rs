//! `[server]`: the issuer and where it listens. `[log]`: how much it says.

use super::document::Checks;
use super::section::{Key, Preset, Section};
use serde::Deserialize;
use std::net::SocketAddr;
use tracing_subscriber::filter::LevelFilter;
use url::Url;
use valetkey_protocol::redirect_uri::is_loopback_host;

/// The keys of `[server]`.
pub(super) const SECTION: Section = Section {
    name: "server",
    repeated: false,
    about: "Who this server is and where it listens.",
    keys: &[
        Key {
            name: "issuer",
            kind: "URL",
            preset: Preset::Required("\"https://id.example.com\""),
            meaning: "The address people and apps know the server by, without a slash at its end. Apps compare it character by \
                      character (RFC 8414 §3.3), so choose it once. It is https; plain http is for loopback addresses alone.",
        },
        Key {
            name: "listen",
            kind: "address:port",
            preset: Preset::Is("\"127.0.0.1:8080\""),
            meaning: "Where it accepts connections. An address that other machines reach needs `[tls]` or `[proxy]`.",
        },
        Key {
            name: "management_listen",
            kind: "address:port",
            preset: Preset::Is("\"127.0.0.1:9464\""),
            meaning: "For operators: `/metrics`, `/healthz`, `/readyz`, and `/inspector` for the clients that `client inspect` \
                      allows. Plain http, so keep it on loopback or an inner network; `\"off\"` means no such port.",
        },
        Key {
            name: "drain_seconds",
            kind: "seconds",
            preset: Preset::Is("20"),
            meaning: "How long requests that are under way may take to end after SIGTERM or SIGINT.",
        },
        Key {
            name: "idle_seconds",
            kind: "seconds",
            preset: Preset::Is("15"),
            meaning: "How long a connection may stay without a request, and how long the head of one may take, before the \
                      server closes it. A proxy that keeps connections should give them up earlier.",
        },
        Key {
            name: "connections",
            kind: "number",
            preset: Preset::Is("4096"),
            meaning: "How many connections may be open at once; more wait. Each is an open file of the process.",
        },
        Key {
            name: "connections_per_address",
            kind: "number",
            preset: Preset::Is("256"),
            meaning: "How many of them one address may have, or one /64 network of IPv6; further ones are closed at once. 0 \
                      means any number. The addresses in `[proxy] trusted` may have any number in any case: there the \
                      proxy has to limit its clients.",
        },
    ],
};

/// The keys of `[log]`.
pub(super) const LOG_SECTION: Section = Section {
    name: "log",
    repeated: false,
    about: "The log, one JSON object a line, to standard error. It never holds a password, code, token or secret.",
    keys: &[Key {
        name: "level",
        kind: "error, warn, info, debug or trace",
        preset: Preset::Is("\"info\""),
        meaning: "The least important message that is still written.",
    }],
};

/// `[server]` as it was written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Raw {
    issuer: Option<String>,
    listen: Option<String>,
    management_listen: Option<String>,
    drain_seconds: Option<i64>,
    idle_seconds: Option<i64>,
    connections: Option<i64>,
    connections_per_address: Option<i64>,
}

/// `[log]` as it was written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawLog {
    level: Option<String>,
}

/// `[server]`, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Server {
    /// The issuer, without a slash at its end.
    pub(crate) issuer: Url,
    /// Where it listens.
    pub(crate) listen: SocketAddr,
    /// Where the metrics are.
    pub(crate) management_listen: Option<SocketAddr>,
    /// How long it waits for requests under way.
    pub(crate) drain_seconds: u64,
    /// How long a connection may be idle.
    pub(crate) idle_seconds: u64,
    /// How many connections may be open.
    pub(crate) connections: usize,
    /// How many of them one address may have; 0 is any number.
    pub(crate) connections_per_address: usize,
}

impl Server {
    /// The issuer as text, without a slash at its end.
    pub(crate) fn issuer_text(&self) -> &str {
        self.issuer.as_str().trim_end_matches('/')
    }
}

/// Checks `[server]`; `None` when a problem was noted that leaves nothing to go on with.
pub(super) fn check(raw: &Raw, checks: &mut Checks) -> Option<Server> {
    let issuer = match raw.issuer.as_deref() {
        Some(text) => issuer(text, checks),
        None => {
            let why =
                "is missing; it is the address people know the server by, as \"https://id.example.com\"";
            checks.refuse("server", "issuer", why);
            None
        }
    };
    let listen = address(
        raw.listen.as_deref().unwrap_or("127.0.0.1:8080"),
        "listen",
        checks,
    );
    let management = match raw.management_listen.as_deref().unwrap_or("127.0.0.1:9464") {
        "off" => None,
        text => address(text, "management_listen", checks),
    };
    if listen.is_some_and(|address| address.port() != 0) && management == listen {
        checks.refuse(
            "server",
            "management_listen",
            "is the same as listen; the metrics need a port of their own",
        );
    }
    let drain = checks.within(
        "server",
        "drain_seconds",
        raw.drain_seconds.unwrap_or(20),
        0..=3600,
    );
    let idle = checks.within("server", "idle_seconds", raw.idle_seconds.unwrap_or(15), 1..=3600);
    let connections = count("connections", raw.connections, 4096, 16..=1_000_000, checks);
    let per_address = count(
        "connections_per_address",
        raw.connections_per_address,
        256,
        0..=1_000_000,
        checks,
    );
    Some(Server {
        issuer: issuer?,
        listen: listen?,
        management_listen: management,
        drain_seconds: drain.unsigned_abs(),
        idle_seconds: idle.unsigned_abs(),
        connections,
        connections_per_address: per_address,
    })
}

fn count(
    key: &str,
    written: Option<i64>,
    preset: i64,
    within: std::ops::RangeInclusive<i64>,
    checks: &mut Checks,
) -> usize {
    let number = checks.within("server", key, written.unwrap_or(preset), within);
    usize::try_from(number).unwrap_or_default()
}

/// RFC 8414 §2: https, no query, no fragment.
fn issuer(text: &str, checks: &mut Checks) -> Option<Url> {
    let mut refuse = |why: &str| {
        checks.refuse("server", "issuer", format!("{text:?} {why}"));
        None
    };
    let Ok(url) = Url::parse(text) else {
        return refuse("is not a URL; write it as \"https://id.example.com\"");
    };
    if text.ends_with('/') {
        return refuse("ends with a slash; leave it away, apps compare the issuer character by character");
    }
    if url.query().is_some()
        || url.fragment().is_some()
        || !url.username().is_empty()
        || url.password().is_some()
    {
        return refuse("has a query, a fragment or a name before the host; an issuer has none (RFC 8414 §2)");
    }
    if url.as_str().trim_end_matches('/') != text {
        return refuse(&format!(
            "is not in its plain form; write {:?}",
            url.as_str().trim_end_matches('/')
        ));
    }
    match url.scheme() {
        "https" => Some(url),
        "http" if is_loopback_host(&url) => Some(url),
        "http" => refuse(
            "is plain http, which lets everybody on the way read passwords; use https (http is for localhost alone)",
        ),
        other => refuse(&format!("has the scheme {other:?}; use https")),
    }
}

fn address(text: &str, key: &str, checks: &mut Checks) -> Option<SocketAddr> {
    let parsed = text.parse().ok();
    if parsed.is_none() {
        checks.refuse(
            "server",
            key,
            format!("{text:?} is not an address with a port; write \"127.0.0.1:8080\" or \"[::]:443\""),
        );
    }
    parsed
}

/// Checks `[log]`.
pub(super) fn check_log(raw: &RawLog, checks: &mut Checks) -> LevelFilter {
    match raw.level.as_deref().unwrap_or("info") {
        "error" => LevelFilter::ERROR,
        "warn" => LevelFilter::WARN,
        "info" => LevelFilter::INFO,
        "debug" => LevelFilter::DEBUG,
        "trace" => LevelFilter::TRACE,
        other => {
            checks.refuse(
                "log",
                "level",
                format!("{other:?} is no level; use error, warn, info, debug or trace"),
            );
            LevelFilter::INFO
        }
    }
}
