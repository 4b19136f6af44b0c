//! The second step of a sign-in: `GET` and `POST /login/second-factor`. A code of the authenticator app, or a recovery code.
//! Who took the first step travels sealed with the request; whether the code is right says [`crate::factors`].

use super::login::client_view;
use super::{first_factor, flow, login, page};
use crate::address;
use crate::call::{Call, Failure, Told};
use crate::context::App;
use crate::factors::{self, Outcome};
use crate::form;
use crate::interaction::Interaction;
use crate::pages::login_second_factor::{Problem, View, render};
use crate::passkeys::{self, Challenge};
use crate::session::{self, Proof};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::request::Parts;
use valetkey_model::User;
use valetkey_protocol::acr::Acr;
use valetkey_protocol::observe::{Role, Step};
use valetkey_protocol::params::Params;
use valetkey_protocol::rule::{Refusal, Rule};
use valetkey_rules::second_factor::{Method, completed};

/// Shows the form.
pub(crate) async fn get(State(app): State<App>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    match show(&mut call, &parts).await {
        Ok(response) => response,
        Err(failure) => page::error(&mut call, &failure),
    }
}

/// Takes the code.
pub(crate) async fn post(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    match take(&mut call, &parts, body).await {
        Ok(response) => response,
        Err(failure) => page::error(&mut call, &failure),
    }
}

async fn show(call: &mut Call<'_>, parts: &Parts) -> Result<Response, Failure> {
    let query = Params::parse_raw(parts.uri.query().unwrap_or_default().as_bytes()).unwrap_or_default();
    let interaction = Interaction::open(call.app, query.get("flow"), &parts.headers, &mut call.trail)?;
    flow::tie(call, &interaction).await?;
    match factors::who_began(call, interaction.first_step.as_ref()).await {
        Ok(user) => form_page(call, &interaction, &user, None).await,
        Err(failure) => start_again(call, parts, interaction, failure).await,
    }
}

async fn take(call: &mut Call<'_>, parts: &Parts, body: Body) -> Result<Response, Failure> {
    let app = call.app;
    // The layer around this route lets nothing else through.
    call.trail.passed(Rule::FormCrossSite);
    let form = form::of_page(call, body).await?;
    let interaction = Interaction::open(app, form.get("flow"), &parts.headers, &mut call.trail)?;
    flow::tie(call, &interaction).await?;
    let user = match factors::who_began(call, interaction.first_step.as_ref()).await {
        Ok(user) => user,
        Err(failure) => return start_again(call, parts, interaction, failure).await,
    };
    let Some(totp) = app.store.find_totp(user.id).await? else {
        // Turned off in another browser meanwhile.
        let refusal = call.trail.refuse(Refusal::plain(Rule::SecondFactorExpired));
        return start_again(call, parts, interaction, refusal.into()).await;
    };
    let address = address::of_request(parts, &app.settings.trusted_proxies);
    let outcome = factors::check(call, &totp, form.get("code").unwrap_or_default(), address).await?;
    tell(call);
    let (refusal, problem) = match outcome {
        Outcome::Right => {
            let first = interaction.first_step.as_ref();
            let first = first.map_or_else(Vec::new, |step| step.amr.clone());
            let proof = Proof {
                amr: completed(&first, Method::Code),
                acr: Acr::TwoFactors,
                from: session::signed_in_from(app, parts),
            };
            return first_factor::sign_in(call, parts, interaction, &user, proof).await;
        }
        Outcome::Wrong(refusal) => (refusal, Problem::Told(WRONG)),
        Outcome::Throttled {
            refusal,
            retry_after_seconds,
        } => (refusal, Problem::Throttled(retry_after_seconds)),
    };
    call.log(&refusal.into());
    form_page(call, &interaction, &user, Some(problem)).await
}

const WRONG: &str =
    "This code is not right, or it was used already. Wait until the app shows the next one, and type that.";

/// The form of the second step once more, after a passkey was refused on it.
pub(super) async fn again(
    call: &mut Call<'_>,
    interaction: &Interaction,
    user: &User,
    refusal: Refusal,
    says: &'static str,
) -> Result<Response, Failure> {
    call.log(&refusal.into());
    form_page(call, interaction, user, Some(Problem::Told(says))).await
}

/// The first step came too late, or there was none.
async fn start_again(
    call: &mut Call<'_>,
    parts: &Parts,
    interaction: Interaction,
    failure: Failure,
) -> Result<Response, Failure> {
    match failure {
        Failure::Refused(refusal) if refusal.rule == Rule::SecondFactorExpired => {
            let says = "That took too long. For your safety, please begin the sign-in once more.";
            login::again(call, parts, interaction, refusal, says).await
        }
        other => Err(other),
    }
}

async fn form_page(
    call: &Call<'_>,
    interaction: &Interaction,
    user: &User,
    problem: Option<Problem>,
) -> Result<Response, Failure> {
    let app = call.app;
    let has_passkey = !app.store.list_passkeys(user.id).await?.is_empty();
    let challenge = Challenge::new(app);
    let passkey = passkeys::sign_in_options(app, &challenge).filter(|_| has_passkey);
    let mut interaction = interaction.clone();
    interaction.challenge = passkey.is_some().then_some(challenge);
    let view = View {
        client: client_view(call, &interaction),
        flow: interaction.seal(app),
        username: user.username.clone(),
        passkey,
        problem,
    };
    Ok(render(&app.settings.brand, &view))
}

fn tell(call: &mut Call<'_>) {
    call.tell(Told {
        from: Role::ResourceOwner,
        to: Role::AuthorizationServer,
        step: Step::AuthorizationGrant,
        title: "Second step of the sign-in",
        line: String::from("POST /login/second-factor"),
        parameters: Vec::new(),
    });
}
