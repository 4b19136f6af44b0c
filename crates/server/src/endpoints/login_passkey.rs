//! Sign-in by a passkey: `POST /login/passkey`, from the sign-in page or from its second step. A passkey asks for a finger,
//! a face or a PIN, so it is two factors by itself.

use super::{first_factor, flow, login, login_second_factor, page};
use crate::call::{Call, Failure, Told};
use crate::context::App;
use crate::factors;
use crate::form;
use crate::interaction::Interaction;
use crate::passkeys;
use crate::session::{self, Proof};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::request::Parts;
use valetkey_model::User;
use valetkey_protocol::acr::Acr;
use valetkey_protocol::observe::{Role, Step};
use valetkey_protocol::rule::{Refusal, Rule};
use valetkey_rules::passkey::known;
use valetkey_rules::second_factor::{Method, completed};

/// Takes what the passkey answered.
pub(crate) async fn post(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    match take(&mut call, &parts, body).await {
        Ok(response) => response,
        Err(failure) => page::error(&mut call, &failure),
    }
}

async fn take(call: &mut Call<'_>, parts: &Parts, body: Body) -> Result<Response, Failure> {
    let app = call.app;
    // The layer around this route lets nothing else through.
    call.trail.passed(Rule::FormCrossSite);
    let form = form::of_page(call, body).await?;
    let interaction = Interaction::open(app, form.get("flow"), &parts.headers, &mut call.trail)?;
    flow::tie(call, &interaction).await?;
    let began = who_began(call, &interaction).await?;
    let answer = form.get("credential").unwrap_or_default();
    let found = whose(call, &interaction, answer, began.as_ref()).await;
    tell(call);
    match found {
        Ok(user) => {
            app.metrics.login("signed_in");
            let first = interaction.first_step.as_ref().filter(|_| began.is_some());
            let first = first.map_or_else(Vec::new, |step| step.amr.clone());
            let proof = Proof {
                amr: completed(&first, Method::Passkey),
                acr: Acr::TwoFactors,
                from: session::signed_in_from(app, parts),
            };
            first_factor::sign_in(call, parts, interaction, &user, proof).await
        }
        Err(Failure::Refused(refusal)) => {
            app.metrics.login("wrong");
            refused(call, parts, interaction, (began, refusal)).await
        }
        Err(broken) => Err(broken),
    }
}

/// Who took the first step, when there was one. That it came too late is no loss: a passkey needs none.
async fn who_began(call: &mut Call<'_>, interaction: &Interaction) -> Result<Option<User>, Failure> {
    let Some(step) = interaction.first_step.as_ref() else {
        return Ok(None);
    };
    match factors::who_began(call, Some(step)).await {
        Ok(user) => Ok(Some(user)),
        Err(Failure::Refused(_)) => Ok(None),
        Err(broken) => Err(broken),
    }
}

/// Whose passkey answered. On the second step it must be of whoever took the first.
async fn whose(
    call: &mut Call<'_>,
    interaction: &Interaction,
    answer: &str,
    began: Option<&User>,
) -> Result<User, Failure> {
    let passkey = passkeys::answered(call, interaction.challenge.as_ref(), answer).await?;
    let user = call.app.store.find_user(passkey.user).await?;
    let user = known(user, &mut call.trail)?;
    let is_same = began.is_none_or(|began| began.id == user.id);
    call.trail.require(Rule::PasskeyUnknown, is_same, || {
        (
            String::from("a passkey of whoever took the first step"),
            String::from("one of somebody else"),
        )
    })?;
    Ok(user)
}

/// The page that the passkey was used on, once more.
async fn refused(
    call: &mut Call<'_>,
    parts: &Parts,
    interaction: Interaction,
    (began, refusal): (Option<User>, Refusal),
) -> Result<Response, Failure> {
    let Some(says) = passkeys::says(refusal.rule) else {
        return Err(refusal.into());
    };
    match began {
        Some(user) => login_second_factor::again(call, &interaction, &user, refusal, says).await,
        None => login::again(call, parts, interaction, refusal, says).await,
    }
}

fn tell(call: &mut Call<'_>) {
    call.tell(Told {
        from: Role::ResourceOwner,
        to: Role::AuthorizationServer,
        step: Step::AuthorizationGrant,
        title: "Sign-in by a passkey",
        line: String::from("POST /login/passkey"),
        parameters: Vec::new(),
    });
}
