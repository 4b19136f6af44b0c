//! Token revocation (RFC 7009): `POST /revoke`.

use super::{client_auth, page};
use crate::call::{Call, Failure, Told, shown_all};
use crate::context::App;
use crate::{form, routes, seen_tokens, wire_error};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use valetkey_model::grant::RevokedWhy;
use valetkey_protocol::observe::{Role, Step};
use valetkey_protocol::params::Params;
use valetkey_protocol::revoke;
use valetkey_rules::revoke::{self as rules, Outcome, Shown};

/// Answers the request.
pub(crate) async fn post(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    let mut form = Params::default();
    let answer = answer(&mut call, &parts.headers, body, &mut form).await;
    call.tell(Told {
        from: Role::Client,
        to: Role::AuthorizationServer,
        step: Step::Other,
        title: "Revocation request",
        line: String::from("POST /revoke"),
        parameters: shown_all(&form),
    });
    let response = match &answer {
        Ok(()) => wire_error::no_store_json(StatusCode::OK, String::new()),
        Err(failure) => wire_error::json(&call, failure),
    };
    call.tell(Told {
        from: Role::AuthorizationServer,
        to: Role::Client,
        step: Step::Other,
        title: "Revocation response",
        line: response.status().to_string(),
        parameters: answer
            .as_ref()
            .err()
            .map_or_else(Vec::new, page::error_parameters),
    });
    response
}

async fn answer(
    call: &mut Call<'_>,
    headers: &HeaderMap,
    body: Body,
    form: &mut Params,
) -> Result<(), Failure> {
    *form = form::read(call, headers, body).await?;
    if let Some(text) = form.get("token") {
        call.tie_token(text);
    }
    let client = client_auth::authenticate(call, headers, form, routes::REVOKE).await?;
    let request = revoke::Request::from_params(form);
    let token = rules::read(&request, &mut call.trail)?;
    let app = call.app;
    let outcome = if let Some((id, _)) = app.handles.read_refresh(token.expose()) {
        let grant = app.store.find_grant(id).await?;
        rules::decide(Shown::Refresh(grant.as_ref()), &client, &mut call.trail)
    } else {
        let claims = seen_tokens::read(app, token.expose(), call.now)?;
        let shown = claims.as_deref().map_or(Shown::Unknown, Shown::Access);
        rules::decide(shown, &client, &mut call.trail)
    };
    match outcome {
        Outcome::RevokeGrant(id) => {
            app.store.revoke_grant(id, RevokedWhy::ByClient, call.now).await?;
        }
        Outcome::RevokeAccess { jti, exp } => app.store.revoke_token(&jti, exp).await?,
        Outcome::Nothing => {}
        Outcome::Refuse(refusal) => return Err(refusal.into()),
    }
    Ok(())
}
