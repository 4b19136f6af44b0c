//! Token credentials (RFC 5849 §2.3): `POST /oauth1/token`. Temporary credentials are redeemed as a code is: one
//! compare-and-set on the row of the grant. Token and secret are computed from the grant's id.

use super::signed::{self, Received};
use super::{Credentials, Names, finish};
use crate::call::{Call, Failure};
use crate::context::App;
use crate::routes;
use axum::extract::{Request, State};
use axum::response::Response;
use valetkey_model::GrantId;
use valetkey_model::grant::Active;
use valetkey_protocol::oauth1::TokenCredentials;
use valetkey_protocol::observe::{Key, Parameter, Step};
use valetkey_protocol::rule::{Refusal, Rule};
use valetkey_rules::oauth1::token::{self, Facts, Outcome};
use valetkey_store::Redeemed;

/// Answers the request.
pub(crate) async fn post(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    let mut shown = Vec::new();
    let received = signed::read(&mut call, &parts, body, routes::OAUTH1_TOKEN, &mut shown).await;
    let answer = match received {
        Ok(received) => answer(&mut call, &received).await,
        Err(failure) => Err(failure),
    };
    if answer.is_ok() {
        app.metrics.tokens("oauth1");
    }
    let names = Names {
        request: (Step::TokenRequest, "Token credentials request"),
        response: (Step::TokenResponse, "Token credentials"),
        line: format!("POST {}", routes::OAUTH1_TOKEN),
    };
    finish(&mut call, &names, shown, answer)
}

async fn answer(call: &mut Call<'_>, received: &Received) -> Result<Credentials, Failure> {
    received.find_consumer(call).await?;
    let app = call.app;
    let protocol = received.protocol();
    let temporary = token::read(protocol, &app.handles, &mut call.trail)?;
    call.tie(Key::Grant(temporary.id.to_string()));
    let secret = app.handles.temporary_secret(temporary.id);
    let client = received.verify(call, Some(&secret)).await?;
    let grant = app.store.find_grant(temporary.id).await?;
    let facts = Facts {
        temporary: &temporary,
        client: &client,
        grant: grant.as_ref(),
        handles: &app.handles,
    };
    match token::decide(protocol, &facts, call.now, &mut call.trail) {
        Outcome::Redeem { active } => redeem(call, temporary.id, active).await,
        refused => Err(carry_out(call, temporary.id, refused).await?),
    }
}

async fn redeem(call: &mut Call<'_>, id: GrantId, active: Active) -> Result<Credentials, Failure> {
    match call.app.store.redeem_code(id, active).await? {
        Redeemed::Won => Ok(credentials(call, id)),
        Redeemed::Lost(now) => {
            let outcome = token::lost_race(&now);
            if let Outcome::RevokeGrant { refusal, .. } | Outcome::Refuse(refusal) = &outcome {
                // Decided after the checks, so it is added to them here.
                let _ = call.trail.refuse(refusal.clone());
            }
            Err(carry_out(call, id, outcome).await?)
        }
        Redeemed::Absent => {
            let refusal = Refusal::plain(Rule::OAuth1NotAuthorized);
            Err(call.trail.refuse(refusal).into())
        }
    }
}

fn credentials(call: &mut Call<'_>, id: GrantId) -> Credentials {
    let handles = &call.app.handles;
    let credentials = TokenCredentials {
        token: handles.oauth1_token_for(id),
        secret: handles.oauth1_token_secret(id),
    };
    call.tie_token(&credentials.token);
    Credentials {
        shown: vec![
            Parameter::named("oauth_token", &credentials.token),
            Parameter::named("oauth_token_secret", credentials.secret.expose()),
        ],
        form: credentials.to_form(),
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
        Outcome::Redeem { .. } => Ok(Failure::Broken(String::from(
            "temporary credentials without a grant",
        ))),
    }
}
