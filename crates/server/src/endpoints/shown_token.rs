//! An access token that somebody shows to this server: read, and whether it still counts.

use crate::call::{Call, Failure};
use crate::seen_tokens;
use std::sync::Arc;
use valetkey_model::Grant;
use valetkey_rules::access_token::{self, Facts};
use valetkey_rules::issue::AccessTokenClaims;

/// What is known about it.
pub(super) struct Access {
    /// Its claims, when it is one of ours that has not expired.
    pub(super) claims: Option<Arc<AccessTokenClaims>>,
    /// The grant that it names, when that is there.
    pub(super) grant: Option<Grant>,
    /// Whether it still counts.
    pub(super) counts: bool,
}

pub(super) async fn access(call: &Call<'_>, text: &str) -> Result<Access, Failure> {
    let app = call.app;
    let claims = seen_tokens::read(app, text, call.now)?;
    let (grant, counts) = match &claims {
        None => (None, false),
        Some(claims) => {
            let status = app.store.access_status(&claims.jti, claims.gid).await?;
            let client = app.client(claims.client_id.as_str()).await?;
            // Only an exchanged token comes from another client's.
            let source = match &claims.grant_client {
                Some(source) => app.client(source.as_str()).await?,
                None => client.clone(),
            };
            let facts = Facts {
                token_revoked: status.token_revoked,
                grant: status.grant.as_ref(),
                client: client.as_deref(),
                source: source.as_deref(),
            };
            let counts = access_token::counts(claims, &facts, call.now);
            (status.grant, counts)
        }
    };
    Ok(Access {
        claims,
        grant,
        counts,
    })
}
