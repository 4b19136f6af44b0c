//! The machine that the program runs on. The only place of the demo that writes to the terminal and starts programs.

use super::Machine;
use crate::clock;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use valetkey_client::{BoxFuture, HttpClient, HttpError, HyperClient, Timestamp};

/// This machine.
#[derive(Debug, Clone, Copy)]
pub struct Here;

impl Machine for Here {
    fn http(&self) -> Result<Arc<dyn HttpClient>, HttpError> {
        Ok(Arc::new(HyperClient::new()?))
    }

    fn say(&self, line: &str) {
        // A reader that went away (`| head`) is no failure.
        let _ = writeln!(std::io::stdout().lock(), "{line}");
    }

    fn complain(&self, line: &str) {
        // With standard error closed there is nobody left to tell.
        let _ = writeln!(std::io::stderr().lock(), "{line}");
    }

    fn open(&self, url: &str) {
        let mut command = opener();
        command
            .arg(url)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // Without a browser the address on the terminal still does.
        drop(command.spawn());
    }

    fn wait(&self, seconds: u64) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(Duration::from_secs(seconds)))
    }

    fn now(&self) -> Timestamp {
        clock::system()()
    }
}

/// The program that opens an address in the person's browser.
fn opener() -> Command {
    if cfg!(target_os = "macos") {
        Command::new("open")
    } else if cfg!(windows) {
        // `start` is the shell's own and would take `&` in the address for its sign.
        let mut command = Command::new("rundll32");
        command.arg("url.dll,FileProtocolHandler");
        command
    } else {
        Command::new("xdg-open")
    }
}
