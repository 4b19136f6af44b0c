//! The whole server on a disk that takes no more writes for a while: 503 with `Retry-After` for what must be written, answers
//! for what need only be read, and all by itself again when there is room. The history check says that nothing was
//! lost. The server's log is on the same disk.
//!
//! And on a disk that gave the database back as something else: 500, which nobody is told to try again.

use super::binary::binary;
use super::skipped;
use rusqlite::Connection;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;
use valetkey_store_sqlite::DATABASE_FILE;
use valetkey_testkit::history::check::{Limits, check};
use valetkey_testkit::history::clients::{Crowd, Load};
use valetkey_testkit::history::log::Log;
use valetkey_testkit::history::process::{Home, Node, free_port};
use valetkey_testkit::history::reading::{self, History};
use valetkey_testkit::history::record::{Outcome, Verb};
use valetkey_testkit::{Answer, App, Browser};

/// Leaves the program that follows deaf to SIGXFSZ, so that a write beyond the limit is an error.
const DEAF: [&str; 3] = ["sh", "-c", "trap '' XFSZ; exec \"$0\" \"$@\""];

/// What was seen while a disk took no writes, and what came of it.
struct Seen {
    history: History,
    ready_while_full: bool,
    discovery_while_full: u16,
}

/// Clients work; the disk fills; they are told to come back; it is emptied; they work.
async fn run(folder: &Path, seed: u64, full: impl Fn(&Node), free: impl Fn(&Node)) -> Seen {
    tokio::task::spawn_blocking(binary).await.expect("it builds");
    let address = ([127, 0, 0, 1], free_port(seed)).into();
    let issuer = format!("http://{address}");
    let home = Home::with_binary(
        &binary(),
        folder,
        "valetkey",
        (&issuer, address),
        "folder = \"data\"",
    );
    let (person, app) = home.with_cast();
    let node = home.serve_by(&DEAF).await;
    let elsewhere = TempDir::new().unwrap();
    let file = elsewhere.path().join("history.jsonl");
    let log = Log::create(&file).unwrap();
    let load = Load {
        sites: vec![home.site()],
        app,
        person,
        clients: 4,
        pause: Duration::from_millis(2),
        patience: Duration::from_secs(60),
        flows: usize::MAX,
        seed,
    };
    let crowd = Crowd::begin(&load, &log);
    until(&file, "\"is\":\"done\"", 60).await;
    full(&node);
    log.mark("full", false);
    until(&file, "\"is\":\"busy\"", 20).await;
    // The clients ask about tokens too.
    until(&file, "\"is\":\"active\"", 60).await;
    let ready_while_full = home.is_ready().await;
    let discovery = home.site().get("/.well-known/openid-configuration", &[]).await;
    free(&node);
    log.mark("free", false);
    let done = count(&file, "\"is\":\"done\"");
    until(&file, "\"is\":\"done\"", done + 40).await;
    assert!(home.is_ready().await);
    crowd.end().await;
    assert!(node.stop());
    let text = std::fs::read_to_string(&file).unwrap();
    Seen {
        history: reading::read(&[("history".to_owned(), text)], 0).unwrap(),
        ready_while_full,
        discovery_while_full: discovery.status.as_u16(),
    }
}

fn count(file: &Path, what: &str) -> usize {
    std::fs::read_to_string(file).unwrap().matches(what).count()
}

async fn until(file: &Path, what: &str, enough: usize) {
    for _ in 0..2_400 {
        if count(file, what) >= enough {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{what} never was {enough} times in the history");
}

fn holds(seen: &Seen) {
    let at = |what: &str| {
        seen.history
            .marks
            .iter()
            .find(|mark| mark.what == what)
            .unwrap()
            .at
    };
    let (full, free) = (at("full"), at("free"));
    let meanwhile = || {
        let attempts = seen.history.attempts.iter();
        attempts.filter(move |attempt| attempt.asked_at > full && attempt.told_at < free)
    };
    let busy = meanwhile().filter(|attempt| attempt.outcome == Outcome::Busy);
    assert!(busy.count() > 0, "what must be written is refused for a while");
    let read = meanwhile().filter(|attempt| {
        matches!(attempt.verb, Verb::IntrospectAccess | Verb::IntrospectRefresh)
            && matches!(attempt.outcome, Outcome::Active | Outcome::Inactive)
    });
    assert!(read.count() > 0, "what need only be read is answered");
    assert!(
        !seen.ready_while_full,
        "whoever sends requests here should send them elsewhere"
    );
    assert_eq!(seen.discovery_while_full, 200);
    let report = check(&seen.history, &Limits::default());
    assert!(report.violations.is_empty(), "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_takes_no_writes_is_a_clear_503_and_loses_nothing() {
    let folder = TempDir::new().unwrap();
    let limit = |node: &Node, soft: &str| {
        let pid = node.id().to_string();
        let limit = format!("--fsize={soft}:");
        let status = Command::new("prlimit").args(["--pid", &pid, &limit]).status();
        assert!(status.unwrap().success());
    };
    let seen = run(
        folder.path(),
        11,
        |node| limit(node, "0"),
        |node| limit(node, "unlimited"),
    )
    .await;
    holds(&seen);
}

/// A small file system of its own.
struct Small(PathBuf);

impl Small {
    /// Where the machine does not allow it, says so.
    fn mount(folder: &TempDir) -> Option<Self> {
        let path = folder.path().to_owned();
        let done = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=24m", "tmpfs"])
            .arg(&path)
            .output();
        if done.is_ok_and(|output| output.status.success()) {
            return Some(Self(path));
        }
        skipped("only root may mount a small disk");
        None
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("ballast")
    }

    /// Writes until nothing more goes.
    fn fill(&self) {
        use std::io::Write as _;
        let mut file = std::fs::File::create(self.ballast()).unwrap();
        for size in [65_536, 4_096, 1] {
            while file.write_all(&vec![7; size]).is_ok() {}
        }
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("--lazy").arg(&self.0).status());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_a_clear_503_and_loses_nothing() {
    let folder = TempDir::new().unwrap();
    let Some(disk) = Small::mount(&folder) else { return };
    let empty = |_: &Node| std::fs::remove_file(disk.ballast()).unwrap();
    let seen = run(folder.path(), 12, |_| disk.fill(), empty).await;
    holds(&seen);
}

/// Changes all of the database but its first page, under whoever works with it.
fn damage(database: &Path) {
    let guest = Connection::open(database).unwrap();
    guest
        .execute_batch("INSERT INTO attempts VALUES ('guest', 1, 9)")
        .unwrap();
    // Somebody reads until the thread for checkpoints has seen that nobody does any more.
    let is_empty = (0..600).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        let truncate = |row: &rusqlite::Row<'_>| row.get::<_, i64>(0);
        guest
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], truncate)
            .unwrap()
            == 0
    });
    assert!(is_empty);
    let pages = database.metadata().unwrap().len() / 4096;
    let mut file = std::fs::File::options().write(true).open(database).unwrap();
    for page in 1..pages {
        file.seek(SeekFrom::Start(page * 4096)).unwrap();
        file.write_all(&[0xA5; 4096]).unwrap();
    }
}

fn is_broken(answer: &Answer) {
    assert_eq!(answer.status, 500, "{}", answer.text());
    assert_eq!(answer.header("retry-after"), "");
    for word in ["malformed", "sqlite", "grants", "disk image"] {
        assert!(!answer.text().contains(word), "{}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_database_is_a_500_that_the_log_tells_once_for_each_request_and_no_panic() {
    tokio::task::spawn_blocking(binary).await.expect("it builds");
    let folder = TempDir::new().unwrap();
    let address = ([127, 0, 0, 1], free_port(13)).into();
    let issuer = format!("http://{address}");
    let store = "folder = \"data\"";
    let home = Home::with_binary(&binary(), folder.path(), "valetkey", (&issuer, address), store);
    let (person, app) = home.with_cast();
    let node = home.serve().await;
    let (app, alice) = (App::at(home.site(), app), Browser::at(home.site(), person));
    let asked = app.asks_for("openid");
    let code = alice.allows(&asked).await;

    damage(&folder.path().join("data").join(DATABASE_FILE));
    let mut references = Vec::new();
    for _ in 0..2 {
        let answer = app.redeems(&code).await;
        is_broken(&answer);
        assert_eq!(answer.error(), "server_error");
        references.push(answer.member("reference"));
    }
    let page = alice.answers(&asked, "allow").await;
    is_broken(&page);
    let text = page.text();
    let (_, rest) = text.split_once("Reference</dt><dd><code>").expect("it is shown");
    let (reference, _) = rest.split_once('<').unwrap();
    references.push(reference.to_owned());
    let log = std::fs::read_to_string(home.log()).unwrap();
    for reference in references {
        assert!(!reference.is_empty());
        let told: Vec<_> = log.lines().filter(|line| line.contains(&reference)).collect();
        assert_eq!(told.len(), 1, "{log}");
        assert!(
            told[0].contains("ERROR") && told[0].contains("malformed"),
            "{log}"
        );
    }
    assert!(!log.contains("panicked"), "{log}");

    assert!(!home.is_ready().await);
    assert_eq!(home.site().get("/healthz", &[]).await.status, 200);
    assert_eq!(home.site().get("/jwks", &[]).await.status, 200);
    assert!(node.stop());
}
