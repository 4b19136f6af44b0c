//! `crash [--rounds N] [--seed N] [--keep FOLDER]`: `valetkey serve` on a SQLite folder, clients that live whole flows, and
//! `kill -9` at a random moment of each round; then the history check over everything, after every acknowledged
//! grant was asked about once more. Ends with 1 when something was found, with 2 when it did not get so far, with 3 when too
//! little was acknowledged for that to say anything.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use tempfile::TempDir;
use valetkey_testkit::history::clients::{Crowd, Load, Random};
use valetkey_testkit::history::log::Log;
use valetkey_testkit::history::process::{Home, Node, free_port, interrupted};
use valetkey_testkit::history::program::{Proof, gives_up, judges, say};

/// How long the clients may need to see that their connections broke.
const UNTIL_SEEN: Duration = Duration::from_millis(150);
/// A start, the clients' work and a kill take far less; whoever waits longer waits in vain.
const LONGEST_ROUND: Duration = Duration::from_secs(30);
const LONGEST_END: Duration = Duration::from_secs(600);
const CLIENTS: usize = 8;
const HISTORY: &str = "history.jsonl";

struct Arguments {
    rounds: u32,
    seed: u64,
    keep: Option<PathBuf>,
}

impl Arguments {
    fn read() -> Option<Self> {
        let mut read = Self {
            rounds: 200,
            seed: 1,
            keep: None,
        };
        let mut given = std::env::args().skip(1);
        while let Some(name) = given.next() {
            let value = given.next()?;
            match name.as_str() {
                "--rounds" => read.rounds = value.parse().ok()?,
                "--seed" => read.seed = value.parse().ok()?,
                "--keep" => read.keep = Some(PathBuf::from(value)),
                _ => return None,
            }
        }
        Some(read)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Some(arguments) = Arguments::read() else {
        return gives_up("usage: crash [--rounds N] [--seed N] [--keep FOLDER]");
    };
    let Ok(temporary) = TempDir::new() else {
        return gives_up("a temporary folder cannot be made");
    };
    let folder = arguments
        .keep
        .clone()
        .unwrap_or_else(|| temporary.path().to_owned());
    if std::fs::create_dir_all(&folder).is_err() {
        return gives_up("the folder cannot be made");
    }
    let done = tokio::select! {
        done = rounds(&folder, &arguments) => done,
        () = interrupted() => Err(String::from("interrupted")),
    };
    if let Err(why) = done {
        return gives_up(&format!("FAILED: {why}"));
    }
    judges(&[&folder.join(HISTORY)], 0, proof(arguments.rounds))
}

/// A client gets two or three grants and six refreshes a round on a machine that is busy with other things.
fn proof(rounds: u32) -> Proof {
    let lives = u64::from(rounds) * CLIENTS as u64;
    Proof::Acknowledged {
        grants: (lives / 2).max(1),
        refreshes: lives,
        afterwards: CLIENTS as u64,
    }
}

async fn rounds(folder: &Path, arguments: &Arguments) -> Result<(), String> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port(arguments.seed)));
    let issuer = format!("http://{address}");
    let home = Home::new(folder, "valetkey", (&issuer, address), "folder = \"data\"");
    let (person, app) = home.with_cast();
    let log = Log::create(&folder.join(HISTORY)).map_err(|error| error.to_string())?;
    let load = Load {
        sites: vec![home.site()],
        app,
        person,
        clients: CLIENTS,
        pause: Duration::from_millis(3),
        patience: Duration::from_secs(20),
        flows: usize::MAX,
        seed: arguments.seed,
    };
    let mut random = Random(arguments.seed);
    let mut node = home.serve().await;
    let crowd = Crowd::begin(&load, &log);
    for round in 1..=arguments.rounds {
        let work = Duration::from_millis(50 + random.below(900));
        let next = tokio::time::timeout(LONGEST_ROUND, kill_and_restart(&home, node, work, &log));
        node = next
            .await
            .map_err(|_| format!("round {round} did not come to its end"))?;
        if round % 20 == 0 {
            say(&format!("{round} rounds, {} requests", log.attempts()));
        }
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    tokio::time::timeout(LONGEST_END, crowd.end())
        .await
        .map_err(|_| String::from("the last questions did not come to an end"))?;
    if node.stop() {
        Ok(())
    } else {
        Err(String::from("the server did not end well on SIGTERM"))
    }
}

async fn kill_and_restart(home: &Home, node: Node, work: Duration, log: &Log) -> Node {
    tokio::time::sleep(work).await;
    node.kill9();
    tokio::time::sleep(UNTIL_SEEN).await;
    log.mark("kill -9", true);
    home.serve().await
}
