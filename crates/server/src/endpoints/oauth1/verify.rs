//! Where an API asks about a request that was signed for it (RFC 5849 §3.2): `POST /oauth1/verify` with the base string
//! and the signature. Only this server holds the secrets, so only it can say; the body of the request never comes here.
//! The API authenticates as at introspection. A signature that is not good is an answer, not an error.

use super::super::{client_auth, page};
use super::signed;
use crate::call::{Call, Failure, Told, shown_all};
use crate::context::App;
use crate::{form, once, routes, wire_error};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use http::request::Parts;
use std::sync::Arc;
use valetkey_model::Client;
use valetkey_protocol::introspect;
use valetkey_protocol::observe::{Key, Parameter, Role, Step};
use valetkey_protocol::params::Params;
use valetkey_protocol::rule::{Answer, Refusal};
use valetkey_rules::oauth1::Told as Asked;
use valetkey_rules::oauth1::resource::{self, Facts};

/// Parameters that the inspector shows in another way.
const SHOWN_APART: [&str; 2] = ["base_string", "signature"];

/// Answers the request.
pub(crate) async fn post(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    let mut form = Params::default();
    let answer = answer(&mut call, &parts, body, &mut form).await;
    tell_request(&mut call, &form);
    let response = match &answer {
        Ok(answer) => {
            wire_error::no_store_json(StatusCode::OK, serde_json::to_string(answer).unwrap_or_default())
        }
        Err(failure) => wire_error::json(&call, failure),
    };
    tell_response(&mut call, &answer, response.status());
    response
}

async fn answer(
    call: &mut Call<'_>,
    parts: &Parts,
    body: Body,
    form: &mut Params,
) -> Result<introspect::Response, Failure> {
    *form = form::read(call, &parts.headers, body).await?;
    let caller = client_auth::authenticate(call, &parts.headers, form, routes::OAUTH1_VERIFY).await?;
    resource::may_ask(&caller, &mut call.trail)?;
    match judged(call, form, &caller).await {
        Err(Failure::Refused(refusal)) if is_of_the_request(&refusal) => {
            let answer = resource::inactive(&refusal);
            call.log(&refusal.into());
            Ok(answer)
        }
        other => other,
    }
}

/// What was wrong with the signed request is the answer to the API; what was wrong with its question is an error.
fn is_of_the_request(refusal: &Refusal) -> bool {
    refusal.rule.info().answer == Answer::OAuthProblem
}

async fn judged(
    call: &mut Call<'_>,
    form: &Params,
    caller: &Arc<Client>,
) -> Result<introspect::Response, Failure> {
    let app = call.app;
    let (text, signature) = (form.get("base_string"), form.get("signature"));
    let asked = Asked::read(text, signature, &mut call.trail)?;
    call.base_string = text.map(str::to_owned);
    if let Some(token) = &asked.protocol.token {
        call.tie_token(token);
    }
    signed::find_consumer(call, &asked.protocol).await?;
    let id = resource::read(&asked.protocol, &app.handles, &mut call.trail)?;
    call.tie(Key::Grant(id.to_string()));
    let secret = app.handles.oauth1_token_secret(id);
    let (client, shown_once) = signed::proved(call, &asked.signed(), Some(&secret))?;
    let grant = app.store.find_grant(id).await?;
    let facts = Facts {
        grant: grant.as_ref(),
        client: &client,
        caller,
        subjects: &app.subjects,
    };
    let (address, policy) = (&asked.parsed.base_uri, app.policy());
    let answer = resource::decide(&facts, address, policy, call.now, &mut call.trail)?;
    // Last: who asks about a request to another API must not use up its nonce.
    once::first_time(call, &shown_once).await?;
    Ok(answer)
}

fn tell_request(call: &mut Call<'_>, form: &Params) {
    let mut parameters = shown_all(form);
    parameters.retain(|parameter| !SHOWN_APART.contains(&parameter.name.as_str()));
    let signature = form.get("signature");
    parameters.extend(signature.map(|signature| Parameter::secret("signature", signature)));
    call.tell(Told {
        from: Role::ResourceServer,
        to: Role::AuthorizationServer,
        step: Step::Other,
        title: "Signature to check",
        line: format!("POST {}", routes::OAUTH1_VERIFY),
        parameters,
    });
}

fn tell_response(call: &mut Call<'_>, answer: &Result<introspect::Response, Failure>, status: StatusCode) {
    call.tell(Told {
        from: Role::AuthorizationServer,
        to: Role::ResourceServer,
        step: Step::Other,
        title: "Signature checked",
        line: status.to_string(),
        parameters: match answer {
            Ok(answer) => members(answer),
            Err(failure) => page::error_parameters(failure),
        },
    });
}

fn members(answer: &introspect::Response) -> Vec<Parameter> {
    let texts = [
        ("rule", answer.rule.clone()),
        ("scope", answer.scope.as_ref().map(ToString::to_string)),
        ("client_id", answer.client_id.clone()),
        ("sub", answer.sub.clone()),
        ("aud", answer.aud.clone()),
    ];
    let there = texts
        .into_iter()
        .filter_map(|(name, value)| Some(Parameter::named(name, &value?)));
    let active = Parameter::named("active", &answer.active.to_string());
    std::iter::once(active).chain(there).collect()
}
