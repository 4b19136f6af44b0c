//! A device polls (RFC 8628 §3.4): every poll is written down, so that of two at once one sees the other; the grant
//! that the person gave is redeemed as a code is, by one compare-and-set on its row.

use super::issue::{Tokens, is_possible, issue};
use crate::call::{Call, Failure};
use crate::endpoints::device_authorization::tie;
use valetkey_model::Client;
use valetkey_protocol::observe::Key;
use valetkey_protocol::rule::Rule;
use valetkey_protocol::token;
use valetkey_rules::token::device_code::{self, Facts, Outcome};
use valetkey_store::Redeemed;

pub(super) async fn redeem(
    call: &mut Call<'_>,
    client: &Client,
    request: &token::Request,
) -> Result<token::Response, Failure> {
    let app = call.app;
    let id = device_code::read(request, &app.handles, &mut call.trail)?;
    call.tie(tie(id));
    let device = app.store.poll_device(id, call.now).await?;
    let grant = match device.as_ref().and_then(device_code::granted) {
        Some(grant) => app.store.find_grant(grant).await?,
        None => None,
    };
    let facts = Facts {
        client,
        device: device.as_ref(),
        grant: grant.as_ref(),
    };
    let outcome = device_code::decide(request, &facts, app.policy(), call.now, &mut call.trail);
    let (active, issued) = match outcome {
        Outcome::Refuse(refusal) => {
            let polled_before = device.is_some_and(|device| device.polled_at.is_some());
            call.untold = polled_before && refusal.rule == Rule::DeviceAuthorizationPending;
            return Err(refusal.into());
        }
        Outcome::Redeem { active, issue } => (active, issue),
    };
    let Some(grant) = grant else {
        return Err(Failure::Broken(String::from("a device code without a grant")));
    };
    call.tie(Key::Grant(grant.id.to_string()));
    is_possible(call, client, &issued).await?;
    match app.store.redeem_code(grant.id, active).await? {
        Redeemed::Won => issue(call, client, &issued, Tokens::first(&grant, active.generation)).await,
        Redeemed::Lost(_) | Redeemed::Absent => Err(call.trail.refuse(device_code::lost_race()).into()),
    }
}
