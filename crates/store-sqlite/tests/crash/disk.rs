//! A disk that fails in the middle of load: the system refuses the writes of a running process, by its
//! file size limit, and later takes them again. What was acknowledged is there, what was refused is not.

use crate::load;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use uuid::Uuid;
use valetkey_model::GrantId;
use valetkey_store::{GrantStore, StoreError};
use valetkey_store_sqlite::{OpenOptions, SqliteStore};

/// The one test here, by its name in the harness.
const TEST: &str = "disk::a_disk_that_fails_is_acknowledged_to_nobody_and_the_store_recovers_with_it";

#[tokio::test]
async fn a_disk_that_fails_is_acknowledged_to_nobody_and_the_store_recovers_with_it() {
    if let Some(task) = load::task_of_child() {
        return write_until_killed(&task.folder).await;
    }
    let folder = tempfile::tempdir().unwrap();
    load::prepare(folder.path()).await;
    // A process that ignores SIGXFSZ gets an error from write instead of the signal.
    let mut child = ignoring_xfsz(&load::child(TEST, folder.path(), 0))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (mut done, mut refused) = (Vec::new(), Vec::new());
    for _ in 0..2 {
        read_until(&mut lines, &mut done, &mut refused, |done, _| done % 100 == 99);
        limit_file_size(&child, "4096:");
        read_until(&mut lines, &mut done, &mut refused, |_, refused| {
            refused % 20 == 19
        });
        limit_file_size(&child, "unlimited:");
        // The limit may be lifted while one write is still being refused; what counts is that it recovers.
        let before = done.len();
        read_until(&mut lines, &mut done, &mut refused, |done, _| done > before + 20);
    }
    child.kill().unwrap();
    for line in lines {
        sort(&line.unwrap(), &mut done, &mut refused);
    }
    child.wait().unwrap();

    let store = SqliteStore::open(folder.path(), OpenOptions::owner()).unwrap();
    for id in done {
        assert!(
            store.find_grant(id).await.unwrap().is_some(),
            "{id} was acknowledged and is lost"
        );
    }
    for id in refused {
        assert_eq!(
            store.find_grant(id).await.unwrap(),
            None,
            "{id} was refused and is there"
        );
    }
}

/// The command, in a shell that leaves it deaf to SIGXFSZ.
fn ignoring_xfsz(command: &Command) -> Command {
    let mut deaf = Command::new("sh");
    deaf.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""])
        .arg(command.get_program())
        .args(command.get_args());
    for (name, value) in command.get_envs() {
        deaf.env(name, value.unwrap());
    }
    deaf
}

/// The child: inserts, and tells what became of it.
async fn write_until_killed(folder: &Path) {
    let store = SqliteStore::open(folder, OpenOptions::owner()).unwrap();
    let mut output = std::io::stdout();
    for number in 0_u64.. {
        let id = GrantId(Uuid::from_u64_pair(number, 0));
        let answer = match store.insert_grant(load::grant(id), None).await {
            Ok(()) => "done",
            Err(StoreError::Unavailable(_)) => "refused",
            Err(other) => panic!("{other:?}"),
        };
        // A disk that works again is told apart from one that was never asked: reading goes on throughout.
        assert_eq!(store.find_grant(id).await.unwrap().is_some(), answer == "done");
        writeln!(output, "{answer} {id}").unwrap();
    }
}

fn limit_file_size(child: &Child, soft_limit: &str) {
    let status = Command::new("prlimit")
        .args(["--pid", &child.id().to_string(), &format!("--fsize={soft_limit}")])
        .status()
        .unwrap();
    assert!(status.success());
}

fn read_until(
    lines: &mut Lines<BufReader<ChildStdout>>,
    done: &mut Vec<GrantId>,
    refused: &mut Vec<GrantId>,
    enough: impl Fn(usize, usize) -> bool,
) {
    for line in lines {
        sort(&line.unwrap(), done, refused);
        if enough(done.len(), refused.len()) {
            return;
        }
    }
    panic!(
        "the child ended after {} writes and {} refusals",
        done.len(),
        refused.len()
    );
}

fn sort(line: &str, done: &mut Vec<GrantId>, refused: &mut Vec<GrantId>) {
    let id = |text: &str| GrantId(Uuid::try_parse(text).unwrap());
    match line.split_once(' ') {
        Some(("done", text)) => done.push(id(text)),
        Some(("refused", text)) => refused.push(id(text)),
        _ => {}
    }
}
