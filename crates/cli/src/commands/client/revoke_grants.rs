//! `valetkey client revoke-grants`: takes away what people gave a client, for an operator who finds that they were
//! tricked into it (RFC 10027).

use super::find;
use super::words::Way;
use crate::commands::moment::{self, Since};
use crate::failure::Outcome;
use crate::output;
use crate::place::Place;
use clap::Args;
use serde::Serialize;
use valetkey_model::grant::{GrantedBy, RevokedWhy};
use valetkey_protocol::time::Timestamp;
use valetkey_server::clock::{Clock as _, SystemClock};

#[derive(Debug, Args)]
pub(in crate::commands) struct RevokeGrants {
    /// Whose.
    id: String,
    /// Only what was given in this way [default: any].
    #[arg(long, value_enum, value_name = "WAY")]
    by: Option<Way>,
    /// Only what was given since then: so long ago, as 90m, 12h or 7d, or a date, or a moment, as 2026-11-20T08:00:00Z
    /// [default: ever].
    #[arg(long, value_name = "WHEN", value_parser = moment::since)]
    since: Option<Since>,
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
    by: Option<&'static str>,
    since: Option<Timestamp>,
    revoked: u64,
}

impl RevokeGrants {
    pub(super) async fn run(self) -> Outcome {
        let (opened, client) = find(&self.place, &self.id).await?;
        let now = SystemClock.now();
        let since = self.since.map(|since| since.at(now));
        let by = self.by.map(Way::granted_by);
        let revoked = opened
            .store
            .revoke_grants_of_client(
                &client.id,
                by,
                since.unwrap_or(Timestamp(0)),
                RevokedWhy::ByAdmin,
                now,
            )
            .await?;
        let view = View {
            client_id: client.id.as_str(),
            by: by.map(GrantedBy::as_str),
            since,
            revoked,
        };
        if self.json {
            return output::print_json(&view);
        }
        output::print(&plain(&view, opened.policy.longest_access_token_ttl_seconds()))
    }
}

fn plain(view: &View<'_>, longest_ttl_seconds: i64) -> String {
    let what = match view.revoked {
        0 => "no grant".to_owned(),
        1 => "1 grant".to_owned(),
        many => format!("{many} grants"),
    };
    let by = view.by.map(|by| format!(" by {by}")).unwrap_or_default();
    let since = view
        .since
        .map(|since| format!(" since {}", output::moment(since)))
        .unwrap_or_default();
    let verb = if view.revoked > 1 { "were" } else { "was" };
    let mut out = format!("{what} to {}{by}{since} {verb} revoked\n", view.client_id);
    if view.revoked > 0 {
        out.push_str(&format!(
            "An API that checks signatures alone goes on accepting access tokens for up to {longest_ttl_seconds} seconds.\n"
        ));
    }
    out
}
