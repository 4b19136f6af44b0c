//! `valetkey client`: the apps and APIs that are registered (RFC 6749 §2).

mod advice;
mod allow;
mod exchange;
mod jwks;
mod migration;
mod oauth1;
mod redirects;
mod registration;
mod relying_party;
mod revoke_grants;
mod set;
mod sound;
mod view;
mod words;

use super::sealing::{secret_keys, signing_keys_of};
use registration::Registration;
use view::{View, list, show};

use crate::failure::{Failure, Outcome};
use crate::output;
use crate::place::{Opened, Place};
use clap::{Args, Subcommand};
use std::path::PathBuf;
use valetkey_model::client::{Authentication, SecretHash};
use valetkey_model::{Client as Record, ClientId};
use valetkey_protocol::register::ClientMetadata;
use valetkey_protocol::secret::ClientSecret;
use valetkey_rules::Purpose;
use valetkey_rules::register::metadata_of;
use valetkey_server::clock::{Clock as _, SystemClock};
use valetkey_server::provision::{hash_client_secret, new_client_secret};
use valetkey_server::random::SystemRandom;

/// RFC 9700 §2.1.1 on what `--no-pkce` gives up.
const NO_PKCE: &str = "Without PKCE only the `nonce` of an ID token stands between this client and an injected code. RFC 9700 §2.1.1 \
                       recommends PKCE for confidential clients too: https://www.rfc-editor.org/rfc/rfc9700#section-2.1.1";
/// The longest the inspector may be left on.
const MOST_MINUTES: i64 = 24 * 60;

/// What can be done with clients.
#[derive(Debug, Subcommand)]
pub(super) enum Client {
    /// Register a client. Its secret is shown once, now, and never again.
    Add(Box<Add>),
    /// Show every client.
    List(List),
    /// Show one client.
    Show(Show),
    /// Change what a client is as a relying party: where people go after sign-out, its keys, its logo and the like.
    Set(Box<set::Set>),
    /// Allow a client more than it was registered for, or no longer.
    ///
    /// Where the specs advise against it, the answer says why, and what to use instead.
    Allow(allow::Allow),
    /// Make a new secret, shown once; the one before stops working within a second.
    Secret(Secret),
    /// Take over new public keys of a client that authenticates by private_key_jwt; those before stop working.
    Jwks(Jwks),
    /// Give a client what it signs OAuth 1.0a requests with (RFC 5849), and set how long that lasts.
    Oauth1(oauth1::OAuth1),
    /// Count how many of a client's people have moved from OAuth 1.0a to OAuth 2.
    Migration(migration::Migration),
    /// Take away all that people have given a client, or what they gave in one way or since some time.
    ///
    /// For when it turns out that people were tricked, as by a device code that somebody sent them (RFC 10027).
    RevokeGrants(revoke_grants::RevokeGrants),
    /// Let the inspector record the client's flows for a time, or stop it.
    Inspect(Inspect),
    /// Remove a client with its grants and consents.
    Remove(Remove),
}

#[derive(Debug, Args)]
pub(super) struct Add {
    #[command(flatten)]
    registration: Registration,
    /// Let the inspector record its flows for so many minutes.
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(i64).range(1..=MOST_MINUTES))]
    inspect_for: Option<i64>,
    #[command(flatten)]
    place: Place,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    place: Place,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Show {
    /// Which.
    id: String,
    #[command(flatten)]
    place: Place,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Secret {
    /// Whose.
    id: String,
    #[command(flatten)]
    place: Place,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Jwks {
    /// Whose.
    id: String,
    /// A JWK set (RFC 7517 §5) with public keys. Private keys are refused.
    file: PathBuf,
    #[command(flatten)]
    place: Place,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Inspect {
    /// Whose.
    id: String,
    /// For so many minutes from now.
    #[arg(long = "for", value_name = "MINUTES", value_parser = clap::value_parser!(i64).range(1..=MOST_MINUTES))]
    minutes: Option<i64>,
    /// Stop it.
    #[arg(long, conflicts_with = "minutes", required_unless_present = "minutes")]
    off: bool,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
pub(super) struct Remove {
    /// Which.
    id: String,
    #[command(flatten)]
    place: Place,
}

impl Client {
    pub(super) async fn run(self) -> Outcome {
        match self {
            Self::Add(add) => add.run().await,
            Self::List(asked) => {
                let clients = asked.place.open().await?.store.list_clients().await?;
                list(clients, asked.json)
            }
            Self::Show(asked) => {
                let (_, client) = find(&asked.place, &asked.id).await?;
                show(&View::of(&client, None), asked.json)
            }
            Self::Set(set) => set.run().await,
            Self::Allow(allow) => allow.run().await,
            Self::Secret(secret) => secret.run().await,
            Self::Jwks(jwks) => jwks.run().await,
            Self::Oauth1(oauth1) => oauth1.run().await,
            Self::Migration(migration) => migration.run().await,
            Self::RevokeGrants(revoke) => revoke.run().await,
            Self::Inspect(inspect) => inspect.run().await,
            Self::Remove(remove) => remove.run().await,
        }
    }
}

impl Add {
    async fn run(self) -> Outcome {
        let opened = self.place.open().await?;
        let now = SystemClock.now();
        let (secret, hash) = new_secret();
        let mut client = self.registration.check(&opened, hash, now).await?;
        client.inspect_until = self.inspect_for.map(|minutes| now.plus_seconds(minutes * 60));
        seal(&mut client, &secret, &opened).await?;
        signing_keys_of(&opened, &client).await?;
        opened.store.insert_client(client.clone()).await?;
        let secret = has_secret(&client.authentication).then_some(&secret);
        show(&View::of(&client, secret), self.json)?;
        if self.json {
            return Ok(());
        }
        if !client.must_use_pkce() {
            output::print(&format!("\n{NO_PKCE}\n"))?;
        }
        output::print(&allow::next_steps(&client, &opened.policy))
    }
}

impl Secret {
    async fn run(self) -> Outcome {
        let (opened, mut client) = find(&self.place, &self.id).await?;
        let (secret, hash) = new_secret();
        client.authentication = match client.authentication {
            Authentication::None => {
                let text = format!(
                    "{} is a public client: it has no secret, and could keep none",
                    client.id
                );
                return Err(Failure::refused(text));
            }
            Authentication::PrivateKeyJwt => {
                let text = format!(
                    "{0} signs with its own key: it has no secret. `client jwks {0} FILE` takes over new public keys",
                    client.id
                );
                return Err(Failure::refused(text));
            }
            Authentication::ClientSecretBasic { .. } => Authentication::ClientSecretBasic { secret: hash },
            Authentication::ClientSecretPost { .. } => Authentication::ClientSecretPost { secret: hash },
            Authentication::ClientSecret { .. } => Authentication::ClientSecret { secret: hash },
            sealed @ Authentication::ClientSecretJwt { .. } => sealed,
        };
        seal(&mut client, &secret, &opened).await?;
        update(&opened, client.clone()).await?;
        show(&View::of(&client, Some(&secret)), self.json)
    }
}

impl Jwks {
    async fn run(self) -> Outcome {
        let (opened, mut client) = find(&self.place, &self.id).await?;
        if client.authentication != Authentication::PrivateKeyJwt {
            let text = format!(
                "{} does not authenticate by private_key_jwt; register it anew with --auth-method private_key_jwt",
                client.id
            );
            return Err(Failure::refused(text));
        }
        let asked = ClientMetadata {
            jwks: Some(jwks::read(&self.file)?),
            jwks_uri: None,
            ..metadata_of(&client)
        };
        relying_party::take(&asked, &mut client, &opened.policy)?;
        update(&opened, client.clone()).await?;
        show(&View::of(&client, None), self.json)
    }
}

impl Inspect {
    async fn run(self) -> Outcome {
        let (opened, mut client) = find(&self.place, &self.id).await?;
        client.inspect_until = self
            .minutes
            .map(|minutes| SystemClock.now().plus_seconds(minutes * 60));
        let said = client.inspect_until.map_or_else(
            || format!("the inspector does not record {}\n", client.id),
            |until| {
                format!(
                    "the inspector records {} until {}\n",
                    client.id,
                    output::moment(until)
                )
            },
        );
        update(&opened, client).await?;
        output::print(&said)
    }
}

impl Remove {
    async fn run(self) -> Outcome {
        let (opened, client) = find(&self.place, &self.id).await?;
        if !opened.store.remove_client(&client.id).await? {
            return Err(nobody(&self.id));
        }
        output::print(&format!("{} is gone, with every grant and consent\n", client.id))
    }
}

async fn find(place: &Place, id: &str) -> Outcome<(Opened, Record)> {
    let opened = place.open().await?;
    let parsed = ClientId::parse(id).map_err(|_| nobody(id))?;
    let found = opened.store.find_client(&parsed).await?;
    Ok((opened, found.ok_or_else(|| nobody(id))?))
}

async fn update(opened: &Opened, client: Record) -> Outcome {
    let id = client.id.to_string();
    signing_keys_of(opened, &client).await?;
    if opened.store.update_client(client).await? {
        Ok(())
    } else {
        Err(nobody(&id))
    }
}

fn nobody(id: &str) -> Failure {
    Failure::refused(format!(
        "no client is called {id:?}; `client list` shows every one"
    ))
}

/// 256 random bits. Only their hash is kept.
fn new_secret() -> (ClientSecret, SecretHash) {
    let secret = new_client_secret(&SystemRandom);
    let hash = hash_client_secret(&secret);
    (secret, hash)
}

/// Puts the secret where it must be readable again: sealed, for `client_secret_jwt` alone.
async fn seal(client: &mut Record, secret: &ClientSecret, opened: &Opened) -> Outcome {
    if let Authentication::ClientSecretJwt { secret: sealed } = &mut client.authentication {
        let keys = secret_keys(opened).await?;
        *sealed = keys.seal(Purpose::ClientSecretJwt, &client.id, secret.expose());
    }
    Ok(())
}

const fn has_secret(authentication: &Authentication) -> bool {
    !matches!(
        authentication,
        Authentication::None | Authentication::PrivateKeyJwt
    )
}
