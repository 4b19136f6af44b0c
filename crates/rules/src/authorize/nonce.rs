//! An ID token that comes through the browser is bound to the request by `nonce` (OpenID Connect Core §3.2.2.1, §3.3.2.11).
//! With `code` and `code token` the ID token comes from the token endpoint, and PKCE does that.

use super::scope::Scoped;
use valetkey_protocol::rule::{Refusal, Rule, Trail};

pub(super) fn given<'a>(scoped: Scoped<'a>, trail: &mut Trail) -> Result<Scoped<'a>, Refusal> {
    let is_there = scoped.trusted.request.nonce.is_some();
    let holds = is_there || !scoped.response_type.id_token;
    trail.require(Rule::AuthorizeNonceMissing, holds, || {
        ("a nonce".into(), "none".into())
    })?;
    Ok(scoped)
}
