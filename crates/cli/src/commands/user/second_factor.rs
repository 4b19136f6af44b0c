//! `valetkey user reset-second-factor`: for somebody who lost the device that makes their codes, after the operator has seen
//! who they are. They hear of it by a letter, where letters go out.

use super::super::sealing;
use super::show::{self, Passkey};
use crate::failure::{Failure, Outcome};
use crate::output;
use crate::place::{Opened, Place};
use clap::Args;
use serde::Serialize;
use valetkey_model::User as Person;
use valetkey_rules::account::link::proved_email;
use valetkey_server::clock::{Clock as _, SystemClock};
use valetkey_server::mail::letters::{self, Change, SignInMethod};
use valetkey_server::provision::post_letter;
use valetkey_server::random::SystemRandom;
use valetkey_server::routes;
use valetkey_store::Leaving;

#[derive(Debug, Args)]
pub(in crate::commands) struct ResetSecondFactor {
    /// Whose.
    username: String,
    /// Remove their passkeys, too.
    #[arg(long)]
    passkeys: bool,
    #[command(flatten)]
    place: Place,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct View {
    codes_removed: bool,
    passkeys_removed: Vec<Passkey>,
    passkeys_left: Vec<Passkey>,
    letter: bool,
}

impl ResetSecondFactor {
    pub(super) async fn run(self) -> Outcome {
        let opened = self.place.open().await?;
        let person = super::find(&opened, &self.username).await?;
        let codes_removed = opened.store.remove_totp(person.id).await?;
        let mut passkeys_removed = Vec::new();
        let mut passkeys_left = show::passkeys(&opened, &person).await?;
        if self.passkeys {
            for passkey in opened.store.list_passkeys(person.id).await? {
                opened
                    .store
                    .remove_passkey(person.id, &passkey.id, Leaving::Anything)
                    .await?;
            }
            passkeys_removed = std::mem::take(&mut passkeys_left);
        }
        let removed = passkeys_removed
            .iter()
            .map(|passkey| SignInMethod::Passkey(passkey.name.clone()))
            .chain(codes_removed.then_some(SignInMethod::Totp));
        let mut letter = false;
        for method in removed {
            letter |= tell(&opened, &person, &method).await?;
        }
        let view = View {
            codes_removed,
            passkeys_removed,
            passkeys_left,
            letter,
        };
        if self.json {
            return output::print_json(&view);
        }
        output::print(&told(&person, &view))
    }
}

/// Whether a letter goes out.
async fn tell(opened: &Opened, person: &Person, method: &SignInMethod) -> Outcome<bool> {
    let Some(to) = proved_email(person).filter(|_| opened.has_mail) else {
        return Ok(false);
    };
    let link = format!("{}{}", opened.policy.issuer, routes::ACCOUNT);
    let changed = (method, Change::Removed);
    let letter = letters::sign_in_method_changed(&opened.brand, to, &link, changed, SystemClock.now());
    let letter = letter.map_err(|error| Failure::refused(error.to_string()))?;
    let master = sealing::master(opened).await?;
    let edges = (&SystemClock as _, &SystemRandom as _);
    post_letter(opened.store.as_ref(), &master, &letter, edges).await?;
    Ok(true)
}

fn told(person: &Person, view: &View) -> String {
    let name = output::clean(&person.username);
    let mut text = match view.codes_removed {
        true => format!("{name} signs in without one-time codes now\n"),
        false => format!("{name} had no one-time codes\n"),
    };
    let names = |passkeys: &[Passkey]| {
        let names: Vec<String> = passkeys
            .iter()
            .map(|passkey| output::clean(&passkey.name))
            .collect();
        names.join(", ")
    };
    if !view.passkeys_removed.is_empty() {
        text.push_str(&format!("removed passkeys: {}\n", names(&view.passkeys_removed)));
    }
    if !view.passkeys_left.is_empty() {
        text.push_str(&format!(
            "passkeys that still sign in: {} (--passkeys removes them)\n",
            names(&view.passkeys_left)
        ));
    }
    if view.letter {
        text.push_str("a letter about it waits to be sent\n");
    }
    text
}
