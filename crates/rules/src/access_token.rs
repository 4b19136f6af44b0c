//! Access tokens that come back to this server (at the userinfo, introspection and revocation endpoints):
//! reading them, and whether they still count.

use crate::handle::{ACCESS_PREFIX, HandleKeys};
use crate::issue::{ACCESS_TOKEN_TYPE, AccessTokenClaims};
use crate::policy::Policy;
use valetkey_jose::{Algorithm, KeySet, jwt};
use valetkey_model::client::GrantType;
use valetkey_model::grant::{GrantState, GrantedBy};
use valetkey_model::{Client, Grant};
use valetkey_protocol::time::Timestamp;

/// The claims of a token that this server made, JWT or opaque, and that has not expired. Nothing else is
/// told about a text that is none: whoever shows it learns only that it does not count.
#[must_use]
pub fn read(
    text: &str,
    keys: &KeySet,
    handles: &HandleKeys,
    policy: &Policy,
    now: Timestamp,
) -> Option<AccessTokenClaims> {
    let claims = if text.starts_with(ACCESS_PREFIX) {
        handles.open_access(text)?
    } else {
        signed(text, keys)?.claims
    };
    is_ours_now(&claims, policy, now).then_some(claims)
}

/// A JWT access token whose signature is good. Nothing else is said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The key that it names.
    pub kid: Option<String>,
    /// What it says.
    pub claims: AccessTokenClaims,
}

/// The first half of [`read`] for a JWT: whether one of the keys signed it. This does not change while the key is there.
#[must_use]
pub fn signed(text: &str, keys: &KeySet) -> Option<Signed> {
    let expect = jwt::Expect {
        algs: &Algorithm::ALL,
        typ: Some(ACCESS_TOKEN_TYPE),
    };
    let verified = jwt::verify::<AccessTokenClaims>(text, keys, &expect).ok()?;
    Some(Signed {
        kid: verified.header.kid,
        claims: verified.claims,
    })
}

/// The second half of [`read`], to be asked each time: whether it is a token of this issuer that has not expired.
#[must_use]
pub fn is_ours_now(claims: &AccessTokenClaims, policy: &Policy, now: Timestamp) -> bool {
    claims.iss == policy.issuer && now < claims.exp
}

/// What is remembered about an access token and what it came from.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Whether it was revoked by itself.
    pub token_revoked: bool,
    /// The grant that it names, when that is there.
    pub grant: Option<&'a Grant>,
    /// The client that it was issued to, when that is still registered.
    pub client: Option<&'a Client>,
    /// The client that it came from ([`AccessTokenClaims::granted_to`]), when that is still registered.
    pub source: Option<&'a Client>,
}

/// Whether the token still counts: not expired, not revoked by itself, its client still registered, and its grant
/// (where it names one) there, not over, and given to the client that the token says. A client's own token counts while
/// the client may have such tokens, an exchanged one while it may exchange tokens at all; one that came from a client's
/// own token also while that client may have such.
///
/// A grant of OAuth 1.0a has token credentials, never access tokens: nothing that names one counts.
#[must_use]
pub fn counts(claims: &AccessTokenClaims, facts: &Facts<'_>, now: Timestamp) -> bool {
    let Some(client) = facts.client.filter(|client| client.id == claims.client_id) else {
        return false;
    };
    let may_have_such = !claims.was_exchanged() || client.may_use(GrantType::TokenExchange);
    now < claims.exp && !facts.token_revoked && may_have_such && source_counts(claims, facts, now)
}

/// What the token came from: a person's grant, or a client that acts for itself.
fn source_counts(claims: &AccessTokenClaims, facts: &Facts<'_>, now: Timestamp) -> bool {
    let from = claims.granted_to();
    match claims.gid {
        None => facts
            .source
            .is_some_and(|source| source.id == *from && source.may_use(GrantType::ClientCredentials)),
        Some(id) => facts.grant.is_some_and(|grant| {
            let may_have_such = grant.by != GrantedBy::OAuth1 && tokens_may_be_out(grant, now);
            grant.id == id && grant.client == *from && may_have_such
        }),
    }
}

/// While its code is out, a grant of the code flow has given the tokens of the authorization endpoint (the hybrid flow,
/// OpenID Connect Core §3.3), and no other ones.
fn tokens_may_be_out(grant: &Grant, now: Timestamp) -> bool {
    let code_is_out =
        grant.by == GrantedBy::AuthorizationCode && matches!(grant.state, GrantState::CodeIssued(_));
    grant.is_active(now) || (code_is_out && now < grant.expires_at)
}

#[cfg(test)]
#[path = "access_token_tests.rs"]
mod tests;
