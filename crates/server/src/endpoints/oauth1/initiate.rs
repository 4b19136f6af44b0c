//! Temporary credentials (RFC 5849 §2.1): `POST /oauth1/initiate`. Nothing is stored: the token is sealed.

use super::signed::{self, Received};
use super::{Credentials, Names, finish};
use crate::call::{Call, Failure};
use crate::context::App;
use crate::routes;
use axum::extract::{Request, State};
use axum::response::Response;
use valetkey_model::GrantId;
use valetkey_protocol::oauth1::TemporaryCredentials;
use valetkey_protocol::observe::{Key, Parameter, Step};
use valetkey_rules::oauth1::initiate;

/// Answers the request.
pub(crate) async fn post(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    let mut shown = Vec::new();
    let received = signed::read(&mut call, &parts, body, routes::OAUTH1_INITIATE, &mut shown).await;
    let answer = match received {
        Ok(received) => answer(&mut call, &received).await,
        Err(failure) => Err(failure),
    };
    let names = Names {
        request: (Step::Other, "Temporary credentials request"),
        response: (Step::Other, "Temporary credentials"),
        line: format!("POST {}", routes::OAUTH1_INITIATE),
    };
    finish(&mut call, &names, shown, answer)
}

async fn answer(call: &mut Call<'_>, received: &Received) -> Result<Credentials, Failure> {
    received.find_consumer(call).await?;
    let client = received.verify(call, None).await?;
    let app = call.app;
    let id = GrantId(app.uuid());
    let temporary = initiate::decide(
        &received.collected,
        &client,
        app.policy(),
        id,
        call.now,
        &mut call.trail,
    )?;
    let credentials = TemporaryCredentials {
        token: app.handles.seal_temporary(&temporary),
        secret: app.handles.temporary_secret(id),
        callback_confirmed: true,
    };
    call.tie(Key::Grant(id.to_string()));
    call.tie_token(&credentials.token);
    Ok(Credentials {
        shown: vec![
            Parameter::named("oauth_token", &credentials.token),
            Parameter::named("oauth_token_secret", credentials.secret.expose()),
            Parameter::named("oauth_callback_confirmed", "true"),
        ],
        form: credentials.to_form(),
    })
}
