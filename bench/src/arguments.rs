//! What the command line says.

use std::path::PathBuf;
use std::time::Duration;

const USAGE: &str = "`scripts/bench --help` says what there is";

/// How long it may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    Smoke,
    Quick,
    Usual,
    Full,
}

/// See the module.
#[derive(Debug, Clone)]
pub struct Arguments {
    pub length: Length,
    pub only: Vec<String>,
    pub peer: bool,
    pub json: Option<PathBuf>,
    pub connections: usize,
    pub server_core: usize,
    pub generator_core: usize,
    /// The server's binary.
    pub valetkey: PathBuf,
    /// The peer's folder.
    pub peer_folder: PathBuf,
}

impl Arguments {
    /// Reads them; the error is for the person who typed them.
    pub fn read(words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut read = Self {
            length: Length::Usual,
            only: Vec::new(),
            peer: true,
            json: None,
            connections: 64,
            server_core: 0,
            generator_core: 1,
            valetkey: PathBuf::from("target/release/valetkey"),
            peer_folder: PathBuf::from("bench/peer"),
        };
        let mut words = words;
        while let Some(word) = words.next() {
            let mut value = || {
                words
                    .next()
                    .ok_or_else(|| format!("{word} needs a value; {USAGE}"))
            };
            match word.as_str() {
                "--smoke" => read.length = Length::Smoke,
                "--quick" => read.length = Length::Quick,
                "--full" => read.length = Length::Full,
                "--no-peer" => read.peer = false,
                "--only" => read.only = value()?.split(',').map(|id| id.trim().to_uppercase()).collect(),
                "--json" => read.json = Some(value()?.into()),
                "--connections" => read.connections = number(&value()?)?.max(1),
                "--server-core" => read.server_core = number(&value()?)?,
                "--generator-core" => read.generator_core = number(&value()?)?,
                "--valetkey" => read.valetkey = value()?.into(),
                "--peer-folder" => read.peer_folder = value()?.into(),
                other => return Err(format!("{other} means nothing here; {USAGE}")),
            }
        }
        Ok(read)
    }

    /// Whether a line was asked for.
    pub fn wants(&self, id: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == id)
    }

    pub fn plan(&self) -> Plan {
        let (seconds, most) = (Duration::from_secs_f64, u64::MAX);
        match self.length {
            Length::Smoke => Plan {
                rounds: 1,
                time: seconds(20.0),
                yardstick: seconds(20.0),
                warm_up: Duration::ZERO,
                most: 24,
                connections: self.connections.min(4),
                people: 4,
                grants: 40,
                many_grants: 400,
                starts: 1,
            },
            Length::Quick => Plan {
                rounds: 3,
                time: seconds(1.0),
                yardstick: seconds(0.4),
                warm_up: seconds(0.15),
                most,
                connections: self.connections,
                people: 32,
                grants: 2_000,
                many_grants: 10_000,
                starts: 5,
            },
            Length::Usual | Length::Full => Plan {
                rounds: 5,
                time: seconds(2.0),
                yardstick: seconds(0.6),
                warm_up: seconds(0.2),
                most,
                connections: self.connections,
                people: 64,
                grants: 10_000,
                many_grants: if self.length == Length::Full {
                    1_000_000
                } else {
                    100_000
                },
                starts: 9,
            },
        }
    }
}

fn number(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| format!("{text:?} is no number"))
}

/// How much of everything.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub rounds: usize,
    pub time: Duration,
    pub yardstick: Duration,
    pub warm_up: Duration,
    pub most: u64,
    pub connections: usize,
    pub people: usize,
    /// In the store before anything is measured, and in the smaller store of W9.
    pub grants: usize,
    /// In the larger store of W9.
    pub many_grants: usize,
    pub starts: usize,
}
