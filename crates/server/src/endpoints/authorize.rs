//! The authorization endpoint (RFC 6749 §3.1): `GET` and `POST /authorize`. Reads and checks the request;
//! what comes next says [`super::flow`].

use super::request_object::Fetched;
use super::{flow, page};
use crate::call::{Call, Failure, Told, shown_all};
use crate::context::App;
use crate::interaction::{Browser, Interaction, Pending};
use crate::{address, form, guard, routes, session};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::request::Parts;
use http::{HeaderValue, header};
use url::form_urlencoded;
use valetkey_protocol::authorize;
use valetkey_protocol::observe::{Key, Role, Step};
use valetkey_protocol::params::Params;
use valetkey_protocol::rule::{Refusal, Rule};
use valetkey_rules::authorize::{Denied, Facts, validate};

/// More parameters than this would not fit into the head of the GET that follows a POST.
const MOST_QUERY_BYTES: usize = 32 * 1024;

/// Answers a request with the parameters in the query.
pub(crate) async fn get(State(app): State<App>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    match answer(&mut call, &parts).await {
        Ok(response) => response,
        Err(failure) => page::error(&mut call, &failure),
    }
}

/// Answers a request with the parameters in the form: the same request again, as a GET. A form sent from
/// another site comes without our cookies, so the person would seem to be signed out.
pub(crate) async fn post(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    match as_query(&mut call, body).await {
        Ok(query) => page::see_other(&format!("{}?{query}", app.path(routes::AUTHORIZE))),
        Err(refusal) => page::error(&mut call, &refusal.into()),
    }
}

pub(super) async fn as_query(call: &mut Call<'_>, body: Body) -> Result<String, Refusal> {
    let bytes = form::bytes(call, body).await?;
    let params = form::parameters(call, &bytes)?;
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(params.pairs())
        .finish();
    call.trail
        .require(Rule::RequestTooLarge, query.len() <= MOST_QUERY_BYTES, || {
            let expected = format!("at most {MOST_QUERY_BYTES} bytes of parameters");
            (expected, format!("{} bytes", query.len()))
        })?;
    Ok(query)
}

/// Refuses: the router would answer HEAD as GET, and that grants something to whoever never sees the answer.
pub(crate) async fn head(app: State<App>, request: Request) -> Response {
    let mut response = guard::method_not_allowed(app, request).await;
    let allowed = HeaderValue::from_static("GET, POST");
    response.headers_mut().insert(header::ALLOW, allowed);
    response
}

async fn answer(call: &mut Call<'_>, parts: &Parts) -> Result<Response, Failure> {
    let app = call.app;
    let query = parts.uri.query().unwrap_or_default();
    let params = match form::parameters(call, query.as_bytes()) {
        Ok(params) => params,
        Err(refusal) => {
            tell(call, parts, &Params::default());
            return Err(refusal.into());
        }
    };
    let request = authorize::Request::from_params(&params);
    if let Some(id) = &request.client_id {
        call.client = app.client(id).await?;
    }
    if let Some(state) = &request.state {
        call.tie(Key::State(state.clone()));
    }
    let address = address::of_request(parts, &app.settings.trusted_proxies);
    let fetched = Fetched::of(app, &request, call.client.as_deref(), address).await?;
    let facts = Facts {
        client: call.client.as_deref(),
        loaded: fetched.loaded(),
        secrets: &app.secrets_of_clients,
        policy: app.policy(),
        now: call.now,
    };
    let pending = match validate(&request, &facts, &mut call.trail) {
        Ok(valid) => {
            // A request object may name another one than stands beside it.
            if let Some(state) = valid.state.clone().filter(|_| valid.state != request.state) {
                call.tie(Key::State(state));
            }
            Pending::Request(Box::new(valid))
        }
        Err(Denied::Redirect(error)) => Pending::Refused(error),
        Err(Denied::ShowPage(refusal)) => {
            if refusal.rule == Rule::RequestUriTooOften {
                call.retry_after_seconds = Some(app.request_objects.wait_seconds(call.now));
            }
            tell(call, parts, &params);
            return Err(refusal.into());
        }
    };
    let browser = Browser::of(app, &parts.headers);
    let interaction = Interaction::begin(app, pending, &browser);
    call.tie(Key::Interaction(interaction.id.clone()));
    tell(call, parts, &params);
    let session = session::current(app, &parts.headers).await?;
    let response = flow::go_on(call, interaction, session.as_ref(), false).await?;
    Ok(page::with_cookies(response, browser.cookie(app)))
}

fn tell(call: &mut Call<'_>, parts: &Parts, params: &Params) {
    call.tell(Told {
        from: Role::Client,
        to: Role::AuthorizationServer,
        step: Step::AuthorizationRequest,
        title: "Authorization request",
        line: format!("{} {}", parts.method, routes::AUTHORIZE),
        parameters: shown_all(params),
    });
}
