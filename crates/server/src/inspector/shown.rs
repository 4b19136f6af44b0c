//! One message as the pages show it: its strip in the picture, and what it opens to.

use super::base_string::{self, BASE_STRING};
use super::flow::Message;
use super::outcome;
use super::picture::{self, Strip};
use super::words::{self, STEPS};
use crate::pages::difference::{Difference, difference};
use crate::pages::{text, when};
use valetkey_protocol::observe::{Event, Step};
use valetkey_protocol::rule::{Check, RuleInfo};

/// One message with all that it opens to.
pub(super) struct Shown {
    pub(super) order: u64,
    pub(super) strip: Strip,
    pub(super) from: &'static str,
    pub(super) to: &'static str,
    pub(super) through_browser: bool,
    pub(super) title: String,
    pub(super) line: String,
    pub(super) at: String,
    pub(super) parameters: Vec<ShownParameter>,
    /// What was signed, where the request was signed by OAuth 1.0a.
    pub(super) base_string: Option<base_string::Shown>,
    pub(super) checks: Vec<ShownCheck>,
    pub(super) is_stop: bool,
    /// Told to ask again later, which is no refusal.
    pub(super) waits: bool,
    pub(super) letter: Option<char>,
}

pub(super) struct ShownParameter {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) masked: bool,
    pub(super) says: &'static str,
}

pub(super) struct ShownCheck {
    pub(super) rule: &'static RuleInfo,
    pub(super) refused: bool,
    pub(super) compared: Option<Difference>,
}

impl ShownCheck {
    fn of(check: &Check) -> Self {
        Self {
            rule: check.rule.info(),
            refused: check.refused.is_some(),
            compared: check
                .refused
                .as_ref()
                .and_then(|refusal| difference(&refusal.expected, &refusal.received)),
        }
    }
}

impl Shown {
    pub(super) fn of(message: &Message, number: Option<u8>) -> Self {
        let event = &message.event;
        Self {
            order: message.order,
            strip: picture::strip(message, number),
            from: words::role(event.from),
            to: words::role(event.to),
            through_browser: picture::is_through_browser(event),
            title: text::short(&event.title),
            line: text::short(&event.line),
            at: when::clock(event.at),
            parameters: parameters(event),
            base_string: signed(event),
            checks: event.checks.iter().map(ShownCheck::of).collect(),
            is_stop: outcome::is_stop(message),
            waits: outcome::is_told_to_wait(event),
            letter: letter(event.step).filter(|_| number.is_some()),
        }
    }
}

/// The letter RFC 6749 §1.2 gives a step.
fn letter(step: Step) -> Option<char> {
    STEPS
        .iter()
        .find(|told| told.step == step)
        .map(|told| told.letter)
}

/// What stands in a table of its own is no parameter more.
fn parameters(event: &Event) -> Vec<ShownParameter> {
    let is_in_the_table = signed(event).is_some();
    let parameters = event.parameters.iter();
    parameters
        .filter(|parameter| !(is_in_the_table && parameter.name == BASE_STRING))
        .map(|parameter| ShownParameter {
            name: text::short(&parameter.name),
            value: text::long(&parameter.value),
            masked: parameter.masked,
            says: words::parameter(&parameter.name),
        })
        .collect()
}

fn signed(event: &Event) -> Option<base_string::Shown> {
    let mut parameters = event.parameters.iter();
    let told = parameters.find(|parameter| parameter.name == BASE_STRING)?;
    base_string::shown(&told.value)
}
