//! Token exchange (RFC 8693): a token of somebody for a narrower one, with who acts for whom in it. Nothing is
//! written: the new token names the grant of the old one and ends with it. OAuth 1.0a token credentials are exchanged by
//! [`crate::endpoints::oauth1::migration`].

use super::issue::exchanged;
use crate::call::{Call, Failure};
use crate::endpoints::shown_token::{self, Access};
use std::sync::Arc;
use valetkey_model::Client;
use valetkey_protocol::rule::{Refusal, Rule};
use valetkey_protocol::secret::AnyToken;
use valetkey_protocol::token::{self, OAUTH1_TOKEN_TYPE, TOKEN_EXCHANGE};
use valetkey_rules::token::exchange::{self, Asked, Facts, Shown};

/// Whether OAuth 1.0a token credentials are to be exchanged.
pub(super) fn is_migration(request: &token::Request) -> bool {
    request.grant_type.as_deref() == Some(TOKEN_EXCHANGE)
        && request.subject_token_type.as_deref() == Some(OAUTH1_TOKEN_TYPE)
}

pub(super) async fn exchange(
    call: &mut Call<'_>,
    client: &Client,
    request: &token::Request,
) -> Result<token::Response, Failure> {
    let Asked::AccessToken { subject, actor } = exchange::read(request, &mut call.trail)? else {
        // Those never come here.
        return Err(Refusal::plain(Rule::ExchangeTokenTypeUnsupported).into());
    };
    let subject = shown(call, subject).await?;
    let actor = match actor {
        Some(actor) => Some(shown(call, actor).await?),
        None => None,
    };
    let facts = Facts {
        client,
        subject: &subject,
        actor: actor.as_ref(),
    };
    let app = call.app;
    let decided = exchange::decide(request, &facts, app.policy(), call.now, &mut call.trail)?;
    exchanged(call, client, &decided).await
}

async fn shown(call: &Call<'_>, token: &AnyToken) -> Result<Shown, Failure> {
    let Access { claims, counts, .. } = shown_token::access(call, token.expose()).await?;
    let claims = claims.map(Arc::unwrap_or_clone);
    Ok(Shown { claims, counts })
}
