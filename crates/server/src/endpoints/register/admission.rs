//! Who may register (RFC 7591 §3): whoever shows a good initial access token; or, where registration is open, anybody, but
//! each network address only so often.

use super::presented;
use crate::address;
use crate::call::{Call, Failure};
use crate::throttle::{OfAddress, Verdict};
use http::request::Parts;
use valetkey_protocol::rule::{Refusal, Rule};
use valetkey_rules::register::token::{self, Initial};

/// What the initial access token holds, when one was shown.
pub(super) async fn admit(call: &mut Call<'_>, parts: &Parts) -> Result<Option<Initial>, Failure> {
    let app = call.app;
    let shown = presented(call, &parts.headers)?;
    let initial = token::may_register(
        shown.as_ref(),
        &app.registrations,
        app.policy(),
        call.now,
        &mut call.trail,
    )?;
    match &initial {
        Some(initial) => {
            let status = app.store.access_status(&initial.jti, None).await?;
            token::not_revoked(status.token_revoked, &mut call.trail)?;
        }
        None => not_too_often(call, parts).await?,
    }
    Ok(initial)
}

/// One network address registers, or changes what it registered, only so often: each may make the server fetch a document.
pub(super) async fn not_too_often(call: &mut Call<'_>, parts: &Parts) -> Result<(), Failure> {
    let (app, now) = (call.app, call.now);
    let address = address::of_request(parts, &app.settings.trusted_proxies);
    let requests = OfAddress::registrations(app, address);
    let mut verdict = requests.verdict(app, now).await?;
    if verdict == Verdict::Open {
        verdict = requests.count(app, now).await?;
    }
    if let Verdict::Closed { retry_after_seconds } = verdict {
        call.retry_after_seconds = Some(retry_after_seconds);
        let most = app.policy().registration.requests_per_address;
        let refusal = Refusal::new(
            Rule::RegisterThrottled,
            format!("at most {most} in a while"),
            "more from this address",
        );
        return Err(call.trail.refuse(refusal).into());
    }
    call.trail.passed(Rule::RegisterThrottled);
    Ok(())
}
