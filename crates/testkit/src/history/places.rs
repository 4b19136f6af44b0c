//! Where the nodes of a cluster live: each in a network namespace of its own, with one link to who calls it and one to its
//! database, where the machine allows it; otherwise all on loopback, and a cut is the database proxy's.

use super::process::free_port;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::Command;

/// Where the links' networks begin: addresses for tests of networks (RFC 2544).
const NETWORK: [u8; 2] = [198, 18];
const PORT: u16 = 8080;
const DATABASE_PORT: u16 = 5432;

/// The place of one node. Dropping it takes the namespace away.
#[derive(Debug)]
pub struct Place {
    /// Where the node listens.
    pub listen: SocketAddr,
    /// Where it finds its database.
    pub database: SocketAddr,
    namespace: Option<Namespace>,
}

#[derive(Debug)]
struct Namespace {
    name: String,
    link: String,
}

impl Place {
    /// The places of so many nodes, each in a namespace of its own, where the machine allows it.
    #[must_use]
    pub fn apart(count: u8) -> Option<Vec<Self>> {
        (0..count).map(Self::in_a_namespace).collect()
    }

    /// The places of so many nodes on loopback.
    #[must_use]
    pub fn on_loopback(count: u8) -> Vec<Self> {
        (0..count).map(Self::beside_the_others).collect()
    }

    fn beside_the_others(number: u8) -> Self {
        let own =
            |offset: u64| SocketAddr::from((Ipv4Addr::LOCALHOST, free_port(u64::from(number) * 11 + offset)));
        Self {
            listen: own(3),
            database: own(1_007),
            namespace: None,
        }
    }

    fn in_a_namespace(number: u8) -> Option<Self> {
        let [first, second] = NETWORK;
        let host = |link: u8| IpAddr::from([first, second, number, 4 * link + 1]);
        let node = |link: u8| IpAddr::from([first, second, number, 4 * link + 2]);
        // A name is as long as Linux allows an interface's to be, at most: 15 bytes.
        let own = format!("vk{}{number}", std::process::id() % 1_000_000);
        let (front, back) = (format!("{own}f"), format!("{own}d"));
        ip(&["netns", "add", &own])?;
        // From here on, dropping this tidies up.
        let place = Self {
            listen: (node(0), PORT).into(),
            database: (host(1), DATABASE_PORT).into(),
            namespace: Some(Namespace {
                name: own.clone(),
                link: back.clone(),
            }),
        };
        ip(&["-n", &own, "link", "set", "lo", "up"])?;
        for (link, name) in [(0, &front), (1, &back)] {
            let inner = format!("{name}n");
            ip(&[
                "link", "add", name, "type", "veth", "peer", "name", &inner, "netns", &own,
            ])?;
            ip(&["addr", "add", &format!("{}/30", host(link)), "dev", name])?;
            ip(&[
                "-n",
                &own,
                "addr",
                "add",
                &format!("{}/30", node(link)),
                "dev",
                &inner,
            ])?;
            ip(&["link", "set", name, "up"])?;
            ip(&["-n", &own, "link", "set", &inner, "up"])?;
        }
        Some(place)
    }

    /// How a program is started there.
    #[must_use]
    pub fn by(&self) -> Vec<&str> {
        self.namespace
            .as_ref()
            .map_or_else(Vec::new, |namespace| vec!["ip", "netns", "exec", &namespace.name])
    }

    /// Takes the link to the database away or gives it back; `false` where there is none of its own.
    #[must_use]
    pub fn links(&self, up: bool) -> bool {
        let state = if up { "up" } else { "down" };
        let link = |namespace: &Namespace| ip(&["link", "set", &namespace.link, state]);
        self.namespace.as_ref().and_then(link).is_some()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(namespace) = &self.namespace {
            // The links go with it.
            ip(&["netns", "del", &namespace.name]);
        }
    }
}

fn ip(arguments: &[&str]) -> Option<()> {
    let output = Command::new("ip").args(arguments).output().ok()?;
    output.status.success().then_some(())
}
