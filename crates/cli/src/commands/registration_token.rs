//! `valetkey registration-token`: initial access tokens (RFC 7591 §3), with which apps may register themselves.

use super::sealing;
use crate::failure::Outcome;
use crate::output;
use crate::place::Place;
use clap::Args;
use serde::Serialize;
use valetkey_protocol::time::Timestamp;
use valetkey_rules::register::RegistrationMode;
use valetkey_rules::register::token::Initial;
use valetkey_server::clock::{Clock as _, SystemClock};
use valetkey_server::random::{self, SystemRandom};

const HOUR: i64 = 3600;
/// The longest that a token works: a year.
const MOST_HOURS: i64 = 366 * 24;

/// The options of `registration-token`.
#[derive(Debug, Args)]
pub(super) struct RegistrationToken {
    /// For how many hours it works; whoever has it may register any number of clients until then.
    #[arg(long, value_name = "HOURS", default_value_t = 24, value_parser = clap::value_parser!(i64).range(1..=MOST_HOURS))]
    ttl_hours: i64,
    /// Take back the token of that id instead. Clients that were registered with it stay.
    #[arg(long, value_name = "ID", conflicts_with = "ttl_hours")]
    revoke: Option<String>,
    #[command(flatten)]
    place: Place,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct View<'a> {
    initial_access_token: &'a str,
    id: &'a str,
    expires_at: Timestamp,
    registration_endpoint: String,
}

impl RegistrationToken {
    pub(super) async fn run(self) -> Outcome {
        let opened = self.place.open().await?;
        let now = SystemClock.now();
        if let Some(id) = &self.revoke {
            let until = now.plus_seconds(MOST_HOURS * HOUR);
            opened.store.revoke_token(id, until).await?;
            return output::print(&format!("no app can register with the token {id} any more\n"));
        }
        let initial = Initial {
            jti: random::text::<12>(&SystemRandom),
            expires_at: now.plus_seconds(self.ttl_hours * HOUR),
        };
        let token = sealing::registration_keys(&opened).await?.initial_token(&initial);
        let view = View {
            initial_access_token: &token,
            id: &initial.jti,
            expires_at: initial.expires_at,
            registration_endpoint: format!("{}/register", opened.policy.issuer),
        };
        if self.json {
            return output::print_json(&view);
        }
        let row = |name: &str, value: String| vec![name.to_owned(), value];
        output::print(&output::table(&[
            row(
                "initial access token",
                format!("{token}   (shown now and never again)"),
            ),
            row("id", initial.jti.clone()),
            row("until", output::moment(initial.expires_at)),
            row("to be sent to", view.registration_endpoint.clone()),
        ]))?;
        if opened.policy.registration.mode == RegistrationMode::Off {
            output::print("\nNobody can use it yet: [registration] mode is off\n")?;
        }
        Ok(())
    }
}
