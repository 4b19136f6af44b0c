//! From OAuth 1.0a to OAuth 2 (RFC 8693): `POST /token` with the token of token credentials as subject token. The request
//! is signed with these very credentials, so no secret stands in it, and the signature is the client's authentication.

use super::super::token::issue::{Tokens, issue};
use super::signed::{self, Received};
use crate::call::{Call, Failure};
use crate::{form, routes};
use http::request::Parts;
use valetkey_model::GrantId;
use valetkey_model::grant::{Grant, GrantState, RevokedWhy};
use valetkey_protocol::client_auth::Presented;
use valetkey_protocol::oauth1::Collected;
use valetkey_protocol::params::Params;
use valetkey_protocol::rule::{Refusal, Rule};
use valetkey_protocol::token::{self, ACCESS_TOKEN_TYPE};
use valetkey_rules::oauth1::migration::{self, Facts, Migrated};
use valetkey_rules::token::exchange;

/// Exchanges the credentials. `body` is the form as it came: the signature is over that.
pub(in crate::endpoints) async fn migrate(
    call: &mut Call<'_>,
    parts: &Parts,
    body: &[u8],
    params: &Params,
) -> Result<token::Response, Failure> {
    let app = call.app;
    let request = token::Request::from_params(params);
    exchange::read(&request, &mut call.trail)?;
    let received = signed_request(call, parts, body)?;
    if let Some(received) = &received {
        received.find_consumer(call).await?;
        let presented = Presented::read(None, params);
        migration::authenticated_once(&presented, received.protocol(), &mut call.trail)?;
    }
    let protocol = received.as_ref().map(Received::protocol);
    let old = migration::read(&request, protocol, &app.handles, &mut call.trail)?;
    let Some(received) = &received else {
        return Err(Failure::Broken(String::from("a proof without a signature")));
    };
    let secret = app.handles.oauth1_token_secret(old);
    let client = received.verify(call, Some(&secret)).await?;
    let grant = app.store.find_grant(old).await?;
    let facts = Facts {
        client: &client,
        grant: grant.as_ref(),
    };
    let id = GrantId(app.uuid());
    let migrated = migration::decide(&request, &facts, app.policy(), id, call.now, &mut call.trail)?;
    write(call, old, &migrated).await?;
    let tokens = Tokens::first(&migrated.grant, 1);
    let response = issue(call, &client, &migrated.issue, tokens).await?;
    app.metrics.tokens("migration");
    Ok(token::Response {
        issued_token_type: Some(ACCESS_TOKEN_TYPE),
        ..response
    })
}

/// `None` for a request that nobody signed.
fn signed_request(call: &mut Call<'_>, parts: &Parts, body: &[u8]) -> Result<Option<Received>, Refusal> {
    let authorization = form::authorization(&parts.headers);
    if !Collected::is_oauth1(authorization, parts.uri.query(), Some(body)) {
        return Ok(None);
    }
    signed::of_bytes(call, parts, body, routes::TOKEN).map(Some)
}

/// Whoever takes the old access away at this moment does not see the new one: so it is looked once more.
async fn write(call: &mut Call<'_>, old: GrantId, migrated: &Migrated) -> Result<(), Failure> {
    let store = &call.app.store;
    let id = migrated.grant.id;
    store.insert_grant(migrated.grant.clone(), None).await?;
    let still = store.find_grant(old).await?;
    let why = match still.map(|grant: Grant| grant.state) {
        Some(GrantState::Active(_)) => return Ok(()),
        Some(GrantState::Revoked { why, .. }) => why,
        Some(GrantState::CodeIssued(_)) | None => RevokedWhy::ByAdmin,
    };
    store.revoke_grant(id, why, call.now).await?;
    Err(call.trail.refuse(Refusal::plain(Rule::OAuth1TokenRevoked)).into())
}
