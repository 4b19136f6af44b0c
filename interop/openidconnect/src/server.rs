//! Starts the real binary as `valetkey dev --port N` and stops exactly that process.

use std::io::Error;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A running `valetkey dev`.
pub struct Server {
    /// The issuer.
    pub issuer: String,
    /// MySweetApp.
    pub app: String,
    child: Child,
}

impl Server {
    /// Starts it on three free ports, and waits until they answer.
    pub fn start() -> Result<Self, Error> {
        let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/debug/valetkey");
        let binary = std::env::var("VALETKEY_BIN").unwrap_or_else(|_| default.to_owned());
        let port = three_free_ports()?;
        let child = Command::new(binary)
            .args(["dev", "--port", &port.to_string()])
            .stdout(Stdio::null())
            .spawn()?;
        let mut server = Self {
            issuer: format!("http://localhost:{port}"),
            app: format!("http://localhost:{}", port + 2),
            child,
        };
        for step in 0..3 {
            server.wait(port + step)?;
        }
        Ok(server)
    }

    fn wait(&mut self, port: u16) -> Result<(), Error> {
        for _ in 0..400 {
            if TcpStream::connect(("localhost", port)).is_ok() {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                return Err(Error::other(format!("valetkey ended early: {status}")));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err(Error::other(format!("port {port} never answered")))
    }

    /// Stops it.
    pub fn stop(mut self) -> Result<(), Error> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A failed test must not leave the server behind; a stopped one has nothing left to kill.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The first of three, below those that the system gives to outgoing connections.
fn three_free_ports() -> Result<u16, Error> {
    let start = u16::try_from(std::process::id() % 12_000).unwrap_or(0);
    let free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    (0..1000)
        .map(|turn| 20_000 + (start + turn * 3) % 12_000)
        .find(|port| (0..3).all(|step| free(port + step)))
        .ok_or_else(|| Error::other("no three free ports in a row"))
}
