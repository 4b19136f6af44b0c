//! `[tls]` and `[proxy]`: how a connection from another machine is kept from being read on its way.

use super::document::Checks;
use super::section::{Key, Preset, Section};
use super::server::Server;
use serde::Deserialize;
use std::path::PathBuf;
use valetkey_server::address::Network;

/// The keys of `[tls]`.
pub(super) const TLS_SECTION: Section = Section {
    name: "tls",
    repeated: false,
    about: "A certificate, when the server speaks TLS itself. Without it a proxy does.",
    keys: &[
        Key {
            name: "certificate_file",
            kind: "file",
            preset: Preset::Unset("\"/etc/valetkey/fullchain.pem\""),
            meaning: "The certificate with its chain, in PEM.",
        },
        Key {
            name: "key_file",
            kind: "file",
            preset: Preset::Unset("\"/etc/valetkey/privkey.pem\""),
            meaning: "Its private key, in PEM.",
        },
    ],
};

/// The keys of `[proxy]`.
pub(super) const PROXY_SECTION: Section = Section {
    name: "proxy",
    repeated: false,
    about: "The reverse proxy in front of the server, when it does the TLS.",
    keys: &[Key {
        name: "trusted",
        kind: "list of addresses or networks",
        preset: Preset::Is("[]"),
        meaning: "From these peers the server believes `X-Forwarded-For`; from nobody else. As `\"10.0.0.7\"` or `\"10.0.0.0/24\"`.",
    }],
};

/// `[tls]` as it was written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawTls {
    certificate_file: Option<String>,
    key_file: Option<String>,
}

/// `[proxy]` as it was written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawProxy {
    trusted: Vec<String>,
}

/// `[tls]`, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tls {
    /// The chain.
    pub(crate) certificate_file: PathBuf,
    /// The private key.
    pub(crate) key_file: PathBuf,
}

/// Checks `[tls]`.
pub(super) fn check_tls(raw: &RawTls, checks: &mut Checks) -> Option<Tls> {
    match (&raw.certificate_file, &raw.key_file) {
        (Some(certificate), Some(key)) => Some(Tls {
            certificate_file: checks.path(certificate),
            key_file: checks.path(key),
        }),
        (None, None) => None,
        (Some(_), None) => {
            checks.refuse("tls", "key_file", "is missing; certificate_file needs it");
            None
        }
        (None, Some(_)) => {
            checks.refuse("tls", "certificate_file", "is missing; key_file needs it");
            None
        }
    }
}

/// Checks `[proxy]`.
pub(super) fn check_proxy(raw: &RawProxy, checks: &mut Checks) -> Vec<Network> {
    let mut networks = Vec::new();
    for text in &raw.trusted {
        match text.parse() {
            Ok(network) => networks.push(network),
            Err(_) => checks.refuse(
                "proxy",
                "trusted",
                format!("{text:?} is not an address or network; write \"10.0.0.7\" or \"10.0.0.0/24\""),
            ),
        }
    }
    networks
}

/// Nobody on the way may read a password: plain http leaves this machine only towards a proxy that is named.
pub(super) fn check_way(server: &Server, tls: Option<&Tls>, proxies: &[Network], checks: &mut Checks) {
    let loopback = server.listen.ip().is_loopback();
    if server.issuer.scheme() == "http" && tls.is_some() {
        checks.refuse(
            "server",
            "issuer",
            "is http, but [tls] is there; write the issuer with https",
        );
    } else if server.issuer.scheme() == "http" && !loopback {
        let why = format!(
            "{} is reached from other machines, but the issuer is plain http on loopback",
            server.listen
        );
        checks.refuse("server", "listen", why);
    } else if !loopback && tls.is_none() && proxies.is_empty() {
        let why = format!(
            "{} is reached from other machines without TLS; add [tls], or name the proxy that does it in [proxy] trusted, or listen on 127.0.0.1",
            server.listen
        );
        checks.refuse("server", "listen", why);
    }
}
