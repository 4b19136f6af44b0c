//! How far a flow came, and where and why it stopped.

use super::flow::{Flow, Message};
use valetkey_protocol::error::ErrorCode;
use valetkey_protocol::observe::{Event, Role, Step};
use valetkey_protocol::rule::{Refusal, Rule};
use valetkey_protocol::token::TOKEN_EXCHANGE;

/// The six steps, in order.
pub const SIX: [Step; 6] = [
    Step::AuthorizationRequest,
    Step::AuthorizationGrant,
    Step::TokenRequest,
    Step::TokenResponse,
    Step::ResourceRequest,
    Step::ResourceResponse,
];

/// How a flow stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// On its way; the number of the last step that was reached (0 before the first).
    Running(u8),
    /// The app got what it asked for.
    Complete,
    /// It stopped.
    Refused {
        /// At this step; `None` outside the six.
        step: Option<u8>,
        /// By this rule, where it was told.
        rule: Option<Rule>,
    },
}

impl Outcome {
    /// Of a flow, as far as it is known.
    #[must_use]
    pub fn of(flow: &Flow) -> Self {
        let mut stop: Option<(&Event, Option<Rule>)> = None;
        for message in &flow.messages {
            let event = &message.event;
            match (&stop, is_refused(event)) {
                (None, true) => stop = Some((event, rule_of(event))),
                (Some((first, None)), true) => stop = Some((first, rule_of(event))),
                (Some((first, _)), false) if goes_on(first, event) => stop = None,
                _ => {}
            }
        }
        if let Some((event, rule)) = stop {
            return Self::Refused {
                step: event.step.number(),
                rule,
            };
        }
        if reached(flow, Step::ResourceResponse) {
            return Self::Complete;
        }
        let last = SIX
            .iter()
            .filter(|step| reached(flow, **step))
            .filter_map(|step| step.number())
            .max();
        Self::Running(last.unwrap_or(0))
    }
}

/// Why a step is no part of this flow; `None` when it is.
#[must_use]
pub fn left_out(flow: &Flow, step: Step) -> Option<&'static str> {
    let before_the_token = matches!(step, Step::AuthorizationRequest | Step::AuthorizationGrant);
    let at_the_token_endpoint = matches!(step, Step::TokenRequest | Step::TokenResponse);
    if before_the_token && !flow.has(step) {
        let grant_type = value(flow, "grant_type")?;
        return WITHOUT_BROWSER
            .iter()
            .find(|(known, _)| *known == grant_type)
            .map(|(_, why)| *why);
    }
    let is_implicit = value(flow, "response_type") == Some("token");
    (at_the_token_endpoint && is_implicit && !flow.has(step))
        .then_some("the token came straight back through the browser (RFC 6749 §4.2).")
}

/// The grant types that no browser begins.
const WITHOUT_BROWSER: [(&str, &str); 3] = [
    (
        "client_credentials",
        "the app acts for itself, so no person is asked.",
    ),
    (
        "password",
        "the person typed the password into the app itself (RFC 6749 §4.3).",
    ),
    (TOKEN_EXCHANGE, "the app has a token already and exchanges it."),
];

fn value<'f>(flow: &'f Flow, name: &str) -> Option<&'f str> {
    let mut parameters = flow.messages.iter().flat_map(|message| &message.event.parameters);
    parameters
        .find(|parameter| parameter.name == name)
        .map(|parameter| parameter.value.as_str())
}

/// Whether the message that makes this step was seen, and nobody refused it.
#[must_use]
pub fn reached(flow: &Flow, step: Step) -> bool {
    let is_seen = flow.messages.iter().any(|message| {
        let event = &message.event;
        event.step == step && makes_its_step(event) && !is_refused(event) && !is_told_to_wait(event)
    });
    // A person who types a verifier, or answers for a device, carries the grant over where nobody sees it.
    let is_carried = || step == Step::AuthorizationGrant && flow.has(step);
    is_seen || (is_carried() && reached(flow, Step::TokenResponse))
}

/// Whether a message is one of the six, not something on the way: sign-in and consent lead to the
/// authorization grant, but the grant is what the client gets.
#[must_use]
pub fn makes_its_step(event: &Event) -> bool {
    match event.step {
        Step::AuthorizationGrant => event.to == Role::Client,
        Step::Other => false,
        _ => true,
    }
}

/// Whether a message was refused, or says that something was.
#[must_use]
pub fn is_refused(event: &Event) -> bool {
    if is_told_to_wait(event) {
        return false;
    }
    refusal(event).is_some()
        || event
            .parameters
            .iter()
            .any(|p| ["error", "oauth_problem"].contains(&p.name.as_str()))
        || has_error_status(&event.line)
}

/// Whether a device asked before the person had answered: it asks again, so nothing has stopped (RFC 8628 §3.5).
pub(super) fn is_told_to_wait(event: &Event) -> bool {
    let waits = [ErrorCode::AuthorizationPending, ErrorCode::SlowDown];
    refusal(event).is_some_and(|refusal| waits.contains(&refusal.rule.info().error))
        || event
            .parameters
            .iter()
            .any(|p| p.name == "error" && waits.iter().any(|code| code.as_str() == p.value))
}

/// The first refusal among a message's checks.
#[must_use]
pub fn refusal(event: &Event) -> Option<&Refusal> {
    event.checks.iter().find_map(|check| check.refused.as_ref())
}

/// Whether this is the message at which the flow stopped: it was refused there, not only told of it.
#[must_use]
pub fn is_stop(message: &Message) -> bool {
    refusal(&message.event).is_some() && !is_told_to_wait(&message.event)
}

fn rule_of(event: &Event) -> Option<Rule> {
    refusal(event).map(|refusal| refusal.rule)
}

fn has_error_status(line: &str) -> bool {
    line.split_whitespace()
        .next()
        .and_then(|word| word.parse::<u16>().ok())
        .is_some_and(|status| (400..=599).contains(&status))
}

/// Whether `event` shows that a flow went on after it had been refused at `stop`: a later step, or the
/// same message again, this time accepted.
fn goes_on(stop: &Event, event: &Event) -> bool {
    if is_again(stop, event) {
        return true;
    }
    match (stop.step.number(), event.step.number()) {
        (Some(stopped), Some(now)) => now > stopped + 1,
        (None, Some(_)) => true,
        (_, None) => false,
    }
}

fn is_again(stop: &Event, event: &Event) -> bool {
    stop.step == event.step && stop.from == event.from && stop.to == event.to && stop.line == event.line
}
