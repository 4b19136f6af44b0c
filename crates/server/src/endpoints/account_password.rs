//! Change of the password: `GET` and `POST /account/password`. Whoever has one types it; whoever has none must have signed in
//! a moment ago. This browser stays signed in, every other one does not.

use super::page;
use super::signed_in::{self, Form, Lately, Who};
use crate::accounts::{self, letters, query};
use crate::call::{Call, Failure};
use crate::context::App;
use crate::pages::form as form_page;
use crate::sign_in::{Attempt, Outcome, Way};
use crate::{address, outbox, routes, session, sign_in};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::request::Parts;
use valetkey_model::{Session, User};
use valetkey_protocol::params::Params;
use valetkey_protocol::rule::Refusal;
use valetkey_protocol::secret::Password;

/// Shows the form.
pub(crate) async fn get(State(app): State<App>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    match show(&mut call, &parts).await {
        Ok(response) => response,
        Err(failure) => page::error(&mut call, &failure),
    }
}

async fn show(call: &mut Call<'_>, parts: &Parts) -> Result<Response, Failure> {
    let (session, user) = match who(call, parts).await? {
        Who::Person(session, user) => (session, user),
        Who::SignsIn(response) => return Ok(*response),
    };
    let notice = query(parts)
        .get("changed")
        .map(|_| String::from("Your password is changed. You were signed out everywhere else."));
    Ok(render(call, (&session, &user), (notice, None)))
}

/// Who asks. Without a password to type, only a sign-in of a moment ago shows that it is them.
async fn who(call: &mut Call<'_>, parts: &Parts) -> Result<Who, Failure> {
    let path = routes::ACCOUNT_PASSWORD;
    match signed_in::who(call, parts, path, Lately::Anytime).await? {
        Who::Person(_, user) if user.password_hash.is_none() => {
            signed_in::who(call, parts, path, Lately::Recently).await
        }
        other => Ok(other),
    }
}

/// Takes the form.
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
    let page = (routes::ACCOUNT_PASSWORD, Lately::Anytime);
    let form = match signed_in::take_form(call, parts, body, page).await? {
        Form::From(_, _, form) => form,
        Form::SignsIn(response) => return Ok(*response),
    };
    let (session, user) = match who(call, parts).await? {
        Who::Person(session, user) => (session, user),
        Who::SignsIn(response) => return Ok(*response),
    };
    let password = Password::new(form.get("new_password").unwrap_or_default());
    let problem = check(call, parts, &user, (&form, &password)).await?;
    accounts::tell(call, "Change of the password", "POST /account/password");
    if let Some((field, refusal)) = problem {
        let response = render(call, (&session, &user), (None, Some((field, &refusal))));
        call.log(&refusal.into());
        return Ok(response);
    }
    let hash = app.passwords.hash(&password, app.random.as_ref()).await?;
    let kept = Some(session.id);
    app.store.set_password(user.id, hash, kept, call.now).await?;
    outbox::nudge(app);
    tracing::info!(user = %user.id, "password changed");
    letters::password_changed(app, &user).await?;
    let to = app.path(routes::ACCOUNT_PASSWORD);
    Ok(page::see_other(&format!("{to}?changed=1")))
}

/// What is wrong, and with which field.
async fn check(
    call: &mut Call<'_>,
    parts: &Parts,
    user: &User,
    (form, password): (&Params, &Password),
) -> Result<Option<(&'static str, Refusal)>, Failure> {
    let app = call.app;
    if user.password_hash.is_some() {
        let attempt = Attempt {
            username: &user.username,
            password: &Password::new(form.get("password").unwrap_or_default()),
            address: address::of_request(parts, &app.settings.trusted_proxies),
        };
        match sign_in::check(call, &attempt, Way::Account).await? {
            Outcome::Right(_) => {}
            Outcome::Wrong(refusal) => return Ok(Some(("password", refusal))),
            Outcome::Throttled {
                refusal,
                retry_after_seconds,
            } => {
                call.retry_after_seconds = Some(retry_after_seconds);
                return Err(refusal.into());
            }
        }
    }
    let email = user.claims.email.clone().unwrap_or_default();
    let judged = accounts::password(call, password, &[&user.username, &email]);
    Ok(judged.err().map(|refusal| ("new_password", refusal)))
}

fn render(
    call: &Call<'_>,
    (session, user): (&Session, &User),
    (notice, problem): (Option<String>, Option<(&'static str, &Refusal)>),
) -> Response {
    let app = call.app;
    let problem = |name: &str| {
        let found = problem.filter(|(field, _)| *field == name);
        found.map(|(_, refusal)| accounts::says(refusal))
    };
    let old = user.password_hash.as_ref().map(|_| form_page::Field {
        autocomplete: "current-password",
        problem: problem("password"),
        ..form_page::Field::required("password", "Password until now", "password")
    });
    let new = form_page::Field {
        autocomplete: "new-password",
        hint: Some("Four words that have nothing to do with each other are a good one."),
        problem: problem("new_password"),
        ..form_page::Field::required("new_password", "New password", "password")
    };
    let forgot = accounts::forgot_link(app, "").map(|href| form_page::Other {
        id: "forgot",
        before: "You do not remember it?",
        href,
        label: "Ask for a letter",
    });
    let has_password = old.is_some();
    let view = form_page::View {
        title: String::from("Your password"),
        lead: String::from(if has_password {
            "A new one signs you out everywhere but here. Apps that may act while you are away keep their access."
        } else {
            "You have no password yet. With one you can sign in here without another provider or a passkey."
        }),
        notice,
        action: app.path(routes::ACCOUNT_PASSWORD),
        hidden: vec![("csrf", session::csrf_field(app, session))],
        fields: old.into_iter().chain([new]).collect(),
        button: ("change", "Change the password"),
        other: forgot.filter(|_| has_password),
        ..form_page::View::default()
    };
    form_page::account(&app.settings.brand, &view)
}
