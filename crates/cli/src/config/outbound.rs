//! `[outbound]`: what the server's own requests may do: to clients' keys, request objects and logout addresses, and to other
//! providers.

use super::document::Checks;
use super::section::{Key, Preset, Section};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use serde::Deserialize;
use valetkey_server::address::Network;
use valetkey_server::outbound::{Outbound, OutboundSettings};

/// The keys of `[outbound]`.
pub(super) const SECTION: Section = Section {
    name: "outbound",
    repeated: false,
    about: "The server's own requests: for clients' keys and request objects, to their logout addresses, and to other \
            providers. They go by https to public addresses, and follow no redirect.",
    keys: &[
        Key {
            name: "extra_ca_file",
            kind: "file",
            preset: Preset::Unset("\"/etc/valetkey/company-ca.pem\""),
            meaning: "Certification authorities to trust beside those that Mozilla trusts, in PEM.",
        },
        Key {
            name: "allow_private",
            kind: "list of addresses or networks",
            preset: Preset::Is("[]"),
            meaning: "Networks that may be connected to although they are not public, as \"10.1.2.0/24\". Whoever registers a \
                      client can make the server ask there, so name as few as possible. A loopback address that is named may \
                      be asked by plain http.",
        },
        Key {
            name: "deadline_seconds",
            kind: "seconds",
            preset: Preset::Is("10"),
            meaning: "A request that has no whole answer by then has failed.",
        },
    ],
};

/// `[outbound]` as it was written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Raw {
    extra_ca_file: Option<String>,
    allow_private: Vec<String>,
    deadline_seconds: Option<i64>,
}

/// Checks `[outbound]`. The file is read here, so that a missing one is known before anything starts.
pub(super) fn check(raw: &Raw, checks: &mut Checks) -> OutboundSettings {
    let defaults = OutboundSettings::default();
    let deadline = match raw.deadline_seconds {
        Some(seconds) => checks
            .within("outbound", "deadline_seconds", seconds, 1..=60)
            .unsigned_abs(),
        None => defaults.deadline_seconds,
    };
    let settings = OutboundSettings {
        extra_ca: extra_ca(raw, checks),
        allow_private: networks(&raw.allow_private, checks),
        deadline_seconds: deadline,
        ..defaults
    };
    if let Err(error) = Outbound::new(settings.clone()) {
        checks.refuse("outbound", "extra_ca_file", error);
    }
    settings
}

fn networks(written: &[String], checks: &mut Checks) -> Vec<Network> {
    let mut networks = Vec::new();
    for text in written {
        match text.parse() {
            Ok(network) => networks.push(network),
            Err(_) => checks.refuse(
                "outbound",
                "allow_private",
                format!("{text:?} is not an address or network; write \"10.0.0.7\" or \"10.0.0.0/24\""),
            ),
        }
    }
    networks
}

fn extra_ca(raw: &Raw, checks: &mut Checks) -> Vec<CertificateDer<'static>> {
    let Some(written) = &raw.extra_ca_file else {
        return Vec::new();
    };
    let path = checks.path(written);
    let read: Result<Vec<_>, _> = CertificateDer::pem_file_iter(&path).and_then(Iterator::collect);
    let why = match read {
        Ok(certificates) if !certificates.is_empty() => return certificates,
        Ok(_) => String::from("it holds no certificate in PEM"),
        Err(error) => error.to_string(),
    };
    checks.refuse("outbound", "extra_ca_file", format!("{}: {why}", path.display()));
    Vec::new()
}

#[cfg(test)]
mod tests {
    use crate::config::read;
    use std::path::Path;

    const BASE: &str = "[server]\nissuer = \"https://id.example\"\n[store]\nfolder = \"data\"\n";

    fn problems(section: &str) -> String {
        read(Path::new("valetkey.toml"), &format!("{BASE}{section}"))
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn what_cannot_be_is_told_with_its_line() {
        let text = problems("[outbound]\nallow_private = [\"intranet\"]\nextra_ca_file = \"missing.pem\"\n");
        assert!(text.contains("[outbound] allow_private: \"intranet\""), "{text}");
        assert!(text.contains("extra_ca_file: "), "{text}");
        let text = problems("[outbound]\ndeadline_seconds = 0\n");
        assert!(text.contains("0 is outside 1 to 60"), "{text}");
    }

    #[test]
    fn without_the_section_no_private_address_is_asked() {
        let file = Path::new("valetkey.toml");
        let settings = read(file, BASE).unwrap();
        assert!(settings.outbound.allow_private.is_empty() && settings.outbound.extra_ca.is_empty());
        let text = format!("{BASE}[outbound]\nallow_private = [\"127.0.0.1\", \"10.0.0.0/8\"]\n");
        assert_eq!(read(file, &text).unwrap().outbound.allow_private.len(), 2);
    }
}
