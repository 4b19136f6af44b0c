//! Reading a request: its body, bounded, and its `Authorization` header. What a form of the protocol must look like says `rules::token::form`.

use crate::call::Call;
use axum::body::Body;
use http::{HeaderMap, header};
use http_body_util::{BodyExt as _, Limited};
use valetkey_protocol::params::{InvalidParams, Params};
use valetkey_protocol::rule::{Refusal, Rule};

/// Reads the form of a protocol endpoint.
pub(crate) async fn read(call: &mut Call<'_>, headers: &HeaderMap, body: Body) -> Result<Params, Refusal> {
    let bytes = bytes(call, body).await?;
    of_protocol(call, headers, &bytes)
}

/// The same of a body that was read already: a signature is over the bytes (RFC 5849 §3.4.1.3).
pub(crate) fn of_protocol(call: &mut Call<'_>, headers: &HeaderMap, bytes: &[u8]) -> Result<Params, Refusal> {
    let content_type = headers.get(header::CONTENT_TYPE).map(http::HeaderValue::as_bytes);
    valetkey_rules::token::form(content_type, bytes, &mut call.trail)
}

/// Parameters that somebody else wrote, in a query or a form. Whether one stands twice the rules of the endpoint judge.
pub(crate) fn parameters(call: &mut Call<'_>, encoded: &[u8]) -> Result<Params, Refusal> {
    Params::parse_raw(encoded).map_err(|invalid| {
        let rule = match invalid {
            InvalidParams::TooMany => Rule::RequestTooLarge,
            InvalidParams::Nul => Rule::ParameterNul,
            InvalidParams::NotUtf8 | InvalidParams::Repeated(_) => Rule::TokenRequestNotForm,
        };
        let refusal = Refusal::new(rule, "readable parameters", invalid.to_string());
        call.trail.refuse(refusal)
    })
}

/// Reads the form of a page, which this server wrote itself: what does not fit is simply not there.
pub(crate) async fn of_page(call: &mut Call<'_>, body: Body) -> Result<Params, Refusal> {
    let bytes = bytes(call, body).await?;
    Ok(Params::parse_raw(&bytes).unwrap_or_default())
}

/// The `Authorization` header. Two of them are none that can be read: each reader would believe another one.
pub(crate) fn authorization(headers: &HeaderMap) -> Option<&[u8]> {
    let mut lines = headers.get_all(header::AUTHORIZATION).iter();
    let first = lines.next()?;
    match lines.next() {
        None => Some(first.as_bytes()),
        Some(_) => Some(b""),
    }
}

pub(crate) async fn bytes(call: &mut Call<'_>, body: Body) -> Result<Vec<u8>, Refusal> {
    let longest = call.app.settings.body_bytes;
    match Limited::new(body, longest).collect().await {
        Ok(collected) => {
            call.trail.passed(Rule::MethodNotAllowed);
            call.trail.passed(Rule::RequestTooLarge);
            Ok(collected.to_bytes().into())
        }
        Err(_) => {
            let refusal = Refusal::new(
                Rule::RequestTooLarge,
                format!("at most {longest} bytes"),
                "a larger body, or one that broke off",
            );
            Err(call.trail.refuse(refusal))
        }
    }
}
