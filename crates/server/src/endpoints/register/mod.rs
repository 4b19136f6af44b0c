//! Client registration (OpenID Connect Registration §3, RFC 7591 §3): `POST /register`. What may be registered the rules
//! say; here it is admitted, decided, stored and answered. Managing a registration is [`manage`].

mod admission;
mod commit;
pub(crate) mod manage;
pub(crate) mod unused;

use super::page;
use crate::call::{Call, Failure, Told};
use crate::context::{App, Context};
use crate::{form, routes, wire_error};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};
use valetkey_model::Client;
use valetkey_protocol::bearer;
use valetkey_protocol::observe::{Parameter, Role, Step};
use valetkey_protocol::register::{self as wire, ClientMetadata};
use valetkey_protocol::rule::{Refusal, Rule};
use valetkey_protocol::secret::{AccessToken, ClientSecret, RegistrationAccessToken};
use valetkey_rules::register::{self as rules, Decided, Registration, Sector, metadata_of};

const JSON: &str = "application/json";

/// Answers the request.
pub(crate) async fn post(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    let mut asked = wire::Request::default();
    let answer = answer(&mut call, &parts, body, &mut asked).await;
    tell_request(&mut call, "POST", &asked);
    respond(&mut call, StatusCode::CREATED, answer)
}

async fn answer(
    call: &mut Call<'_>,
    parts: &Parts,
    body: Body,
    asked: &mut wire::Request,
) -> Result<wire::Response, Failure> {
    let admitted = admission::admit(call, parts).await?;
    // Whoever came so far is told what they sent themselves, and what would have done.
    call.proved = true;
    *asked = read(call, &parts.headers, body).await?;
    let registration = decide(call, &asked.metadata).await?;
    commit::new(call, registration, admitted).await
}

/// The token of the `Authorization` header, when there is one.
fn presented(call: &mut Call<'_>, headers: &HeaderMap) -> Result<Option<AccessToken>, Refusal> {
    let Some(value) = form::authorization(headers) else {
        return Ok(None);
    };
    let token = bearer::read_header(value);
    call.trail
        .require(Rule::BearerHeaderMalformed, token.is_some(), || {
            let expected = "Authorization: Bearer and the token, once";
            (expected.into(), "a header of another form".into())
        })?;
    Ok(token)
}

/// The body, as client metadata.
async fn read(call: &mut Call<'_>, headers: &HeaderMap, body: Body) -> Result<wire::Request, Failure> {
    let bytes = form::bytes(call, body).await?;
    let content_type = headers.get(header::CONTENT_TYPE);
    let content_type = content_type
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    let is_json = media_type.eq_ignore_ascii_case(JSON);
    call.trail.require(Rule::RegisterNotJson, is_json, || {
        (JSON.into(), "another Content-Type, or none".into())
    })?;
    wire::Request::parse(&bytes).map_err(|why| rules::unreadable(&why, &mut call.trail).into())
}

/// What the rules make of it. The document of the sector is fetched when they ask for it, and always anew: it may have
/// been set right a moment ago.
async fn decide(call: &mut Call<'_>, asked: &ClientMetadata) -> Result<Registration, Failure> {
    let app = call.app;
    let uri = match rules::decide(asked, Sector::Unknown, app.policy(), &mut call.trail)? {
        Decided::Ready(registration) => return Ok(registration),
        Decided::NeedsDocument(uri) => uri,
    };
    let fetched = app.outbound.get(&uri, JSON).await;
    let sector = match &fetched {
        Ok(document) => Sector::Document(&document.body),
        Err(error) => {
            // Why not is for the log alone: the answer must not tell a stranger what this server can reach.
            tracing::info!(%error, "the document of a sector could not be fetched");
            Sector::Unreachable
        }
    };
    match rules::decide(asked, sector, app.policy(), &mut call.trail)? {
        Decided::Ready(registration) => Ok(registration),
        Decided::NeedsDocument(_) => Err(Failure::Broken(String::from(
            "the rules ask for a document that they have",
        ))),
    }
}

/// The client as it is answered. Those that several share are nobody's to manage.
fn told(app: &Context, client: &Client, secret: Option<ClientSecret>) -> wire::Response {
    let is_own = client.registration.as_ref().is_some_and(|own| !own.shared);
    let address = routes::REGISTERED_CLIENT.replace("{client_id}", client.id.as_str());
    let token = app.registrations.management_token(&client.id, client.created_at);
    wire::Response {
        client_id: client.id.to_string(),
        client_id_issued_at: client.created_at,
        client_secret: secret,
        registration_access_token: is_own.then_some(token),
        registration_client_uri: is_own.then(|| app.url(&address)),
        metadata: metadata_of(client),
    }
}

fn respond(call: &mut Call<'_>, status: StatusCode, answer: Result<wire::Response, Failure>) -> Response {
    let response = match &answer {
        Ok(answer) => wire_error::no_store_json(status, answer.to_json()),
        Err(failure) => wire_error::json(call, failure),
    };
    let parameters = match &answer {
        Ok(answer) => members(answer),
        Err(failure) => page::error_parameters(failure),
    };
    tell_response(call, &response, parameters);
    response
}

fn tell_request(call: &mut Call<'_>, method: &str, asked: &wire::Request) {
    call.tell(Told {
        from: Role::Client,
        to: Role::AuthorizationServer,
        step: Step::Other,
        title: "Client registration request",
        line: format!("{method} {}", routes::REGISTER),
        parameters: shown(&asked.metadata),
    });
}

fn tell_response(call: &mut Call<'_>, response: &Response, parameters: Vec<Parameter>) {
    call.tell(Told {
        from: Role::AuthorizationServer,
        to: Role::Client,
        step: Step::Other,
        title: "Client registration response",
        line: response.status().to_string(),
        parameters,
    });
}

fn members(answer: &wire::Response) -> Vec<Parameter> {
    let secret = answer.client_secret.as_ref().map(ClientSecret::expose);
    let token = answer.registration_access_token.as_ref();
    let token = token.map(RegistrationAccessToken::expose);
    std::iter::once(Parameter::plain("client_id", &answer.client_id))
        .chain(secret.map(|secret| Parameter::secret("client_secret", secret)))
        .chain(token.map(|token| Parameter::secret("registration_access_token", token)))
        .chain(shown(&answer.metadata))
        .collect()
}

/// Nothing in metadata is a secret.
fn shown(metadata: &ClientMetadata) -> Vec<Parameter> {
    metadata
        .to_members()
        .into_iter()
        .map(|(name, value)| match value.as_str() {
            Some(text) => Parameter::plain(name, text),
            None => Parameter::plain(name, value.to_string()),
        })
        .collect()
}
