//! Addresses of people and of the sender (RFC 5321 §4.1.2, RFC 5322 §3.4), as far as letters go today: a local part of
//! plain letters, digits and signs without quotes, and a domain with a dot. A domain in any script becomes its ASCII form.
//! Does not know whether anybody reads there.

use std::fmt;
use std::str::FromStr;
use url::Host;

const ADDRESS_BYTES: usize = 254;
const LOCAL_BYTES: usize = 64;
const NAME_CHARACTERS: usize = 100;

/// The text is no address that a letter can go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not an e-mail address; write it as name@example.com")]
pub struct BadAddress;

/// An e-mail address. `Display` gives it whole; `Debug` keeps the person's part.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Address {
    local: String,
    domain: String,
}

impl Address {
    /// Reads an address. The domain ends up in lower case and ASCII; the person's part stays as it is.
    pub fn parse(text: &str) -> Result<Self, BadAddress> {
        let (local, domain) = text.rsplit_once('@').ok_or(BadAddress)?;
        let domain = ascii_domain(domain).ok_or(BadAddress)?;
        let is_whole = local.len() + 1 + domain.len() <= ADDRESS_BYTES;
        if !is_whole || !is_local_part(local) {
            return Err(BadAddress);
        }
        Ok(Self {
            local: local.to_owned(),
            domain,
        })
    }

    /// The person's part.
    pub(super) fn local(&self) -> &str {
        &self.local
    }

    /// What stands behind the `@`.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.local, self.domain)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "…@{}", self.domain)
    }
}

impl FromStr for Address {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, BadAddress> {
        Self::parse(text)
    }
}

/// A dot-atom (RFC 5322 §3.2.3).
fn is_local_part(text: &str) -> bool {
    let is_atom = |atom: &str| {
        !atom.is_empty()
            && atom
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b))
    };
    text.len() <= LOCAL_BYTES && text.split('.').all(is_atom)
}

fn ascii_domain(text: &str) -> Option<String> {
    // The URL reader would take escapes apart; no domain has any.
    if text.contains('%') {
        return None;
    }
    let Ok(Host::Domain(domain)) = Host::parse(text) else {
        return None;
    };
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let is_named = domain.contains('.') || domain == "localhost";
    (is_named && domain.split('.').all(is_label)).then_some(domain)
}

/// An address with a name before it, as `Example <no-reply@example.com>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// The name that people see.
    pub name: Option<String>,
    /// The address.
    pub address: Address,
}

impl FromStr for Mailbox {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, BadAddress> {
        let text = text.trim();
        let Some(before) = text.strip_suffix('>') else {
            let address = Address::parse(text)?;
            return Ok(Self { name: None, address });
        };
        let (name, address) = before.rsplit_once('<').ok_or(BadAddress)?;
        let name = name.trim();
        let name = name
            .strip_prefix('"')
            .and_then(|name| name.strip_suffix('"'))
            .unwrap_or(name);
        if name.chars().count() > NAME_CHARACTERS
            || name.chars().any(|c| c.is_control() || "<>\"\\".contains(c))
        {
            return Err(BadAddress);
        }
        Ok(Self {
            name: (!name.is_empty()).then(|| name.to_owned()),
            address: Address::parse(address)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_end_a_header_or_a_command_is_no_address() {
        for hostile in [
            "a@example.com\r\nBcc: b@example.com",
            "a\r\n@example.com",
            "a@example.com\n",
            "a@example.com>",
            "a@example.com, b@example.com",
            "a b@example.com",
            "\"a\r\n\"@example.com",
            "a@exam\0ple.com",
            "<a@example.com>",
            "a@example.com> SIZE=1",
            "a@example.com%0d%0a",
        ] {
            assert_eq!(Address::parse(hostile), Err(BadAddress), "{hostile:?}");
            assert!(
                Mailbox::from_str(&format!("X <{hostile}>")).is_err(),
                "{hostile:?}"
            );
        }
        for hostile in [
            "X\r\nBcc: y <a@example.com>",
            "X\" <b@example.com>, \" <a@example.com>",
        ] {
            assert!(Mailbox::from_str(hostile).is_err(), "{hostile:?}");
        }
    }

    #[test]
    fn what_letters_cannot_go_to_is_no_address() {
        let long = format!("{}@example.com", "a".repeat(65));
        let longer = format!("a@{}com", "example.".repeat(40));
        for bad in [
            "",
            "@",
            "a",
            "a@",
            "@example.com",
            "a@b@",
            ".a@example.com",
            "a.@example.com",
            "a..b@example.com",
            "é@example.com",
            "a@127.0.0.1",
            "a@[127.0.0.1]",
            "a@example",
            "a@example..com",
            "a@-example.com",
            "a@example.com.",
            &long,
            &longer,
        ] {
            assert_eq!(Address::parse(bad), Err(BadAddress), "{bad:?}");
        }
    }

    #[test]
    fn an_address_keeps_its_person_and_gets_a_plain_domain() {
        let shown = |text: &str| Address::parse(text).unwrap().to_string();
        assert_eq!(shown("Ann.Lee+photos@Example.COM"), "Ann.Lee+photos@example.com");
        assert_eq!(shown("o'neil@bücher.example"), "o'neil@xn--bcher-kva.example");
        assert_eq!(shown("alice@localhost"), "alice@localhost");
        assert_eq!(
            format!("{:?}", Address::parse("ann@example.com").unwrap()),
            "…@example.com"
        );
    }

    #[test]
    fn a_mailbox_is_an_address_with_or_without_a_name() {
        let bare: Mailbox = " no-reply@example.com ".parse().unwrap();
        assert_eq!((bare.name, bare.address.domain()), (None, "example.com"));
        let named: Mailbox = "\"Bücher, Ltd\" <no-reply@example.com>".parse().unwrap();
        assert_eq!(named.name.as_deref(), Some("Bücher, Ltd"));
        let nameless: Mailbox = "<a@example.com>".parse().unwrap();
        assert_eq!(nameless.name, None);
    }
}
