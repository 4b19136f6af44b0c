//! `GET` and `POST /login/with/{provider}/sign-up`: somebody whom nobody knows here, and whom the provider has signed in, chooses
//! a username. Account and link are made in one step.

use super::{find, login_href, problem, query, told_in};
use crate::call::{Call, Failure, Told as Event};
use crate::context::App;
use crate::endpoints::{first_factor, page};
use crate::interaction::Interaction;
use crate::pages::providers::{SignUp, sign_up};
use crate::session::{self, Proof};
use crate::{form, once, routes, upstream};
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use http::request::Parts;
use valetkey_model::{User, UserId};
use valetkey_protocol::acr::{self, Acr};
use valetkey_protocol::observe::{Parameter, Role, Step};
use valetkey_protocol::rule::{Refusal, Rule};
use valetkey_rules::upstream::{Told, open_account, suggested_username};
use valetkey_store::StoreError;

/// Shows the form.
pub(crate) async fn get(State(app): State<App>, Path(id): Path<String>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    match show(&mut call, &parts, &id).await {
        Ok(response) => response,
        Err(failure) => page::error(&mut call, &failure),
    }
}

async fn show(call: &mut Call<'_>, parts: &Parts, id: &str) -> Result<Response, Failure> {
    let query = query(parts);
    let (interaction, told) = told_in(call, parts, (query.get("flow"), id)).await?;
    let username = suggested_username(&told);
    render(call, &interaction, (&told, username, None))
}

fn render(
    call: &mut Call<'_>,
    interaction: &Interaction,
    (told, username, problem): (&Told, String, Option<String>),
) -> Result<Response, Failure> {
    let provider = find(call, &told.provider)?;
    let path = routes::PROVIDER_SIGN_UP.replace("{provider}", &told.provider);
    let view = SignUp {
        provider: provider.settings.label.clone(),
        action: call.app.path(&path),
        flow: interaction.seal(call.app),
        name: told.name.clone(),
        email: told.email.clone(),
        email_verified: told.email_verified,
        username,
        problem,
        sign_in_href: login_href(call, interaction),
    };
    Ok(sign_up(&call.app.settings.brand, &view))
}

/// Takes the name.
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
    let username = form.get("username").unwrap_or_default().trim().to_owned();
    match open(call, &interaction, &told, &username).await {
        Ok(user) => {
            interaction.told = None;
            call.tell(Event {
                from: Role::ResourceOwner,
                to: Role::AuthorizationServer,
                step: Step::AuthorizationGrant,
                title: "First sign-in with another provider",
                line: format!("POST {}", routes::PROVIDER_SIGN_UP),
                parameters: vec![Parameter::plain("username", &username)],
            });
            let proof = Proof {
                amr: vec![String::from(acr::FEDERATED)],
                acr: Acr::OneFactor,
                from: session::signed_in_from(call.app, parts),
            };
            first_factor::shown(call, parts, interaction, &user, proof).await
        }
        Err(Failure::Refused(refusal)) if refusal.rule == Rule::UpstreamUsernameUnusable => {
            let problem = said(&refusal);
            call.log(&refusal.into());
            render(call, &interaction, (&told, username, Some(problem)))
        }
        Err(failure) => {
            let label = find(call, id)?.settings.label.clone();
            Ok(problem::page(call, &failure, &label, Some(&interaction)))
        }
    }
}

fn said(refusal: &Refusal) -> String {
    if refusal.received == TAKEN {
        String::from("Somebody has this name. Choose another one.")
    } else {
        String::from("A name is made of letters, digits, dots, hyphens and underscores.")
    }
}

/// What [`open_account`] says of a name that is not free.
const TAKEN: &str = "one that is taken";

/// Makes the account. Between the look and the deed somebody may have taken the name, or the link: the store says so.
async fn open(
    call: &mut Call<'_>,
    interaction: &Interaction,
    told: &Told,
    username: &str,
) -> Result<User, Failure> {
    let app = call.app;
    let provider = find(call, &told.provider)?;
    let facts = upstream::facts(app, interaction, told).await?;
    let is_free = app.store.find_user_by_username(username).await?.is_none();
    let chosen = (username, is_free);
    open_account(told, facts, &provider.settings.sign_up, chosen, &mut call.trail)?;
    let invitation = interaction.invitation.as_ref().filter(|_| facts.is_invited);
    if let Some(invitation) = invitation {
        once::first_time(call, &invitation.once()).await?;
    }
    let user = User {
        id: UserId(app.uuid()),
        username: username.to_owned(),
        password_hash: None,
        claims: told.claims(username, call.now),
        created_at: call.now,
    };
    let link = told.link(user.id, call.now);
    match app.store.insert_linked_user(user.clone(), link).await {
        Ok(()) => {
            tracing::info!(user = %user.id, provider = told.provider, "account opened");
            Ok(user)
        }
        Err(StoreError::Exists { what, .. }) => {
            let refusal = if what == "link" {
                Refusal::plain(Rule::UpstreamLinkTaken)
            } else {
                Refusal::new(Rule::UpstreamUsernameUnusable, "a free name", TAKEN)
            };
            Err(call.trail.refuse(refusal).into())
        }
        Err(other) => Err(other.into()),
    }
}
