//! `valetkey client allow`: what a registered client may do beside what it was registered for, or no longer. Where the
//! specs advise against it, the answer says why, and what to use instead.

use super::advice::Advice;
use super::exchange::ExchangeFor;
use super::sound::refuse;
use super::view::{View, show};
use super::words::What;
use super::{find, redirects, sound, update};
use crate::failure::Outcome;
use crate::output;
use crate::place::Place;
use clap::Args;
use valetkey_model::Client;
use valetkey_model::client::ApplicationType;
use valetkey_rules::Policy;

#[derive(Debug, Args)]
pub(in crate::commands) struct Allow {
    /// Which client.
    id: String,
    /// What it may do.
    #[arg(value_enum, value_name = "WHAT", required = true, num_args = 1.., value_delimiter = ',')]
    what: Vec<What>,
    /// Take it away instead. Without oauth1, its consumer secret and its key are forgotten, too.
    #[arg(long)]
    off: bool,
    /// Where else the browser may come back to; may be given more than once.
    #[arg(long, value_name = "URI", conflicts_with = "off")]
    redirect_uri: Vec<String>,
    #[command(flatten)]
    exchange: ExchangeFor,
    #[command(flatten)]
    place: Place,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

impl Allow {
    pub(super) async fn run(self) -> Outcome {
        let (opened, mut client) = find(&self.place, &self.id).await?;
        if self.off && self.exchange.is_asked() {
            return refuse(
                "--exchange-for and --impersonate give something; to take it all away: token_exchange --off",
            );
        }
        let native = client.application_type == ApplicationType::Native;
        for uri in redirects::read(&self.redirect_uri, native)? {
            if !client.redirect_uris.contains(&uri) {
                client.redirect_uris.push(uri);
            }
        }
        client.exchange = self.exchange.onto(client.exchange, &opened).await?;
        for what in &self.what {
            if self.off {
                take_away(&mut client, *what);
            } else {
                give(&mut client, *what);
            }
        }
        sound::check(&client)?;
        update(&opened, client.clone()).await?;
        if self.json {
            return show(&View::of(&client, None), true);
        }
        output::print(&self.said(&client, &opened.policy))
    }

    fn said(&self, client: &Client, policy: &Policy) -> String {
        let words = self
            .what
            .iter()
            .map(|what| what.word())
            .collect::<Vec<_>>()
            .join(", ");
        if self.off {
            return format!(
                "{} may not use {words} any more\n\
                 What people gave it in that way goes on; `valetkey client revoke-grants {} --by WAY` ends it\n",
                client.id, client.id
            );
        }
        let mut out = format!("{} may use {words} now\n", client.id);
        let asked = |advice: &Advice| self.what.iter().any(|what| advice.is_about(what.word()));
        for advice in Advice::of(client).iter().filter(|advice| asked(advice)) {
            out.push_str(&format!("\n{}", advice.text()));
        }
        if self.what.contains(&What::OAuth1) {
            out.push_str(&next_steps(client, policy));
        }
        out
    }
}

/// What is still missing before OAuth 1.0a works; nothing for a client without it.
pub(super) fn next_steps(client: &Client, policy: &Policy) -> String {
    let Some(oauth1) = &client.oauth1 else {
        return String::new();
    };
    let mut out = String::new();
    if oauth1.secret.is_none() && oauth1.rsa_public_key.is_none() {
        out.push_str(&format!(
            "\nIt cannot sign yet. Give it a consumer secret or a key: valetkey client oauth1 {} --new-secret \
             (or --secret-stdin, --rsa-key FILE)\n",
            client.id
        ));
    }
    if client.redirect_uris.is_empty() {
        out.push_str(
            "\nIt has no redirect URI, so its only oauth_callback is oob: people copy a verifier by hand.\n",
        );
    }
    if policy.resources_of_client(client).is_empty() {
        out.push_str(
            "\nIt may ask for no scope of an API, and an OAuth 1.0a token is good for nothing else.\n",
        );
    }
    out
}

fn give(client: &mut Client, what: What) {
    match what.grant_type() {
        Some(grant_type) => {
            client.grant_types.insert(grant_type);
        }
        None => {
            client.oauth1.get_or_insert_default();
        }
    }
}

fn take_away(client: &mut Client, what: What) {
    match what.grant_type() {
        Some(grant_type) => {
            client.grant_types.remove(&grant_type);
        }
        None => client.oauth1 = None,
    }
    if what == What::TokenExchange {
        client.exchange = None;
    }
}
