//! Makes the tokens that the rules decided on: claims from `rules::issue`, signed or sealed here.

use crate::call::{Call, Failure};
use crate::random;
use serde::Serialize;
use valetkey_jose::Algorithm;
use valetkey_model::{Client, Grant};
use valetkey_protocol::secret::AccessToken;
use valetkey_protocol::token;
use valetkey_rules::issue::{self as claims, AccessTokenClaims, Subject};
use valetkey_rules::policy::TokenFormat;
use valetkey_rules::token::Issue;
use valetkey_rules::token::exchange::Exchanged;

/// The algorithm of access tokens (RFC 9068 §2.1 allows any but `none`).
const ACCESS_TOKEN_ALGORITHM: Algorithm = Algorithm::ES256;

/// What the tokens are made from.
pub(in crate::endpoints) struct Tokens<'a> {
    grant: Option<(&'a Grant, u32)>,
    is_refresh: bool,
}

impl<'a> Tokens<'a> {
    /// When a code was redeemed.
    pub(in crate::endpoints) const fn first(grant: &'a Grant, generation: u32) -> Self {
        Self {
            grant: Some((grant, generation)),
            is_refresh: false,
        }
    }

    /// When a refresh token was used; `generation` is that of the one that goes out.
    pub(super) const fn refreshed(grant: &'a Grant, generation: u32) -> Self {
        Self {
            grant: Some((grant, generation)),
            is_refresh: true,
        }
    }

    /// When the client acts for itself.
    pub(super) const fn for_client() -> Self {
        Self {
            grant: None,
            is_refresh: false,
        }
    }
}

pub(in crate::endpoints) fn issue(
    call: &Call<'_>,
    client: &Client,
    issue: &Issue,
    tokens: Tokens<'_>,
) -> Result<token::Response, Failure> {
    let app = call.app;
    let subject = match tokens.grant {
        Some((grant, _)) => Subject::Grant(grant),
        None => Subject::Client(&client.id),
    };
    let jti = random::bytes(app.random.as_ref());
    let access = claims::access_token(issue, subject, app.policy(), jti, call.now);
    let access_token = written(call, issue.format, &access)?;
    let id_token = match tokens.grant.filter(|_| issue.id_token) {
        None => None,
        Some((grant, _)) => {
            let make = if tokens.is_refresh {
                claims::refreshed_id_token
            } else {
                claims::id_token
            };
            let id = make(grant, client, &access_token, app.policy(), call.now);
            let alg = claims::id_token_algorithm(client.id_token_signed_response_alg);
            Some(sign(call, alg, claims::ID_TOKEN_TYPE, &id)?)
        }
    };
    let refresh_token = tokens
        .grant
        .filter(|_| issue.refresh_token)
        .map(|(grant, generation)| app.handles.refresh_for(grant.id, generation));
    Ok(token::Response {
        access_token: AccessToken::new(access_token),
        expires_in: issue.ttl_seconds,
        scope: issue.scope.clone(),
        refresh_token,
        id_token,
        issued_token_type: None,
    })
}

/// The answer to a token exchange (RFC 8693 §2.2.1): an access token alone.
pub(super) fn exchanged(
    call: &Call<'_>,
    client: &Client,
    decided: &Exchanged,
) -> Result<token::Response, Failure> {
    let app = call.app;
    let jti = random::bytes(app.random.as_ref());
    let access = claims::exchanged_access_token(decided, client, app.policy(), jti, call.now);
    let issue = &decided.issue;
    Ok(token::Response {
        access_token: AccessToken::new(written(call, issue.format, &access)?),
        expires_in: issue.ttl_seconds,
        scope: issue.scope.clone(),
        refresh_token: None,
        id_token: None,
        issued_token_type: Some(token::ACCESS_TOKEN_TYPE),
    })
}

fn written(call: &Call<'_>, format: TokenFormat, access: &AccessTokenClaims) -> Result<String, Failure> {
    match format {
        TokenFormat::Jwt => sign(call, ACCESS_TOKEN_ALGORITHM, claims::ACCESS_TOKEN_TYPE, access),
        TokenFormat::Opaque => Ok(call.app.handles.seal_access(access)),
    }
}

fn sign(call: &Call<'_>, alg: Algorithm, typ: &str, claims: &impl Serialize) -> Result<String, Failure> {
    call.app
        .keys
        .current()
        .signing(alg)?
        .sign_jwt(typ, claims)
        .map_err(|error| Failure::Broken(error.to_string()))
}
