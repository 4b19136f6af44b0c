//! The token endpoint (RFC 6749 §3.2): `POST /token`. One file a grant type.

mod authorization_code;
mod client_credentials;
mod issue;
mod refresh_token;

use super::client_auth;
use crate::call::{Call, Failure, Told, shown_all};
use crate::context::App;
use crate::{form, wire_error};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use valetkey_model::client::GrantType;
use valetkey_protocol::observe::{Parameter, Role, Step};
use valetkey_protocol::params::Params;
use valetkey_protocol::token;

/// Answers the request.
pub(crate) async fn post(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    let mut form = Params::default();
    let answer = answer(&mut call, &parts.headers, body, &mut form).await;
    tell_request(&mut call, &form);
    let response = match &answer {
        Ok(answer) => wire_error::no_store_json(StatusCode::OK, answer.to_json()),
        Err(failure) => wire_error::json(&call, failure),
    };
    tell_response(&mut call, &form, &answer, response.status());
    response
}

async fn answer(
    call: &mut Call<'_>,
    headers: &HeaderMap,
    body: Body,
    form: &mut Params,
) -> Result<token::Response, Failure> {
    *form = form::read(call, headers, body).await?;
    for name in ["code", "refresh_token"] {
        if let Some(text) = form.get(name) {
            call.tie_token(text);
        }
    }
    let client = client_auth::authenticate(call, headers, form).await?;
    let request = token::Request::from_params(form);
    let grant_type = valetkey_rules::token::grant_type(&request, &client, &mut call.trail)?;
    let response = match grant_type {
        GrantType::AuthorizationCode => authorization_code::redeem(call, &client, &request).await?,
        GrantType::RefreshToken => refresh_token::refresh(call, &client, &request).await?,
        GrantType::ClientCredentials => client_credentials::issue(call, &client, &request)?,
    };
    call.app.metrics.tokens(grant_type.as_str());
    Ok(response)
}

fn is_refresh(form: &Params) -> bool {
    form.get("grant_type") == Some(GrantType::RefreshToken.as_str())
}

fn tell_request(call: &mut Call<'_>, form: &Params) {
    let refresh = is_refresh(form);
    call.tell(Told {
        from: Role::Client,
        to: Role::AuthorizationServer,
        step: if refresh { Step::Other } else { Step::TokenRequest },
        title: if refresh {
            "Refresh request"
        } else {
            "Token request"
        },
        line: String::from("POST /token"),
        parameters: shown_all(form),
    });
}

fn tell_response(
    call: &mut Call<'_>,
    form: &Params,
    answer: &Result<token::Response, Failure>,
    status: StatusCode,
) {
    if !call.may_be_watched() {
        return;
    }
    let refresh = is_refresh(form);
    if let Ok(response) = answer {
        call.tie_token(response.access_token.expose());
        if let Some(token) = &response.refresh_token {
            call.tie_token(token.expose());
        }
    }
    call.tell(Told {
        from: Role::AuthorizationServer,
        to: Role::Client,
        step: if refresh { Step::Other } else { Step::TokenResponse },
        title: if refresh {
            "Refresh response"
        } else {
            "Token response"
        },
        line: status.to_string(),
        parameters: response_parameters(answer),
    });
}

fn response_parameters(answer: &Result<token::Response, Failure>) -> Vec<Parameter> {
    match answer {
        Ok(response) => {
            let mut shown_members = vec![
                Parameter::named("access_token", response.access_token.expose()),
                Parameter::named("token_type", "Bearer"),
                Parameter::named("expires_in", &response.expires_in.to_string()),
                Parameter::named("scope", &response.scope.to_string()),
            ];
            if let Some(token) = &response.refresh_token {
                shown_members.push(Parameter::named("refresh_token", token.expose()));
            }
            if let Some(token) = &response.id_token {
                shown_members.push(Parameter::named("id_token", token));
            }
            shown_members
        }
        Err(failure) => super::page::error_parameters(failure),
    }
}
