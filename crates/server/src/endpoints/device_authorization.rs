//! The device authorization endpoint (RFC 8628 §3.1): `POST /device_authorization`. Gives a device the code it polls
//! with, and the one that a person types at [`super::device`].

use super::{client_auth, page};
use crate::call::{Call, Failure, Told, shown_all};
use crate::context::{App, Context};
use crate::throttle::{OfAddress, Verdict};
use crate::{address, form, random, routes, wire_error};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use http::request::Parts;
use std::net::IpAddr;
use url::form_urlencoded;
use valetkey_model::DeviceId;
use valetkey_protocol::device::{self, show_user_code};
use valetkey_protocol::observe::{Key, Parameter, Role, Step};
use valetkey_protocol::params::Params;
use valetkey_protocol::rule::{Refusal, Rule};
use valetkey_rules::device as rules;
use valetkey_store::StoreError;

/// How often another user code is tried when one is taken: of 25 thousand million codes hardly one ever is.
const MOST_TRIES: usize = 4;

/// Answers the request.
pub(crate) async fn post(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    let mut form = Params::default();
    let answer = answer(&mut call, &parts, body, &mut form).await;
    call.tell(Told {
        from: Role::Client,
        to: Role::AuthorizationServer,
        step: Step::AuthorizationRequest,
        title: "Device authorization request",
        line: format!("POST {}", routes::DEVICE_AUTHORIZATION),
        parameters: shown_all(&form),
    });
    let response = match &answer {
        Ok(answer) => wire_error::no_store_json(StatusCode::OK, answer.to_json()),
        Err(failure) => wire_error::json(&call, failure),
    };
    call.tell(Told {
        from: Role::AuthorizationServer,
        to: Role::Client,
        step: Step::AuthorizationRequest,
        title: "Device authorization response",
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
    parts: &Parts,
    body: Body,
    form: &mut Params,
) -> Result<device::Response, Failure> {
    *form = form::read(call, &parts.headers, body).await?;
    let client = client_auth::authenticate(call, &parts.headers, form, routes::DEVICE_AUTHORIZATION).await?;
    let app = call.app;
    let request = device::Request::from_params(form);
    let asked = rules::asked(&request, &client, app.policy(), &mut call.trail)?;
    let address = address::of_request(parts, &app.settings.trusted_proxies);
    admit(call, address).await?;
    for _ in 0..MOST_TRIES {
        let letters = rules::user_code(&random::bytes(app.random.as_ref()));
        let begun = rules::Begun {
            id: DeviceId(app.uuid()),
            user_code_key: app.handles.user_code_key(&letters),
            asked_from: address::shown(address),
        };
        let device = rules::new(asked.clone(), &client, begun, app.policy(), call.now);
        let (id, expires_at) = (device.id, device.expires_at);
        let is_inserted = match app.store.insert_device(device).await {
            // The client was removed in this very moment.
            Err(StoreError::Orphan { .. }) => {
                let refusal = Refusal::plain(Rule::ClientUnknown);
                return Err(call.trail.refuse(refusal).into());
            }
            other => other?,
        };
        if is_inserted {
            call.tie(tie(id));
            let answer = answered(app, id, &letters, expires_at.seconds_since(call.now));
            call.tie_token(answer.device_code.expose());
            return Ok(answer);
        }
    }
    Err(call.trail.refuse(Refusal::plain(Rule::ServerBusy)).into())
}

/// What ties all that belongs to one request of one device.
pub(super) fn tie(id: DeviceId) -> Key {
    Key::Interaction(format!("device {id}"))
}

async fn admit(call: &mut Call<'_>, address: IpAddr) -> Result<(), Failure> {
    let (app, now) = (call.app, call.now);
    let requests = OfAddress::device_requests(app, address);
    let mut verdict = requests.verdict(app, now).await?;
    if verdict == Verdict::Open {
        verdict = requests.count(app, now).await?;
    }
    if let Verdict::Closed { retry_after_seconds } = verdict {
        call.retry_after_seconds = Some(retry_after_seconds);
        let refusal = Refusal::new(
            Rule::DeviceRequestsThrottled,
            format!("at most {} in a while", app.policy().device_requests_per_address),
            "more from this address",
        );
        return Err(call.trail.refuse(refusal).into());
    }
    call.trail.passed(Rule::DeviceRequestsThrottled);
    Ok(())
}

fn answered(app: &Context, id: DeviceId, letters: &str, expires_in: i64) -> device::Response {
    let user_code = show_user_code(letters);
    let verification_uri = app.url(routes::DEVICE);
    let query: String = form_urlencoded::Serializer::new(String::new())
        .append_pair("user_code", &user_code)
        .finish();
    device::Response {
        device_code: app.handles.device_code_for(id),
        verification_uri_complete: format!("{verification_uri}?{query}"),
        verification_uri,
        user_code,
        expires_in,
        interval: app.policy().device_interval_seconds,
    }
}

fn members(answer: &device::Response) -> Vec<Parameter> {
    [
        ("device_code", answer.device_code.expose()),
        ("user_code", &answer.user_code),
        ("verification_uri", &answer.verification_uri),
        ("verification_uri_complete", &answer.verification_uri_complete),
        ("expires_in", &answer.expires_in.to_string()),
        ("interval", &answer.interval.to_string()),
    ]
    .map(|(name, value)| Parameter::named(name, value))
    .into()
}
