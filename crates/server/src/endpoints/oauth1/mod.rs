//! OAuth 1.0a (RFC 5849), one file an endpoint: [`initiate`] (§2.1), [`authorize`] (§2.2), [`token`] (§2.3), and
//! [`verify`], where an API asks about a request that was signed for it (§3). [`migration`] is a branch of the token
//! endpoint of OAuth 2; [`oob`] shows the verifier to a person.
//!
//! A request is read and verified in [`signed`], the same way for all. No browser calls these: there is no CORS.

pub(crate) mod authorize;
pub(crate) mod initiate;
pub(super) mod migration;
mod oob;
mod signed;
pub(crate) mod token;
pub(crate) mod verify;

pub(super) use oob::verifier_page;

use super::page;
use crate::call::{Call, Failure, Told};
use crate::wire_error;
use axum::response::Response;
use http::StatusCode;
use valetkey_protocol::observe::{Parameter, Role, Step};

/// Credentials that go out.
struct Credentials {
    /// The body.
    form: String,
    /// The same for the inspector.
    shown: Vec<Parameter>,
}

/// What an endpoint is called in the inspector.
struct Names {
    request: (Step, &'static str),
    response: (Step, &'static str),
    line: String,
}

/// Renders what an endpoint for clients answers, and tells of both messages.
fn finish(
    call: &mut Call<'_>,
    names: &Names,
    received: Vec<Parameter>,
    answer: Result<Credentials, Failure>,
) -> Response {
    call.tell(Told {
        from: Role::Client,
        to: Role::AuthorizationServer,
        step: names.request.0,
        title: names.request.1,
        line: names.line.clone(),
        parameters: received,
    });
    let (response, parameters) = match answer {
        Ok(credentials) => (
            wire_error::no_store_form(StatusCode::OK, credentials.form),
            credentials.shown,
        ),
        Err(failure) => (
            wire_error::oauth_problem(call, &failure),
            problem_parameters(&failure),
        ),
    };
    call.tell(Told {
        from: Role::AuthorizationServer,
        to: Role::Client,
        step: names.response.0,
        title: names.response.1,
        line: response.status().to_string(),
        parameters,
    });
    response
}

fn problem_parameters(failure: &Failure) -> Vec<Parameter> {
    let named = |parameter: Parameter| Parameter {
        name: match parameter.name.as_str() {
            "error" => String::from("oauth_problem"),
            "error_description" => String::from("oauth_problem_advice"),
            _ => parameter.name,
        },
        ..parameter
    };
    page::error_parameters(failure).into_iter().map(named).collect()
}
