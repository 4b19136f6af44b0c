//! A forgotten password: `GET` and `POST /forgot-password`. Everybody gets the same answer, and gets it before anybody is
//! looked up, so that neither its words nor its duration tell who has an account. The letter goes to the proved address
//! of the account and to no other.

use super::page;
use crate::accounts::{self, letters, query};
use crate::call::{Call, Failure};
use crate::context::App;
use crate::pages::{form as form_page, said};
use crate::{form, routes};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::request::Parts;
use std::sync::Arc;
use valetkey_model::User;
use valetkey_protocol::rule::Rule;

/// Shows the form.
pub(crate) async fn get(State(app): State<App>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    if let Err(failure) = accounts::require_mail(&mut call) {
        return page::error(&mut call, &failure);
    }
    let query = query(&parts);
    let flow = query.get("flow").unwrap_or_default();
    let view = form_page::View {
        title: String::from("Forgot your password?"),
        lead: String::from(
            "Tell us your username or your e-mail address, and we send you a letter with a link.",
        ),
        action: app.path(routes::FORGOT_PASSWORD),
        hidden: vec![("flow", flow.to_owned())],
        fields: vec![form_page::Field {
            autocomplete: "username",
            is_first: true,
            ..form_page::Field::required("username", "Username or e-mail address", "text")
        }],
        button: ("send", "Send me a letter"),
        other: Some(form_page::Other {
            id: "sign-in",
            before: "You remember it?",
            href: accounts::with_flow(&app, routes::LOGIN, flow),
            label: "Sign in",
        }),
        ..form_page::View::default()
    };
    form_page::card(&app.settings.brand, &view)
}

/// Takes the form.
pub(crate) async fn post(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    match take(&mut call, &app, &parts, body).await {
        Ok(response) => response,
        Err(failure) => page::error(&mut call, &failure),
    }
}

async fn take(call: &mut Call<'_>, app: &App, parts: &Parts, body: Body) -> Result<Response, Failure> {
    // The layer around this route lets nothing else through.
    call.trail.passed(Rule::FormCrossSite);
    let form = form::of_page(call, body).await?;
    accounts::require_mail(call)?;
    accounts::admit(call, parts).await?;
    accounts::tell(call, "Forgotten password", "POST /forgot-password");
    let typed = form.get("username").unwrap_or_default().trim().to_owned();
    let reference = call.reference().to_owned();
    accounts::behind_the_answer(reference, write(Arc::clone(app), typed));
    let flow = form.get("flow").unwrap_or_default();
    let view = said::View {
        id: "sent",
        title: String::from("Look into your mailbox"),
        lines: vec![
            String::from(
                "If there is an account of that name, a letter is on its way to its e-mail address. Open the link in it to choose a new password.",
            ),
            String::from(
                "Nothing comes? Then there is no such account, or it has no e-mail address that was confirmed; whoever runs this service can help.",
            ),
        ],
        next: Some(said::Next {
            id: "sign-in",
            href: accounts::with_flow(app, routes::LOGIN, flow),
            label: "Back to sign-in",
        }),
    };
    Ok(said::render(&app.settings.brand, &view))
}

/// Finds whom it may concern, and writes to each.
async fn write(app: App, typed: String) -> Result<(), Failure> {
    if typed.is_empty() || typed.len() > app.policy().username_max_bytes {
        return Ok(());
    }
    let mut people: Vec<User> = Vec::new();
    people.extend(app.store.find_user_by_username(&typed).await?);
    if typed.contains('@') {
        for person in app.store.find_users_by_email(&typed).await? {
            if people.iter().all(|known| known.id != person.id) {
                people.push(person);
            }
        }
    }
    for person in &people {
        letters::reset(&app, person).await?;
    }
    Ok(())
}
