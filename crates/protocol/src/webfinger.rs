//! WebFinger (RFC 7033), as far as it says who signs somebody in (OpenID Connect Discovery §2): the request, and the JSON
//! Resource Descriptor of the answer.

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// The media type of the answer (RFC 7033 §10.2).
pub const JRD: &str = "application/jrd+json";
/// The relation that leads to an issuer (Discovery §2).
pub const ISSUER_REL: &str = "http://openid.net/specs/connect/1.0/issuer";

/// What is known about a resource (RFC 7033 §4.4).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Descriptor {
    /// The resource, as it was asked for.
    pub subject: String,
    /// Where it leads.
    pub links: Vec<Link>,
}

/// One link of a descriptor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// What the link means.
    pub rel: String,
    /// Where it goes.
    pub href: String,
}

impl Descriptor {
    /// The issuer of the resource; no link when the request asked for other relations alone (RFC 7033 §4.3).
    #[must_use]
    pub fn of_issuer(resource: &str, issuer: &str, rels: &[&str]) -> Self {
        let wanted = rels.is_empty() || rels.contains(&ISSUER_REL);
        let link = wanted.then(|| Link {
            rel: ISSUER_REL.to_owned(),
            href: issuer.to_owned(),
        });
        Self {
            subject: resource.to_owned(),
            links: link.into_iter().collect(),
        }
    }
}

/// Which host a resource belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    host: Host<String>,
    port: Option<u16>,
}

impl Place {
    /// Reads a resource: an `acct:` URI (RFC 7565) or a web address. `None` when it is neither.
    #[must_use]
    pub fn of(resource: &str) -> Option<Self> {
        let (scheme, rest) = resource.split_once(':')?;
        if scheme.eq_ignore_ascii_case("acct") {
            let (name, host) = rest.rsplit_once('@')?;
            return if name.is_empty() {
                None
            } else {
                Self::of_authority(host)
            };
        }
        let url = Url::parse(resource).ok()?;
        if !matches!(url.scheme(), "https" | "http") {
            return None;
        }
        Some(Self {
            host: url.host()?.to_owned(),
            port: url.port(),
        })
    }

    fn of_authority(authority: &str) -> Option<Self> {
        let url = Url::parse(&format!("https://{authority}")).ok()?;
        // Nothing but a host and a port may stand there.
        let names_nobody = url.username().is_empty() && url.password().is_none();
        let no_more = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let host = url.host().filter(|_| names_nobody && no_more)?;
        Some(Self {
            host: host.to_owned(),
            port: url.port(),
        })
    }

    /// Whether the issuer is at that host; a port counts where the resource names one.
    #[must_use]
    pub fn is_of(&self, issuer: &str) -> bool {
        Self::of(issuer).is_some_and(|own| {
            let same_port = self.port.is_none() || self.port == own.port;
            self.host == own.host && same_port
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_of(resource: &str, issuer: &str) -> Option<bool> {
        Place::of(resource).map(|place| place.is_of(issuer))
    }

    #[test]
    fn what_is_no_account_and_no_web_address_belongs_nowhere() {
        for bad in [
            "",
            "alice",
            "alice@id.example",
            "acct:alice",
            "acct:@id.example",
            "acct:alice@",
            "acct:alice@id.example/x",
            "acct:alice@id.example?x",
            "mailto:alice@id.example",
            "https://",
            "//id.example/alice",
        ] {
            assert_eq!(Place::of(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn only_resources_of_the_issuers_host_are_its_own() {
        let issuer = "https://id.example/tenant";
        for elsewhere in [
            "acct:alice@other.example",
            "acct:alice@id.example.evil.example",
            "acct:id.example@evil.example",
            "acct:alice@id.example:8443",
            "https://evil.example/id.example",
            "https://id.example@evil.example/",
            "https://id.example:8443/alice",
        ] {
            assert_eq!(is_of(elsewhere, issuer), Some(false), "{elsewhere}");
        }
        for own in [
            "acct:alice@id.example",
            "ACCT:Alice@ID.Example",
            "acct:alice%40mail.example@id.example",
            "https://id.example/alice",
            "https://id.example",
            issuer,
        ] {
            assert_eq!(is_of(own, issuer), Some(true), "{own}");
        }
        let local = "http://localhost:8080";
        for own in [
            "acct:alice@localhost:8080",
            "acct:alice@localhost",
            "http://localhost:8080/a",
        ] {
            assert_eq!(is_of(own, local), Some(true), "{own}");
        }
        assert_eq!(is_of("acct:alice@localhost:9090", local), Some(false));
    }

    #[test]
    fn a_descriptor_leads_to_the_issuer_unless_other_relations_were_asked_for() {
        let of = |rels: &[&str]| Descriptor::of_issuer("acct:a@id.example", "https://id.example", rels);
        assert!(of(&["avatar"]).links.is_empty());
        let json = serde_json::to_value(of(&[])).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "subject": "acct:a@id.example",
                "links": [{"rel": ISSUER_REL, "href": "https://id.example"}],
            })
        );
        assert_eq!(of(&["avatar", ISSUER_REL]), of(&[]));
    }
}
