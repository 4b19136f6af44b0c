//! `valetkey client migration`: how many of a client's people have moved from OAuth 1.0a to OAuth 2. People are counted,
//! not grants: somebody who kept both has moved.

use super::find;
use super::sound::refuse;
use crate::failure::Outcome;
use crate::output;
use crate::place::Place;
use clap::Args;
use serde::Serialize;
use valetkey_model::Client;
use valetkey_model::client::GrantType;
use valetkey_protocol::time::Timestamp;
use valetkey_server::clock::{Clock as _, SystemClock};

/// How many characters the bar has.
const BAR: u64 = 40;
const DAY: i64 = 24 * 3600;

#[derive(Debug, Args)]
pub(in crate::commands) struct Migration {
    /// Whose people.
    id: String,
    #[command(flatten)]
    place: Place,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

/// As scripts read it.
#[derive(Debug, Serialize)]
struct View<'a> {
    client_id: &'a str,
    people: u64,
    moved: u64,
    oauth1_allowed: bool,
    may_migrate: bool,
    retires_at: Option<Timestamp>,
}

impl Migration {
    pub(super) async fn run(self) -> Outcome {
        let (opened, client) = find(&self.place, &self.id).await?;
        let now = SystemClock.now();
        let counted = opened.store.migration(&client.id, now).await?;
        if counted.people == 0 && client.oauth1.is_none() {
            return refuse(format!(
                "{0} never used OAuth 1.0a as far as anybody remembers: it is not allowed, and nobody has given it anything",
                client.id
            ));
        }
        let view = View {
            client_id: client.id.as_str(),
            people: counted.people,
            moved: counted.moved,
            oauth1_allowed: client.oauth1.is_some(),
            may_migrate: client.oauth1.is_some() && client.may_use(GrantType::RefreshToken),
            retires_at: client.oauth1.as_ref().and_then(|side| side.retires_at),
        };
        if self.json {
            return output::print_json(&view);
        }
        output::print(&plain(&view, &client, now))
    }
}

fn plain(view: &View<'_>, client: &Client, now: Timestamp) -> String {
    let mut out = format!("{} ({})\n", output::clean(&client.name), client.id);
    if view.people == 0 {
        out.push_str("  nobody has given it anything\n");
    } else {
        out.push_str(&format!(
            "  {} of {} moved to OAuth 2\n  {}\n",
            view.moved,
            people(view.people),
            bar(view.moved, view.people)
        ));
    }
    out.push_str(&format!("  {}\n", retirement(view, now)));
    if view.oauth1_allowed && !view.may_migrate {
        out.push_str(&format!(
            "  It cannot exchange its tokens yet: `valetkey client allow {} refresh_token` lets it.\n",
            client.id
        ));
    }
    out
}

fn retirement(view: &View<'_>, now: Timestamp) -> String {
    match view.retires_at {
        None if !view.oauth1_allowed => {
            "OAuth 1.0a is off: tokens of the old kind do not work any more".into()
        }
        None => {
            "OAuth 1.0a goes on until `valetkey client oauth1 CLIENT --retires YYYY-MM-DD` says otherwise"
                .into()
        }
        Some(end) if end <= now => format!("OAuth 1.0a ended on {}", output::moment(end)),
        Some(end) => format!(
            "OAuth 1.0a ends on {}, in {} days",
            output::moment(end),
            end.seconds_since(now) / DAY
        ),
    }
}

fn people(count: u64) -> String {
    if count == 1 {
        "1 person".into()
    } else {
        format!("{count} people")
    }
}

/// Full only when everybody has moved, empty only when nobody has.
fn bar(moved: u64, people: u64) -> String {
    let full = match (u128::from(moved) * u128::from(BAR)).checked_div(u128::from(people)) {
        Some(0) if moved > 0 => 1,
        Some(full) => usize::try_from(full).unwrap_or_default(),
        None => 0,
    };
    let rest = usize::try_from(BAR).unwrap_or_default().saturating_sub(full);
    let percent = (u128::from(moved) * 100)
        .checked_div(u128::from(people))
        .unwrap_or_default();
    format!("[{}{}] {percent} %", "#".repeat(full), ".".repeat(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_is_full_only_when_everybody_has_moved() {
        assert_eq!(bar(0, 3), format!("[{}] 0 %", ".".repeat(40)));
        assert_eq!(bar(1, 1000), format!("[#{}] 0 %", ".".repeat(39)));
        assert_eq!(bar(999, 1000), format!("[{}.] 99 %", "#".repeat(39)));
        assert_eq!(bar(7, 7), format!("[{}] 100 %", "#".repeat(40)));
        assert_eq!(bar(u64::MAX, u64::MAX), format!("[{}] 100 %", "#".repeat(40)));
        assert_eq!(bar(0, 0), format!("[{}] 0 %", ".".repeat(40)));
    }
}
