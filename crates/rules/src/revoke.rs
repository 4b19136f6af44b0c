//! Token revocation (RFC 7009). A refresh token ends its whole grant; an access token ends alone, an exchanged one
//! (RFC 8693) too: the client that got it never ends what the person gave to another. A token that nobody knows is
//! nothing to refuse (§2.2).

use crate::issue::AccessTokenClaims;
use valetkey_model::grant::GrantState;
use valetkey_model::{Client, Grant, GrantId};
use valetkey_protocol::revoke::Request;
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::secret::AnyToken;
use valetkey_protocol::time::Timestamp;

/// What the shown token turned out to be.
#[derive(Debug, Clone, Copy)]
pub enum Shown<'a> {
    /// A refresh token, of any generation, and its grant when that is there.
    Refresh(Option<&'a Grant>),
    /// An access token of this server.
    Access(&'a AccessTokenClaims),
    /// Neither.
    Unknown,
}

/// What to do about the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Revoke the grant (`ByClient`).
    RevokeGrant(GrantId),
    /// Revoke this one access token until it would have expired.
    RevokeAccess {
        /// Its name.
        jti: String,
        /// When it would have expired.
        exp: Timestamp,
    },
    /// There is nothing to revoke; the answer is the same as if there had been.
    Nothing,
    /// Refuse, and change nothing.
    Refuse(Refusal),
}

/// The token to revoke.
///
/// # Errors
/// The rule that refused.
pub fn read<'a>(request: &'a Request, trail: &mut Trail) -> Result<&'a AnyToken, Refusal> {
    let Some(token) = &request.token else {
        return Err(trail.refuse(Refusal::new(Rule::RevokeTokenMissing, "a token", "none")));
    };
    trail.passed(Rule::RevokeTokenMissing);
    Ok(token)
}

/// Decides about the token that `client`, which has authenticated, showed.
#[must_use]
pub fn decide(shown: Shown<'_>, client: &Client, trail: &mut Trail) -> Outcome {
    let (owner, outcome) = match shown {
        Shown::Unknown | Shown::Refresh(None) => return Outcome::Nothing,
        Shown::Refresh(Some(grant)) => (
            &grant.client,
            match grant.state {
                GrantState::Revoked { .. } => Outcome::Nothing,
                GrantState::Active(_) | GrantState::CodeIssued(_) => Outcome::RevokeGrant(grant.id),
            },
        ),
        Shown::Access(claims) => (
            &claims.client_id,
            Outcome::RevokeAccess {
                jti: claims.jti.clone(),
                exp: claims.exp,
            },
        ),
    };
    let checked = trail.require(Rule::RevokeOtherClient, owner == &client.id, || {
        (
            "the client that the token was issued to".into(),
            client.id.to_string(),
        )
    });
    match checked {
        Ok(()) => outcome,
        Err(refusal) => Outcome::Refuse(refusal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{self, NOW};
    use valetkey_model::grant::RevokedWhy;

    #[test]
    fn a_request_without_a_token_is_refused() {
        let refusal = read(&Request::default(), &mut Trail::off()).unwrap_err();
        assert_eq!(refusal.rule, Rule::RevokeTokenMissing);
        let request = Request {
            token: Some(AnyToken::new("x")),
            token_type_hint: None,
        };
        assert_eq!(read(&request, &mut Trail::off()).unwrap().expose(), "x");
    }

    #[test]
    fn a_client_cannot_revoke_anothers_tokens() {
        let other = samples::native_client();
        let (grant, claims) = (samples::active_grant(), samples::access_claims());
        for shown in [Shown::Refresh(Some(&grant)), Shown::Access(&claims)] {
            let Outcome::Refuse(refusal) = decide(shown, &other, &mut Trail::off()) else {
                panic!("revoked another client's token");
            };
            assert_eq!(refusal.rule, Rule::RevokeOtherClient);
        }
    }

    #[test]
    fn what_is_unknown_or_over_is_answered_like_the_rest() {
        let client = samples::web_client();
        let over = samples::active_grant().revoked(RevokedWhy::ByClient, NOW);
        for shown in [Shown::Unknown, Shown::Refresh(None), Shown::Refresh(Some(&over))] {
            assert_eq!(decide(shown, &client, &mut Trail::off()), Outcome::Nothing);
        }
    }

    #[test]
    fn a_refresh_token_ends_its_grant_and_an_access_token_ends_alone() {
        let client = samples::web_client();
        let (grant, claims) = (samples::active_grant(), samples::access_claims());
        assert_eq!(
            decide(Shown::Refresh(Some(&grant)), &client, &mut Trail::off()),
            Outcome::RevokeGrant(grant.id)
        );
        assert_eq!(
            decide(Shown::Access(&claims), &client, &mut Trail::off()),
            Outcome::RevokeAccess {
                jti: claims.jti.clone(),
                exp: claims.exp
            }
        );
    }

    #[test]
    fn an_exchanged_token_ends_alone_and_never_the_grant_of_its_subject() {
        let (backup, first) = (samples::service_client(), samples::web_client());
        let claims = AccessTokenClaims {
            client_id: backup.id.clone(),
            grant_client: Some(first.id.clone()),
            ..samples::access_claims()
        };
        assert!(claims.gid.is_some(), "it names the grant that it could end");
        assert_eq!(
            decide(Shown::Access(&claims), &backup, &mut Trail::off()),
            Outcome::RevokeAccess {
                jti: claims.jti.clone(),
                exp: claims.exp
            }
        );
        let Outcome::Refuse(refusal) = decide(Shown::Access(&claims), &first, &mut Trail::off()) else {
            panic!("the client of the grant revoked the token of another");
        };
        assert_eq!(refusal.rule, Rule::RevokeOtherClient);
    }
}
