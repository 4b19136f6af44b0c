//! Sign-in: `GET` and `POST /login`. Whether the password is right says [`crate::sign_in`]; a sign-in always begins
//! a new session.

use super::{first_factor, flow, page};
use crate::address;
use crate::call::{Call, Failure, Told};
use crate::context::{App, Context};
use crate::interaction::{Browser, Interaction, Pending};
use crate::pages::login::Why;
use crate::pages::{self, AppView};
use crate::passkeys::{self, Challenge};
use crate::sign_in::{Attempt, Outcome, Way};
use crate::{accounts, form, routes, session, sign_in, upstream};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use http::request::Parts;
use valetkey_model::Client;
use valetkey_protocol::observe::{Parameter, Role, Step};
use valetkey_protocol::params::Params;
use valetkey_protocol::redirect_uri::is_loopback_host;
use valetkey_protocol::rule::{Refusal, Rule};
use valetkey_protocol::secret::Password;
use valetkey_rules::authorize::LoginWhy;

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
    let shown = Shown {
        username: about_whom(call, parts, &interaction).await?,
        notice: upstream::notice(app, &query),
        problem: None,
    };
    Ok(render(call, &interaction, shown))
}

/// The name of whom the sign-in is about: the person who is signed in, where it is them again; else whom the client names.
async fn about_whom(call: &Call<'_>, parts: &Parts, interaction: &Interaction) -> Result<String, Failure> {
    let is_same_person = match &interaction.pending {
        Pending::Account { fresh, .. } => *fresh,
        Pending::Refused(_) => false,
        Pending::Request(_) => matches!(
            interaction.why,
            Some(LoginWhy::PromptLogin | LoginWhy::MaxAge | LoginWhy::StepUp)
        ),
    };
    if is_same_person && let Some((_, user)) = session::signed_in(call.app, &parts.headers).await? {
        return Ok(user.username);
    }
    match &interaction.pending {
        Pending::Request(valid) => Ok(valid.login_hint.clone().unwrap_or_default()),
        Pending::Account { .. } | Pending::Refused(_) => Ok(String::new()),
    }
}

/// Somebody who came by themselves, to see their account.
async fn without_flow(call: &mut Call<'_>, parts: &Parts) -> Result<Response, Failure> {
    let app = call.app;
    if session::current(app, &parts.headers).await?.is_some() {
        return Ok(page::see_other(&app.path(routes::ACCOUNT)));
    }
    let browser = Browser::of(app, &parts.headers);
    let interaction = Interaction::begin(app, Pending::account(), &browser);
    let response = render(call, &interaction, Shown::default());
    Ok(page::with_cookies(response, browser.cookie(app)))
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
    let interaction = Interaction::open(app, form.get("flow"), &parts.headers, &mut call.trail)?;
    flow::tie(call, &interaction).await?;
    let username = form.get("username").unwrap_or_default().to_owned();
    let attempt = Attempt {
        username: &username,
        password: &Password::new(form.get("password").unwrap_or_default()),
        address: address::of_request(parts, &app.settings.trusted_proxies),
    };
    let outcome = sign_in::judge(call, &attempt, Way::Page).await?;
    tell(call, &username);
    let (refusal, problem) = match outcome {
        Outcome::Right(user) => {
            let proof = session::Proof::password(session::signed_in_from(app, parts));
            let goes_on = first_factor::shown(call, parts, interaction, &user, proof);
            // Neither undoes the other: a session that was begun has its cookie sent.
            let (response, forgotten) = tokio::join!(goes_on, sign_in::forget(app, &attempt));
            if let Err(failure) = forgotten {
                tracing::warn!(?failure, "the tries before a right password still count");
            }
            return response;
        }
        Outcome::Wrong(refusal) => (refusal, Problem::Wrong),
        Outcome::Throttled {
            refusal,
            retry_after_seconds,
        } => (refusal, Problem::Throttled(retry_after_seconds)),
    };
    call.log(&refusal.into());
    let shown = Shown {
        username,
        problem: Some(problem),
        ..Shown::default()
    };
    Ok(render(call, &interaction, shown))
}

/// What the form says and holds.
#[derive(Default)]
struct Shown {
    username: String,
    /// What happened elsewhere.
    notice: Option<String>,
    problem: Option<Problem>,
}

/// What the form says about the attempt before.
enum Problem {
    Wrong,
    Throttled(i64),
    /// What the second step, or a passkey, came to.
    Other(&'static str),
}

/// The form once more, after another way to sign in was refused.
pub(super) async fn again(
    call: &mut Call<'_>,
    parts: &Parts,
    mut interaction: Interaction,
    refusal: Refusal,
    says: &'static str,
) -> Result<Response, Failure> {
    call.log(&refusal.into());
    interaction.first_step = None;
    let shown = Shown {
        username: about_whom(call, parts, &interaction).await?,
        notice: None,
        problem: Some(Problem::Other(says)),
    };
    Ok(render(call, &interaction, shown))
}

fn render(call: &Call<'_>, interaction: &Interaction, shown: Shown) -> Response {
    let app = call.app;
    let challenge = Challenge::new(app);
    let passkey = passkeys::sign_in_options(app, &challenge);
    let mut interaction = interaction.clone();
    interaction.challenge = passkey.is_some().then_some(challenge);
    interaction.first_step = None;
    let (mut problem, mut retry_after_seconds) = (None, None);
    match shown.problem {
        None => {}
        Some(Problem::Wrong) => problem = Some("The username or the password is not right."),
        Some(Problem::Other(says)) => problem = Some(says),
        Some(Problem::Throttled(seconds)) => retry_after_seconds = Some(seconds),
    }
    let flow = interaction.seal(app);
    let view = pages::login::View {
        client: client_view(call, &interaction),
        why: why(&interaction),
        username: shown.username,
        notice: shown.notice,
        problem: problem.map(str::to_owned),
        retry_after_seconds,
        people_hint: people_hint(app),
        passkey,
        providers: upstream::buttons(app, &flow),
        sign_up: accounts::sign_up_link(app, &flow),
        forgot: accounts::forgot_link(app, &flow),
        flow,
    };
    let mut response = pages::login::render(&app.settings.brand, &view);
    if problem.is_some() {
        *response.status_mut() = StatusCode::BAD_REQUEST;
    }
    response
}

/// The app on whose behalf somebody signs in.
pub(super) fn client_view(call: &Call<'_>, interaction: &Interaction) -> Option<AppView> {
    let redirect_uri = match &interaction.pending {
        Pending::Request(valid) => valid.redirect_uri.as_str(),
        Pending::Refused(error) => error.redirect_uri.as_str(),
        Pending::Account { .. } => return None,
    };
    call.client.as_ref().map(|client| app_view(client, redirect_uri))
}

/// Why somebody must sign in although they are signed in.
const fn why(interaction: &Interaction) -> Option<Why> {
    match &interaction.pending {
        Pending::Account { fresh: true, .. } => Some(Why::Change),
        Pending::Account { fresh: false, .. } | Pending::Refused(_) => None,
        Pending::Request(_) => match interaction.why {
            None | Some(LoginWhy::NoSession) => None,
            Some(LoginWhy::PromptLogin) => Some(Why::Again),
            Some(LoginWhy::MaxAge) => Some(Why::Lately),
            Some(LoginWhy::StepUp) => Some(Why::Surer),
            Some(LoginWhy::SelectAccount) => Some(Why::Choose),
            Some(LoginWhy::OtherPerson) => Some(Why::Other),
        },
    }
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
    let presentation = &client.presentation;
    let logo = presentation.logo_uri.as_ref();
    AppView {
        name: client.name.clone(),
        host,
        logo: logo.map(|_| routes::CLIENT_LOGO.replace("{client_id}", &encoded(client.id.as_str()))),
        policy_uri: presentation.policy_uri.clone(),
        tos_uri: presentation.tos_uri.clone(),
    }
}

/// An id may hold any printable character.
fn encoded(id: &str) -> String {
    url::form_urlencoded::byte_serialize(id.as_bytes())
        .collect::<String>()
        .replace('+', "%20")
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
