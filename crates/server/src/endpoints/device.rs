//! Where a person answers a device (RFC 8628 §3.3): `GET` and `POST /device`. A good code leads to the same sign-in
//! and consent pages as any other request; a wrong one is counted by address. The code in a link is only filled in:
//! the person has to look at it and press (RFC 10027).

use super::device_authorization::tie;
use super::{flow, page};
use crate::call::{Call, Failure, Told};
use crate::context::App;
use crate::interaction::{Browser, Interaction, Pending};
use crate::pages::device::{Problem, View, render};
use crate::throttle::{OfAddress, Verdict};
use crate::{address, form, session};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::request::Parts;
use valetkey_protocol::device::{read_user_code, show_user_code};
use valetkey_protocol::observe::{Parameter, Role, Step};
use valetkey_protocol::params::Params;
use valetkey_protocol::rule::{Refusal, Rule};
use valetkey_rules::authorize::device_request;
use valetkey_rules::device as rules;

/// Shows the form. Whether the code in the link is a good one it does not say.
pub(crate) async fn get(State(app): State<App>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let query = Params::parse_raw(parts.uri.query().unwrap_or_default().as_bytes()).unwrap_or_default();
    let from_link = query.get("user_code").and_then(read_user_code);
    let view = View {
        is_from_link: from_link.is_some(),
        user_code: from_link.map_or_else(String::new, |letters| show_user_code(&letters)),
        problem: None,
    };
    render(&app.settings.brand, &view)
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

async fn take(call: &mut Call<'_>, parts: &Parts, body: Body) -> Result<Response, Failure> {
    let (app, now) = (call.app, call.now);
    // The layer around this route lets nothing else through.
    call.trail.passed(Rule::FormCrossSite);
    let form = form::of_page(call, body).await?;
    let typed = form.get("user_code").unwrap_or_default();
    let wrong_codes = OfAddress::wrong_codes(app, address::of_request(parts, &app.settings.trusted_proxies));
    if let Verdict::Closed { retry_after_seconds } = wrong_codes.verdict(app, now).await? {
        let refusal = call.trail.refuse(Refusal::plain(Rule::DeviceUserCodeThrottled));
        return Ok(again(
            call,
            typed,
            refusal,
            Problem::Throttled(retry_after_seconds),
        ));
    }
    call.trail.passed(Rule::DeviceUserCodeThrottled);
    let letters = read_user_code(typed).unwrap_or_default();
    let device = if letters.is_empty() {
        None
    } else {
        let key = app.handles.user_code_key(&letters);
        app.store.find_device_by_user_code(&key).await?
    };
    let device = match rules::answerable(device.as_ref(), now, &mut call.trail) {
        Ok(device) => device,
        Err(refusal) => {
            wrong_codes.count(app, now).await?;
            return Ok(again(call, typed, refusal, Problem::Unknown));
        }
    };
    call.tie(tie(device.id));
    let Some(client) = app.client(device.client.as_str()).await? else {
        let refusal = Refusal::plain(Rule::DeviceUserCodeUnknown);
        return Err(call.trail.refuse(refusal).into());
    };
    let valid = device_request(device, &show_user_code(&letters), &client, app.policy());
    call.client = Some(client);
    tell(call, &letters);
    let browser = Browser::of(app, &parts.headers);
    let interaction = Interaction::begin(app, Pending::Request(Box::new(valid)), &browser);
    flow::tie(call, &interaction).await?;
    let session = session::current(app, &parts.headers).await?;
    let response = flow::go_on(call, interaction, session.as_ref(), false).await?;
    Ok(page::with_cookies(response, browser.cookie(app)))
}

/// The form once more, with what was wrong.
fn again(call: &mut Call<'_>, typed: &str, refusal: Refusal, problem: Problem) -> Response {
    tell(call, typed);
    call.log(&refusal.into());
    let view = View {
        user_code: typed.to_owned(),
        is_from_link: false,
        problem: Some(problem),
    };
    render(&call.app.settings.brand, &view)
}

fn tell(call: &mut Call<'_>, typed: &str) {
    call.tell(Told {
        from: Role::ResourceOwner,
        to: Role::AuthorizationServer,
        step: Step::AuthorizationGrant,
        title: "Code typed",
        line: String::from("POST /device"),
        parameters: vec![Parameter::named("user_code", typed)],
    });
}
