//! The token endpoint (RFC 6749 §3.2): `POST /token`. One file a grant type.

mod authorization_code;
mod client_credentials;
mod device_code;
pub(super) mod issue;
mod password;
mod refresh_token;
mod token_exchange;

use super::{client_auth, oauth1};
use crate::call::{Call, Failure, Told, shown_all};
use crate::context::App;
use crate::{form, routes, wire_error};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use http::request::Parts;
use valetkey_model::Client;
use valetkey_model::client::GrantType;
use valetkey_protocol::observe::{Parameter, Role, Step};
use valetkey_protocol::params::Params;
use valetkey_protocol::token;

/// Answers the request.
pub(crate) async fn post(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    let mut form = Params::default();
    let answer = answer(&mut call, &parts, body, &mut form).await;
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
    parts: &Parts,
    body: Body,
    form: &mut Params,
) -> Result<token::Response, Failure> {
    let bytes = form::bytes(call, body).await?;
    *form = form::of_protocol(call, &parts.headers, &bytes)?;
    for name in [
        "code",
        "refresh_token",
        "device_code",
        "subject_token",
        "actor_token",
    ] {
        if let Some(text) = form.get(name) {
            call.tie_token(text);
        }
    }
    let request = token::Request::from_params(form);
    if token_exchange::is_migration(&request) {
        return Box::pin(oauth1::migration::migrate(call, parts, &bytes, form)).await;
    }
    let client = client_auth::authenticate(call, &parts.headers, form, routes::TOKEN).await?;
    let grant_type = valetkey_rules::token::grant_type(&request, &client, &mut call.trail)?;
    let asked = Asked {
        client: &client,
        request: &request,
        parts,
    };
    let response = of_type(call, grant_type, &asked).await?;
    call.app.metrics.tokens(short(grant_type));
    Ok(response)
}

struct Asked<'a> {
    client: &'a Client,
    request: &'a token::Request,
    parts: &'a Parts,
}

async fn of_type(
    call: &mut Call<'_>,
    grant_type: GrantType,
    asked: &Asked<'_>,
) -> Result<token::Response, Failure> {
    let (client, request) = (asked.client, asked.request);
    match grant_type {
        GrantType::AuthorizationCode => Box::pin(authorization_code::redeem(call, client, request)).await,
        GrantType::RefreshToken => Box::pin(refresh_token::refresh(call, client, request)).await,
        GrantType::ClientCredentials => client_credentials::issue(call, client, request).await,
        GrantType::Password => Box::pin(password::grant(call, client, request, asked.parts)).await,
        GrantType::DeviceCode => Box::pin(device_code::redeem(call, client, request)).await,
        GrantType::TokenExchange => Box::pin(token_exchange::exchange(call, client, request)).await,
        // Its tokens come from the authorization endpoint (RFC 6749 §4.2): the rules have refused it here.
        GrantType::Implicit => Err(Failure::Broken(String::from(
            "the implicit grant at the token endpoint",
        ))),
    }
}

/// For the metrics.
const fn short(grant_type: GrantType) -> &'static str {
    match grant_type {
        GrantType::DeviceCode => "device_code",
        GrantType::TokenExchange => "token_exchange",
        other => other.as_str(),
    }
}

fn is_refresh(form: &Params) -> bool {
    form.get("grant_type") == Some(GrantType::RefreshToken.as_str())
}

fn tell_request(call: &mut Call<'_>, form: &Params) {
    let refresh = is_refresh(form);
    call.tell_watched(|| Told {
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
            if let Some(issued) = response.issued_token_type {
                shown_members.push(Parameter::named("issued_token_type", issued));
            }
            shown_members
        }
        Err(failure) => super::page::error_parameters(failure),
    }
}
