//! `GET` and `POST /login/with/{provider}/callback`: the provider's answer. Each provider has an address of its own, and only
//! the browser that was sent there finds what it was sent with (RFC 9700 §4.4, §4.7).

use super::{begin, find, login_href, problem, to_provider_page};
use crate::call::{Call, Failure, Told};
use crate::context::App;
use crate::endpoints::{authorize, first_factor, flow, page};
use crate::factors::tell_of_change;
use crate::interaction::Interaction;
use crate::mail::letters::{Change, SignInMethod};
use crate::routes;
use crate::session::{self, Proof};
use crate::upstream::{self, Away, Came, Provider, Stopped, finish};
use axum::extract::{Path, Request, State};
use axum::response::Response;
use http::request::Parts;
use valetkey_model::SessionId;
use valetkey_protocol::acr::{self, Acr};
use valetkey_protocol::observe::{Parameter, Role, Step};
use valetkey_protocol::params::Params;
use valetkey_protocol::rule::{Refusal, Rule};
use valetkey_rules::upstream::{self as rules, Arrived, Linking};

/// The answer as a redirect.
pub(crate) async fn get(State(app): State<App>, Path(id): Path<String>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    match answer(&mut call, &parts, &id).await {
        Ok(response) => response,
        Err(failure) => {
            let provider = app.upstream.find(&id);
            let label = provider.map_or("", |provider| &provider.settings.label);
            problem::page(&mut call, &failure, label, None)
        }
    }
}

/// The answer as a form: the same again, as a GET. A form sent from another site comes without our cookies.
pub(crate) async fn post(State(app): State<App>, Path(id): Path<String>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    // The address is written again: it must be one of ours.
    if let Err(failure) = find(&mut call, &id) {
        return problem::page(&mut call, &failure, "", None);
    }
    match authorize::as_query(&mut call, body).await {
        Ok(query) => {
            let path = routes::PROVIDER_CALLBACK.replace("{provider}", &id);
            page::see_other(&format!("{}?{query}", app.path(&path)))
        }
        Err(refusal) => page::error(&mut call, &refusal.into()),
    }
}

async fn answer(call: &mut Call<'_>, parts: &Parts, id: &str) -> Result<Response, Failure> {
    let app = call.app;
    let query = parts.uri.query().unwrap_or_default();
    let params = Params::parse_raw(query.as_bytes()).unwrap_or_default();
    let state = params.get("state").unwrap_or_default();
    let found = Away::find(app, &parts.headers, state);
    let provider = find(call, id)?;
    let Some(away) = found else {
        let expected = "the browser that was sent to the provider";
        let refusal = Refusal::new(
            Rule::UpstreamStateMismatch,
            expected,
            "no such sign-in in this browser",
        );
        return Err(call.trail.refuse(refusal).into());
    };
    let interaction = away.interaction.clone();
    let outcome = take(call, parts, provider, away).await;
    let response = outcome.unwrap_or_else(|failure| {
        let label = &provider.settings.label;
        problem::page(call, &failure, label, Some(&interaction))
    });
    Ok(page::with_cookies(
        response,
        Away::clear(app, &parts.headers, state),
    ))
}

async fn take(
    call: &mut Call<'_>,
    parts: &Parts,
    provider: &Provider,
    away: Away,
) -> Result<Response, Failure> {
    let app = call.app;
    away.interaction.check(app, &parts.headers, &mut call.trail)?;
    flow::tie(call, &away.interaction).await?;
    let id = provider.settings.id.as_str();
    call.trail
        .require(Rule::UpstreamOtherProvider, away.provider == id, || {
            (away.provider.clone(), id.to_owned())
        })?;
    let interaction = away.interaction.clone();
    let query = parts.uri.query().unwrap_or_default();
    match finish(call, provider, away, query).await {
        Ok(came) => match interaction.links_for {
            Some(session) => link(call, parts, &came, session).await,
            None => arrived(call, parts, &came, interaction).await,
        },
        Err(Stopped::Failed(failure)) => Err(failure),
        Err(Stopped::Declined) => Ok(declined(call, id, &interaction)),
    }
}

/// The person pressed "cancel" there: they are where they were, and another way is open.
fn declined(call: &Call<'_>, id: &str, interaction: &Interaction) -> Response {
    tracing::info!(provider = id, "the person did not sign in there");
    if interaction.links_for.is_some() {
        let to = call.app.path(routes::ACCOUNT_PROVIDERS);
        return page::see_other(&format!("{to}?cancelled={id}"));
    }
    page::see_other(&format!("{}&cancelled={id}", login_href(call, interaction)))
}

async fn arrived(
    call: &mut Call<'_>,
    parts: &Parts,
    came: &Came<'_>,
    mut interaction: Interaction,
) -> Result<Response, Failure> {
    let app = call.app;
    let settings = &came.provider().settings;
    let mut told = came.who(call).await?;
    let mut facts = upstream::facts(app, &interaction, &told).await?;
    if facts.linked_to.is_none() {
        told = came.all(call).await?;
        facts = upstream::facts(app, &interaction, &told).await?;
    }
    let arrived = rules::arrived(&told, facts, &settings.sign_up, &mut call.trail)?;
    tell(call, &settings.id);
    let (to, path) = match arrived {
        Arrived::SignIn(user) => {
            let Some(user) = app.store.find_user(user).await? else {
                return Err(Failure::Broken(String::from("a link to nobody")));
            };
            app.metrics.login("signed_in");
            let proof = Proof {
                amr: vec![String::from(acr::FEDERATED)],
                acr: Acr::OneFactor,
                from: session::signed_in_from(app, parts),
            };
            tracing::info!(user = %user.id, provider = settings.id, "known by a provider");
            return first_factor::shown(call, parts, interaction, &user, proof).await;
        }
        Arrived::ProveFirst => ("prove", routes::PROVIDER_LINK),
        Arrived::OpenAccount => ("sign up", routes::PROVIDER_SIGN_UP),
    };
    tracing::info!(provider = settings.id, to, "somebody new from a provider");
    interaction.told = Some(Box::new(told));
    Ok(to_provider_page(call, &interaction, path, &settings.id))
}

/// Links the account to whoever wanted that on the account page.
async fn link(
    call: &mut Call<'_>,
    parts: &Parts,
    came: &Came<'_>,
    session: SessionId,
) -> Result<Response, Failure> {
    let app = call.app;
    let here = session::signed_in(app, &parts.headers).await?;
    let Some((_, user)) = here.filter(|(here, _)| here.id == session) else {
        let (expected, received) = begin::unproved();
        let refusal = Refusal::new(Rule::UpstreamLinkUnproved, expected, received);
        return Err(call.trail.refuse(refusal).into());
    };
    let told = came.all(call).await?;
    let linked_to = app.store.find_link(&told.provider, &told.subject).await?;
    let linked_to = linked_to.map(|link| link.user);
    let settings = &came.provider().settings;
    let linking = rules::link(user.id, true, linked_to, &mut call.trail)?;
    tell(call, &settings.id);
    if linking == Linking::Make {
        super::link::make(call, &told, &user).await?;
        tell_of_change(
            app,
            &user,
            SignInMethod::Provider(settings.label.clone()),
            Change::Added,
        )
        .await;
    }
    let to = app.path(routes::ACCOUNT_PROVIDERS);
    Ok(page::see_other(&format!("{to}?linked={}", settings.id)))
}

fn tell(call: &mut Call<'_>, id: &str) {
    call.tell(Told {
        from: Role::ResourceOwner,
        to: Role::AuthorizationServer,
        step: Step::AuthorizationGrant,
        title: "Back from another provider",
        line: format!("GET {}", routes::PROVIDER_CALLBACK),
        parameters: vec![Parameter::plain("provider", id)],
    });
}
