//! `valetkey user set-email`: another address for somebody, by the operator's word.

use super::View;
use crate::failure::{Failure, Outcome};
use crate::output;
use crate::place::Place;
use clap::Args;
use valetkey_server::clock::{Clock as _, SystemClock};

#[derive(Debug, Args)]
pub(in crate::commands) struct SetEmail {
    /// Whose.
    username: String,
    /// The new address.
    email: String,
    /// It was verified: letters that open the account go there.
    #[arg(long)]
    verified: bool,
    #[command(flatten)]
    place: Place,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

impl SetEmail {
    pub(super) async fn run(self) -> Outcome {
        let opened = self.place.open().await?;
        let mut person = super::find(&opened, &self.username).await?;
        let email = super::address(&self.email)?.to_string();
        let owners = opened.store.find_users_by_email(&email).await?;
        if let Some(owner) = owners.iter().find(|owner| owner.id != person.id)
            && self.verified
        {
            let name = output::clean(&owner.username);
            return Err(Failure::refused(format!(
                "{email} is the verified address of {name}"
            )));
        }
        let before = person.claims.clone();
        person.claims.email = Some(email.clone());
        person.claims.email_verified = Some(self.verified);
        person.claims.updated_at = Some(SystemClock.now().0);
        let (id, claims) = (person.id, person.claims.clone());
        if !opened.store.set_claims(id, before, claims).await? {
            return Err(Failure::refused(format!(
                "the account of {} was changed or removed at the same moment; nothing was done",
                output::clean(&person.username)
            )));
        }
        if self.json {
            return output::print_json(&View::of(&person));
        }
        let verified = if self.verified { "" } else { ", not verified" };
        output::print(&format!(
            "{} has the address {email}{verified}\n",
            output::clean(&person.username)
        ))
    }
}
