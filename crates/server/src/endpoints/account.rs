//! The account: which apps have access (`GET /account`), and taking it away (`POST /account/apps/revoke`).

use super::{flow, page};
use crate::call::{Call, Failure};
use crate::context::App;
use crate::interaction::{Browser, Interaction, Pending};
use crate::pages::account::{App as AppRow, View, render};
use crate::{csrf, form, routes, session};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::request::Parts;
use valetkey_model::{ClientId, Consent, Grant, Session, User};
use valetkey_protocol::params::Params;
use valetkey_protocol::rule::Rule;

/// Shows the apps.
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
    let Some((session, user)) = session::signed_in(app, &parts.headers).await? else {
        let browser = Browser::of(app, &parts.headers);
        let interaction = Interaction::begin(app, Pending::Account, &browser);
        let response = flow::to_page(call, &interaction, routes::LOGIN);
        return Ok(page::with_cookies(response, browser.cookie(app)));
    };
    let query = Params::parse_raw(parts.uri.query().unwrap_or_default().as_bytes()).unwrap_or_default();
    let notice = query
        .get("removed")
        .map(|_| String::from("The app has no access any more. Its tokens stopped working."));
    let view = view(call, &session, user, notice).await?;
    Ok(render(&app.settings.brand, &view))
}

async fn view(
    call: &Call<'_>,
    session: &Session,
    user: User,
    notice: Option<String>,
) -> Result<View, Failure> {
    let app = call.app;
    let consents = app.store.list_consents(user.id).await?;
    let grants = app.store.list_active_grants(user.id, call.now).await?;
    let mut apps = Vec::with_capacity(consents.len());
    for consent in consents {
        apps.push(row(call, consent, &grants).await?);
    }
    Ok(View {
        display_name: user.claims.name.unwrap_or_default(),
        username: user.username,
        apps,
        csrf: session::csrf_field(app, session),
        notice,
    })
}

async fn row(call: &Call<'_>, consent: Consent, grants: &[Grant]) -> Result<AppRow, Failure> {
    let client = call.app.client(consent.client.as_str()).await?;
    let policy = call.app.policy();
    Ok(AppRow {
        name: client.map_or_else(|| consent.client.to_string(), |client| client.name.clone()),
        says: consent
            .scope
            .words()
            .map(|word| policy.scope_says(word).to_owned())
            .collect(),
        since: consent.granted_at,
        live_grants: grants
            .iter()
            .filter(|grant| grant.client == consent.client)
            .count(),
        client_id: consent.client.to_string(),
    })
}

/// Takes the access of one app away.
pub(crate) async fn post(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    match revoke(&mut call, &parts, body).await {
        Ok(response) => response,
        Err(failure) => page::error(&mut call, &failure),
    }
}

async fn revoke(call: &mut Call<'_>, parts: &Parts, body: Body) -> Result<Response, Failure> {
    let app = call.app;
    let form = form::of_page(call, body).await?;
    let Some(session) = session::current(app, &parts.headers).await? else {
        return Ok(page::see_other(&app.path(routes::ACCOUNT)));
    };
    if !session::csrf_field_fits(app, &session, form.get("csrf")) {
        return Err(call.trail.refuse(csrf::cross_site()).into());
    }
    call.trail.passed(Rule::FormCrossSite);
    if let Ok(client) = ClientId::parse(form.get("client_id").unwrap_or_default()) {
        let revoked = app
            .store
            .withdraw_consent(session.user, &client, call.now)
            .await?;
        tracing::info!(user = %session.user, client_id = %client, revoked, "access taken away");
    }
    Ok(page::see_other(&format!(
        "{}?removed=1",
        app.path(routes::ACCOUNT)
    )))
}
