//! MySweetApp for the terminal: a native app (RFC 8252) and one for devices without a browser (RFC 8628). It signs a
//! person in one way or the other and lists their photos. It is a public client: it has no secret, because everybody can
//! read a program.
//!
//! Tokens stay in memory and go with the program.

mod device;
mod here;
mod list;
mod login;
#[cfg(test)]
mod tests;

use clap::{Args, Parser, Subcommand};
use serde::Serialize;
use std::sync::Arc;
use valetkey_client::{
    BoxFuture, Client, ClientAuthentication, Error, HttpClient, HttpError, Registration, Timestamp,
};

pub use here::Here;

/// What it asks for: a look at the photos.
const SCOPE: &str = "photos.read";

/// MySweetApp for the terminal: lists your photos, without ever seeing your password.
#[derive(Debug, Parser)]
#[command(name = "mysweetcli", version)]
pub struct Options {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    places: Places,
}

/// How to sign in.
#[derive(Debug, Subcommand)]
enum Command {
    /// Sign in with the browser of this machine (RFC 8252).
    Login {
        /// Only print the address; open no browser.
        #[arg(long)]
        no_browser: bool,
    },
    /// Sign in with a browser elsewhere: type a code there (RFC 8628).
    Device,
}

/// Whom to ask.
#[derive(Debug, Args)]
struct Places {
    /// The authorization server.
    #[arg(
        long,
        global = true,
        value_name = "URL",
        default_value = "http://localhost:8080"
    )]
    issuer: String,
    /// The Photos API.
    #[arg(
        long,
        global = true,
        value_name = "URL",
        default_value = "http://localhost:8081"
    )]
    photos: String,
    /// The name of this app at the authorization server.
    #[arg(long, global = true, value_name = "ID", default_value = "mysweetcli")]
    client_id: String,
    /// Print one JSON object a line.
    #[arg(long, global = true)]
    json: bool,
}

/// What the program needs of the machine.
pub trait Machine: Send + Sync {
    /// Reaches servers.
    ///
    /// # Errors
    /// When there is no TLS.
    fn http(&self) -> Result<Arc<dyn HttpClient>, HttpError>;
    /// Prints a line.
    fn say(&self, line: &str);
    /// Prints a line about what went wrong.
    fn complain(&self, line: &str);
    /// Opens a browser. Whether that worked only the person can see.
    fn open(&self, url: &str);
    /// Waits.
    fn wait(&self, seconds: u64) -> BoxFuture<'static, ()>;
    /// What time it is.
    fn now(&self) -> Timestamp;
}

/// Why there are no photos, in a sentence.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// Nobody is there.
    #[error("No authorization server answers at {issuer} ({reason}). For the demo's, run: valetkey dev")]
    NoServer {
        /// Where it should be.
        issuer: String,
        /// What happened instead.
        reason: HttpError,
    },
    /// The person said no.
    #[error("You said no, so there are no photos to show. Nothing was shared.")]
    Declined,
    /// Nobody answered in time.
    #[error("Nobody answered in time. Run the command again for a new start.")]
    TooLate,
    /// The authorization server said no, or something that does not hold.
    #[error("The sign-in did not work: {0}.")]
    SignIn(Error),
    /// There is no port to come back to.
    #[error("This machine gives no port for the browser to come back to: {0}.")]
    NoPort(#[from] std::io::Error),
    /// The API did not answer.
    #[error("No Photos API answers at {address} ({reason}).")]
    NoApi {
        /// Where it should be.
        address: String,
        /// What happened instead.
        reason: HttpError,
    },
    /// The API said no.
    #[error("The Photos API said no: {0}.")]
    Refused(String),
    /// The API's answer is none.
    #[error("The Photos API answered with something that is no list of photos.")]
    NoList,
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match &error {
            Error::Wire { error: code, .. } if code == "access_denied" => Self::Declined,
            Error::Wire { error: code, .. } if code == "expired_token" => Self::TooLate,
            _ => Self::SignIn(error),
        }
    }
}

/// Signs in and lists the photos.
///
/// # Errors
/// [`Problem`].
pub async fn run(options: &Options, machine: &dyn Machine) -> Result<(), Problem> {
    let places = &options.places;
    let http = machine
        .http()
        .map_err(|error| Problem::SignIn(Error::Http(error)))?;
    let tokens = match &options.command {
        Command::Login { no_browser } => login::run(places, &http, machine, !no_browser).await?,
        Command::Device => device::run(places, &http, machine).await?,
    };
    list::run(places, &*http, machine, &tokens.access_token).await
}

/// The app at the authorization server.
async fn client(
    places: &Places,
    http: &Arc<dyn HttpClient>,
    redirect_uri: Option<String>,
) -> Result<Client, Problem> {
    let registration = Registration {
        issuer: places.issuer.clone(),
        client_id: places.client_id.clone(),
        authentication: ClientAuthentication::None,
        redirect_uri,
    };
    let client = Client::discover(Arc::clone(http), registration).await;
    client.map_err(|error| match error {
        Error::Http(reason) => Problem::NoServer {
            issuer: places.issuer.clone(),
            reason,
        },
        other => other.into(),
    })
}

impl Places {
    /// Prints `text`, or with `--json` the object.
    fn tell(&self, machine: &dyn Machine, text: &str, object: &impl Serialize) {
        if !self.json {
            machine.say(text);
        } else if let Ok(line) = serde_json::to_string(object) {
            machine.say(&line);
        }
    }
}

/// Text from elsewhere, without what could rule the terminal.
fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}
