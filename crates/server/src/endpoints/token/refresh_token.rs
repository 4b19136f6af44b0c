//! Refreshes (RFC 6749 §6): rotation is one compare-and-set on the grant's row; whoever loses it is decided
//! about once more, on what the row then says.

use super::issue::{Tokens, is_possible, issue};
use crate::call::{Call, Failure};
use valetkey_model::{Client, Grant, GrantId};
use valetkey_protocol::observe::Key;
use valetkey_protocol::rule::{Refusal, Rule};
use valetkey_protocol::token;
use valetkey_rules::token::Facts;
use valetkey_rules::token::refresh_token::{self, Outcome};
use valetkey_store::Rotated;

/// After this many lost races the server is plainly overrun by one client.
const MOST_TRIES: usize = 4;

pub(super) async fn refresh(
    call: &mut Call<'_>,
    client: &Client,
    request: &token::Request,
) -> Result<token::Response, Failure> {
    let app = call.app;
    let (id, generation) = refresh_token::read(request, &app.handles, &mut call.trail)?;
    call.tie(Key::Grant(id.to_string()));
    let mut grant = app.store.find_grant(id).await?;
    for _ in 0..MOST_TRIES {
        let facts = Facts {
            client,
            grant: grant.as_ref(),
        };
        let (policy, now) = (app.policy(), call.now);
        let outcome = refresh_token::decide(request, generation, &facts, policy, now, &mut call.trail);
        match carry_out(call, client, id, grant, outcome).await? {
            Step::Done(response) => return Ok(*response),
            Step::LostTo(grant_now) => grant = Some(*grant_now),
        }
    }
    Err(Refusal::plain(Rule::ServerBusy).into())
}

enum Step {
    Done(Box<token::Response>),
    LostTo(Box<Grant>),
}

async fn carry_out(
    call: &mut Call<'_>,
    client: &Client,
    id: GrantId,
    grant: Option<Grant>,
    outcome: Outcome,
) -> Result<Step, Failure> {
    let store = &call.app.store;
    let (generation, issued) = match outcome {
        Outcome::Refuse(refusal) => return Err(refusal.into()),
        Outcome::RevokeGrant { why, refusal } => {
            store.revoke_grant(id, why, call.now).await?;
            return Err(refusal.into());
        }
        Outcome::Repeat { generation, issue } => (generation, issue),
        Outcome::Rotate { from, next, issue } => {
            is_possible(call, client, &issue).await?;
            match store.rotate_refresh(id, from, next).await? {
                Rotated::Won => (next.generation, issue),
                Rotated::Lost(grant_now) => return Ok(Step::LostTo(grant_now)),
                Rotated::Absent => {
                    let refusal = Refusal::plain(Rule::RefreshTokenUnknown);
                    return Err(call.trail.refuse(refusal).into());
                }
            }
        }
    };
    let Some(grant) = grant else {
        return Err(Failure::Broken(String::from("a refresh without a grant")));
    };
    let response = issue(call, client, &issued, Tokens::refreshed(&grant, generation)).await?;
    Ok(Step::Done(Box::new(response)))
}
