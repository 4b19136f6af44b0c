//! `kill -9` in the middle of load: whatever was acknowledged holds after the restart.
//!
//! The test starts its own binary again, with itself as the only test, as its child; an environment variable
//! tells the child that it is one, and which folder is meant. The child redeems, rotates and revokes from several
//! tasks and writes one line for each step after the store has acknowledged it. The parent kills it after a
//! seeded-random number of lines, opens the same folder and compares.

#[cfg(test)]
#[path = "crash/load.rs"]
mod load;

#[cfg(test)]
#[cfg(target_os = "linux")]
#[path = "crash/disk.rs"]
mod disk;

#[cfg(test)]
mod crash {
    use crate::load::{self, Step};
    use std::collections::BTreeMap;
    use std::io::{BufRead, BufReader};
    use std::path::Path;
    use std::process::Stdio;
    use valetkey_model::GrantId;
    use valetkey_model::grant::{GrantState, RevokedWhy};
    use valetkey_store::{GrantStore, Redeemed, Rotated, Store};
    use valetkey_store_sqlite::{DATABASE_FILE, OpenOptions, SqliteStore};

    const SEED: u64 = 0x5EED_0001;
    const ROUNDS: u64 = 10;

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn what_was_acknowledged_before_a_kill_holds_after_it() {
        if let Some(task) = load::task_of_child() {
            return load::run_until_killed(&task).await;
        }
        let folder = tempfile::tempdir().unwrap();
        load::prepare(folder.path()).await;
        let mut random = load::Random(SEED);
        let mut acknowledged = BTreeMap::new();
        for round in 0..ROUNDS {
            let lines_until_kill = 20 + random.below(900);
            run_and_kill(folder.path(), round, lines_until_kill, &mut acknowledged);
            // Every earlier round's steps are looked at again: recovery must not undo what recovery found.
            verify(folder.path(), &acknowledged).await;
        }
        let count = |step: fn(&Step) -> bool| acknowledged.values().filter(|last| step(last)).count();
        assert!(count(|last| matches!(last, Step::Redeemed)) > 0);
        assert!(count(|last| matches!(last, Step::Rotated(_))) > 0);
        assert!(count(|last| matches!(last, Step::Revoked)) > 0);
    }

    /// Starts the child, reads what it acknowledges, and kills it after so many lines.
    fn run_and_kill(
        folder: &Path,
        round: u64,
        lines_until_kill: u64,
        acknowledged: &mut BTreeMap<GrantId, Step>,
    ) {
        let test = "crash::what_was_acknowledged_before_a_kill_holds_after_it";
        let mut child = load::child(test, folder, round)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut seen = 0;
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let Some((id, step)) = load::read_line(&line.unwrap()) else {
                continue;
            };
            acknowledged.insert(id, step);
            seen += 1;
            if seen == lines_until_kill {
                child.kill().unwrap();
            }
        }
        let status = child.wait().unwrap();
        assert!(
            !status.success() && seen >= lines_until_kill,
            "the child ended by itself: {status}, {seen} steps"
        );
    }

    /// A step that was not acknowledged may have happened or not; one that was has happened.
    async fn verify(folder: &Path, acknowledged: &BTreeMap<GrantId, Step>) {
        let store = SqliteStore::open(folder, OpenOptions::owner()).unwrap();
        for (&id, step) in acknowledged {
            let grant = store.find_grant(id).await.unwrap();
            let state = grant.unwrap_or_else(|| panic!("{id} is lost")).state;
            let holds = match (step, &state) {
                (Step::Inserted, GrantState::CodeIssued(_)) => true,
                (Step::Inserted, GrantState::Active(active)) => active.generation == 1,
                (Step::Redeemed, GrantState::Active(active)) => matches!(active.generation, 1 | 2),
                (Step::Rotated(to), GrantState::Active(active)) => {
                    active.generation == *to || active.generation == to + 1
                }
                (Step::Redeemed | Step::Rotated(_) | Step::Revoked, GrantState::Revoked { why, .. }) => {
                    *why == RevokedWhy::ByClient
                }
                _ => false,
            };
            assert!(holds, "{id} was acknowledged as {step:?} and is {state:?}");
            if matches!(step, Step::Revoked) {
                let status = store.access_status(&load::jti(id), Some(id)).await.unwrap();
                assert!(status.token_revoked, "{id}");
            }
        }
        nothing_is_won_twice(&store, acknowledged).await;
        store.ready().await.unwrap();
        drop(store);
        let connection = rusqlite::Connection::open(folder.join(DATABASE_FILE)).unwrap();
        let sound: String = connection
            .query_row("PRAGMA integrity_check", [], |row| row.get(0))
            .unwrap();
        assert_eq!(sound, "ok");
    }

    async fn nothing_is_won_twice(store: &SqliteStore, acknowledged: &BTreeMap<GrantId, Step>) {
        for (&id, step) in acknowledged
            .iter()
            .rev()
            .filter(|(_, step)| !matches!(step, Step::Inserted))
            .take(50)
        {
            let redeemed = store.redeem_code(id, load::active(1)).await.unwrap();
            assert!(matches!(redeemed, Redeemed::Lost(_)), "{id} after {step:?}");
            let before = match step {
                Step::Rotated(to) => to - 1,
                _ => 0,
            };
            let rotated = store.rotate_refresh(id, before, load::active(99)).await.unwrap();
            assert!(matches!(rotated, Rotated::Lost(_)), "{id} after {step:?}");
        }
    }
}
