//! The passkeys of one's own account: `GET` and `POST /account/passkeys`. What the browser says of a new one checks
//! [`crate::passkeys`]; nobody removes their last way to sign in.

use super::page;
use super::signed_in::{self, Form, Lately, Who};
use crate::call::{Call, Failure};
use crate::context::App;
use crate::factors;
use crate::mail::letters::{Change, SignInMethod};
use crate::pages::account_passkeys::{Adding, Passkey as Row, View, render};
use crate::pages::text;
use crate::passkeys::{self, Challenge};
use crate::{accounts, routes, session};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use http::request::Parts;
use valetkey_jose::b64;
use valetkey_model::{Passkey, Session, User, WaysIn};
use valetkey_protocol::params::Params;
use valetkey_protocol::rule::{Refusal, Rule};
use valetkey_rules::passkey::{CreationOptions, Descriptor, Person, user_handle};
use valetkey_rules::second_factor::may_remove_passkey;
use valetkey_store::StoreError;

/// What the sealed challenge of this page is for.
const PURPOSE: &str = "new passkey";

/// Shows the passkeys.
pub(crate) async fn get(State(app): State<App>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    match show(&mut call, &parts).await {
        Ok(response) => response,
        Err(failure) => page::error(&mut call, &failure),
    }
}

/// Adds or removes one.
pub(crate) async fn post(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    match change(&mut call, &parts, body).await {
        Ok(response) => response,
        Err(failure) => page::error(&mut call, &failure),
    }
}

async fn show(call: &mut Call<'_>, parts: &Parts) -> Result<Response, Failure> {
    let who = signed_in::who(call, parts, routes::ACCOUNT_PASSKEYS, Lately::Recently).await?;
    let (session, user) = match who {
        Who::Person(session, user) => (session, user),
        Who::SignsIn(response) => return Ok(*response),
    };
    let query = Params::parse_raw(parts.uri.query().unwrap_or_default().as_bytes()).unwrap_or_default();
    let notice = match (query.get("added"), query.get("removed")) {
        (Some(_), _) => Some("The passkey is ready. You can sign in with it from now on."),
        (None, Some(_)) => {
            Some("The passkey does not sign you in any more. You can remove it from the device, too.")
        }
        (None, None) => None,
    };
    page_of(call, (&session, &user), notice, None).await
}

async fn page_of(
    call: &Call<'_>,
    (session, user): (&Session, &User),
    notice: Option<&'static str>,
    problem: Option<&'static str>,
) -> Result<Response, Failure> {
    let app = call.app;
    let known = app.store.list_passkeys(user.id).await?;
    let view = View {
        adding: adding(call, (session, user), &known),
        passkeys: known.into_iter().map(row).collect(),
        csrf: session::csrf_field(app, session),
        notice,
        problem,
    };
    Ok(render(&app.settings.brand, &view))
}

fn row(passkey: Passkey) -> Row {
    Row {
        handle: b64::encode_url(&passkey.id),
        name: passkey.name,
        since: passkey.created_at,
        last_used: passkey.last_used_at,
        is_backed_up: passkey.backed_up,
    }
}

/// What the browser needs to make a new one; `None` where it cannot.
fn adding(call: &Call<'_>, (session, user): (&Session, &User), known: &[Passkey]) -> Option<Adding> {
    let app = call.app;
    let rp = passkeys::relying_party(app)?;
    let challenge = Challenge::new(app);
    let person = Person {
        handle: user_handle(&user.id),
        name: &user.username,
        display_name: user.claims.name.as_deref().unwrap_or(&user.username),
    };
    let known = known
        .iter()
        .map(|passkey| Descriptor::new(&passkey.id, &passkey.transports));
    let (name, known) = (&app.settings.brand.name, known.collect());
    Some(Adding {
        options: CreationOptions::new(&rp, name, person, &challenge.bytes(), known).to_json(),
        challenge: factors::seal(app, PURPOSE, session, &challenge),
    })
}

async fn change(call: &mut Call<'_>, parts: &Parts, body: Body) -> Result<Response, Failure> {
    // Who adds one was asked for a sign-in when the page was made, which the sealed challenge proves.
    let page = (routes::ACCOUNT_PASSKEYS, Lately::Anytime);
    let (session, user, form) = match signed_in::take_form(call, parts, body, page).await? {
        Form::From(session, user, form) => (session, user, form),
        Form::SignsIn(response) => return Ok(*response),
    };
    let done = match form.get("action") {
        Some("add") => add(call, (&session, &user), &form).await,
        Some("remove") => {
            let recently = signed_in::who(call, parts, routes::ACCOUNT_PASSKEYS, Lately::Recently).await?;
            if let Who::SignsIn(response) = recently {
                return Ok(*response);
            }
            remove(call, &user, &form).await
        }
        _ => Ok(""),
    };
    accounts::tell(call, "Passkeys", "POST /account/passkeys");
    match done {
        Ok(said) => {
            let to = format!("{}{said}", call.app.path(routes::ACCOUNT_PASSKEYS));
            Ok(page::see_other(&to))
        }
        Err(Failure::Refused(refusal)) => refused(call, parts, (&session, &user), refusal).await,
        Err(broken) => Err(broken),
    }
}

/// Shows the page once more, with a new challenge: like every challenge only to who signed in lately.
async fn refused(
    call: &mut Call<'_>,
    parts: &Parts,
    who: (&Session, &User),
    refusal: Refusal,
) -> Result<Response, Failure> {
    let Some(says) = passkeys::says(refusal.rule) else {
        return Err(refusal.into());
    };
    let status = StatusCode::from_u16(refusal.rule.info().status);
    call.log(&refusal.into());
    let recently = signed_in::who(call, parts, routes::ACCOUNT_PASSKEYS, Lately::Recently).await?;
    if let Who::SignsIn(response) = recently {
        return Ok(*response);
    }
    let mut response = page_of(call, who, None, Some(says)).await?;
    *response.status_mut() = status.unwrap_or(StatusCode::BAD_REQUEST);
    Ok(response)
}

async fn add(
    call: &mut Call<'_>,
    (session, user): (&Session, &User),
    form: &Params,
) -> Result<&'static str, Failure> {
    let app = call.app;
    let challenge: Option<Challenge> = factors::open(app, PURPOSE, session, form.get("challenge"));
    let answer = form.get("credential").unwrap_or_default();
    let registered = passkeys::registered(call, challenge.as_ref(), answer).await?;
    let name = name_of(form.get("name").unwrap_or_default());
    let passkey = registered.into_passkey(user.id, name.clone(), call.now);
    match app.store.insert_passkey(passkey).await {
        Ok(()) => call.trail.passed(Rule::PasskeyTaken),
        Err(StoreError::Exists { .. }) => {
            let refusal = Refusal::new(
                Rule::PasskeyTaken,
                "a credential id that no account has",
                "one that an account has",
            );
            return Err(call.trail.refuse(refusal).into());
        }
        Err(error) => return Err(error.into()),
    }
    tracing::info!(user = %user.id, "passkey added");
    factors::tell_of_change(app, user, SignInMethod::Passkey(name), Change::Added).await;
    Ok("?added=1")
}

/// As the person calls it, made fit to be shown.
fn name_of(typed: &str) -> String {
    let name = text::headline(typed.trim());
    if name.is_empty() {
        String::from("Passkey")
    } else {
        name
    }
}

async fn remove(call: &mut Call<'_>, user: &User, form: &Params) -> Result<&'static str, Failure> {
    let store = &call.app.store;
    let id = b64::decode_url(form.get("passkey").unwrap_or_default()).unwrap_or_default();
    let passkeys = store.list_passkeys(user.id).await?;
    let Some(passkey) = passkeys.iter().find(|passkey| passkey.id == id) else {
        // Removed in another browser meanwhile.
        return Ok("?removed=1");
    };
    let mut links = store.list_links(user.id).await?;
    // A provider that the operator has taken away signs nobody in.
    links.retain(|link| call.app.upstream.find(&link.provider).is_some());
    let left = WaysIn {
        has_password: user.password_hash.is_some(),
        links: links.len(),
        passkeys: passkeys.len().saturating_sub(1),
    };
    may_remove_passkey(left, &mut call.trail)?;
    let leaving = factors::a_way_in(call.app);
    if store.remove_passkey(user.id, &id, leaving).await? {
        tracing::info!(user = %user.id, "passkey removed");
        let method = SignInMethod::Passkey(passkey.name.clone());
        factors::tell_of_change(call.app, user, method, Change::Removed).await;
    } else if store.find_passkey(&id).await?.is_some() {
        // Another way to sign in went at the same moment.
        may_remove_passkey(WaysIn::default(), &mut call.trail)?;
    }
    Ok("?removed=1")
}
