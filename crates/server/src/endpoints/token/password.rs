//! The person's password in the client's hands (RFC 6749 §4.3), for clients that were explicitly allowed it: RFC 9700
//! §2.4 says that it must not be used. The password is checked by [`crate::sign_in`], as on the sign-in page.

use super::issue::{Tokens, issue};
use crate::address;
use crate::call::{Call, Failure};
use crate::factors;
use crate::sign_in::{self, Attempt, Outcome, Way};
use http::request::Parts;
use valetkey_model::{Client, GrantId, User};
use valetkey_protocol::observe::Key;
use valetkey_protocol::rule::{Refusal, Rule};
use valetkey_protocol::token;
use valetkey_rules::token::password::{self, Asked};
use valetkey_store::StoreError;

/// Which generation of a refresh token goes out first.
const FIRST: u32 = 1;

pub(super) async fn grant(
    call: &mut Call<'_>,
    client: &Client,
    request: &token::Request,
    parts: &Parts,
) -> Result<token::Response, Failure> {
    let app = call.app;
    let asked = password::read(request, client, app.policy(), &mut call.trail)?;
    let user = sign_in(call, &asked, parts).await?;
    let has_second_factor = factors::has_second_factor(app, user.id).await?;
    password::password_is_enough(has_second_factor, &mut call.trail)?;
    let id = GrantId(app.uuid());
    let (policy, now) = (app.policy(), call.now);
    let grant = password::grant(&asked, client, user.id, policy, id, now);
    let issued = password::issue(&asked, client, &grant, policy, now);
    match app.store.insert_grant(grant.clone(), None).await {
        Ok(()) => {}
        // The person was removed in this very moment.
        Err(StoreError::Orphan { .. }) => {
            let refusal = Refusal::plain(Rule::PasswordCredentialsWrong);
            return Err(call.trail.refuse(refusal).into());
        }
        Err(error) => return Err(error.into()),
    }
    call.tie(Key::Grant(id.to_string()));
    tracing::info!(user = %user.id, client_id = %client.id, "signed in by a client");
    issue(call, client, &issued, Tokens::first(&grant, FIRST)).await
}

async fn sign_in(call: &mut Call<'_>, asked: &Asked<'_>, parts: &Parts) -> Result<Box<User>, Failure> {
    let attempt = Attempt {
        username: asked.username,
        password: asked.password,
        address: address::of_request(parts, &call.app.settings.trusted_proxies),
    };
    match sign_in::check(call, &attempt, Way::PasswordGrant).await? {
        Outcome::Right(user) => Ok(user),
        Outcome::Wrong(refusal) => Err(refusal.into()),
        Outcome::Throttled {
            refusal,
            retry_after_seconds,
        } => {
            call.retry_after_seconds = Some(retry_after_seconds);
            Err(refusal.into())
        }
    }
}
