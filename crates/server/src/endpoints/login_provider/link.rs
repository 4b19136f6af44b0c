//! `GET` and `POST /login/with/{provider}/link`: whether a provider's account becomes part of one here. First the person signs
//! in here, for this very request; then they are asked.

use super::{find, login_href, problem, query, told_in};
use crate::call::{Call, Failure, Told as Event};
use crate::context::App;
use crate::endpoints::{flow, page};
use crate::factors::tell_of_change;
use crate::interaction::Interaction;
use crate::mail::letters::{Change, SignInMethod};
use crate::pages::providers::{Link, link};
use crate::{form, routes, session};
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use http::request::Parts;
use valetkey_model::{Session, User};
use valetkey_protocol::observe::{Parameter, Role, Step};
use valetkey_protocol::rule::{Refusal, Rule};
use valetkey_rules::upstream::{self as rules, Linking, Told};
use valetkey_store::StoreError;

/// Shows the question, or the way to the sign-in page.
pub(crate) async fn get(State(app): State<App>, Path(id): Path<String>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    match show(&mut call, &parts, &id).await {
        Ok(response) => response,
        Err(failure) => page::error(&mut call, &failure),
    }
}

async fn show(call: &mut Call<'_>, parts: &Parts, id: &str) -> Result<Response, Failure> {
    let app = call.app;
    let query = query(parts);
    let (interaction, told) = told_in(call, parts, (query.get("flow"), id)).await?;
    let provider = find(call, id)?;
    let proved = proved(call, parts, &interaction).await?;
    let view = Link {
        provider: provider.settings.label.clone(),
        account: told.label().to_owned(),
        action: app.path(&routes::PROVIDER_LINK.replace("{provider}", id)),
        flow: interaction.seal(app),
        username: proved.map(|(_, user)| user.username),
        sign_in_href: login_href(call, &interaction),
    };
    Ok(link(&app.settings.brand, &view))
}

/// Who has signed in here for this very request.
async fn proved(
    call: &Call<'_>,
    parts: &Parts,
    interaction: &Interaction,
) -> Result<Option<(Session, User)>, Failure> {
    let here = session::signed_in(call.app, &parts.headers).await?;
    Ok(here.filter(|(session, _)| interaction.was_signed_in_for(session)))
}

/// Takes the answer.
pub(crate) async fn post(State(app): State<App>, Path(id): Path<String>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    match take(&mut call, &parts, body, &id).await {
        Ok(response) => response,
        Err(failure) => page::error(&mut call, &failure),
    }
}

async fn take(call: &mut Call<'_>, parts: &Parts, body: Body, id: &str) -> Result<Response, Failure> {
    // The layer around this route lets nothing else through.
    call.trail.passed(Rule::FormCrossSite);
    let form = form::of_page(call, body).await?;
    let (mut interaction, told) = told_in(call, parts, (form.get("flow"), id)).await?;
    if form.get("answer") == Some("link")
        && let Err(failure) = make_if_proved(call, parts, &interaction, &told).await
    {
        interaction.told = None;
        let label = find(call, id)?.settings.label.clone();
        return Ok(problem::page(call, &failure, &label, Some(&interaction)));
    }
    interaction.told = None;
    call.tell(Event {
        from: Role::ResourceOwner,
        to: Role::AuthorizationServer,
        step: Step::AuthorizationGrant,
        title: "Linking with another provider",
        line: format!("POST {}", routes::PROVIDER_LINK),
        parameters: vec![Parameter::plain("answer", form.get("answer").unwrap_or_default())],
    });
    let session = session::current(call.app, &parts.headers).await?;
    flow::go_on(call, interaction, session.as_ref(), false).await
}

async fn make_if_proved(
    call: &mut Call<'_>,
    parts: &Parts,
    interaction: &Interaction,
    told: &Told,
) -> Result<(), Failure> {
    let app = call.app;
    let label = &find(call, &told.provider)?.settings.label;
    let Some((_, user)) = proved(call, parts, interaction).await? else {
        let expected = "a sign-in for this very request";
        let refusal = Refusal::new(Rule::UpstreamLinkUnproved, expected, "none");
        return Err(call.trail.refuse(refusal).into());
    };
    let linked_to = app.store.find_link(&told.provider, &told.subject).await?;
    let linked_to = linked_to.map(|link| link.user);
    if rules::link(user.id, true, linked_to, &mut call.trail)? == Linking::Make {
        make(call, told, &user).await?;
        tell_of_change(app, &user, SignInMethod::Provider(label.clone()), Change::Added).await;
    }
    Ok(())
}

/// Makes the link. Between the look and the deed somebody may have taken it: the store says so.
pub(super) async fn make(call: &mut Call<'_>, told: &Told, user: &User) -> Result<(), Failure> {
    let link = told.link(user.id, call.now);
    match call.app.store.insert_link(link).await {
        Ok(()) => {
            tracing::info!(user = %user.id, provider = told.provider, "linked");
            Ok(())
        }
        Err(StoreError::Exists { .. }) => {
            let refusal = Refusal::plain(Rule::UpstreamLinkTaken);
            Err(call.trail.refuse(refusal).into())
        }
        Err(other) => Err(other.into()),
    }
}
