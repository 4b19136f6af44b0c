//! `valetkey client oauth1`: what a client signs OAuth 1.0a requests with (RFC 5849 §3.4), how long its token
//! credentials last, and when they stop for good. The consumer key is the client id.

use super::sound::refuse;
use super::view::{View, show};
use super::{find, update};
use crate::commands::sealing::secret_keys;
use crate::commands::{ask, moment};
use crate::failure::{Failure, Outcome};
use crate::place::Place;
use clap::Args;
use std::path::{Path, PathBuf};
use valetkey_jose::oauth1::RsaPublicKey;
use valetkey_protocol::secret::ClientSecret;
use valetkey_protocol::time::Timestamp;
use valetkey_rules::Purpose;
use valetkey_server::provision::new_client_secret;
use valetkey_server::random::SystemRandom;

const YEAR: i64 = 366 * 24 * 3600;
/// RFC 5849's own example has so many; what is shorter can be guessed by whoever sees one signed request (§4.9).
const LEAST_CHARACTERS: usize = 16;
const MOST_BYTES: usize = 1024;

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(true))]
pub(in crate::commands) struct OAuth1 {
    /// Whose.
    id: String,
    /// Make a new consumer secret, shown once; the one before stops working within a second.
    #[arg(long, group = "what", conflicts_with = "secret_stdin")]
    new_secret: bool,
    /// Take over the consumer secret that the client has at another provider: the first line of standard input.
    #[arg(long, group = "what")]
    secret_stdin: bool,
    /// Forget the consumer secret; the client signs with its RSA key alone.
    #[arg(long, group = "what", conflicts_with_all = ["new_secret", "secret_stdin"])]
    no_secret: bool,
    /// The client's public RSA key for RSA-SHA1 and RSA-SHA256, in PEM; 2048 bits or more.
    #[arg(long, group = "what", value_name = "FILE")]
    rsa_key: Option<PathBuf>,
    /// Forget the RSA key.
    #[arg(long, group = "what", conflicts_with = "rsa_key")]
    no_rsa_key: bool,
    /// New token credentials last so long.
    #[arg(long, group = "what", value_name = "N", value_parser = clap::value_parser!(i64).range(60..=10 * YEAR))]
    token_ttl_seconds: Option<i64>,
    /// New token credentials last until somebody revokes them; the default.
    #[arg(long, group = "what", conflicts_with = "token_ttl_seconds")]
    until_revoked: bool,
    /// From the beginning of this day (UTC) on, none of its token credentials work, and none is exchanged any more.
    #[arg(long, group = "what", value_name = "YYYY-MM-DD", value_parser = moment::date)]
    retires: Option<Timestamp>,
    /// No such day; the default.
    #[arg(long, group = "what", conflicts_with = "retires")]
    no_retirement: bool,
    #[command(flatten)]
    place: Place,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

impl OAuth1 {
    pub(super) async fn run(self) -> Outcome {
        let (opened, mut client) = find(&self.place, &self.id).await?;
        let Some(side) = &mut client.oauth1 else {
            return refuse(format!(
                "{0} may not use OAuth 1.0a; `client allow {0} oauth1` lets it",
                client.id
            ));
        };
        if let Some(file) = &self.rsa_key {
            side.rsa_public_key = Some(rsa_key(file)?);
        }
        if self.no_rsa_key {
            side.rsa_public_key = None;
        }
        if self.token_ttl_seconds.is_some() || self.until_revoked {
            side.token_ttl_seconds = self.token_ttl_seconds;
        }
        if self.retires.is_some() || self.no_retirement {
            side.retires_at = self.retires;
        }
        if self.no_secret {
            side.secret = None;
        }
        let secret = self.secret()?;
        if let Some(secret) = &secret {
            let keys = secret_keys(&opened).await?;
            side.secret = Some(keys.seal(Purpose::OAuth1, &client.id, secret.expose()));
        }
        update(&opened, client.clone()).await?;
        let shown = secret.as_ref().filter(|_| self.new_secret);
        show(&View::of(&client, None).with_consumer_secret(shown), self.json)
    }

    fn secret(&self) -> Outcome<Option<ClientSecret>> {
        if self.new_secret {
            return Ok(Some(new_client_secret(&SystemRandom)));
        }
        self.secret_stdin.then(taken_over).transpose()
    }
}

fn taken_over() -> Outcome<ClientSecret> {
    let secret = ask::secret_from_standard_input()?;
    let text = secret.expose();
    if text.chars().count() < LEAST_CHARACTERS {
        return refuse(format!(
            "a consumer secret has at least {LEAST_CHARACTERS} characters: a shorter one can be guessed by whoever sees a \
             signed request (RFC 5849 §4.9); --new-secret makes one"
        ));
    }
    if text.len() > MOST_BYTES || text.chars().any(char::is_control) {
        return refuse(format!(
            "a consumer secret is one line of at most {MOST_BYTES} bytes without control characters"
        ));
    }
    Ok(secret)
}

fn rsa_key(file: &Path) -> Outcome<Vec<u8>> {
    let pem = std::fs::read_to_string(file).map_err(Failure::file(file))?;
    let refused = |why: &str| refuse(format!("{}: {why}", file.display()));
    if pem.contains("PRIVATE KEY-----") {
        return refused(
            "this is a PRIVATE key: whoever has it is this client. Nothing was changed. Give the public half alone \
             (openssl pkey -in KEY -pubout), and make a new key if anybody else may have seen this file",
        );
    }
    if pem.contains("BEGIN CERTIFICATE-----") {
        return refused("this is a certificate; the key in it: openssl x509 -in FILE -noout -pubkey");
    }
    match RsaPublicKey::from_pem(&pem) {
        Ok(key) => Ok(key.as_der().to_vec()),
        Err(_) => refused("no public RSA key of 2048 to 8192 bits in PEM (-----BEGIN PUBLIC KEY-----)"),
    }
}
