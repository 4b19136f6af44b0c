//! `GET /login/with/{provider}`: sends the browser to the provider, with what must be known when it comes back.

use super::{find, problem, query};
use crate::call::{Call, Failure, Told};
use crate::context::App;
use crate::endpoints::{flow, page};
use crate::interaction::Interaction;
use crate::upstream::send_away;
use crate::{routes, session};
use axum::extract::{Path, Request, State};
use axum::response::Response;
use http::request::Parts;
use valetkey_protocol::observe::{Parameter, Role, Step};
use valetkey_protocol::rule::{Refusal, Rule};

/// See the module.
pub(crate) async fn get(State(app): State<App>, Path(id): Path<String>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    match answer(&mut call, &parts, &id).await {
        Ok(response) => response,
        Err(failure) => page::error(&mut call, &failure),
    }
}

async fn answer(call: &mut Call<'_>, parts: &Parts, id: &str) -> Result<Response, Failure> {
    let query = query(parts);
    let mut interaction = Interaction::open(call.app, query.get("flow"), &parts.headers, &mut call.trail)?;
    flow::tie(call, &interaction).await?;
    // Whatever a provider told before, this one is asked now.
    interaction.told = None;
    let label = call
        .app
        .upstream
        .find(id)
        .map(|provider| provider.settings.label.clone());
    match send(call, parts, id, interaction.clone()).await {
        Ok(response) => Ok(response),
        Err(failure) => {
            let label = label.unwrap_or_default();
            Ok(problem::page(call, &failure, &label, Some(&interaction)))
        }
    }
}

async fn send(
    call: &mut Call<'_>,
    parts: &Parts,
    id: &str,
    interaction: Interaction,
) -> Result<Response, Failure> {
    let app = call.app;
    let provider = find(call, id)?;
    if let Some(session) = interaction.links_for {
        let here = session::current(app, &parts.headers).await?;
        let is_here = here.is_some_and(|here| here.id == session);
        call.trail
            .require(Rule::UpstreamLinkUnproved, is_here, unproved)?;
    }
    let (url, away) = send_away(call, provider, interaction).await?;
    let cookies = away.cookies(app, &parts.headers);
    let cookies = cookies.map_err(|refusal: Refusal| call.trail.refuse(refusal))?;
    let response = page::with_cookies(page::see_other(url.as_str()), cookies);
    call.tell(Told {
        from: Role::ResourceOwner,
        to: Role::AuthorizationServer,
        step: Step::AuthorizationGrant,
        title: "To another provider",
        line: format!("GET {}", routes::LOGIN_PROVIDER),
        parameters: vec![Parameter::plain("provider", id)],
    });
    Ok(response)
}

pub(super) fn unproved() -> (String, String) {
    (
        String::from("the session in which it began"),
        String::from("another one, or none"),
    )
}
