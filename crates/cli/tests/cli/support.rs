//! The binary, its processes and its folders. Every process that is started here is ended here.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use tempfile::TempDir;

/// How long something may take that is expected; only a test that fails waits for so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The program, without anything of the environment that could change what it does.
pub(crate) fn valetkey() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_valetkey"));
    command
        .env_remove("VALETKEY_MASTER_KEY")
        .env_remove("VALETKEY_STORE_URL")
        .env_remove("VALETKEY_LOG");
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs a command to its end.
pub(crate) fn run(arguments: &[&str]) -> Output {
    valetkey().args(arguments).output().expect("the binary runs")
}

/// Runs a command to its end with something on standard input.
pub(crate) fn run_with(arguments: &[&str], input: &str) -> Output {
    let mut child = valetkey()
        .args(arguments)
        .stdin(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut pipe = child.stdin.take().expect("a pipe");
    let input = input.to_owned();
    // On a thread of its own: a command that answers while it reads would wait for somebody to read, too.
    let writer = std::thread::spawn(move || {
        // A command that refuses before it reads closes its end; that is its right.
        let _ = pipe.write_all(input.as_bytes());
    });
    let output = child.wait_with_output().expect("the binary ends");
    writer.join().expect("the input was written");
    output
}

/// What a command that succeeded printed.
pub(crate) fn done(output: Output) -> String {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// What a command that refused said.
pub(crate) fn refused(output: Output) -> String {
    assert!(
        !output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    assert!(
        output.stdout.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    String::from_utf8(output.stderr).expect("UTF-8")
}

/// The client's secret in what a command with `--json` printed.
pub(crate) fn secret_in(printed: &str) -> String {
    let printed: serde_json::Value = serde_json::from_str(printed).expect("it is JSON");
    let secret = printed["client_secret"].as_str();
    secret.expect("the secret is told once").to_owned()
}

/// A folder with a configuration.
pub(crate) struct Home {
    folder: TempDir,
}

impl Home {
    /// A server on loopback, with the Photos API as a resource.
    pub(crate) fn new() -> Self {
        let home = Self::empty();
        home.write(
            "[server]\nissuer = \"http://localhost:8080\"\nlisten = \"127.0.0.1:0\"\nmanagement_listen = \"127.0.0.1:0\"\n\
             [store]\nfolder = \"data\"\n\
             [[resource]]\nindicator = \"https://photos.example\"\nname = \"Photos\"\nscopes = { \"photos.read\" = \"See your photos\" }\n",
        );
        home
    }

    /// A folder without anything.
    pub(crate) fn empty() -> Self {
        Self {
            folder: TempDir::new().expect("a temporary folder"),
        }
    }

    /// Writes the configuration.
    pub(crate) fn write(&self, text: &str) {
        std::fs::write(self.path("valetkey.toml"), text).expect("the configuration can be written");
    }

    /// A path in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The configuration's path.
    pub(crate) fn config(&self) -> String {
        self.path("valetkey.toml").to_str().expect("UTF-8").to_owned()
    }

    /// Runs an admin command on it.
    pub(crate) fn admin(&self, arguments: &[&str]) -> Output {
        run(&[arguments, &["--config", &self.config()]].concat())
    }

    /// Runs an admin command on it, with a password on standard input.
    pub(crate) fn admin_with(&self, arguments: &[&str], password: &str) -> Output {
        run_with(
            &[arguments, &["--password-stdin", "--config", &self.config()]].concat(),
            &format!("{password}\n"),
        )
    }

    /// Runs an admin command on it, with this on standard input.
    pub(crate) fn admin_input(&self, arguments: &[&str], input: &str) -> Output {
        run_with(&[arguments, &["--config", &self.config()]].concat(), input)
    }

    /// Adds a person.
    pub(crate) fn add_person(&self, username: &str, password: &str) {
        done(self.admin_with(&["user", "add", username], password));
    }

    /// Adds a public client.
    pub(crate) fn add_app(&self, id: &str) {
        let uri = format!("http://127.0.0.1/{id}");
        done(self.admin(&["client", "add", id, "--type", "native", "--redirect-uri", &uri]));
    }

    /// Adds a client that works for itself, with the scope `photos.read`; answers its secret.
    pub(crate) fn add_service(&self, id: &str) -> String {
        let service = ["--type", "service", "--scope", "photos.read", "--json"];
        let added = done(self.admin(&[&["client", "add", id], &service[..]].concat()));
        secret_in(&added)
    }

    /// Starts the server.
    pub(crate) fn serve(&self) -> Served {
        Served::start(&self.config())
    }
}

/// A process that is ended when the test is, with its lines.
pub(crate) struct Process {
    child: Child,
    lines: Receiver<String>,
    /// The lines so far.
    pub(crate) said: Vec<String>,
}

impl Process {
    /// Starts it; `errors` says whether its lines are on standard error.
    pub(crate) fn start(mut command: Command, errors: bool) -> Self {
        let mut child = command.spawn().expect("the binary runs");
        let (out, err) = (
            child.stdout.take().expect("a pipe"),
            child.stderr.take().expect("a pipe"),
        );
        let (sender, lines) = channel();
        let (told, rest): (Box<dyn Read + Send>, Box<dyn Read + Send>) = if errors {
            (Box::new(err), Box::new(out))
        } else {
            (Box::new(out), Box::new(err))
        };
        std::thread::spawn(move || {
            for line in BufReader::new(told).lines().map_while(Result::ok) {
                // Nobody listens any more: go on reading, so that the process is not stopped by a full pipe.
                let _ = sender.send(line);
            }
        });
        std::thread::spawn(move || std::io::copy(&mut BufReader::new(rest), &mut std::io::sink()));
        Self {
            child,
            lines,
            said: Vec::new(),
        }
    }

    /// Waits for a line.
    pub(crate) fn line(&mut self, wanted: impl Fn(&str) -> bool) -> String {
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => {
                    self.said.push(line.clone());
                    if wanted(&line) {
                        return line;
                    }
                }
                Err(_) => panic!("the line did not come; there were {:#?}", self.said),
            }
        }
    }

    /// Its number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill")
            .args(["-s", name, &pid])
            .status()
            .expect("kill runs");
        assert!(sent.success(), "kill -s {name} {pid}");
    }

    /// Waits for its end.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let deadline = std::time::Duration::from_millis(20);
        for _ in 0..PATIENCE.as_millis() / deadline.as_millis() {
            if let Some(status) = self.child.try_wait().expect("the process can be asked") {
                return status;
            }
            std::thread::sleep(deadline);
        }
        panic!("the process did not end");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A running `valetkey serve`.
pub(crate) struct Served {
    /// Its process; the lines are the log.
    pub(crate) process: Process,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Where the metrics are.
    pub(crate) management: SocketAddr,
}

impl Served {
    /// Starts it and waits for its ready line.
    pub(crate) fn start(config: &str) -> Self {
        let mut command = valetkey();
        command.args(["serve", "--config", config]);
        let mut process = Process::start(command, true);
        let ready = process.line(|line| line.contains("\"message\":\"ready\""));
        let ready: serde_json::Value = serde_json::from_str(&ready).expect("the log is JSON");
        let address = |name: &str| ready[name].as_str().expect(name).parse().expect(name);
        Self {
            process,
            address: address("listen"),
            management: address("management"),
        }
    }

    /// Ends it in good order.
    pub(crate) fn stop(mut self) -> Vec<String> {
        self.process.signal("TERM");
        assert!(self.process.ended().success());
        while let Ok(line) = self.process.lines.recv_timeout(PATIENCE) {
            self.process.said.push(line);
        }
        std::mem::take(&mut self.process.said)
    }
}

/// Asks until the answer is there; for what the server notices by itself.
pub(crate) fn until<T>(mut ask: impl FnMut() -> Option<T>) -> T {
    let pause = Duration::from_millis(50);
    for _ in 0..PATIENCE.as_millis() / pause.as_millis() {
        if let Some(answer) = ask() {
            return answer;
        }
        std::thread::sleep(pause);
    }
    panic!("it did not happen");
}

/// Everything below a folder, as text, for looking for what must not be there.
pub(crate) fn everything_below(folder: &Path) -> Vec<u8> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(everything_below(&path));
        } else {
            found.extend(std::fs::read(path).expect("the file can be read"));
        }
    }
    found
}
