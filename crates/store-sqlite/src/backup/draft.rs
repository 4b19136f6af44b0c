//! The file that a backup is written to until it is whole.
//!
//! A backup is often made by root, into a folder where others may write, too. So nothing is followed, emptied or given
//! away that somebody else put there: what stands under the draft's name is taken over only when it is a plain file that
//! this user owns, as a backup that was killed leaves it. What was looked at and what was opened are compared afterwards.
//!
//! SQLite opens the draft by its path. In a folder where somebody else may take away what is not theirs (one that others may
//! write to, without the sticky bit) they could still exchange it at that very moment: it is compared once more before the
//! first page is copied, and at the end, but a backup belongs into a folder of one's own.

use super::{BackupError, Told, beside, refuse_existing};
use std::fs::{File, Metadata, TryLockError};
use std::io::{ErrorKind, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

const CHUNK_BYTES: usize = 1 << 20;

/// A file under another name, until it is whole. Unless it gets its name, it goes away.
pub(super) struct Draft {
    pub(super) path: PathBuf,
    /// Locked, so that two do not write to one draft; what a killed one left is taken over.
    file: File,
    is_whole: bool,
}

impl Draft {
    /// Begins an empty one.
    pub(super) fn begin(to: &Path) -> Result<Self, BackupError> {
        let path = beside(to, ".part");
        let mut file = claim(open(&path)?, &path, to)?;
        if has_another_name(&file) {
            // A backup that was whole, and killed before its first name went: it is no draft any more.
            std::fs::remove_file(&path).map_err(failed(&path))?;
            file = claim(open(&path)?, &path, to)?;
        }
        let draft = Self {
            path,
            file,
            is_whole: false,
        };
        // Also the mode, of a draft that was there.
        let emptied = for_its_owner_alone(&draft.file).and_then(|()| draft.file.set_len(0));
        emptied.map_err(failed(&draft.path))?;
        Ok(draft)
    }

    /// Where it is, by a path without links, for SQLite to refuse one at its end.
    pub(super) fn without_links(&self) -> Result<PathBuf, BackupError> {
        let folder = folder_of(&self.path).canonicalize();
        let folder = folder.map_err(failed(&self.path))?;
        Ok(folder.join(self.path.file_name().unwrap_or_default()))
    }

    /// Whether it still stands under its name.
    pub(super) fn check(&self) -> Result<(), BackupError> {
        if is_at(&self.file, &self.path) {
            Ok(())
        } else {
            Err(exchanged(&self.path))
        }
    }

    /// Takes what is in another file.
    pub(super) fn fill_from(&mut self, from: &Path, told: Told<'_>) -> Result<(), BackupError> {
        let mut source = File::open(from).map_err(failed(from))?;
        let bytes = source.metadata().map_err(failed(from))?.len();
        let mut chunk = vec![0; CHUNK_BYTES];
        let mut done = 0;
        self.file.rewind().map_err(failed(&self.path))?;
        loop {
            let length = source.read(&mut chunk).map_err(failed(from))?;
            let Some(read) = chunk.get(..length).filter(|read| !read.is_empty()) else {
                return Ok(());
            };
            self.file.write_all(read).map_err(failed(&self.path))?;
            done += read.len() as u64;
            told(done, bytes);
        }
    }

    /// Makes it durable and gives it its name; answers its size.
    pub(super) fn finish(mut self, to: &Path) -> Result<u64, BackupError> {
        self.file.sync_all().map_err(failed(&self.path))?;
        let bytes = self.file.metadata().map_err(failed(&self.path))?.len();
        self.check()?;
        take_name(&self.path, to)?;
        self.is_whole = true;
        sync_folder(to).map_err(failed(to))?;
        Ok(bytes)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.is_whole && is_at(&self.file, &self.path) {
            // What cannot be removed is taken over by the next one.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Makes the file, for its owner alone, or opens the one that a backup left.
fn open(path: &Path) -> Result<File, BackupError> {
    match make(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => open_left(path),
        made => made.map_err(failed(path)),
    }
}

/// Makes a file where nothing is, not even a link that leads nowhere.
fn make(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn open_left(path: &Path) -> Result<File, BackupError> {
    let no_draft = |what| BackupError::NoDraft {
        path: path.to_owned(),
        what,
    };
    let seen = path.symlink_metadata().map_err(failed(path))?;
    if seen.is_symlink() {
        return Err(no_draft("a symbolic link"));
    }
    if !seen.is_file() {
        return Err(no_draft("no plain file"));
    }
    if !is_ours(&seen, path).map_err(failed(path))? {
        return Err(no_draft("somebody else's file"));
    }
    let file = File::options().read(true).write(true).open(path);
    let file = file.map_err(failed(path))?;
    let opened = file.metadata().map_err(failed(path))?;
    if !is_same(&seen, &opened) {
        return Err(exchanged(path));
    }
    Ok(file)
}

/// Locks the file, which nobody may be writing to, and which must not have become a backup before it was locked.
fn claim(file: File, path: &Path, to: &Path) -> Result<File, BackupError> {
    match file.try_lock() {
        Ok(()) if is_at(&file, path) => Ok(file),
        Ok(()) | Err(TryLockError::WouldBlock) => Err(BackupError::UnderWay { path: to.to_owned() }),
        Err(TryLockError::Error(source)) => Err(failed(path)(source)),
    }
}

/// A second name first: that fails when the name is taken, where renaming would overwrite.
fn take_name(path: &Path, to: &Path) -> Result<(), BackupError> {
    match std::fs::hard_link(path, to) {
        Ok(()) => std::fs::remove_file(path).map_err(failed(to)),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            Err(BackupError::Exists { path: to.to_owned() })
        }
        // Not every file system has second names.
        Err(_) => {
            refuse_existing(to)?;
            std::fs::rename(path, to).map_err(failed(to))
        }
    }
}

fn exchanged(path: &Path) -> BackupError {
    BackupError::NoDraft {
        path: path.to_owned(),
        what: "another file than a moment ago",
    }
}

fn failed(path: &Path) -> impl FnOnce(std::io::Error) -> BackupError + use<> {
    let path = path.to_owned();
    move |source| BackupError::File { path, source }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// Whether the file is what the path leads to, without following a link.
fn is_at(file: &File, path: &Path) -> bool {
    match (path.symlink_metadata(), file.metadata()) {
        (Ok(seen), Ok(opened)) => is_same(&seen, &opened),
        _ => false,
    }
}

#[cfg(unix)]
fn is_same(seen: &Metadata, opened: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    (seen.dev(), seen.ino()) == (opened.dev(), opened.ino())
}

/// Elsewhere what is open cannot be exchanged.
#[cfg(not(unix))]
fn is_same(seen: &Metadata, _opened: &Metadata) -> bool {
    seen.is_file()
}

/// Whether it belongs to whoever runs this: to whom a file belongs that is made beside it.
#[cfg(unix)]
fn is_ours(seen: &Metadata, path: &Path) -> std::io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    let probe = beside(path, &format!(".{}", std::process::id()));
    let made = make(&probe)?;
    let owner = made.metadata().map(|about| about.uid());
    std::fs::remove_file(&probe)?;
    Ok(seen.uid() == owner?)
}

#[cfg(not(unix))]
fn is_ours(_seen: &Metadata, _path: &Path) -> std::io::Result<bool> {
    Ok(true)
}

fn has_another_name(file: &File) -> bool {
    #[cfg(unix)]
    return file
        .metadata()
        .is_ok_and(|about| std::os::unix::fs::MetadataExt::nlink(&about) > 1);
    #[cfg(not(unix))]
    {
        let _ = file;
        false
    }
}

fn for_its_owner_alone(file: &File) -> std::io::Result<()> {
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}

fn sync_folder(path: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    File::open(folder_of(path))?.sync_all()?;
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

#[cfg(test)]
#[path = "draft_tests.rs"]
mod tests;
