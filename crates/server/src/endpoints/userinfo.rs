//! The userinfo endpoint (OpenID Connect Core §5.3): `GET` and `POST /userinfo`, with the token in the header
//! or, for `POST`, in the form (RFC 6750 §2.1, §2.2). A token in the query is not read.

use super::page;
use super::shown_token::{self, Access};
use crate::call::{Call, Failure, Told};
use crate::context::App;
use crate::{form, wire_error};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::request::Parts;
use http::{Method, StatusCode, header};
use serde::Serialize;
use valetkey_protocol::bearer;
use valetkey_protocol::claims::StandardClaims;
use valetkey_protocol::observe::{Key, Parameter, Role, Step};
use valetkey_protocol::rule::{Refusal, Rule};
use valetkey_protocol::secret::AccessToken;
use valetkey_rules::userinfo;

#[derive(Serialize)]
struct Answer {
    sub: String,
    #[serde(flatten)]
    claims: StandardClaims,
}

/// Answers the request.
pub(crate) async fn handle(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    let answer = answer(&mut call, &parts, body).await;
    call.tell(Told {
        from: Role::Client,
        to: Role::AuthorizationServer,
        step: Step::Other,
        title: "Userinfo request",
        line: format!("{} /userinfo", parts.method),
        parameters: Vec::new(),
    });
    let response = match &answer {
        Ok(answer) => {
            wire_error::no_store_json(StatusCode::OK, serde_json::to_string(answer).unwrap_or_default())
        }
        Err(failure) => wire_error::json(&call, failure),
    };
    call.tell(Told {
        from: Role::AuthorizationServer,
        to: Role::Client,
        step: Step::Other,
        title: "Userinfo response",
        line: response.status().to_string(),
        parameters: match &answer {
            Ok(answer) => vec![Parameter::plain("sub", &answer.sub)],
            Err(failure) => page::error_parameters(failure),
        },
    });
    response
}

async fn answer(call: &mut Call<'_>, parts: &Parts, body: Body) -> Result<Answer, Failure> {
    let token = token(call, parts, body).await?;
    call.tie_token(token.expose());
    let Access { claims, counts } = shown_token::access(call, token.expose()).await?;
    if let Some(claims) = &claims {
        call.client = call.app.client(claims.client_id.as_str()).await?;
        if let Some(id) = claims.gid {
            call.tie(Key::Grant(id.to_string()));
        }
    }
    let access = userinfo::decide(claims.as_ref(), counts, &mut call.trail)?;
    let Some(user) = call.app.store.find_user(access.user).await? else {
        let refusal = Refusal::new(
            Rule::UserinfoTokenInvalid,
            "a token of a person who is known",
            "one of a person who was removed",
        );
        return Err(call.trail.refuse(refusal).into());
    };
    Ok(Answer {
        sub: user.id.to_string(),
        claims: user.claims.for_scope(&access.scope),
    })
}

async fn token(call: &mut Call<'_>, parts: &Parts, body: Body) -> Result<AccessToken, Refusal> {
    if let Some(value) = form::authorization(&parts.headers) {
        call.trail.passed(Rule::BearerTokenMissing);
        // RFC 6750 §2: one method. A second token would be checked by nobody.
        let in_form = form::of_page(call, body).await?.get("access_token").is_some();
        let token = bearer::read_header(value).filter(|_| !in_form);
        call.trail
            .require(Rule::BearerHeaderMalformed, token.is_some(), || {
                let received = if in_form {
                    "a token in the form beside the header"
                } else {
                    "a header of another form"
                };
                (
                    String::from("Authorization: Bearer and the token, once"),
                    String::from(received),
                )
            })?;
        return token.ok_or_else(|| Refusal::plain(Rule::BearerHeaderMalformed));
    }
    if parts.method == Method::POST && parts.headers.contains_key(header::CONTENT_TYPE) {
        let form = form::read(call, &parts.headers, body).await?;
        if let Some(token) = form.get("access_token") {
            call.trail.passed(Rule::BearerTokenMissing);
            return Ok(AccessToken::new(token));
        }
    }
    Err(call.trail.refuse(Refusal::plain(Rule::BearerTokenMissing)))
}
