//! A data folder that is read-only: a server does not start on it and says why. One that becomes so under a running server: 503 with
//! `Retry-After` for what must be written, answers for what need only be read, and nothing is lost when it can be written again.

use super::binary::binary;
use super::skipped;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;
use tempfile::TempDir;
use valetkey_testkit::history::process::{Home, Node, free_port};
use valetkey_testkit::{Answer, App, Browser, Code, Tokens, cast};

/// Mounts a folder over itself, read-only, and goes on as another program; the mount is seen, and lives, there alone.
const WITH_READ_ONLY: &str =
    "mount --bind \"$1\" \"$1\" && mount -o remount,bind,ro \"$1\" && shift && exec \"$@\"";

async fn home_at(folder: &Path, data: &Path, seed: u64) -> Home {
    tokio::task::spawn_blocking(binary).await.expect("it builds");
    let address = ([127, 0, 0, 1], free_port(seed)).into();
    let issuer = format!("http://{address}");
    let store = format!("folder = \"{}\"", data.display());
    Home::with_binary(&binary(), folder, "valetkey", (&issuer, address), &store)
}

fn runs(program: &str, arguments: &[&str]) -> bool {
    let output = Command::new(program).args(arguments).output();
    output.is_ok_and(|output| output.status.success())
}

/// Takes everybody's right to write into a folder away, until it is dropped. Root has it all the same.
struct Closed(PathBuf);

impl Closed {
    fn new(folder: &Path) -> Self {
        assert!(runs("chmod", &["-R", "a-w", &folder.display().to_string()]));
        Self(folder.to_owned())
    }
}

impl Drop for Closed {
    fn drop(&mut self) {
        runs("chmod", &["-R", "u+w", &self.0.display().to_string()]);
    }
}

async fn ended(mut node: Node) -> ExitStatus {
    for _ in 0..2_400 {
        if let Some(status) = node.ended() {
            return status;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("a server runs that cannot write");
}

/// Asserts that a server that may not write into the folder does not start, and says which file it is about and why. `false`
/// where nobody can be kept from writing.
async fn does_not_start(home: &Home, read_only: &Path, names: &Path) -> bool {
    let path = read_only.display().to_string();
    let _closed = Closed::new(read_only);
    let probe = read_only.join("probe");
    let by = if std::fs::write(&probe, "").is_err() {
        Vec::new()
    } else {
        std::fs::remove_file(&probe).unwrap();
        vec!["unshare", "--mount", "sh", "-c", WITH_READ_ONLY, "sh", &path]
    };
    if let Some((program, arguments)) = by.split_first()
        && !runs(program, &[arguments, &["true"]].concat())
    {
        skipped("root writes everywhere, and may not mount anything here");
        return false;
    }
    let before = std::fs::read_to_string(home.log()).unwrap_or_default();
    let status = ended(home.spawn_by(&by)).await;
    let log = std::fs::read_to_string(home.log()).unwrap();
    let told = log.strip_prefix(&before).unwrap();
    assert!(status.code().is_some_and(|code| code != 0), "{status}: {told}");
    let why = ["Read-only file system", "Permission denied"];
    assert!(why.iter().any(|why| told.contains(why)), "{told}");
    assert!(told.contains(&names.display().to_string()), "{told}");
    assert!(!told.contains("panicked"), "{told}");
    true
}

#[tokio::test]
async fn a_server_does_not_start_on_a_folder_that_is_read_only_and_names_it() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let home = home_at(folder.path(), &data, 21).await;
    let (person, app) = home.with_cast();
    // What a server that was killed leaves, and what one that ended well leaves.
    for ends_well in [false, true] {
        let node = home.serve().await;
        if ends_well {
            assert!(node.stop());
        } else {
            node.kill9();
        }
        if !does_not_start(&home, &data, &data).await {
            return;
        }
    }
    let node = home.serve().await;
    Stage::set(&home, person, app).await.all_holds().await;
    assert!(node.stop());
}

#[tokio::test]
async fn a_server_does_not_start_where_it_cannot_make_its_folder_and_names_it() {
    let folder = TempDir::new().unwrap();
    let place = folder.path().join("read-only");
    std::fs::create_dir(&place).unwrap();
    let data = place.join("data");
    let home = home_at(folder.path(), &data, 22).await;
    does_not_start(&home, &place, &data).await;
    assert!(!data.exists());
}

/// What the server said yes to, before the folder became read-only.
struct Stage {
    app: App,
    browser: Browser,
    person: cast::Person,
    home: Home,
    code: Code,
    tokens: Tokens,
    rotated: Tokens,
    revoked: Tokens,
}

const SCOPE: &str = "openid offline_access";

impl Stage {
    async fn set(home: &Home, person: cast::Person, app: cast::Registered) -> Self {
        let (app, browser) = (App::at(home.site(), app), Browser::at(home.site(), person));
        let mut given = Vec::new();
        for _ in 0..3 {
            let code = browser.allows(&app.asks_for(SCOPE)).await;
            given.push(app.redeems(&code).await.tokens());
        }
        let [tokens, old, revoked] = given.try_into().unwrap();
        let rotated = app.refreshes(&old).await.tokens();
        assert_eq!(app.revokes(&revoked.refresh).await.status, 200);
        let code = browser.allows(&app.asks_for(SCOPE)).await;
        Self {
            app,
            browser,
            person,
            home: home.clone(),
            code,
            tokens,
            rotated,
            revoked,
        }
    }

    /// What need not be written goes on; the rest is a clear answer that can be tried again.
    async fn only_reads(&self) {
        assert!(!self.home.is_ready().await);
        for _ in 0..3 {
            self.refuses_what_it_cannot_write().await;
            self.reads().await;
        }
    }

    async fn refuses_what_it_cannot_write(&self) {
        let anybody = Browser::at(self.home.site(), self.person);
        let login = anybody.opens(&self.app.asks_for(SCOPE)).await;
        assert!(login.text().contains("id=\"login\""), "{}", login.text());
        may_be_tried_again(&anybody.signs_in(&login).await);
        may_be_tried_again(&self.app.redeems(&self.code).await);
        may_be_tried_again(&self.app.refreshes(&self.tokens).await);
        may_be_tried_again(&self.app.revokes(&self.tokens.refresh).await);
    }

    async fn reads(&self) {
        for path in ["/healthz", "/jwks", "/.well-known/openid-configuration"] {
            assert_eq!(self.home.site().get(path, &[]).await.status, 200, "{path}");
        }
        for tokens in [&self.tokens, &self.rotated] {
            assert_eq!(self.app.reads_userinfo(&tokens.access).await.status, 200);
            assert!(self.app.finds_active(&tokens.access).await);
            assert!(self.app.finds_active(&tokens.refresh).await);
        }
        assert!(!self.app.finds_active(&self.revoked.access).await);
        assert_eq!(self.browser.get("/account", &[]).await.status, 200);
    }

    /// Nothing that was acknowledged is lost, and nothing that was refused happened.
    async fn all_holds(&self) {
        self.reads().await;
        self.app.redeems(&self.code).await.tokens();
        for tokens in [&self.tokens, &self.rotated] {
            self.app.refreshes(tokens).await.tokens();
        }
        assert_eq!(self.app.refreshes(&self.revoked).await.error(), "invalid_grant");
        self.browser.allows(&self.app.asks_for(SCOPE)).await;
    }
}

fn may_be_tried_again(answer: &Answer) {
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert!(answer.header("retry-after").parse::<u32>().unwrap() > 0);
}

/// A disk of its own: a file system in a file.
struct Disk {
    mounted: PathBuf,
    image: PathBuf,
}

impl Disk {
    /// Where the machine does not allow it, says so.
    fn mount(folder: &Path) -> Option<Self> {
        let disk = Self {
            mounted: folder.join("disk"),
            image: folder.join("image"),
        };
        std::fs::create_dir(&disk.mounted).unwrap();
        let image = std::fs::File::create(&disk.image).unwrap();
        image.set_len(48 << 20).unwrap();
        let made = runs("mkfs.ext4", &["-q", &disk.image.display().to_string()]);
        if made && disk.is_mounted() {
            return Some(disk);
        }
        skipped("only root may mount a disk, where there are loop devices and ext4");
        None
    }

    fn is_mounted(&self) -> bool {
        let (image, at) = (
            self.image.display().to_string(),
            self.mounted.display().to_string(),
        );
        runs("mount", &["-o", "loop", &image, &at])
    }

    fn data(&self) -> PathBuf {
        self.mounted.join("data")
    }

    /// Nobody may change the folder and the files any more, not even who has them open. Unlike a disk that is read-only, it can be taken
    /// back. What the processes share in memory stays as it is: on such a disk it can still be changed, too.
    fn is_sealed(&self, sealed: bool) {
        let mut files = vec![self.data()];
        for name in ["valetkey.sqlite3", "valetkey.sqlite3-wal", "valetkey.lock"] {
            files.push(self.data().join(name));
        }
        let files: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
        let mut arguments = vec![if sealed { "+i" } else { "-i" }];
        arguments.extend(files.iter().map(String::as_str));
        assert!(runs("chattr", &arguments), "{files:?}");
    }

    /// Makes it read-only at once, as the system does with a disk that has failed.
    fn fails(&self) {
        assert!(runs(
            "mount",
            &["-o", "remount,abort", &self.mounted.display().to_string()]
        ));
    }

    /// Mounts it again, as after a repair.
    fn is_mended(&self) {
        assert!(runs("umount", &[&self.mounted.display().to_string()]));
        assert!(self.is_mounted());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        runs("umount", &["--lazy", &self.mounted.display().to_string()]);
    }
}

#[tokio::test]
async fn a_folder_that_becomes_read_only_and_writable_again_is_a_clear_503_meanwhile_and_loses_nothing() {
    let folder = TempDir::new().unwrap();
    let Some(disk) = Disk::mount(folder.path()) else {
        return;
    };
    let home = home_at(folder.path(), &disk.data(), 23).await;
    let (person, app) = home.with_cast();
    let node = home.serve().await;
    for _ in 0..2 {
        let stage = Stage::set(&home, person, app).await;
        disk.is_sealed(true);
        stage.only_reads().await;
        disk.is_sealed(false);
        assert!(home.is_ready().await);
        stage.all_holds().await;
    }
    assert!(node.stop());
}

#[tokio::test]
async fn a_disk_that_fails_and_becomes_read_only_is_a_clear_503_until_it_is_mended_and_loses_nothing() {
    let folder = TempDir::new().unwrap();
    let Some(disk) = Disk::mount(folder.path()) else {
        return;
    };
    let home = home_at(folder.path(), &disk.data(), 24).await;
    let (person, app) = home.with_cast();
    let node = home.serve().await;
    let stage = Stage::set(&home, person, app).await;
    disk.fails();
    stage.only_reads().await;
    assert!(node.stop(), "it has nothing left to write");
    disk.is_mended();
    let node = home.serve().await;
    stage.all_holds().await;
    assert!(node.stop());
}
