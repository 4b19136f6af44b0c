//! Builds and starts `valetkey dev` as a process of its own.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use valetkey_testkit::{App, Site, cast};

/// The binary that `VALETKEY_BIN` names, or else one built now, beside this test.
fn binary() -> PathBuf {
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

/// The first of three free ports in a row.
pub(super) fn free_ports() -> u16 {
    for _ in 0..100 {
        let first = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let port = first.local_addr().expect("it has an address").port();
        let free = |step: u16| {
            let next = port.checked_add(step);
            next.is_some_and(|next| TcpListener::bind((Ipv4Addr::LOCALHOST, next)).is_ok())
        };
        if free(1) && free(2) {
            return port;
        }
    }
    panic!("no three free ports in a row");
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
