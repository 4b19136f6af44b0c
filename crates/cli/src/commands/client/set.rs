//! `valetkey client set`: what a client is as a relying party, changed or taken away member by member.

use super::relying_party::{RelyingParty, take};
use super::sound::refuse;
use super::view::{View, show};
use super::words::Alg;
use super::{find, redirects, registration, sound, update};
use crate::config::suggest::nearest;
use crate::failure::{Failure, Outcome};
use crate::place::Place;
use clap::Args;
use serde_json::{Map, Value};
use valetkey_model::Client;
use valetkey_model::client::ApplicationType;
use valetkey_protocol::register::ClientMetadata;
use valetkey_rules::register::metadata_of;

/// What a client cannot be without, or what other commands change.
const STAY: [&str; 8] = [
    "redirect_uris",
    "grant_types",
    "application_type",
    "client_name",
    "token_endpoint_auth_method",
    "scope",
    "software_id",
    "software_version",
];

#[derive(Debug, Args)]
pub(in crate::commands) struct Set {
    /// Which client.
    id: String,
    /// The name people read on the consent page.
    #[arg(long)]
    name: Option<String>,
    /// Where the browser comes back to, in place of all that were registered; may be given more than once.
    #[arg(long, value_name = "URI")]
    redirect_uri: Vec<String>,
    /// The algorithm of its ID tokens.
    #[arg(long, value_enum, value_name = "ALG")]
    id_token_alg: Option<Alg>,
    /// Take away what stands under this name in `client show --json`, as logo_uri; words set apart by commas.
    #[arg(long, value_name = "MEMBER", value_delimiter = ',')]
    unset: Vec<String>,
    #[command(flatten)]
    relying_party: RelyingParty,
    #[command(flatten)]
    place: Place,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

impl Set {
    pub(super) async fn run(self) -> Outcome {
        let (opened, mut client) = find(&self.place, &self.id).await?;
        if let Some(name) = &self.name {
            client.name = registration::name(name)?;
        }
        if !self.redirect_uri.is_empty() {
            let native = client.application_type == ApplicationType::Native;
            client.redirect_uris = redirects::read(&self.redirect_uri, native)?;
        }
        let asked = self.asked(&client)?;
        take(&asked, &mut client, &opened.policy)?;
        sound::check(&client)?;
        update(&opened, client.clone()).await?;
        show(&View::of(&client, None), self.json)
    }

    /// What there is, less what is taken away, and with what is new.
    fn asked(&self, client: &Client) -> Outcome<ClientMetadata> {
        let mut members = metadata_of(client).to_members();
        if client.openid.response_types.is_empty() {
            members.remove("response_types");
        }
        for member in &self.unset {
            unset(member, &mut members)?;
        }
        let mut new = self.relying_party.metadata()?;
        new.id_token_signed_response_alg = self
            .id_token_alg
            .map(|alg| alg.id_token_alg().as_str().to_owned());
        if self.relying_party.has_keys() {
            members.remove("jwks");
            members.remove("jwks_uri");
        }
        let mut asked =
            ClientMetadata::from_members(members).map_err(|error| Failure::refused(error.to_string()))?;
        asked.overlay(new);
        Ok(asked)
    }
}

fn unset(member: &str, members: &mut Map<String, Value>) -> Outcome {
    let mut known = ClientMetadata::MEMBERS
        .iter()
        .filter(|known| !STAY.contains(known));
    if !known.clone().any(|known| *known == member) {
        let meant = nearest(member, known.by_ref().copied()).map_or_else(
            || String::from("`client show --json` shows what there is"),
            |meant| format!("did you mean {meant:?}?"),
        );
        return refuse(format!("--unset: {member:?} cannot be taken away: {meant}"));
    }
    members.remove(member);
    if let Some(way) = member.strip_suffix("_uri").filter(|way| way.ends_with("_logout")) {
        members.remove(&format!("{way}_session_required"));
    }
    Ok(())
}
