//! How far a flow came, and where and why it stopped.

use super::flow::{Flow, Message};
use valetkey_protocol::observe::{Event, Parameter, Role, Step};
use valetkey_protocol::rule::{Refusal, Rule};

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

/// Whether the app acts for itself (RFC 6749 §4.4), so that no person is asked.
#[must_use]
pub fn is_without_person(flow: &Flow) -> bool {
    let is_grant = |p: &Parameter| p.name == "grant_type" && p.value == "client_credentials";
    flow.messages
        .iter()
        .any(|message| message.event.parameters.iter().any(is_grant))
}

/// Whether the message that makes this step was seen, and nobody refused it.
#[must_use]
pub fn reached(flow: &Flow, step: Step) -> bool {
    flow.messages.iter().any(|message| {
        message.event.step == step && makes_its_step(&message.event) && !is_refused(&message.event)
    })
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
    refusal(event).is_some()
        || event.parameters.iter().any(|p| p.name == "error")
        || has_error_status(&event.line)
}

/// The first refusal among a message's checks.
#[must_use]
pub fn refusal(event: &Event) -> Option<&Refusal> {
    event.checks.iter().find_map(|check| check.refused.as_ref())
}

/// Whether this is the message at which the flow stopped: it was refused there, not only told of it.
#[must_use]
pub fn is_stop(message: &Message) -> bool {
    refusal(&message.event).is_some()
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
