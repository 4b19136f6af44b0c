//! The proof of an address: `GET` and `POST /verify-email`, by a link from a letter. Opening the link shows a button, and only
//! the button does something: programs that look at letters open links too.
//!
//! What is proved is the address of an account, its new one, or that of an account that exists from then on.

use super::{first_factor, page, sign_up};
use crate::accounts::{self, letters, query};
use crate::call::{Call, Failure};
use crate::context::App;
use crate::interaction::Interaction;
use crate::pages::{form as form_page, said};
use crate::session::{self, Proof};
use crate::{cookies, form, once, routes};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::request::Parts;
use valetkey_model::User;
use valetkey_model::user::username_key;
use valetkey_protocol::claims::StandardClaims;
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_rules::account;
use valetkey_rules::account::link::{self, ChangeEmail, Confirmation, SignUp, VerifyEmail};

/// Shows the button.
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
    let app = call.app;
    let query = query(parts);
    let token = query.get("token").unwrap_or_default();
    let confirmation = app.links.open_confirmation(token, call.now, &mut call.trail)?;
    let (title, email, button) = match &confirmation {
        Confirmation::Verify(link) => ("Is this your address?", &link.email, "Yes, it is mine"),
        Confirmation::Change(link) => ("Is this your new address?", &link.email, "Yes, use it"),
        Confirmation::SignUp(link) => ("Open your account?", &link.email, "Yes, open it"),
    };
    // Somebody else may have typed this address: its owner must see whose account it would belong to.
    let username = match &confirmation {
        Confirmation::SignUp(link) => Some(link.username.clone()),
        Confirmation::Verify(VerifyEmail { user, .. }) | Confirmation::Change(ChangeEmail { user, .. }) => {
            app.store.find_user(*user).await?.map(|user| user.username)
        }
    };
    let lead = match username {
        Some(username) => format!(
            "For the account {username} with the address {email}. If that is not you, close this page."
        ),
        None => email.clone(),
    };
    let view = form_page::View {
        title: title.to_owned(),
        lead,
        action: app.path(routes::VERIFY_EMAIL),
        hidden: vec![("token", token.to_owned())],
        button: ("verify", button),
        leads_away: true,
        ..form_page::View::default()
    };
    Ok(form_page::card(&app.settings.brand, &view))
}

/// Takes the proof.
pub(crate) async fn post(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    match take(&mut call, &parts, body).await {
        Ok(response) => response,
        Err(failure) => page::error(&mut call, &failure),
    }
}

async fn take(call: &mut Call<'_>, parts: &Parts, body: Body) -> Result<Response, Failure> {
    // The layer around this route lets nothing else through.
    call.trail.passed(Rule::FormCrossSite);
    let form = form::of_page(call, body).await?;
    let token = form.get("token").unwrap_or_default();
    let confirmation = call
        .app
        .links
        .open_confirmation(token, call.now, &mut call.trail)?;
    let response = match confirmation {
        Confirmation::Verify(link) => verify(call, &link).await?,
        Confirmation::Change(link) => change(call, &link).await?,
        Confirmation::SignUp(link) => return open(call, parts, &link).await,
    };
    accounts::tell(call, "Proof of an address", "POST /verify-email");
    Ok(response)
}

async fn verify(call: &mut Call<'_>, link: &VerifyEmail) -> Result<Response, Failure> {
    let app = call.app;
    for _ in 0..accounts::MOST_TRIES {
        let user = app.store.find_user(link.user).await?;
        let owner = accounts::owner_of(app, &link.email, Some(link.user)).await?;
        let owner = owner.map(|owner| owner.id);
        link::may_verify(link, user.as_ref(), owner, &mut call.trail)?;
        if let Some(user) = user
            && prove(call, &user, &link.email).await?
        {
            return Ok(done(call, &link.email));
        }
    }
    Err(Refusal::plain(Rule::ServerBusy).into())
}

async fn change(call: &mut Call<'_>, link: &ChangeEmail) -> Result<Response, Failure> {
    let app = call.app;
    for _ in 0..accounts::MOST_TRIES {
        let user = app.store.find_user(link.user).await?;
        let owner = accounts::owner_of(app, &link.email, Some(link.user)).await?;
        let owner = owner.map(|owner| owner.id);
        link::may_change(link, user.as_ref(), owner, &mut call.trail)?;
        if let Some(user) = user
            && prove(call, &user, &link.email).await?
        {
            letters::email_changed(app, &user, &link.email).await?;
            return Ok(done(call, &link.email));
        }
    }
    Err(Refusal::plain(Rule::ServerBusy).into())
}

/// `false` when the account was changed meanwhile, and nothing was done.
async fn prove(call: &mut Call<'_>, user: &User, email: &str) -> Result<bool, Failure> {
    let claims = StandardClaims {
        email: Some(email.to_owned()),
        email_verified: Some(true),
        updated_at: Some(call.now.0),
        ..user.claims.clone()
    };
    let is_done = call
        .app
        .store
        .set_claims(user.id, user.claims.clone(), claims)
        .await?;
    if is_done {
        tracing::info!(user = %user.id, "address proved");
    }
    Ok(is_done)
}

fn done(call: &Call<'_>, email: &str) -> Response {
    let app = call.app;
    let view = said::View {
        id: "verified",
        title: String::from("Thank you"),
        lines: vec![format!("{email} is the address of your account now.")],
        next: Some(said::Next {
            id: "account",
            href: app.path(routes::ACCOUNT),
            label: "Go to your account",
        }),
    };
    said::render(&app.settings.brand, &view)
}

/// The account is there from now on. In the browser that asked for it the sign-in goes on.
async fn open(call: &mut Call<'_>, parts: &Parts, link: &SignUp) -> Result<Response, Failure> {
    let app = call.app;
    still_allowed(call, link)?;
    unopened(call, link).await?;
    once::first_time(call, &link.once()).await?;
    let named = (link.username.as_str(), link.email.as_str());
    let user = sign_up::new_user(call, named, link.password_hash.clone(), true);
    sign_up::add(call, &user).await?;
    accounts::tell(call, "Proof of an address", "POST /verify-email");
    let gone = app.cookies.remove(&app.cookies.sign_up);
    let response = match waiting(call, parts, link) {
        Some(interaction) => {
            let proof = Proof::password(session::signed_in_from(app, parts));
            super::flow::tie(call, &interaction).await?;
            first_factor::shown(call, parts, interaction, &user, proof).await?
        }
        None => opened(call, &user),
    };
    Ok(page::with_cookies(response, gone))
}

/// The operator may have closed sign-up since the letter went out.
fn still_allowed(call: &mut Call<'_>, link: &SignUp) -> Result<(), Failure> {
    let policy = &call.app.policy().accounts;
    let domain = link.email.rsplit('@').next().unwrap_or_default();
    account::may_sign_up(policy, None, &mut call.trail)?;
    account::may_use_address(policy, None, (&link.email, domain), &mut call.trail)?;
    Ok(())
}

/// Name and address must be free; when it is the very account of the link that has them, the link was used.
async fn unopened(call: &mut Call<'_>, link: &SignUp) -> Result<(), Failure> {
    let app = call.app;
    let by_name = app.store.find_user_by_username(&link.username).await?;
    let by_email = accounts::owner_of(app, &link.email, None).await?;
    let rule = match (&by_name, &by_email) {
        (_, Some(owner)) if username_key(&owner.username) == username_key(&link.username) => {
            Rule::AccountLinkUsed
        }
        (_, Some(_)) => Rule::AccountEmailTaken,
        (Some(_), None) => Rule::SignUpUsernameTaken,
        (None, None) => return Ok(()),
    };
    Err(call.trail.refuse(Refusal::plain(rule)).into())
}

/// The sign-in that this very sign-up was for, when it waits in this browser and is not too old.
fn waiting(call: &Call<'_>, parts: &Parts, link: &SignUp) -> Option<Interaction> {
    let app = call.app;
    let sealed = cookies::read(&parts.headers, &app.cookies.sign_up)?;
    let interaction = Interaction::open(app, Some(sealed), &parts.headers, &mut Trail::off()).ok()?;
    (interaction.id == link.interaction).then_some(interaction)
}

fn opened(call: &Call<'_>, user: &User) -> Response {
    let app = call.app;
    let view = said::View {
        id: "opened",
        title: String::from("Your account is open"),
        lines: vec![format!(
            "You can sign in as {} now. If you came from an app, go back there and sign in.",
            user.username
        )],
        next: Some(said::Next {
            id: "sign-in",
            href: app.path(routes::LOGIN),
            label: "Sign in",
        }),
    };
    said::render(&app.settings.brand, &view)
}
