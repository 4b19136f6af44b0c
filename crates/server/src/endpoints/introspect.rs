//! Token introspection (RFC 7662): `POST /introspect`.

use super::shown_token::{self, Access};
use super::{client_auth, page};
use crate::call::{Call, Failure, Told, shown_all};
use crate::context::App;
use crate::{form, routes, wire_error};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use valetkey_protocol::introspect;
use valetkey_protocol::observe::{Parameter, Role, Step};
use valetkey_protocol::params::Params;
use valetkey_rules::introspect as rules;

/// Answers the request.
pub(crate) async fn post(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    let mut form = Params::default();
    let answer = answer(&mut call, &parts.headers, body, &mut form).await;
    call.tell_watched(|| Told {
        from: Role::ResourceServer,
        to: Role::AuthorizationServer,
        step: Step::Other,
        title: "Introspection request",
        line: String::from("POST /introspect"),
        parameters: shown_all(&form),
    });
    let response = match &answer {
        Ok(answer) => {
            wire_error::no_store_json(StatusCode::OK, serde_json::to_string(answer).unwrap_or_default())
        }
        Err(failure) => wire_error::json(&call, failure),
    };
    call.tell_watched(|| Told {
        from: Role::AuthorizationServer,
        to: Role::ResourceServer,
        step: Step::Other,
        title: "Introspection response",
        line: response.status().to_string(),
        parameters: match &answer {
            Ok(answer) => members(answer),
            Err(failure) => page::error_parameters(failure),
        },
    });
    response
}

async fn answer(
    call: &mut Call<'_>,
    headers: &HeaderMap,
    body: Body,
    form: &mut Params,
) -> Result<introspect::Response, Failure> {
    *form = form::read(call, headers, body).await?;
    if let Some(text) = form.get("token") {
        call.tie_token(text);
    }
    let caller = client_auth::authenticate(call, headers, form, routes::INTROSPECT).await?;
    let request = introspect::Request::from_params(form);
    let token = rules::read(&request, &caller, &mut call.trail)?.expose();
    let app = call.app;
    if let Some((id, generation)) = app.handles.read_refresh(token) {
        let grant = app.store.find_grant(id).await?;
        return Ok(rules::decide_refresh(
            grant.as_ref(),
            generation,
            &caller,
            &app.subjects,
            app.policy(),
            call.now,
        ));
    }
    let Access { claims, counts, .. } = shown_token::access(call, token).await?;
    Ok(rules::decide(claims.as_deref(), counts, &caller))
}

fn members(answer: &introspect::Response) -> Vec<Parameter> {
    let texts = [
        ("scope", answer.scope.as_ref().map(ToString::to_string)),
        ("client_id", answer.client_id.clone()),
        ("sub", answer.sub.clone()),
        ("aud", answer.aud.clone()),
        ("exp", answer.exp.map(|exp| exp.to_string())),
    ];
    std::iter::once(Parameter::named("active", &answer.active.to_string()))
        .chain(
            texts
                .into_iter()
                .filter_map(|(name, value)| value.map(|value| Parameter::named(name, &value))),
        )
        .collect()
}
