//! One-time codes and recovery codes of one's own account: `GET` and `POST /account/second-factor`. A new secret is kept only
//! after a code of it was typed; recovery codes are shown once.

use super::page;
use super::signed_in::{self, Form, Lately, Who};
use crate::call::{Call, Failure};
use crate::context::{App, Context};
use crate::factors::{self, SetUp};
use crate::mail::letters::{Change, SignInMethod};
use crate::pages::account_second_factor::{NewApp, Shown, View, render};
use crate::{accounts, qr, random, routes, session};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use http::request::Parts;
use valetkey_model::{RecoveryCodeHash, Session, Totp, User};
use valetkey_protocol::params::Params;
use valetkey_protocol::rule::Rule;
use valetkey_rules::recovery::{self, CODES, RecoveryCode};
use valetkey_rules::totp::{self, TotpSecret};

/// Shows how it stands.
pub(crate) async fn get(State(app): State<App>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    match show(&mut call, &parts).await {
        Ok(response) => response,
        Err(failure) => page::error(&mut call, &failure),
    }
}

/// Turns it on or off, or makes new recovery codes.
pub(crate) async fn post(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    match change(&mut call, &parts, body).await {
        Ok(response) => response,
        Err(failure) => page::error(&mut call, &failure),
    }
}

async fn show(call: &mut Call<'_>, parts: &Parts) -> Result<Response, Failure> {
    let who = signed_in::who(call, parts, routes::ACCOUNT_SECOND_FACTOR, Lately::Recently).await?;
    let (session, user) = match who {
        Who::Person(session, user) => (session, user),
        Who::SignsIn(response) => return Ok(*response),
    };
    let query = Params::parse_raw(parts.uri.query().unwrap_or_default().as_bytes()).unwrap_or_default();
    let off = query
        .get("off")
        .map(|_| "The authenticator app is not asked for any more. You can remove its entry there.");
    let shown = stands(call, (&session, &user)).await?;
    Ok(page_of(call, &session, shown, off))
}

/// How it stands, with a new secret to begin with when there is none.
async fn stands(call: &Call<'_>, (session, user): (&Session, &User)) -> Result<Shown, Failure> {
    let app = call.app;
    match app.store.find_totp(user.id).await? {
        Some(totp) => Ok(Shown::On {
            since: totp.created_at,
            recovery_codes: app.store.count_recovery_codes(user.id).await?,
        }),
        None => {
            let secret = TotpSecret::new(random::bytes(app.random.as_ref()));
            Ok(Shown::Off(new_app(call, (session, user), &secret, None)))
        }
    }
}

fn new_app(
    call: &Call<'_>,
    (session, user): (&Session, &User),
    secret: &TotpSecret,
    problem: Option<&'static str>,
) -> NewApp {
    let app = call.app;
    let uri = totp::otpauth_uri(secret, &app.settings.brand.name, &user.username);
    NewApp {
        picture: qr::svg(&uri, "Picture for your authenticator app").unwrap_or_default(),
        secret: secret.shown().to_string(),
        link: uri.to_string(),
        set_up: SetUp::new(secret, call.now).seal(app, session),
        problem,
    }
}

fn page_of(call: &Call<'_>, session: &Session, shown: Shown, notice: Option<&'static str>) -> Response {
    let view = View {
        csrf: session::csrf_field(call.app, session),
        shown,
        notice,
    };
    render(&call.app.settings.brand, &view)
}

async fn change(call: &mut Call<'_>, parts: &Parts, body: Body) -> Result<Response, Failure> {
    // Who is in the middle of setting up was asked for a sign-in when the page was made, which the sealed secret proves.
    let page = (routes::ACCOUNT_SECOND_FACTOR, Lately::Anytime);
    let (session, user, form) = match signed_in::take_form(call, parts, body, page).await? {
        Form::From(session, user, form) => (session, user, form),
        Form::SignsIn(response) => return Ok(*response),
    };
    if form.get("action") == Some("confirm") {
        let answer = confirm(call, parts, (&session, &user), &form).await;
        accounts::tell(call, "Authenticator app", "POST /account/second-factor");
        return answer;
    }
    let recently = signed_in::who(call, parts, routes::ACCOUNT_SECOND_FACTOR, Lately::Recently).await?;
    if let Who::SignsIn(response) = recently {
        return Ok(*response);
    }
    match form.get("action") {
        Some("recovery") => new_recovery_codes(call, (&session, &user)).await,
        Some("off") => turn_off(call, &user).await,
        _ => Ok(page::see_other(&call.app.path(routes::ACCOUNT_SECOND_FACTOR))),
    }
}

/// Keeps the secret, once a code of it shows that the app has it too.
async fn confirm(
    call: &mut Call<'_>,
    parts: &Parts,
    (session, user): (&Session, &User),
    form: &Params,
) -> Result<Response, Failure> {
    let app = call.app;
    if app.store.find_totp(user.id).await?.is_some() {
        // Sent twice, or set up in another browser meanwhile.
        return Ok(page::see_other(&app.path(routes::ACCOUNT_SECOND_FACTOR)));
    }
    let secret = match SetUp::open(call, session, form.get("set_up")) {
        Ok(secret) => secret,
        Err(refusal) => {
            call.log(&refusal.into());
            // A new secret only for who signed in lately, as on the page itself.
            let recently =
                signed_in::who(call, parts, routes::ACCOUNT_SECOND_FACTOR, Lately::Recently).await?;
            if let Who::SignsIn(response) = recently {
                return Ok(*response);
            }
            let fresh = TotpSecret::new(random::bytes(app.random.as_ref()));
            let says = "This page was open for too long. Scan the new picture, and remove the older entry from your app.";
            return Ok(set_up_again(call, (session, user), &fresh, says));
        }
    };
    let code = form.get("code").unwrap_or_default();
    let Some(step) = totp::verify(&secret, code, call.now, None) else {
        let refusal = factors::wrong(call);
        call.log(&refusal.into());
        let says = "This code is not right. Type the one that the app shows now; if it is, check that the phone’s clock is right.";
        return Ok(set_up_again(call, (session, user), &secret, says));
    };
    call.trail.passed(Rule::SecondFactorWrong);
    let (codes, hashes) = make_recovery_codes(app, user);
    let totp = Totp {
        user: user.id,
        secret: app.totp.seal(user.id, &secret),
        created_at: call.now,
        // The code that was typed here signs nobody in.
        last_step: step,
    };
    app.store.put_totp(totp, hashes).await?;
    tracing::info!(user = %user.id, "one-time codes set up");
    factors::tell_of_change(app, user, SignInMethod::Totp, Change::Added).await;
    let notice = Some("From now on you are asked for a code of your app when you sign in.");
    Ok(page_of(call, session, codes_to_keep(&codes), notice))
}

fn set_up_again(
    call: &Call<'_>,
    who: (&Session, &User),
    secret: &TotpSecret,
    says: &'static str,
) -> Response {
    let shown = Shown::Off(new_app(call, who, secret, Some(says)));
    let mut response = page_of(call, who.0, shown, None);
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response
}

fn make_recovery_codes(app: &Context, user: &User) -> (Vec<RecoveryCode>, Vec<RecoveryCodeHash>) {
    let random: [[u8; 16]; CODES] = std::array::from_fn(|_| random::bytes(app.random.as_ref()));
    let codes = recovery::codes(&random);
    let hash = |code: &RecoveryCode| app.recovery.hash(user.id, code.expose());
    let hashes = codes.iter().map(hash).collect();
    (codes, hashes)
}

fn codes_to_keep(codes: &[RecoveryCode]) -> Shown {
    Shown::RecoveryCodes(codes.iter().map(|code| code.expose().to_owned()).collect())
}

async fn new_recovery_codes(
    call: &mut Call<'_>,
    (session, user): (&Session, &User),
) -> Result<Response, Failure> {
    let app = call.app;
    let (codes, hashes) = make_recovery_codes(app, user);
    if !app.store.replace_recovery_codes(user.id, hashes).await? {
        return Ok(page::see_other(&app.path(routes::ACCOUNT_SECOND_FACTOR)));
    }
    tracing::info!(user = %user.id, "new recovery codes");
    factors::tell_of_change(app, user, SignInMethod::RecoveryCodes, Change::Added).await;
    let notice = Some("The recovery codes that you had before do not work any more.");
    Ok(page_of(call, session, codes_to_keep(&codes), notice))
}

async fn turn_off(call: &mut Call<'_>, user: &User) -> Result<Response, Failure> {
    let app = call.app;
    if app.store.remove_totp(user.id).await? {
        tracing::info!(user = %user.id, "one-time codes turned off");
        factors::tell_of_change(app, user, SignInMethod::Totp, Change::Removed).await;
    }
    Ok(page::see_other(&format!(
        "{}?off=1",
        app.path(routes::ACCOUNT_SECOND_FACTOR)
    )))
}
