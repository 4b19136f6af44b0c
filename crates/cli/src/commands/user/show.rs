//! `valetkey user show`: what is known about somebody, and how they can sign in. No secret is shown.

use super::View;
use crate::failure::Outcome;
use crate::output;
use crate::place::{Opened, Place};
use clap::Args;
use serde::Serialize;
use valetkey_model::User as Person;
use valetkey_protocol::time::Timestamp;
use valetkey_server::clock::{Clock as _, SystemClock};

#[derive(Debug, Args)]
pub(in crate::commands) struct Show {
    /// Whom.
    username: String,
    #[command(flatten)]
    place: Place,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    view: View<'a>,
    second_factor: bool,
    recovery_codes: u32,
    passkeys: Vec<Passkey>,
    providers: Vec<Provider>,
    sessions: usize,
    grants: usize,
}

#[derive(Debug, Serialize)]
pub(super) struct Passkey {
    pub(super) name: String,
    pub(super) created_at: Timestamp,
    pub(super) last_used_at: Option<Timestamp>,
}

#[derive(Debug, Serialize)]
struct Provider {
    provider: String,
    label: String,
}

impl Show {
    pub(super) async fn run(self) -> Outcome {
        let opened = self.place.open().await?;
        let person = super::find(&opened, &self.username).await?;
        let shown = load(&opened, &person).await?;
        if self.json {
            return output::print_json(&shown);
        }
        output::print(&told(&shown))
    }
}

/// The person's passkeys as people read them.
pub(super) async fn passkeys(opened: &Opened, person: &Person) -> Outcome<Vec<Passkey>> {
    let passkeys = opened.store.list_passkeys(person.id).await?;
    let shown = passkeys.into_iter().map(|passkey| Passkey {
        name: passkey.name,
        created_at: passkey.created_at,
        last_used_at: passkey.last_used_at,
    });
    Ok(shown.collect())
}

async fn load<'a>(opened: &Opened, person: &'a Person) -> Outcome<Shown<'a>> {
    let (store, now) = (opened.store.as_ref(), SystemClock.now());
    let links = store.list_links(person.id).await?;
    Ok(Shown {
        view: View::of(person),
        second_factor: store.find_totp(person.id).await?.is_some(),
        recovery_codes: store.count_recovery_codes(person.id).await?,
        passkeys: passkeys(opened, person).await?,
        providers: links
            .into_iter()
            .map(|link| Provider {
                provider: link.provider,
                label: link.label,
            })
            .collect(),
        sessions: store.list_sessions(person.id, now).await?.len(),
        grants: store.list_active_grants(person.id, now).await?.len(),
    })
}

fn told(shown: &Shown<'_>) -> String {
    let row = |name: &str, value: String| vec![name.to_owned(), value];
    let yes = |is: bool| String::from(if is { "yes" } else { "no" });
    let list = |names: Vec<&str>| match names.is_empty() {
        true => String::from("none"),
        false => names.join(", "),
    };
    let mut rows = vec![
        row("username", shown.view.username.to_owned()),
        row("sub", shown.view.sub.to_string()),
        row("since", output::moment(shown.view.created_at)),
        row("password", yes(shown.view.has_password)),
        row("one-time codes", yes(shown.second_factor)),
        row("recovery codes", shown.recovery_codes.to_string()),
        row(
            "passkeys",
            list(
                shown
                    .passkeys
                    .iter()
                    .map(|passkey| passkey.name.as_str())
                    .collect(),
            ),
        ),
        row(
            "linked accounts",
            list(
                shown
                    .providers
                    .iter()
                    .map(|link| link.provider.as_str())
                    .collect(),
            ),
        ),
        row("sessions", shown.sessions.to_string()),
        row("apps' grants", shown.grants.to_string()),
    ];
    let claims = serde_json::to_value(shown.view.claims).unwrap_or_default();
    for (name, value) in claims.as_object().into_iter().flatten() {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        rows.push(row(name, text));
    }
    output::table(&rows)
}
