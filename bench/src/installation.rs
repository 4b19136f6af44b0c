//! A temporary installation of Valetkey, made the way an operator makes one: a configuration file, people and clients by
//! the command line. Nothing is turned off; limits on guessing are raised, because the load comes from one address.

use crate::browser::Person;
use crate::party::{
    API, API_SCOPE, ARCHIVE, ARCHIVE_SCOPE, Client, Clients, LEDGER, LEDGER_SCOPE, REDIRECT_URI,
};
use crate::process::{Served, free_address, pinned};
use std::io::{Error, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const PASSWORD: &str = "correct horse battery staple";
/// What apps may ask people for.
const APP_SCOPE: &str = "openid profile email offline_access api.read";

/// See the module.
pub struct Installation {
    valetkey: PathBuf,
    folder: PathBuf,
    address: SocketAddr,
    pub clients: Clients,
    pub people: Vec<Person>,
}

impl Installation {
    /// Makes it in an empty folder.
    pub fn make(valetkey: &Path, folder: &Path, people: usize) -> Result<Self, Error> {
        std::fs::create_dir_all(folder)?;
        let mut made = Self {
            valetkey: valetkey.to_owned(),
            folder: folder.to_owned(),
            address: free_address()?,
            clients: Clients::default(),
            people: Vec::new(),
        };
        std::fs::write(made.config(), configuration(made.address, free_address()?))?;
        for number in 0..people {
            made.add_person(number)?;
        }
        made.add_clients()?;
        Ok(made)
    }

    fn config(&self) -> PathBuf {
        self.folder.join("valetkey.toml")
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// The file with the master key.
    pub fn master_key(&self) -> PathBuf {
        self.folder.join("master.key")
    }

    /// Starts the server on this core.
    pub fn serve(&self, core: Option<usize>) -> Result<Served, Error> {
        let mut command = pinned(core, &self.valetkey);
        command.arg("serve").arg("--config").arg(self.config());
        Served::start(command, self.address, "/readyz", &self.folder.join("serve.log"))
    }

    fn run(&self, words: &[&str], input: &str) -> Result<serde_json::Value, Error> {
        let mut child = Command::new(&self.valetkey)
            .args(words)
            .arg("--config")
            .arg(self.config())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(input.as_bytes())?;
        }
        let output = child.wait_with_output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(Error::other(format!("valetkey {}: {said}", words.join(" "))));
        }
        Ok(serde_json::from_slice(&output.stdout).unwrap_or_default())
    }

    fn add_person(&mut self, number: usize) -> Result<(), Error> {
        let username = format!("person{number}");
        let email = format!("{username}@example.com");
        let words = [
            "user",
            "add",
            &username,
            "--name",
            "Some Body",
            "--email",
            &email,
            "--password-stdin",
            "--json",
        ];
        self.run(&words, &format!("{PASSWORD}\n"))?;
        self.people.push(Person {
            username,
            password: String::from(PASSWORD),
        });
        Ok(())
    }

    fn add(&self, id: &str, words: &[&str]) -> Result<Client, Error> {
        let mut all = vec!["client", "add", id, "--json"];
        all.extend_from_slice(words);
        let told = self.run(&all, "")?;
        let secret = told["client_secret"].as_str().unwrap_or_default().to_owned();
        Ok(Client {
            id: id.to_owned(),
            secret,
        })
    }

    fn add_clients(&mut self) -> Result<(), Error> {
        let all = format!("{API_SCOPE} {LEDGER_SCOPE} {ARCHIVE_SCOPE}");
        let service = self.add("service", &["--type", "service", "--scope", &all])?;
        let api = self.add(
            "api",
            &["--type", "service", "--introspects", API, "--introspects", LEDGER],
        )?;
        let web = [
            "--redirect-uri",
            REDIRECT_URI,
            "--scope",
            APP_SCOPE,
            "--id-token-alg",
        ];
        let es256 = self.add("web", &[&web[..], &["ES256"]].concat())?;
        let rs256 = self.add("web-rs256", &[&web[..], &["RS256"]].concat())?;
        let signs = [
            "--redirect-uri",
            REDIRECT_URI,
            "--scope",
            API_SCOPE,
            "--allow",
            "oauth1",
        ];
        let mut oauth1 = self.add("oauth1", &signs)?;
        let told = self.run(&["client", "oauth1", "oauth1", "--new-secret", "--json"], "")?;
        oauth1.secret = told["oauth1"]["consumer_secret"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        self.clients = Clients {
            service,
            api,
            web: es256,
            web_rs256: rs256,
            oauth1,
        };
        Ok(())
    }
}

fn configuration(address: SocketAddr, management: SocketAddr) -> String {
    format!(
        r#"
[server]
issuer = "http://{address}"
listen = "{address}"
management_listen = "{management}"

[store]
folder = "data"

[tokens]
access_token_ttl_seconds = 7200

[login]
failures_per_user = 1000000
failures_per_address = 1000000

[[resource]]
indicator = "{API}"
name = "An API"
scopes = {{ "{API_SCOPE}" = "See what it holds" }}

[[resource]]
indicator = "{LEDGER}"
name = "A ledger"
token_format = "opaque"
scopes = {{ "{LEDGER_SCOPE}" = "See what stands in it" }}

[[resource]]
indicator = "{ARCHIVE}"
name = "An archive"
token_signing_alg = "RS256"
scopes = {{ "{ARCHIVE_SCOPE}" = "See what it keeps" }}
"#
    )
}
