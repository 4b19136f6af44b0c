//! Makes the tokens that the rules decided on, for the token endpoint and for the authorization endpoint: claims from
//! `rules::issue`, signed, encrypted or sealed here.

use crate::call::{Call, Failure};
use crate::encryption;
use serde::Serialize;
use valetkey_jose::Algorithm;
use valetkey_model::{Client, Grant, User};
use valetkey_protocol::rule::Rule;
use valetkey_protocol::secret::AccessToken;
use valetkey_protocol::token;
use valetkey_rules::issue::{self as claims, About, AccessTokenClaims, Subject};
use valetkey_rules::policy::TokenFormat;
use valetkey_rules::token::Issue;
use valetkey_rules::token::exchange::Exchanged;

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

/// The ID token of the authorization endpoint (OpenID Connect Core §3.2.2.10, §3.3.2.11), and what goes out beside it.
pub(in crate::endpoints) struct FrontChannel<'a> {
    /// Who gets it.
    pub(in crate::endpoints) client: &'a Client,
    /// What it was given.
    pub(in crate::endpoints) grant: &'a Grant,
    /// Who gave it.
    pub(in crate::endpoints) user: &'a User,
    /// The code beside it, for `c_hash`.
    pub(in crate::endpoints) code: Option<&'a str>,
    /// The access token beside it, for `at_hash`.
    pub(in crate::endpoints) access_token: Option<&'a str>,
    /// Whether the response type was exactly `id_token`: then the scope opens claims here (§5.4).
    pub(in crate::endpoints) with_scope_claims: bool,
}

/// Whether all of it can be made: asked before a code or a refresh token is used up for it.
pub(super) async fn is_possible(call: &mut Call<'_>, client: &Client, issue: &Issue) -> Result<(), Failure> {
    match &client.openid.id_token_encryption {
        Some(how) if issue.id_token => {
            encryption::is_possible(call, client, how, Rule::ClientEncryptionKeyMissing).await
        }
        _ => Ok(()),
    }
}

pub(in crate::endpoints) async fn issue(
    call: &mut Call<'_>,
    client: &Client,
    issue: &Issue,
    tokens: Tokens<'_>,
) -> Result<token::Response, Failure> {
    let app = call.app;
    let access_token = access_token(call, client, issue, tokens.grant.map(|(grant, _)| grant)).await?;
    let id_token = match tokens.grant.filter(|_| issue.id_token) {
        None => None,
        Some((grant, _)) => {
            let about = Wanted {
                client,
                grant,
                user: None,
                code: None,
                access_token: Some(access_token.expose()),
                with_scope_claims: false,
                is_refresh: tokens.is_refresh,
            };
            Some(Box::pin(id_token(call, about)).await?)
        }
    };
    let refresh_token = tokens
        .grant
        .filter(|_| issue.refresh_token)
        .map(|(grant, generation)| app.handles.refresh_for(grant.id, generation));
    Ok(token::Response {
        access_token,
        expires_in: issue.ttl_seconds,
        scope: issue.scope.clone(),
        refresh_token,
        id_token,
        issued_token_type: None,
    })
}

/// The ID token that goes out from the authorization endpoint.
pub(in crate::endpoints) async fn front_channel_id_token(
    call: &mut Call<'_>,
    front: &FrontChannel<'_>,
) -> Result<String, Failure> {
    let wanted = Wanted {
        client: front.client,
        grant: front.grant,
        user: Some(front.user),
        code: front.code,
        access_token: front.access_token,
        with_scope_claims: front.with_scope_claims,
        is_refresh: false,
    };
    id_token(call, wanted).await
}

/// An access token alone: for a person, by the grant, or for the client itself.
pub(in crate::endpoints) async fn access_token(
    call: &Call<'_>,
    client: &Client,
    issue: &Issue,
    grant: Option<&Grant>,
) -> Result<AccessToken, Failure> {
    let app = call.app;
    let sub = grant.map(|grant| app.subjects.subject(client, grant.user));
    let subject = match (grant, &sub) {
        (Some(grant), Some(sub)) => Subject::Person { grant, sub },
        _ => Subject::Client(&client.id),
    };
    let jti = app.names.next(app.random.as_ref());
    let access = claims::access_token(issue, subject, app.policy(), jti, call.now);
    written(call, issue.format, &access).await
}

/// The answer to a token exchange (RFC 8693 §2.2.1): an access token alone.
pub(super) async fn exchanged(
    call: &Call<'_>,
    client: &Client,
    decided: &Exchanged,
) -> Result<token::Response, Failure> {
    let app = call.app;
    let jti = app.names.next(app.random.as_ref());
    let access = claims::exchanged_access_token(decided, client, app.policy(), jti, call.now);
    let issue = &decided.issue;
    Ok(token::Response {
        access_token: written(call, issue.format, &access).await?,
        expires_in: issue.ttl_seconds,
        scope: issue.scope.clone(),
        refresh_token: None,
        id_token: None,
        issued_token_type: Some(token::ACCESS_TOKEN_TYPE),
    })
}

/// The ID token of either endpoint.
struct Wanted<'a> {
    client: &'a Client,
    grant: &'a Grant,
    user: Option<&'a User>,
    code: Option<&'a str>,
    access_token: Option<&'a str>,
    with_scope_claims: bool,
    is_refresh: bool,
}

async fn id_token(call: &mut Call<'_>, wanted: Wanted<'_>) -> Result<String, Failure> {
    let app = call.app;
    let Wanted { client, grant, .. } = wanted;
    let about = About {
        grant,
        client,
        sub: &app.subjects.subject(client, grant.user),
        sid: grant.sid.map(|sid| app.subjects.session(client, sid)),
        person: wanted.user.map(|user| &user.claims),
        with_scope_claims: wanted.with_scope_claims,
        access_token: wanted.access_token,
        code: wanted.code,
    };
    let loaded = match wanted.user {
        None if about.tells_about_the_person() => app.store.find_user(grant.user).await?,
        _ => None,
    };
    let about = About {
        person: about.person.or(loaded.as_ref().map(|user| &user.claims)),
        ..about
    };
    let make = if wanted.is_refresh {
        claims::refreshed_id_token
    } else {
        claims::id_token
    };
    let claims = make(&about, app.policy(), call.now);
    let alg = claims::signature_algorithm(client.id_token_signed_response_alg);
    let signed = sign(call, alg, claims::ID_TOKEN_TYPE, &claims).await?;
    match &client.openid.id_token_encryption {
        None => Ok(signed),
        Some(how) => encryption::encrypt_jwt(call, client, how, &signed).await,
    }
}

async fn written(
    call: &Call<'_>,
    format: TokenFormat,
    access: &AccessTokenClaims,
) -> Result<AccessToken, Failure> {
    Ok(AccessToken::new(match format {
        TokenFormat::Jwt(alg) => {
            let alg = claims::signature_algorithm(alg);
            sign(call, alg, claims::ACCESS_TOKEN_TYPE, access).await?
        }
        TokenFormat::Opaque => call.app.handles.seal_access(access),
    }))
}

/// A JWT by the server's key for the algorithm.
pub(in crate::endpoints) async fn sign(
    call: &Call<'_>,
    alg: Algorithm,
    typ: &str,
    claims: &impl Serialize,
) -> Result<String, Failure> {
    call.app
        .signing_key(alg)
        .await?
        .sign_jwt(typ, claims)
        .map_err(|error| Failure::Broken(error.to_string()))
}
