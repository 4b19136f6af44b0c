//! Redeems a code (RFC 6749 §4.1.3): one compare-and-set on the grant's row; whoever loses it is decided
//! about once more, on what the row then says.

use super::issue::{Tokens, is_possible, issue};
use crate::call::{Call, Failure};
use valetkey_model::grant::Active;
use valetkey_model::{Client, Grant, GrantId};
use valetkey_protocol::observe::Key;
use valetkey_protocol::rule::{Refusal, Rule};
use valetkey_protocol::token;
use valetkey_rules::token::authorization_code::{self, Outcome};
use valetkey_rules::token::{Facts, Issue};
use valetkey_store::Redeemed;

pub(super) async fn redeem(
    call: &mut Call<'_>,
    client: &Client,
    request: &token::Request,
) -> Result<token::Response, Failure> {
    let app = call.app;
    let id = authorization_code::read(request, &app.handles, &mut call.trail)?;
    call.tie(Key::Grant(id.to_string()));
    let grant = app.store.find_grant(id).await?;
    let facts = Facts {
        client,
        grant: grant.as_ref(),
    };
    let outcome = authorization_code::decide(request, &facts, app.policy(), call.now, &mut call.trail);
    match (outcome, grant) {
        (Outcome::Redeem { active, issue }, Some(grant)) => commit(call, client, grant, active, &issue).await,
        (outcome, _) => Err(carry_out(call, id, outcome).await?),
    }
}

async fn commit(
    call: &mut Call<'_>,
    client: &Client,
    grant: Grant,
    active: Active,
    issued: &Issue,
) -> Result<token::Response, Failure> {
    is_possible(call, client, issued).await?;
    match call.app.store.redeem_code(grant.id, active).await? {
        Redeemed::Won => {
            let tokens = Tokens::first(&grant, active.generation);
            issue(call, client, issued, tokens).await
        }
        Redeemed::Lost(now) => {
            let outcome = authorization_code::lost_race(&now);
            if let Outcome::RevokeGrant { refusal, .. } | Outcome::Refuse(refusal) = &outcome {
                // Decided after the checks, so it is added to them here.
                let _ = call.trail.refuse(refusal.clone());
            }
            Err(carry_out(call, grant.id, outcome).await?)
        }
        Redeemed::Absent => Err(call.trail.refuse(Refusal::plain(Rule::CodeUnknown)).into()),
    }
}

/// Does what a refusal asks for, and hands the refusal back.
async fn carry_out(call: &Call<'_>, id: GrantId, outcome: Outcome) -> Result<Failure, Failure> {
    match outcome {
        Outcome::RevokeGrant { why, refusal } => {
            call.app.store.revoke_grant(id, why, call.now).await?;
            Ok(refusal.into())
        }
        Outcome::Refuse(refusal) => Ok(refusal.into()),
        Outcome::Redeem { .. } => Ok(Failure::Broken(String::from("a code without a grant"))),
    }
}
