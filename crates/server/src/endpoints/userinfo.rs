//! The userinfo endpoint (OpenID Connect Core §5.3): `GET` and `POST /userinfo`, with the token in the header
//! or, for `POST`, in the form (RFC 6750 §2.1, §2.2). A token in the query is not read.
//!
//! The answer is JSON, or a JWT for a client that registered how it wants it signed, encrypted or both (§5.3.2).

use super::token::issue::sign;
use super::{page, shown_token};
use crate::call::{Call, Failure, Told};
use crate::context::App;
use crate::{encryption, form, wire_error};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode, header};
use valetkey_model::Client;
use valetkey_protocol::bearer;
use valetkey_protocol::observe::{Key, Parameter, Role, Step};
use valetkey_protocol::rule::{Refusal, Rule};
use valetkey_protocol::secret::AccessToken;
use valetkey_rules::{issue, userinfo};

/// The answer as it goes out.
struct Written {
    sub: String,
    body: String,
    content_type: HeaderValue,
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const JWT: HeaderValue = HeaderValue::from_static("application/jwt");

/// Answers the request.
pub(crate) async fn handle(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    let answer = answer(&mut call, &parts, body).await;
    call.tell_watched(|| Told {
        from: Role::Client,
        to: Role::AuthorizationServer,
        step: Step::Other,
        title: "Userinfo request",
        line: format!("{} /userinfo", parts.method),
        parameters: Vec::new(),
    });
    let (response, answer) = match answer {
        Ok(written) => {
            let mut response = wire_error::no_store_json(StatusCode::OK, written.body);
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, written.content_type);
            (response, Ok(written.sub))
        }
        Err(failure) => (wire_error::json(&call, &failure), Err(failure)),
    };
    call.tell_watched(|| Told {
        from: Role::AuthorizationServer,
        to: Role::Client,
        step: Step::Other,
        title: "Userinfo response",
        line: response.status().to_string(),
        parameters: match &answer {
            Ok(sub) => vec![Parameter::plain("sub", sub)],
            Err(failure) => page::error_parameters(failure),
        },
    });
    response
}

async fn answer(call: &mut Call<'_>, parts: &Parts, body: Body) -> Result<Written, Failure> {
    let token = token(call, parts, body).await?;
    call.tie_token(token.expose());
    let shown = shown_token::access(call, token.expose()).await?;
    if let Some(claims) = &shown.claims {
        call.client = call.app.client(claims.client_id.as_str()).await?;
        if let Some(id) = claims.gid {
            call.tie(Key::Grant(id.to_string()));
        }
    }
    let (claims, grant) = (shown.claims.as_deref(), shown.grant.as_ref());
    let access = userinfo::decide(claims, grant, shown.counts, &mut call.trail)?;
    let user = call.app.store.find_user(access.user).await?;
    let (Some(user), Some(client)) = (user, call.client.clone()) else {
        let refusal = Refusal::new(
            Rule::UserinfoTokenInvalid,
            "a token of a person and a client who are known",
            "one of a person or a client who was removed",
        );
        return Err(call.trail.refuse(refusal).into());
    };
    let answer = userinfo::answer(&access, &user.claims, &client, call.app.policy());
    let openid = &client.openid;
    if openid.userinfo_signed_response_alg.is_none() && openid.userinfo_encryption.is_none() {
        return Ok(Written {
            body: json(&answer)?,
            sub: answer.sub,
            content_type: JSON,
        });
    }
    Box::pin(as_jwt(call, &client, answer)).await
}

fn json(answer: &userinfo::Answer) -> Result<String, Failure> {
    serde_json::to_string(answer).map_err(|error| Failure::Broken(error.to_string()))
}

async fn as_jwt(call: &mut Call<'_>, client: &Client, answer: userinfo::Answer) -> Result<Written, Failure> {
    let openid = &client.openid;
    let alg = openid.userinfo_signed_response_alg;
    let text = match alg.map(issue::signature_algorithm) {
        Some(alg) => sign(call, alg, issue::ID_TOKEN_TYPE, &answer).await?,
        None => json(&answer)?,
    };
    let body = match &openid.userinfo_encryption {
        Some(how) if alg.is_some() => encryption::encrypt_jwt(call, client, how, &text).await?,
        Some(how) => encryption::encrypt_json(call, client, how, &text).await?,
        None => text,
    };
    Ok(Written {
        sub: answer.sub,
        body,
        content_type: JWT,
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
