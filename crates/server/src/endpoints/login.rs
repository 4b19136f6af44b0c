//! Sign-in: `GET` and `POST /login`. A wrong name and a wrong password look the same, take the same work,
//! and are counted; a sign-in always begins a new session.

use super::{flow, page};
use crate::address::{self, Peer};
use crate::call::{Call, Failure, Told};
use crate::context::{App, Context};
use crate::interaction::{Browser, Interaction, Pending};
use crate::pages::{self, AppView};
use crate::throttle::{self, Verdict};
use crate::{form, routes, session};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use http::request::Parts;
use valetkey_model::{Client, User};
use valetkey_protocol::observe::{Parameter, Role, Step};
use valetkey_protocol::params::Params;
use valetkey_protocol::redirect_uri::is_loopback_host;
use valetkey_protocol::rule::{Refusal, Rule};
use valetkey_protocol::secret::Password;

/// No username is longer.
const MOST_USERNAME_BYTES: usize = 256;

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
    let app = call.app;
    let query = Params::parse_raw(parts.uri.query().unwrap_or_default().as_bytes()).unwrap_or_default();
    if query.get("flow").is_none() {
        return without_flow(call, parts).await;
    }
    let interaction = Interaction::open(app, query.get("flow"), &parts.headers, &mut call.trail)?;
    flow::tie(call, &interaction).await?;
    let username = match &interaction.pending {
        Pending::Request(valid) => valid.login_hint.clone().unwrap_or_default(),
        _ => String::new(),
    };
    Ok(render(call, &interaction, username, None))
}

/// Somebody who came by themselves, to see their account.
async fn without_flow(call: &mut Call<'_>, parts: &Parts) -> Result<Response, Failure> {
    let app = call.app;
    if session::current(app, &parts.headers).await?.is_some() {
        return Ok(page::see_other(&app.path(routes::ACCOUNT)));
    }
    let browser = Browser::of(app, &parts.headers);
    let interaction = Interaction::begin(app, Pending::Account, &browser);
    let response = render(call, &interaction, String::new(), None);
    Ok(page::with_cookies(response, browser.cookie(app)))
}

/// Takes the form.
pub(crate) async fn post(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    match sign_in(&mut call, &parts, body).await {
        Ok(response) => response,
        Err(failure) => page::error(&mut call, &failure),
    }
}

async fn sign_in(call: &mut Call<'_>, parts: &Parts, body: Body) -> Result<Response, Failure> {
    let app = call.app;
    // The layer around this route lets nothing else through.
    call.trail.passed(Rule::FormCrossSite);
    let form = form::of_page(call, body).await?;
    let mut interaction = Interaction::open(app, form.get("flow"), &parts.headers, &mut call.trail)?;
    flow::tie(call, &interaction).await?;
    let username = form.get("username").unwrap_or_default().to_owned();
    let attempt = Attempt {
        password: Password::new(form.get("password").unwrap_or_default()),
        keys: throttle::Keys::new(app, &username, client_address(app, parts)),
        username,
    };
    let outcome = check(call, &attempt).await?;
    let username = attempt.username;
    match outcome {
        Outcome::SignedIn(user) => {
            app.metrics.login("signed_in");
            let session = session::begin(app, &parts.headers, &user).await?;
            tracing::info!(user = %user.id, session = %session.id, "signed in");
            interaction.signed_in = Some(session.id);
            tell(call, &username);
            let response = flow::go_on(call, interaction, Some(&session), false).await?;
            Ok(page::with_cookies(response, session::cookie(app, &session)))
        }
        Outcome::Wrong => {
            app.metrics.login("wrong");
            let refusal = call.trail.refuse(Refusal::plain(Rule::LoginCredentialsWrong));
            tell(call, &username);
            call.log(&refusal.into());
            let problem = Problem::Wrong;
            Ok(render(call, &interaction, username, Some(problem)))
        }
        Outcome::Throttled(seconds) => {
            app.metrics.login("throttled");
            let refusal = call.trail.refuse(Refusal::plain(Rule::LoginThrottled));
            tell(call, &username);
            call.log(&refusal.into());
            let problem = Problem::Throttled(seconds);
            Ok(render(call, &interaction, username, Some(problem)))
        }
    }
}

struct Attempt {
    username: String,
    password: Password,
    keys: throttle::Keys,
}

enum Outcome {
    SignedIn(Box<User>),
    Wrong,
    Throttled(i64),
}

async fn check(call: &mut Call<'_>, attempt: &Attempt) -> Result<Outcome, Failure> {
    let (app, now) = (call.app, call.now);
    // Before the attempt is counted: that the server is busy is nobody's failure.
    let Ok(place) = app.passwords.place() else {
        let refusal = Refusal::new(
            Rule::ServerBusy,
            "room in the queue for passwords",
            "a full queue",
        );
        return Err(call.trail.refuse(refusal).into());
    };
    call.trail.passed(Rule::ServerBusy);
    if let Verdict::Closed { retry_after_seconds } = throttle::admit(app, &attempt.keys, now).await? {
        return Ok(Outcome::Throttled(retry_after_seconds));
    }
    call.trail.passed(Rule::LoginThrottled);
    let fits = attempt.username.len() <= MOST_USERNAME_BYTES
        && attempt.password.expose().len() <= app.policy().password_max_bytes;
    let user = if fits {
        app.store.find_user_by_username(&attempt.username).await?
    } else {
        None
    };
    let hash = user.as_ref().and_then(|user| user.password_hash.as_ref());
    // The same work when there is nobody, so that its duration does not tell who exists.
    let is_right = fits && app.passwords.verify(place, &attempt.password, hash).await?;
    match user.filter(|_| is_right) {
        Some(user) => {
            throttle::succeeded(app, &attempt.keys).await?;
            call.trail.passed(Rule::LoginCredentialsWrong);
            Ok(Outcome::SignedIn(Box::new(user)))
        }
        None => {
            throttle::failed(app, &attempt.keys, now).await?;
            Ok(Outcome::Wrong)
        }
    }
}

fn client_address(app: &Context, parts: &Parts) -> std::net::IpAddr {
    let peer = parts.extensions.get::<Peer>().copied();
    address::of_client(peer, &parts.headers, &app.settings.trusted_proxies)
}

/// What the form says about the attempt before.
enum Problem {
    Wrong,
    Throttled(i64),
}

fn render(
    call: &Call<'_>,
    interaction: &Interaction,
    username: String,
    problem: Option<Problem>,
) -> Response {
    let app = call.app;
    let redirect_uri = match &interaction.pending {
        Pending::Request(valid) => Some(valid.redirect_uri.as_str()),
        Pending::Refused(error) => Some(error.redirect_uri.as_str()),
        Pending::Account => None,
    };
    let retry_after_seconds = match problem {
        Some(Problem::Throttled(seconds)) => Some(seconds),
        _ => None,
    };
    let is_wrong = matches!(problem, Some(Problem::Wrong));
    let view = pages::login::View {
        client: call
            .client
            .as_ref()
            .zip(redirect_uri)
            .map(|(client, uri)| app_view(client, uri)),
        flow: interaction.seal(app),
        username,
        problem: is_wrong.then(|| String::from("The username or the password is not right.")),
        retry_after_seconds,
        people_hint: people_hint(app),
    };
    let mut response = pages::login::render(&app.settings.brand, &view);
    if is_wrong {
        *response.status_mut() = StatusCode::BAD_REQUEST;
    }
    response
}

fn people_hint(app: &Context) -> Option<String> {
    let person = app.settings.dev.as_ref()?.people.first()?;
    Some(format!("{} / {}", person.username, person.password))
}

/// The app as pages show it: with the host that its registered redirect URI leads to, which nobody but its
/// owner can receive at; an app on the person's device has none.
pub(super) fn app_view(client: &Client, redirect_uri: &str) -> AppView {
    let url = url::Url::parse(redirect_uri).ok();
    let web = url.filter(|url| matches!(url.scheme(), "http" | "https"));
    let on_device = |url: &url::Url| {
        client.application_type == valetkey_model::client::ApplicationType::Native && is_loopback_host(url)
    };
    let host = web.filter(|url| !on_device(url)).and_then(|url| {
        let host = url.host_str()?;
        Some(match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        })
    });
    AppView {
        name: client.name.clone(),
        host,
    }
}

fn tell(call: &mut Call<'_>, username: &str) {
    call.tell(Told {
        from: Role::ResourceOwner,
        to: Role::AuthorizationServer,
        step: Step::AuthorizationGrant,
        title: "Sign-in",
        line: String::from("POST /login"),
        parameters: vec![Parameter::plain("username", username)],
    });
}
