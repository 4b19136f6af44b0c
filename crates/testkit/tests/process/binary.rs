//! Builds and starts `valetkey dev` as a process of its own.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;
use valetkey_testkit::{App, Site, cast};

/// The binary that `VALETKEY_BIN` names, or else one built now, beside this test.
pub(super) fn binary() -> PathBuf {
    if let Some(path) = option_env_at_run_time("VALETKEY_BIN") {
        return path;
    }
    let here = std::env::current_exe().expect("a test knows where it is");
    let profile = here.ancestors().nth(2).expect("it is in target/PROFILE/deps");
    let target = profile.parent().expect("a profile is in the target folder");
    let mut build = Command::new(env!("CARGO"));
    build
        .args([
            "build",
            "--quiet",
            "--locked",
            "--package",
            "valetkey",
            "--target-dir",
        ])
        .arg(target);
    if profile.ends_with("release") {
        build.arg("--release");
    }
    assert!(build.status().expect("cargo runs").success(), "the binary builds");
    profile.join("valetkey")
}

fn option_env_at_run_time(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).map(PathBuf::from)
}

/// The first of three free ports in a row, below those that the system gives to outgoing connections: a port must still
/// be free when a killed server starts again. Each call looks elsewhere.
pub(super) fn free_ports() -> u16 {
    static CALLS: AtomicU16 = AtomicU16::new(0);
    let call = CALLS.fetch_add(1, Ordering::Relaxed);
    let start = u16::try_from(std::process::id() % 12_000).expect("it is small") + call * 300;
    let free = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    (0..1000)
        .map(|turn| 20_000 + (start + turn * 3) % 12_000)
        .find(|port| (0..3).all(|step| free(port + step)))
        .expect("three ports in a row are free")
}

/// A running `valetkey dev`.
pub(super) struct Dev {
    child: Child,
    port: u16,
}

impl Dev {
    pub(super) async fn start(port: u16, data: &Path) -> Self {
        let binary = tokio::task::spawn_blocking(binary).await.expect("it builds");
        let child = Command::new(binary)
            .args(["dev", "--port", &port.to_string(), "--data"])
            .arg(data)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let mut dev = Self { child, port };
        for _ in 0..600 {
            let request = http::Request::get(dev.site().url("/readyz", &[]))
                .body(Vec::new())
                .unwrap();
            if dev
                .site()
                .try_send(request)
                .await
                .is_ok_and(|answer| answer.status == 200)
            {
                return dev;
            }
            assert_eq!(
                dev.child.try_wait().expect("it can be asked"),
                None,
                "it ended early"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("it never answered");
    }

    pub(super) fn site(&self) -> Site {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        Site::wire(&format!("http://localhost:{}", self.port), address)
    }

    pub(super) fn app(&self) -> App {
        let redirect_uri = format!("http://localhost:{}/callback", self.port + 2);
        App::at(self.site(), cast::MYSWEETAPP.at(redirect_uri.leak()))
    }

    pub(super) fn api(&self) -> App {
        App::at(self.site(), cast::PHOTOS_API)
    }

    /// SIGKILL: no chance to finish anything.
    pub(super) fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
    }

    /// SIGTERM, and a clean end.
    pub(super) fn stop(mut self) {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .expect("kill runs")
                .success()
        );
        assert!(self.child.wait().expect("it ends").success());
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        // A failed test must not leave a server behind.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
