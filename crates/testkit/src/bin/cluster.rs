//! `cluster [--full | --rounds N] [--asynchronous] [--loopback] [--seed N] [--keep FOLDER]`: three nodes in their own processes, each in
//! a network namespace of its own where the machine allows it and `--loopback` does not forbid it, over one PostgreSQL with
//! a synchronous standby, behind a proxy that gives every connection to the next node. Clients live whole flows while nodes are killed, a node is cut off from the database, and the
//! primary is killed and its standby promoted; then the history check over everything. With `--asynchronous` the primary does not
//! wait for its standby: then commits that were acknowledged are lost, and the check has to say so. Ends with 1 when
//! something was found (with `--asynchronous`: when losses were), with 2 when it did not get so far, with 3 when that proves nothing:
//! too little was acknowledged, or `--asynchronous` lost nothing.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use tempfile::TempDir;
use tokio::task::block_in_place;
use tokio::time::{sleep, timeout};
use valetkey_testkit::Site;
use valetkey_testkit::history::clients::{Crowd, Load, Random};
use valetkey_testkit::history::log::Log;
use valetkey_testkit::history::places::Place;
use valetkey_testkit::history::process::{Home, Node, free_port, interrupted};
use valetkey_testkit::history::program::{Proof, gives_up, judges, say};
use valetkey_testkit::history::proxy::Proxy;
use valetkey_testkit::postgres::{self, Cluster};

const USAGE: &str =
    "usage: cluster [--full | --rounds N] [--asynchronous] [--loopback] [--seed N] [--keep FOLDER]";
const NODES: u8 = 3;
/// What the proxy is to everybody; it could speak TLS and pass plain http on, as proxies do.
const ISSUER: &str = "https://cluster.example";
const CLIENTS: usize = 8;
const HISTORY: &str = "history.jsonl";
/// For how long a request whose connection broke may still be worked on: longer than the store waits for its database.
const LINGER_MICROS: i64 = 20_000_000;
/// How long the last questions may take.
const LONGEST_END: Duration = Duration::from_secs(600);
const LONGEST_FAULT: Duration = Duration::from_secs(180);

type Outcome<T> = Result<T, String>;

struct Arguments {
    /// How many times each fault comes.
    rounds: u32,
    asynchronous: bool,
    /// Without namespaces, although the machine would allow them.
    loopback: bool,
    seed: u64,
    keep: Option<PathBuf>,
}

impl Arguments {
    fn read() -> Option<Self> {
        let mut read = Self {
            rounds: 2,
            asynchronous: false,
            loopback: false,
            seed: 1,
            keep: None,
        };
        let mut given = std::env::args().skip(1);
        while let Some(name) = given.next() {
            match name.as_str() {
                "--full" => read.rounds = 12,
                "--rounds" => read.rounds = given.next()?.parse().ok()?,
                "--asynchronous" => read.asynchronous = true,
                "--loopback" => read.loopback = true,
                "--seed" => read.seed = given.next()?.parse().ok()?,
                "--keep" => read.keep = Some(PathBuf::from(given.next()?)),
                _ => return None,
            }
        }
        Some(read)
    }

    /// A client gets some sixty grants and more than a hundred refreshes a round on a machine that is busy with other things.
    fn proof(&self) -> Proof {
        if self.asynchronous {
            return Proof::Losses;
        }
        let lives = u64::from(self.rounds) * CLIENTS as u64;
        Proof::Acknowledged {
            grants: (5 * lives).max(1),
            refreshes: 10 * lives,
            afterwards: CLIENTS as u64,
        }
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let (Some(arguments), Ok(temporary)) = (Arguments::read(), TempDir::new()) else {
        return gives_up(USAGE);
    };
    let Some(binaries) = postgres::binaries() else {
        return gives_up(
            "there is no PostgreSQL: install it, or name the folder with its programs by VALETKEY_TEST_POSTGRES_BINARIES",
        );
    };
    let folder = arguments
        .keep
        .clone()
        .unwrap_or_else(|| temporary.path().to_owned());
    let done = async {
        std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        let mut stage = Stage::set(&binaries, &folder, arguments.loopback).await?;
        stage.play(&arguments).await
    };
    let done = tokio::select! {
        done = done => done,
        () = interrupted() => Err(String::from("interrupted")),
    };
    if let Err(why) = done {
        return gives_up(&format!("FAILED: {why}"));
    }
    judges(&[&folder.join(HISTORY)], LINGER_MICROS, arguments.proof())
}

/// Everything that runs.
struct Stage {
    folder: PathBuf,
    nodes: Vec<OneNode>,
    front: Proxy,
    primary: Cluster,
    standby: Cluster,
}

struct OneNode {
    home: Home,
    node: Option<Node>,
    database: Proxy,
    place: Place,
}

impl OneNode {
    async fn starts(&mut self) {
        self.node = Some(self.home.serve_by(&self.place.by()).await);
    }

    /// Whether it was a link that was cut, and not the proxy that holds its bytes back.
    fn is_cut_off(&self, cut: bool) {
        if !self.place.links(!cut) {
            self.database.passes(!cut);
        }
    }
}

impl Stage {
    async fn set(binaries: &Path, folder: &Path, loopback: bool) -> Outcome<Self> {
        let (primary, standby) = block_in_place(|| {
            let primary = Cluster::start(binaries);
            primary.runs("CREATE DATABASE valetkey");
            let standby = Cluster::standby_of(&primary);
            (primary, standby)
        });
        let apart = if loopback { None } else { Place::apart(NODES) };
        say(if apart.is_some() {
            "each node is in a network namespace of its own"
        } else {
            "no network namespaces: all nodes are on loopback, and a cut is a proxy that passes nothing"
        });
        let places = apart.unwrap_or_else(|| Place::on_loopback(NODES));
        let targets = places.iter().map(|place| place.listen).collect();
        let at = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port(99)));
        let front = Proxy::begin(at, targets)
            .await
            .map_err(|error| error.to_string())?;
        let mut nodes = Vec::new();
        for (number, place) in places.into_iter().enumerate() {
            let database = Proxy::begin(place.database, vec![primary.address()])
                .await
                .map_err(|error| format!("{}: {error}", place.database))?;
            let store = format!(
                "url = \"postgres://valetkey@{}/valetkey?sslmode=disable\"\npool_size = 8",
                place.database
            );
            nodes.push(OneNode {
                home: Home::new(folder, &format!("node{number}"), (ISSUER, place.listen), &store),
                node: None,
                database,
                place,
            });
        }
        Ok(Self {
            folder: folder.to_owned(),
            nodes,
            front,
            primary,
            standby,
        })
    }

    async fn play(&mut self, arguments: &Arguments) -> Outcome<()> {
        // The first one makes the tables and the keys; the others find them.
        for node in &mut self.nodes {
            node.starts().await;
        }
        let first = self.nodes.first().ok_or("there is no node")?;
        let (person, app) = block_in_place(|| first.home.with_cast());
        // Every node learns of the new client.
        sleep(Duration::from_millis(1500)).await;
        let log = Log::create(&self.folder.join(HISTORY)).map_err(|error| error.to_string())?;
        let load = Load {
            sites: vec![Site::wire(
                &format!("http://{}", self.front.address),
                self.front.address,
            )],
            app,
            person,
            clients: CLIENTS,
            pause: Duration::from_millis(5),
            patience: Duration::from_secs(40),
            flows: usize::MAX,
            seed: arguments.seed,
        };
        let crowd = Crowd::begin(&load, &log);
        let mut random = Random(arguments.seed);
        sleep(Duration::from_secs(3)).await;
        for round in 1..=arguments.rounds {
            let standby_was_away = round % 2 == 0 || arguments.asynchronous;
            let faults = async {
                self.kills_a_node(&mut random, &log).await?;
                self.cuts_a_node_off(&mut random, &log).await?;
                self.fails_over(standby_was_away, arguments.asynchronous, &log)
                    .await;
                Outcome::Ok(())
            };
            timeout(LONGEST_FAULT, faults)
                .await
                .map_err(|_| format!("round {round} did not come to its end"))??;
            say(&format!("round {round}: {} requests", log.attempts()));
        }
        sleep(Duration::from_secs(2)).await;
        timeout(LONGEST_END, crowd.end())
            .await
            .map_err(|_| String::from("the last questions did not come to an end"))?;
        let stopped = |node: &mut OneNode| node.node.take().is_some_and(Node::stop);
        if self.nodes.iter_mut().all(stopped) {
            Ok(())
        } else {
            Err(String::from("a node did not end well on SIGTERM"))
        }
    }

    async fn kills_a_node(&mut self, random: &mut Random, log: &Log) -> Outcome<()> {
        for _ in 0..2 {
            let pause = Duration::from_millis(300 + random.below(1500));
            let (number, node) = chosen(&mut self.nodes, random).ok_or("there is no node")?;
            log.mark(&format!("kill -9 of node {number}"), false);
            drop(node.node.take());
            sleep(pause).await;
            node.starts().await;
            log.mark(&format!("node {number} is back"), false);
            sleep(pause).await;
        }
        Ok(())
    }

    async fn cuts_a_node_off(&mut self, random: &mut Random, log: &Log) -> Outcome<()> {
        // Sometimes longer than the store waits for an answer, sometimes shorter.
        let pause = Duration::from_millis(2_000 + random.below(10_000));
        let (number, node) = chosen(&mut self.nodes, random).ok_or("there is no node")?;
        log.mark(&format!("node {number} is cut off from the database"), false);
        node.is_cut_off(true);
        sleep(pause).await;
        node.is_cut_off(false);
        log.mark(&format!("node {number} has its database again"), false);
        sleep(Duration::from_secs(2)).await;
        Ok(())
    }

    /// The primary dies, its standby takes its place, and gets a standby of its own. When the standby was away before, whoever
    /// waits for it has been acknowledged nothing since.
    async fn fails_over(&mut self, standby_was_away: bool, asynchronous: bool, log: &Log) {
        if asynchronous {
            block_in_place(|| self.primary.forgets_standbys());
        }
        if standby_was_away {
            log.mark("the standby stops", false);
            block_in_place(|| self.standby.stop());
            sleep(Duration::from_secs(3)).await;
        }
        log.mark("kill -9 of the primary", false);
        block_in_place(|| self.primary.kill9());
        sleep(Duration::from_secs(1)).await;
        block_in_place(|| {
            if standby_was_away {
                self.standby.start_again();
            }
            self.standby.promote();
        });
        for node in &self.nodes {
            node.database.leads_to(vec![self.standby.address()]);
        }
        log.mark("the standby is the primary", false);
        let next = block_in_place(|| Cluster::standby_of(&self.standby));
        self.primary = std::mem::replace(&mut self.standby, next);
        log.mark("there is a standby again", false);
        sleep(Duration::from_secs(3)).await;
    }
}

fn chosen<'a>(nodes: &'a mut [OneNode], random: &mut Random) -> Option<(usize, &'a mut OneNode)> {
    let count = u64::try_from(nodes.len()).unwrap_or(1).max(1);
    let number = usize::try_from(random.below(count)).ok()?;
    nodes.get_mut(number).map(|node| (number, node))
}
