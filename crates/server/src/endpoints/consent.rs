//! Consent: `GET` and `POST /consent`. The page is made for one person in one browser for one request.

use super::login::app_view;
use super::{flow, page};
use crate::call::{Call, Failure, Told};
use crate::context::App;
use crate::interaction::{Interaction, Pending};
use crate::pages::consent::{Ask, Device, View, render};
use crate::{address, form, session};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::request::Parts;
use valetkey_model::{Client, Consent, Session};
use valetkey_protocol::observe::{Parameter, Role, Step};
use valetkey_protocol::params::Params;
use valetkey_protocol::rule::{Refusal, Rule};
use valetkey_rules::authorize::{self, Answered, Decision, Respond, ValidRequest};
use valetkey_rules::policy::Policy;

/// Shows the page.
pub(crate) async fn get(State(app): State<App>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    match show(&mut call, &parts).await {
        Ok(response) => response,
        Err(failure) => page::error(&mut call, &failure),
    }
}

async fn show(call: &mut Call<'_>, parts: &Parts) -> Result<Response, Failure> {
    let app = call.app;
    let query = Params::parse_raw(parts.uri.query().unwrap_or_default().as_bytes()).unwrap_or_default();
    let interaction = Interaction::open(app, query.get("flow"), &parts.headers, &mut call.trail)?;
    flow::tie(call, &interaction).await?;
    let session = session::current(app, &parts.headers).await?;
    let decision = match &interaction.pending {
        Pending::Request(_) => flow::decide(call, &interaction, session.as_ref(), false).await?,
        _ => return flow::go_on(call, interaction, session.as_ref(), false).await,
    };
    match session {
        Some(session) if decision == Decision::Consent => ask(call, interaction, parts, &session).await,
        session => flow::go_on(call, interaction, session.as_ref(), false).await,
    }
}

async fn ask(
    call: &mut Call<'_>,
    mut interaction: Interaction,
    parts: &Parts,
    session: &Session,
) -> Result<Response, Failure> {
    let app = call.app;
    interaction.shown_to = Some(session.id);
    let flow = interaction.seal(app);
    let Pending::Request(valid) = &interaction.pending else {
        return Err(Refusal::plain(Rule::InteractionUnreadable).into());
    };
    let (Some(client), Some(user)) = (&call.client, app.store.find_user(session.user).await?) else {
        return Err(Refusal::plain(Rule::InteractionUnreadable).into());
    };
    let consent = flow::remembered(call, valid, Some(session)).await?;
    let view = View {
        client: app_view(client, &valid.redirect_uri),
        username: user.username,
        asks: asks(valid, consent.as_ref(), app.policy()),
        device: device(call, valid, parts),
        carries_code: carries_code(valid),
        lasts: lasts(client, valid),
        flow,
    };
    Ok(render(&app.settings.brand, &view))
}

fn carries_code(valid: &ValidRequest) -> bool {
    matches!(&valid.respond, Respond::OAuth1(oauth1) if oauth1.callback.is_none())
}

/// Token credentials of OAuth 1.0a do not end by themselves, unless the client's registration says when.
fn lasts(client: &Client, valid: &ValidRequest) -> bool {
    let oauth1 = client.oauth1.as_ref();
    matches!(valid.respond, Respond::OAuth1(_))
        && oauth1.is_some_and(|oauth1| oauth1.token_ttl_seconds.is_none() && oauth1.retires_at.is_none())
}

fn device(call: &Call<'_>, valid: &ValidRequest, parts: &Parts) -> Option<Device> {
    let Respond::Device(device) = &valid.respond else {
        return None;
    };
    let here = address::of_request(parts, &call.app.settings.trusted_proxies);
    Some(Device {
        user_code: device.user_code.clone(),
        is_same_network: address::is_same_network(&device.asked_from, here),
        asked_from: device.asked_from.clone(),
        asked_at: device.asked_at,
        expires_at: device.expires_at,
        now: call.now,
    })
}

fn asks(valid: &ValidRequest, consent: Option<&Consent>, policy: &Policy) -> Vec<Ask> {
    authorize::asked_for(valid)
        .words()
        .map(|word| Ask {
            scope: word.to_owned(),
            says: policy.scope_says(word).to_owned(),
            resource_name: names_of_apis(valid, policy, word),
            already: consent.is_some_and(|consent| consent.scope.contains(word)),
        })
        .collect()
}

/// The APIs of this request that know the word.
fn names_of_apis(valid: &ValidRequest, policy: &Policy, word: &str) -> Option<String> {
    let names: Vec<&str> = policy
        .resources
        .iter()
        .filter(|resource| valid.resources.contains(&resource.indicator))
        .filter(|resource| resource.scopes.contains_key(word))
        .map(|resource| resource.name.as_str())
        .collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// Takes the answer.
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
    let session = session::current(app, &parts.headers).await?;
    let answer = form.get("answer").unwrap_or_default().to_owned();
    tell(call, &answer);
    let answered = authorize::answered(&answer, interaction.shown_to, session.as_ref());
    if let (Answered::Declined, Pending::Request(valid)) = (answered, &interaction.pending) {
        return super::answer::decline(call, valid).await;
    }
    let consented_now = answered == Answered::Allowed;
    flow::go_on(call, interaction, session.as_ref(), consented_now).await
}

fn tell(call: &mut Call<'_>, answer: &str) {
    call.tell(Told {
        from: Role::ResourceOwner,
        to: Role::AuthorizationServer,
        step: Step::AuthorizationGrant,
        title: "Consent",
        line: String::from("POST /consent"),
        parameters: vec![Parameter::plain("answer", answer)],
    });
}
