//! `GET /.well-known/webfinger` (OpenID Connect Discovery §2, RFC 7033): who signs somebody in, when all that is known is
//! their address.
//!
//! The answer is the same for every name at this host: nobody learns here who has an account.

use crate::call::{Call, Failure};
use crate::context::App;
use crate::wire_error;
use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use valetkey_protocol::params::Params;
use valetkey_protocol::rule::{Refusal, Rule};
use valetkey_protocol::webfinger::{Descriptor, JRD, Place};

/// Answers the request.
pub(crate) async fn get(State(app): State<App>, request: Request) -> Response {
    let mut call = Call::new(&app, request.extensions());
    match answer(&mut call, request.uri().query().unwrap_or_default()) {
        Ok(descriptor) => {
            let body = serde_json::to_string(&descriptor).unwrap_or_default();
            let mut response = wire_error::no_store_json(StatusCode::OK, body);
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(JRD));
            response
        }
        Err(failure) => wire_error::json(&call, &failure),
    }
}

fn answer(call: &mut Call<'_>, query: &str) -> Result<Descriptor, Failure> {
    // `rel` may stand more than once (RFC 7033 §4.3), `resource` may not.
    let params = Params::parse_raw(query.as_bytes()).unwrap_or_default();
    let mut resources = params.all("resource");
    let missing = |received: &str| Refusal::new(Rule::WebfingerResourceMissing, "one resource", received);
    let resource = match (resources.next(), resources.next()) {
        (Some(resource), None) if resource.contains(':') => resource,
        (Some(_), None) => return Err(call.trail.refuse(missing("a text that is no URI")).into()),
        (Some(_), Some(_)) => return Err(call.trail.refuse(missing("several")).into()),
        (None, _) => return Err(call.trail.refuse(missing("none")).into()),
    };
    call.trail.passed(Rule::WebfingerResourceMissing);
    let issuer = &call.app.policy().issuer;
    let is_ours = Place::of(resource).is_some_and(|place| place.is_of(issuer));
    call.trail
        .require(Rule::WebfingerResourceElsewhere, is_ours, || {
            (
                format!("acct:name@host or a web address, at the host of {issuer}"),
                String::from("another resource"),
            )
        })?;
    let rels: Vec<&str> = params.all("rel").collect();
    Ok(Descriptor::of_issuer(resource, issuer, &rels))
}
