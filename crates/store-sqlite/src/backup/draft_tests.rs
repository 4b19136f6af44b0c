//! What somebody else put where a backup would be written.

#![cfg(unix)]

use super::{Draft, claim, open};
use crate::backup::{BackupError, back_up, beside, copy_pages, restore};
use crate::{DATABASE_FILE, OpenOptions, SqliteStore};
use std::fs::File;
use std::os::unix::fs::{MetadataExt as _, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

const PRECIOUS: &str = "precious";

/// A folder with a store, a file that is worth something, and nothing else.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        drop(SqliteStore::open(&place.at("data"), OpenOptions::owner()).unwrap());
        std::fs::write(place.at("precious"), PRECIOUS).unwrap();
        place
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn backs_up(&self) -> Result<(), BackupError> {
        back_up(&self.at("data"), &self.at("backup"), &mut |_, _| {}).map(drop)
    }

    /// Nothing was written, made or taken away.
    fn is_as_before(&self) {
        assert_eq!(std::fs::read_to_string(self.at("precious")).unwrap(), PRECIOUS);
        let mut names: Vec<_> = std::fs::read_dir(self.0.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        assert_eq!(names, ["backup.part", "data", "precious"]);
    }
}

fn is_refused(done: Result<(), BackupError>, part: &Path, word: &str) {
    let Err(refused @ BackupError::NoDraft { .. }) = done else {
        panic!("{done:?}");
    };
    let told = refused.to_string();
    assert!(
        told.contains(&part.display().to_string()) && told.contains(word),
        "{told}"
    );
}

#[test]
fn a_link_where_the_draft_would_be_is_not_followed_and_its_target_stays_as_it_is() {
    let place = Place::new();
    let part = place.at("backup.part");
    for target in ["precious", "nowhere", "data"] {
        symlink(place.at(target), &part).unwrap();
        is_refused(place.backs_up(), &part, "link");
        place.is_as_before();
        std::fs::remove_file(&part).unwrap();
    }
    place.backs_up().unwrap();
}

#[test]
fn a_backup_is_not_put_back_through_a_link() {
    let place = Place::new();
    place.backs_up().unwrap();
    std::fs::create_dir(place.at("new")).unwrap();
    let part = beside(&place.at("new").join(DATABASE_FILE), ".part");
    symlink(place.at("precious"), &part).unwrap();
    let put_back = restore(&place.at("backup"), &place.at("new"), &mut |_, _| {});
    is_refused(put_back.map(drop), &part, "link");
    assert_eq!(std::fs::read_to_string(place.at("precious")).unwrap(), PRECIOUS);
    assert!(!place.at("new").join(DATABASE_FILE).exists());
}

#[test]
fn a_folder_or_a_pipe_is_no_draft_and_nobody_waits_for_one() {
    let place = Place::new();
    let part = place.at("backup.part");
    std::fs::create_dir(&part).unwrap();
    is_refused(place.backs_up(), &part, "plain");
    place.is_as_before();
    std::fs::remove_dir(&part).unwrap();
    assert!(Command::new("mkfifo").arg(&part).status().unwrap().success());
    is_refused(place.backs_up(), &part, "plain");
    place.is_as_before();
}

/// Whoever owns the file could read every secret that is written into it.
#[test]
fn a_file_that_another_user_put_there_is_not_written_to() {
    const NOBODY: u32 = 65_534;
    let place = Place::new();
    let part = place.at("backup.part");
    std::fs::write(&part, PRECIOUS).unwrap();
    if chown(&part, Some(NOBODY), None).is_err() {
        eprintln!("SKIPPED: only root may give a file away");
        return;
    }
    is_refused(place.backs_up(), &part, "somebody else's");
    place.is_as_before();
    assert_eq!(std::fs::read_to_string(&part).unwrap(), PRECIOUS);
    assert_eq!(part.metadata().unwrap().uid(), NOBODY);
}

/// Somebody puts a link there while the pages are copied.
#[test]
fn a_draft_that_is_exchanged_meanwhile_becomes_no_backup() {
    let place = Place::new();
    let part = place.at("backup.part");
    let done = back_up(&place.at("data"), &place.at("backup"), &mut |_, _| {
        std::fs::remove_file(&part).unwrap();
        std::fs::copy(place.at("data").join(DATABASE_FILE), &part).unwrap();
    });
    is_refused(done.map(drop), &part, "another file");
    assert!(!place.at("backup").exists());
    place.is_as_before();
}

#[test]
fn a_link_that_comes_right_before_the_pages_are_copied_is_not_followed() {
    let place = Place::new();
    let part = place.at("backup.part");
    let draft = Draft::begin(&place.at("backup")).unwrap();
    std::fs::remove_file(&part).unwrap();
    symlink(place.at("precious"), &part).unwrap();
    let database = place.at("data").join(DATABASE_FILE);
    let copied = copy_pages(&database, &draft, &mut |_, _| {});
    assert!(matches!(copied, Err(BackupError::Sqlite(_))), "{copied:?}");
    drop(draft);
    place.is_as_before();
}

/// The other one is whole and lets go between the moment when its draft is opened and the one when it is locked.
#[test]
fn a_draft_that_became_a_backup_before_it_was_locked_is_not_emptied() {
    let place = Place::new();
    let (part, to) = (place.at("backup.part"), place.at("backup"));
    let mut first = Draft::begin(&to).unwrap();
    first.fill_from(&place.at("precious"), &mut |_, _| {}).unwrap();
    let late: File = open(&part).unwrap();
    first.finish(&to).unwrap();
    let claimed = claim(late, &part, &to);
    assert!(
        matches!(claimed, Err(BackupError::UnderWay { .. })),
        "{claimed:?}"
    );
    assert_eq!(std::fs::read_to_string(&to).unwrap(), PRECIOUS);
}

#[test]
fn what_a_killed_backup_left_is_taken_over_also_by_way_of_a_folder_that_is_a_link() {
    let place = Place::new();
    let link = place.at("link");
    symlink(place.0.path(), &link).unwrap();
    std::fs::write(place.at("backup.part"), "half of it").unwrap();
    back_up(&place.at("data"), &link.join("backup"), &mut |_, _| {}).unwrap();
    assert!(place.at("backup").is_file() && !place.at("backup.part").exists());
}
