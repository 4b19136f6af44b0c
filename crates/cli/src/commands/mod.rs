//! The commands: one file each.

mod ask;
mod backup;
mod client;
mod dev;
mod dev_ports;
mod dev_told;
mod key;
mod moment;
mod oauth1;
mod progress;
#[cfg(test)]
mod reference;
mod registration_token;
mod restore;
mod sealing;
mod serve;
mod store;
#[cfg(test)]
mod tests;
mod user;

use crate::failure::{Failure, Outcome};
use clap::{Parser, Subcommand};

/// An OAuth 2.0 and OpenID Connect authorization server that explains itself.
#[derive(Debug, Parser)]
#[command(
    name = "valetkey",
    version,
    about,
    propagate_version = true,
    max_term_width = 100
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Try it: server, API and app on this machine, with people and clients to play with.
    ///
    /// Three ports: N is the authorization server, N+1 the Photos API, N+2 MySweetApp. Everything listens on the
    /// loopback interface alone.
    Dev(dev::Dev),
    /// Run a server from a configuration file.
    ///
    /// Checks all of the file, then serves until SIGTERM or SIGINT; requests under way are answered before it ends.
    /// SIGHUP reads the TLS certificate again. Logs go to standard error, one JSON object a line.
    Serve(serve::Serve),
    /// The people who can sign in.
    #[command(subcommand)]
    User(user::User),
    /// The apps and APIs that are registered.
    #[command(subcommand)]
    Client(client::Client),
    /// Make an initial access token, with which an app may register itself (RFC 7591), or take one back.
    RegistrationToken(registration_token::RegistrationToken),
    /// The keys that sign tokens.
    #[command(subcommand)]
    Key(key::Key),
    /// Make a backup of the data folder, while the server serves.
    ///
    /// One file, for its owner alone, with everything that was answered before this began; it is checked before it gets its
    /// name. The master key is not in it.
    Backup(backup::Backup),
    /// Put a backup into an empty data folder.
    ///
    /// The file is checked first, and carried over to this version's schema. A folder that holds a store is left alone.
    Restore(restore::Restore),
    /// The store as a whole: move it to another database.
    #[command(subcommand)]
    Store(store::Store),
    /// Tools for whoever works on an OAuth 1.0a client (RFC 5849).
    #[command(subcommand)]
    Oauth1(oauth1::OAuth1),
}

/// Does what was asked.
pub(crate) fn run(cli: Cli) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Failure::system("the runtime cannot start"))?;
    runtime.block_on(async {
        match cli.command {
            Command::Dev(dev) => dev.run().await,
            Command::Serve(serve) => serve.run().await,
            Command::User(user) => user.run().await,
            Command::Client(client) => client.run().await,
            Command::RegistrationToken(token) => token.run().await,
            Command::Key(key) => key.run().await,
            Command::Backup(backup) => backup.run().await,
            Command::Restore(restore) => restore.run().await,
            Command::Store(store) => store.run().await,
            Command::Oauth1(oauth1) => oauth1.run(),
        }
    })
}
