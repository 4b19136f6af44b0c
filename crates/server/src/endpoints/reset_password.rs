//! A new password by a link from a letter: `GET` and `POST /reset-password`. It ends every session and the access that apps
//! had only while those lasted, and does not sign in: a second factor counts as before.

use super::page;
use crate::accounts::{self, letters, query};
use crate::call::{Call, Failure};
use crate::context::App;
use crate::pages::{form as form_page, said};
use crate::throttle;
use crate::{address, form, outbox, routes};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::request::Parts;
use valetkey_model::User;
use valetkey_protocol::rule::{Refusal, Rule};
use valetkey_protocol::secret::Password;
use valetkey_rules::account::link::{self, ResetPassword};

/// Shows the form.
pub(crate) async fn get(State(app): State<App>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    let response = match show(&mut call, &parts).await {
        Ok(response) => response,
        Err(failure) => page::error(&mut call, &failure),
    };
    accounts::keeps_its_address(response)
}

async fn show(call: &mut Call<'_>, parts: &Parts) -> Result<Response, Failure> {
    let query = query(parts);
    let token = query.get("token").unwrap_or_default();
    let user = whose(call, token).await?;
    Ok(render(call, &user, token, None))
}

/// Whose password the link is about, while it counts.
async fn whose(call: &mut Call<'_>, token: &str) -> Result<User, Failure> {
    let app = call.app;
    let link: ResetPassword = app.links.open(token, call.now, &mut call.trail)?;
    let user = app.store.find_user(link.user).await?;
    link::may_reset(&link, user.as_ref(), &mut call.trail)?;
    user.ok_or_else(|| Refusal::plain(Rule::AccountLinkUsed).into())
}

fn render(call: &Call<'_>, user: &User, token: &str, problem: Option<&Refusal>) -> Response {
    let app = call.app;
    let view = form_page::View {
        title: String::from("Choose a new password"),
        action: app.path(routes::RESET_PASSWORD),
        hidden: vec![("token", token.to_owned())],
        fields: vec![
            form_page::Field {
                // For password managers, and for people with more than one account.
                value: user.username.clone(),
                autocomplete: "username",
                is_fixed: true,
                ..form_page::Field::required("username", "Username", "text")
            },
            form_page::Field {
                autocomplete: "new-password",
                hint: Some("Four words that have nothing to do with each other are a good one."),
                problem: problem.map(accounts::says),
                is_first: true,
                ..form_page::Field::required("new_password", "New password", "password")
            },
        ],
        button: ("set", "Set the new password"),
        ..form_page::View::default()
    };
    accounts::keeps_its_address(form_page::card(&app.settings.brand, &view))
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
    // The layer around this route lets nothing else through.
    call.trail.passed(Rule::FormCrossSite);
    let form = form::of_page(call, body).await?;
    let token = form.get("token").unwrap_or_default();
    let user = whose(call, token).await?;
    let password = Password::new(form.get("new_password").unwrap_or_default());
    let email = user.claims.email.clone().unwrap_or_default();
    let judged = accounts::password(call, &password, &[&user.username, &email]);
    accounts::tell(call, "New password", "POST /reset-password");
    if let Err(refusal) = judged {
        let response = render(call, &user, token, Some(&refusal));
        call.log(&refusal.into());
        return Ok(response);
    }
    let hash = app.passwords.hash(&password, app.random.as_ref()).await?;
    // While it was hashed, the link may have been used elsewhere.
    let user = whose(call, token).await?;
    app.store.set_password(user.id, hash, None, call.now).await?;
    outbox::nudge(app);
    tracing::info!(user = %user.id, "password reset");
    let from = address::of_request(parts, &app.settings.trusted_proxies);
    throttle::succeeded(app, &throttle::Keys::new(app, &user.username, from)).await?;
    letters::password_changed(app, &user).await?;
    let view = said::View {
        id: "reset",
        title: String::from("Your new password is set"),
        lines: vec![String::from(
            "You were signed out everywhere. Sign in with the new password now.",
        )],
        next: Some(said::Next {
            id: "sign-in",
            href: app.path(routes::LOGIN),
            label: "Sign in",
        }),
    };
    Ok(said::render(&app.settings.brand, &view))
}
