//! Signing in with another provider (`/login/with/{provider}`): the way there, the way back, and what a person is asked before
//! an account there becomes one here. Who may be whom decides `valetkey_rules::upstream`.

mod begin;
mod callback;
mod link;
mod problem;
mod sign_up;

pub(crate) use begin::get as begin;
pub(crate) use callback::{get as callback, post as callback_posted};
pub(crate) use link::{get as link, post as link_posted};
pub(crate) use sign_up::{get as sign_up, post as sign_up_posted};

use super::flow;
use crate::call::{Call, Failure};
use crate::interaction::Interaction;
use crate::routes;
use crate::upstream::{self, Provider};
use axum::response::Response;
use http::request::Parts;
use valetkey_protocol::params::Params;
use valetkey_protocol::rule::{Refusal, Rule};
use valetkey_rules::upstream::Told;

/// The provider of that name.
fn find<'a>(call: &mut Call<'a>, id: &str) -> Result<&'a Provider, Failure> {
    let app = call.app;
    match app.upstream.find(id) {
        Some(provider) => {
            call.trail.passed(Rule::UpstreamUnknown);
            Ok(provider)
        }
        None => Err(call.trail.refuse(Refusal::plain(Rule::UpstreamUnknown)).into()),
    }
}

fn query(parts: &Parts) -> Params {
    Params::parse_raw(parts.uri.query().unwrap_or_default().as_bytes()).unwrap_or_default()
}

/// The request on its way, with what this provider told.
async fn told_in(
    call: &mut Call<'_>,
    parts: &Parts,
    (sealed, id): (Option<&str>, &str),
) -> Result<(Interaction, Told), Failure> {
    let interaction = Interaction::open(call.app, sealed, &parts.headers, &mut call.trail)?;
    flow::tie(call, &interaction).await?;
    match interaction.told.as_deref() {
        Some(told) if told.provider == id => {
            let told = told.clone();
            Ok((interaction, told))
        }
        _ => Err(call
            .trail
            .refuse(Refusal::plain(Rule::InteractionUnreadable))
            .into()),
    }
}

/// The address of the sign-in page, with the same request.
fn login_href(call: &Call<'_>, interaction: &Interaction) -> String {
    upstream::page(call.app, routes::LOGIN, "", &interaction.seal(call.app))
}

/// Sends the browser to a page about the provider.
fn to_provider_page(call: &Call<'_>, interaction: &Interaction, path: &str, id: &str) -> Response {
    flow::to_page(call, interaction, &path.replace("{provider}", id))
}

/// After a sign-in: what another provider told of the person before is still to be asked about.
pub(super) fn offer(call: &Call<'_>, interaction: &Interaction) -> Option<Response> {
    let told = interaction.told.as_ref()?;
    Some(to_provider_page(
        call,
        interaction,
        routes::PROVIDER_LINK,
        &told.provider,
    ))
}
