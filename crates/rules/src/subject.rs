//! Who a person is to a client: the `sub` claim (OpenID Connect Core §8), the same wherever a token or an answer names
//! the person to that client; and what the client knows their session by, the `sid` claim (Front-Channel Logout §3).
//!
//! A public subject is the person's id. A pairwise one is a MAC over the client's sector and that id, so clients of two
//! sectors cannot tell whether they know the same person, and nobody without the server's key can tell from which. So it
//! is with the session, or two such clients would know each other's people by it.

use std::collections::BTreeSet;
use url::{Host, Url};
use uuid::{Builder, Uuid};
use valetkey_jose::b64;
use valetkey_jose::derive::derive_key;
use valetkey_jose::mac::MacKey;
use valetkey_model::relying_party::SubjectType;
use valetkey_model::{Client, Sid, UserId};

/// Computes subjects.
#[derive(Debug)]
pub struct SubjectKeys {
    pairwise: MacKey,
    sessions: MacKey,
}

impl SubjectKeys {
    /// From the master key.
    #[must_use]
    pub fn new(master: &[u8; 32]) -> Self {
        Self {
            pairwise: MacKey::new(&derive_key(master, "pairwise subjects")),
            sessions: MacKey::new(&derive_key(master, "pairwise sessions")),
        }
    }

    /// The person, as the client knows them. A pairwise subject is 43 characters of base64url, which no UUID is.
    #[must_use]
    pub fn subject(&self, client: &Client, user: UserId) -> String {
        match client.openid.subject_type {
            SubjectType::Public => user.to_string(),
            SubjectType::Pairwise => b64::encode_url(&within_sector(&self.pairwise, client, user.0)),
        }
    }

    /// The session, as the client knows it. A pairwise one reads like any other.
    #[must_use]
    pub fn session(&self, client: &Client, sid: Sid) -> Sid {
        match client.openid.subject_type {
            SubjectType::Public => sid,
            SubjectType::Pairwise => {
                let tag = within_sector(&self.sessions, client, sid.0);
                let mut bytes = [0; 16];
                bytes.iter_mut().zip(tag).for_each(|(to, from)| *to = from);
                Sid(Builder::from_random_bytes(bytes).into_uuid())
            }
        }
    }
}

/// A MAC over the client's sector and an id. A client without a sector is one of its own; the first part keeps its id from
/// being taken for a host.
fn within_sector(key: &MacKey, client: &Client, id: Uuid) -> [u8; 32] {
    let (kind, sector) = match sector(client) {
        Some(host) => ("host", host),
        None => ("client", client.id.to_string()),
    };
    key.tag(&[kind.as_bytes(), sector.as_bytes(), id.as_bytes()])
}

/// The sector of a client (§8.1): the host of its `sector_identifier_uri`, else the one host of all its redirect URIs.
/// `None` when those have several hosts or none. A loopback host is none: it is every app's that runs on a device.
#[must_use]
pub fn sector(client: &Client) -> Option<String> {
    if let Some(uri) = &client.openid.sector_identifier_uri {
        return host(uri);
    }
    let hosts: BTreeSet<Option<String>> = client
        .redirect_uris
        .iter()
        .map(|uri| host(uri.as_str()).filter(|host| !is_loopback(host)))
        .collect();
    match (hosts.len(), hosts.into_iter().next()) {
        (1, Some(only)) => only,
        _ => None,
    }
}

/// The host of a web address, in lower case and as it stands in DNS.
fn host(uri: &str) -> Option<String> {
    let url = Url::parse(uri).ok()?;
    let is_web = matches!(url.scheme(), "https" | "http");
    url.host_str().filter(|_| is_web).map(str::to_owned)
}

fn is_loopback(host: &str) -> bool {
    match Host::parse(host) {
        Ok(Host::Ipv4(address)) => address.is_loopback(),
        Ok(Host::Ipv6(address)) => address.is_loopback(),
        Ok(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;
    use valetkey_model::ClientId;
    use valetkey_protocol::redirect_uri::RedirectUri;

    fn keys() -> SubjectKeys {
        SubjectKeys::new(&[7; 32])
    }

    fn pairwise(id: &str, redirect_uris: &[&str]) -> Client {
        let mut client = samples::web_client();
        client.id = ClientId::parse(id).unwrap();
        client.openid.subject_type = SubjectType::Pairwise;
        client.redirect_uris = redirect_uris
            .iter()
            .map(|uri| RedirectUri::parse(uri).unwrap())
            .collect();
        client
    }

    fn of(client: &Client) -> String {
        keys().subject(client, samples::user())
    }

    #[test]
    fn clients_of_two_sectors_cannot_compare_a_person() {
        let a = pairwise("a", &["https://a.example/cb"]);
        let b = pairwise("b", &["https://b.example/cb"]);
        assert_ne!(of(&a), of(&b));
        let public = of(&samples::web_client());
        assert_eq!(public, samples::user().to_string());
        for pairwise in [of(&a), of(&b)] {
            assert_ne!(pairwise, public);
            assert!(!pairwise.contains(&public) && pairwise.len() == 43);
            assert!(
                Uuid::try_parse(&pairwise).is_err(),
                "never taken for a public one"
            );
        }
        let bob = UserId(Uuid::from_u128(0xb0b));
        assert_ne!(keys().subject(&a, bob), of(&a));
        let elsewhere = SubjectKeys::new(&[8; 32]);
        assert_ne!(elsewhere.subject(&a, samples::user()), of(&a));
    }

    #[test]
    fn correlation_clients_of_two_sectors_cannot_compare_a_session() {
        let a = pairwise("a", &["https://a.example/cb"]);
        let b = pairwise("b", &["https://b.example/cb"]);
        let sid = samples::session().sid;
        let of = |client: &Client| keys().session(client, sid);
        assert_eq!(of(&samples::web_client()), sid, "a public one is as it is");
        assert_ne!(of(&a), of(&b));
        assert_ne!(of(&a), sid);
        assert_eq!(of(&a), of(&a), "every token of the session says the same");
        assert_ne!(keys().session(&a, Sid(Uuid::from_u128(2))), of(&a));
        assert_ne!(SubjectKeys::new(&[8; 32]).session(&a, sid), of(&a));
        // The same bytes as a person's id are another thing.
        let person = keys().subject(&a, UserId(sid.0));
        assert_ne!(b64::decode_url(&person).unwrap()[..16], of(&a).0.as_bytes()[..]);
        let same = pairwise("c", &["https://a.example/other"]);
        assert_eq!(of(&same), of(&a), "they share their people as well");
    }

    #[test]
    fn clients_of_one_sector_know_a_person_by_one_subject() {
        let one = pairwise(
            "one",
            &["https://app.example/cb", "https://APP.example:8443/other"],
        );
        let two = pairwise("two", &["https://app.example/second"]);
        assert_eq!(of(&one), of(&two));
        let mut named = pairwise("three", &["https://eu.example/cb", "https://us.example/cb"]);
        named.openid.sector_identifier_uri = Some(String::from("https://app.example/sector.json"));
        assert_eq!(of(&named), of(&one), "the host of the document is the sector");
    }

    #[test]
    fn a_client_without_a_sector_shares_its_subjects_with_nobody() {
        for uris in [
            &["https://a.example/cb", "https://b.example/cb"][..],
            &["com.example.app:/cb"],
            &["http://127.0.0.1/cb"],
            &["http://[::1]/cb"],
            &["http://localhost/cb"],
            &["https://a.example/cb", "http://127.0.0.1/cb"],
            &[],
        ] {
            let (one, two) = (pairwise("one", uris), pairwise("two", uris));
            assert_eq!(sector(&one), None, "{uris:?}");
            assert_ne!(of(&one), of(&two), "{uris:?}");
        }
        // An id that reads like a host is not that host's sector.
        let posing = pairwise("a.example", &[]);
        assert_ne!(of(&posing), of(&pairwise("x", &["https://a.example/cb"])));
    }
}
