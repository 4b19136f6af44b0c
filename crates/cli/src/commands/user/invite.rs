//! `valetkey user invite`: a link with which somebody opens an account. It is sealed, not stored; it counts once.

use super::super::sealing;
use crate::failure::{Failure, Outcome};
use crate::output;
use crate::place::Place;
use clap::Args;
use serde::Serialize;
use valetkey_protocol::time::Timestamp;
use valetkey_rules::account::SignUp;
use valetkey_rules::account::link::{Invitation, LinkKeys};
use valetkey_server::clock::{Clock as _, SystemClock};
use valetkey_server::mail::{Address, letters};
use valetkey_server::provision::post_letter;
use valetkey_server::random::{self, SystemRandom};
use valetkey_server::routes;

const HOUR: i64 = 3600;
/// The longest that an invitation works: a year.
const MOST_HOURS: i64 = 366 * 24;

#[derive(Debug, Args)]
pub(in crate::commands) struct Invite {
    /// The address of the person; the account gets it, proved.
    email: String,
    /// For how many hours the link works; else as [accounts] says.
    #[arg(long, value_name = "HOURS", value_parser = clap::value_parser!(i64).range(1..=MOST_HOURS))]
    ttl_hours: Option<i64>,
    /// Do not send a letter: you hand the link over yourself.
    #[arg(long)]
    no_letter: bool,
    #[command(flatten)]
    place: Place,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct View<'a> {
    email: &'a str,
    link: &'a str,
    expires_at: Timestamp,
    letter: bool,
}

impl Invite {
    pub(super) async fn run(self) -> Outcome {
        let opened = self.place.open().await?;
        let email = super::address(&self.email)?.to_string();
        if !opened.store.find_users_by_email(&email).await?.is_empty() {
            return Err(Failure::refused(format!("{email} has an account already")));
        }
        let accounts = &opened.policy.accounts;
        let seconds = self
            .ttl_hours
            .map_or(accounts.invitation_ttl_seconds, |hours| hours * HOUR);
        let invitation = Invitation {
            email: email.clone(),
            serial: random::text::<12>(&SystemRandom),
            expires_at: SystemClock.now().plus_seconds(seconds),
        };
        let master = sealing::master(&opened).await?;
        let token = LinkKeys::new(&master).seal(&invitation);
        let link = format!("{}{}?invitation={token}", opened.policy.issuer, routes::SIGN_UP);
        let letter = opened.has_mail && !self.no_letter;
        if letter {
            let hours = u32::try_from((seconds + HOUR - 1) / HOUR).unwrap_or(1);
            let letter = letters::invitation(&opened.brand, &email, &link, hours);
            let letter = letter.map_err(|error| Failure::refused(error.to_string()))?;
            let edges = (&SystemClock as _, &SystemRandom as _);
            post_letter(opened.store.as_ref(), &master, &letter, edges).await?;
        }
        let view = View {
            email: &email,
            link: &link,
            expires_at: invitation.expires_at,
            letter,
        };
        if self.json {
            return output::print_json(&view);
        }
        output::print(&told(&view))?;
        if accounts.sign_up == SignUp::Off {
            output::print("\nNobody can use it yet: [accounts] sign_up is off\n")?;
        }
        Ok(())
    }
}

fn told(view: &View<'_>) -> String {
    let row = |name: &str, value: String| vec![name.to_owned(), value];
    let letter = if view.letter {
        "waits to be sent; the running server sends it"
    } else {
        "none; hand the link over yourself"
    };
    output::table(&[
        row("invited", view.email.to_owned()),
        row("link", view.link.to_owned()),
        row("until", output::moment(view.expires_at)),
        row("letter", letter.to_owned()),
    ])
}

/// An address that letters can go to.
pub(super) fn address(text: &str) -> Outcome<Address> {
    Address::parse(text).map_err(|error| Failure::refused(format!("{text:?} {error}")))
}
