//! Change of the e-mail address: `GET` and `POST /account/email`, for whoever signed in a moment ago. The new address gets a
//! letter, and is the account's only when its link is used; the one before hears of that then.

use super::page;
use super::signed_in::{self, Form, Lately, Who};
use crate::accounts::{self, letters};
use crate::call::{Call, Failure};
use crate::context::App;
use crate::pages::form as form_page;
use crate::{routes, session};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::request::Parts;
use valetkey_model::{Session, User};
use valetkey_protocol::rule::Refusal;
use valetkey_rules::account::link::{change_email, proved_email, verify_email};

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
    let (session, user) = match signed_in::who(call, parts, routes::ACCOUNT_EMAIL, Lately::Recently).await? {
        Who::Person(session, user) => (session, user),
        Who::SignsIn(response) => return Ok(*response),
    };
    let email = match proved_email(&user) {
        None => user.claims.email.clone().unwrap_or_default(),
        Some(_) => String::new(),
    };
    Ok(render(call, (&session, &user), Shown::typed(email)))
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
    let page = (routes::ACCOUNT_EMAIL, Lately::Recently);
    let (session, user, form) = match signed_in::take_form(call, parts, body, page).await? {
        Form::From(session, user, form) => (session, user, form),
        Form::SignsIn(response) => return Ok(*response),
    };
    accounts::require_mail(call)?;
    let typed = form.get("email").unwrap_or_default().to_owned();
    let email = match accounts::email(call, &typed) {
        Ok(email) => email.to_string(),
        Err(refusal) => {
            let shown = Shown {
                problem: Some(&refusal),
                ..Shown::typed(typed)
            };
            let response = render(call, (&session, &user), shown);
            accounts::tell(call, "Change of the address", "POST /account/email");
            call.log(&refusal.into());
            return Ok(response);
        }
    };
    accounts::admit_letter(call, user.id).await?;
    accounts::tell(call, "Change of the address", "POST /account/email");
    write(call, &user, &email).await?;
    let shown = Shown {
        notice: Some(format!(
            "We have sent a letter to {email}. The address is yours here when you open its link."
        )),
        ..Shown::typed(String::new())
    };
    Ok(render(call, (&session, &user), shown))
}

/// Writes to the new address. That another account has it is told to its owner alone.
async fn write(call: &Call<'_>, user: &User, email: &str) -> Result<(), Failure> {
    let app = call.app;
    if accounts::owner_of(app, email, Some(user.id)).await?.is_some() {
        return letters::account_exists(app, email).await;
    }
    let ttl = app.policy().accounts.verification_ttl_seconds;
    let expires_at = call.now.plus_seconds(ttl);
    let is_unproved_own = user.claims.email.as_deref() == Some(email) && proved_email(user).is_none();
    if is_unproved_own {
        letters::prove(
            app,
            (email, &user.username),
            &verify_email(user, email, expires_at),
        )
        .await
    } else {
        letters::prove(
            app,
            (email, &user.username),
            &change_email(user, email, expires_at),
        )
        .await
    }
}

/// What the form says and holds.
struct Shown<'a> {
    email: String,
    notice: Option<String>,
    problem: Option<&'a Refusal>,
}

impl Shown<'_> {
    const fn typed(email: String) -> Self {
        Self {
            email,
            notice: None,
            problem: None,
        }
    }
}

fn render(call: &Call<'_>, (session, user): (&Session, &User), shown: Shown<'_>) -> Response {
    let app = call.app;
    let now = match (&user.claims.email, proved_email(user)) {
        (None, _) => String::from("none"),
        (Some(_), Some(email)) => email.to_owned(),
        (Some(email), None) => format!("{email} (not confirmed)"),
    };
    let has_mail = app.mailer.is_some();
    let view = form_page::View {
        title: String::from("Your e-mail address"),
        lead: String::from(if has_mail {
            "Letters about your account go there, and with it you get back in when you forget your password."
        } else {
            "This service sends no letters, so an address cannot be confirmed here. Whoever runs it can change yours."
        }),
        facts: vec![("Now", now)],
        notice: shown.notice,
        action: app.path(routes::ACCOUNT_EMAIL),
        hidden: vec![("csrf", session::csrf_field(app, session))],
        fields: vec![form_page::Field {
            value: shown.email,
            autocomplete: "email",
            problem: shown.problem.map(accounts::says),
            ..form_page::Field::required("email", "New address", "email")
        }],
        button: if has_mail {
            ("change", "Send a letter there")
        } else {
            ("", "")
        },
        ..form_page::View::default()
    };
    form_page::account(&app.settings.brand, &view)
}
