//! What is kept of one flow: its messages in order, and what ties further messages to it.

use super::MESSAGES_PER_FLOW;
use super::base_string::{self, BASE_STRING, BASE_STRING_OF_APP};
use std::collections::VecDeque;
use std::sync::Arc;
use valetkey_protocol::observe::{Event, Key, Parameter, Role, Step};
use valetkey_protocol::time::Timestamp;

/// Names a flow while it is kept; counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlowId(pub u64);

impl std::fmt::Display for FlowId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

const LONGEST_VALUE: usize = 2_000;
/// A signature base string is encoded twice, so it is long; cut, it could not be taken apart.
const LONGEST_BASE_STRING: usize = 8_000;
const MOST_PARAMETERS: usize = 64;
const MOST_CHECKS: usize = 128;
const SAME_MESSAGE_SECONDS: i64 = 10;

/// One message as it is kept.
#[derive(Debug, Clone)]
pub struct Message {
    /// Its place in the order of arrival, over all flows.
    pub order: u64,
    /// What was told.
    pub event: Event,
    /// Whether both sides told of it.
    pub told_twice: bool,
}

/// One flow.
#[derive(Debug, Clone)]
pub struct Flow {
    /// Its number.
    pub id: FlowId,
    /// When its first message came.
    pub began: Timestamp,
    /// When its last message came.
    pub latest: Timestamp,
    /// The client it belongs to, once known.
    pub client_id: Option<String>,
    /// Its messages, in order.
    pub messages: Vec<Arc<Message>>,
    /// How many messages came after the list was full.
    pub left_out: usize,
    /// Changes with every message.
    pub version: u64,
    pub(super) ties: VecDeque<Tied>,
}

/// What ties a message to a flow. A `state` counts together with its client; who tells may have put the
/// client id before it, with a space between.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Tied {
    State(String, String),
    /// A client and the nonce of a request that it signed.
    Signed(String, String),
    Other(Key),
}

impl Tied {
    pub(super) fn state(client_id: &str, state: &str) -> Self {
        Self::State(client_id.to_owned(), state.to_owned())
    }

    pub(super) fn all(event: &Event) -> Vec<Self> {
        let client = event.client_id.as_deref().unwrap_or_default();
        let signed = nonce(event).map(|nonce| Self::Signed(client.to_owned(), nonce));
        let keys = event.keys.iter().map(|key| match key {
            Key::State(state) => Self::state(client, without_client(state, client)),
            other => Self::Other(other.clone()),
        });
        keys.chain(signed).collect()
    }
}

/// What tells a signed request from every other one of its client (RFC 5849 §3.3).
fn nonce(event: &Event) -> Option<String> {
    let value = |name: &str| event.parameters.iter().find(|told| told.name == name);
    let named = value("oauth_nonce").map(|told| told.value.clone());
    named.or_else(|| base_string::nonce(&value(BASE_STRING)?.value))
}

fn without_client<'s>(state: &'s str, client: &str) -> &'s str {
    state
        .strip_prefix(client)
        .and_then(|rest| rest.strip_prefix(' '))
        .unwrap_or(state)
}

impl Flow {
    pub(super) fn begin(id: FlowId, event: &Event) -> Self {
        Self {
            id,
            began: event.at,
            latest: event.at,
            client_id: event.client_id.clone(),
            messages: Vec::new(),
            left_out: 0,
            version: 0,
            ties: VecDeque::new(),
        }
    }

    pub(super) fn add(&mut self, event: Event, order: u64) {
        self.version = order;
        self.latest = self.latest.max(event.at);
        if self.client_id.is_none() {
            self.client_id.clone_from(&event.client_id);
        }
        if self.left_out > 0 || self.messages.len() >= MESSAGES_PER_FLOW {
            self.left_out += 1;
            return;
        }
        let known = self.told_before(&event);
        if let Some(message) = known.and_then(|place| self.messages.get_mut(place)) {
            *message = Arc::new(joined(message, event));
            return;
        }
        self.insert(Message {
            order,
            event,
            told_twice: false,
        });
    }

    /// An API tells of a request once it has asked the authorization server about the token; the request
    /// stands before these questions all the same. Questions before the latest one belong to a request that
    /// was not told.
    fn insert(&mut self, message: Message) {
        let questions = match message.event.step {
            Step::ResourceRequest => self.latest_questions(),
            _ => 0,
        };
        let place = self.messages.len() - questions;
        self.messages.insert(place, Arc::new(message));
        let moved = self.messages.iter_mut().skip(place);
        let mut orders: Vec<u64> = moved.map(|message| message.order).collect();
        orders.sort_unstable();
        for (message, order) in self.messages.iter_mut().skip(place).zip(orders) {
            Arc::make_mut(message).order = order;
        }
    }

    /// How many messages at the end are the latest question between the servers and what came of it.
    fn latest_questions(&self) -> usize {
        let at_the_end = self.messages.iter().rev().map(|message| &message.event);
        let mut count = 0;
        for event in at_the_end.take_while(|event| is_between_servers(event)) {
            count += 1;
            if event.from == Role::ResourceServer {
                break;
            }
        }
        count
    }

    /// The same message, told by the other side: same way, same step, same path, and nothing came back since.
    fn told_before(&self, event: &Event) -> Option<usize> {
        if let Some(place) = self.signed_before(event) {
            return Some(place);
        }
        let (place, last) = self
            .messages
            .iter()
            .enumerate()
            .rev()
            .take_while(|(_, message)| !answers(&message.event, event))
            .find(|(_, message)| is_same_course(&message.event, event))?;
        let same = last.event.step == event.step
            && event.at.seconds_since(last.event.at).abs() <= SAME_MESSAGE_SECONDS
            && (is_note(event) || is_second_half(&last.event, event) || is_told_again(last, event));
        same.then_some(place)
    }

    /// The same signed request, told by the side that signed it, in words of its own. In the same words it would be a
    /// second one with the nonce of the first.
    fn signed_before(&self, event: &Event) -> Option<usize> {
        let nonce = nonce(event)?;
        self.messages.iter().rposition(|message| {
            let told = &message.event;
            let is_other_side = !message.told_twice && told.line != event.line;
            is_other_side && same_way(told, event) && self::nonce(told).as_ref() == Some(&nonce)
        })
    }

    /// Whether `event` answers the last message of this flow, to which nothing else is tied: a refused
    /// request, or one whose token nobody knew before.
    pub(super) fn waits_for(&self, event: &Event) -> bool {
        self.ties.is_empty()
            && self.client_id == event.client_id
            && event.at.seconds_since(self.latest).abs() <= SAME_MESSAGE_SECONDS
            && self
                .messages
                .last()
                .is_some_and(|last| answers(&last.event, event))
    }

    pub(super) fn absorb(&mut self, other: Self) {
        self.began = self.began.min(other.began);
        self.latest = self.latest.max(other.latest);
        self.client_id = self.client_id.take().or(other.client_id);
        self.version = self.version.max(other.version);
        self.left_out += other.left_out;
        self.ties.extend(other.ties);
        self.messages.extend(other.messages);
        self.messages.sort_by_key(|message| message.order);
        let surplus = self.messages.len().saturating_sub(MESSAGES_PER_FLOW);
        self.left_out += surplus;
        self.messages.truncate(MESSAGES_PER_FLOW);
    }

    /// Whether a message of this step was seen.
    #[must_use]
    pub fn has(&self, step: Step) -> bool {
        self.messages.iter().any(|message| message.event.step == step)
    }
}

fn is_same_course(a: &Event, b: &Event) -> bool {
    (same_way(a, b) && same_subject(a, b)) || is_second_half(a, b)
}

fn same_way(a: &Event, b: &Event) -> bool {
    a.from == b.from && a.to == b.to
}

fn answers(a: &Event, b: &Event) -> bool {
    a.from == b.to && a.to == b.from
}

pub(super) fn is_between_servers(event: &Event) -> bool {
    let servers = [Role::ResourceServer, Role::AuthorizationServer];
    servers.contains(&event.from) && servers.contains(&event.to)
}

/// Told by who received a message, of checks only.
fn is_note(event: &Event) -> bool {
    event.line.is_empty()
}

/// Outside the six steps, messages of the same way and line may differ in what they are about.
fn same_subject(a: &Event, b: &Event) -> bool {
    let subject = |event: &Event| event.title.split_whitespace().next().map(str::to_owned);
    a.step != Step::Other || is_note(b) || subject(a) == subject(b)
}

/// The authorization response goes through the browser: told as sent to the client by one, as brought by
/// the resource owner by the other.
fn is_second_half(sent: &Event, brought: &Event) -> bool {
    sent.step == Step::AuthorizationGrant
        && (sent.from, sent.to) == (Role::AuthorizationServer, Role::Client)
        && (brought.from, brought.to) == (Role::ResourceOwner, Role::Client)
}

fn is_told_again(last: &Message, event: &Event) -> bool {
    !last.told_twice
        && path(&last.event.line) == path(&event.line)
        && !(is_judged(&last.event) && is_judged(event))
}

/// Whether rules were checked: only the side that decides tells of checks.
fn is_judged(event: &Event) -> bool {
    !event.checks.is_empty()
}

/// `POST http://host/token` and `POST /token` are the same; so are `200 OK` and `200`.
fn path(line: &str) -> String {
    let mut words = line.split_whitespace();
    let first = words.next().unwrap_or_default();
    if first.bytes().all(|b| b.is_ascii_digit()) {
        return first.to_owned();
    }
    let target = words.next().unwrap_or_default();
    let without_host = target.split_once("://").map_or(target, |(_, rest)| {
        rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/")
    });
    format!(
        "{first} {}",
        without_host.split(['?', '#']).next().unwrap_or_default()
    )
}

fn joined(message: &Message, event: Event) -> Message {
    let mut kept = message.event.clone();
    for mut parameter in event.parameters {
        let known = kept.parameters.iter().find(|known| known.name == parameter.name);
        if parameter.name == BASE_STRING && known.is_some_and(|known| known.value != parameter.value) {
            // Here is why the signatures differ.
            BASE_STRING_OF_APP.clone_into(&mut parameter.name);
            kept.parameters.push(parameter);
        } else if known.is_none() {
            kept.parameters.push(parameter);
        }
    }
    kept.parameters.truncate(MOST_PARAMETERS);
    kept.checks.extend(event.checks);
    kept.checks.truncate(MOST_CHECKS);
    if kept.client_id.is_none() {
        kept.client_id = event.client_id;
    }
    Message {
        order: message.order,
        event: kept,
        told_twice: true,
    }
}

/// An event made fit to be kept: bounded, without a secret that somebody forgot to mask.
pub(super) fn tamed(mut event: Event) -> Event {
    event.parameters.truncate(MOST_PARAMETERS);
    event.checks.truncate(MOST_CHECKS);
    for parameter in &mut event.parameters {
        let is_base_string = parameter.name == BASE_STRING;
        if is_base_string && !parameter.masked {
            *parameter = base_string::tamed(&parameter.value);
        } else if !parameter.masked {
            *parameter = Parameter::named(&parameter.name, &parameter.value);
        }
        cut(&mut parameter.name, LONGEST_VALUE);
        let longest = if is_base_string {
            LONGEST_BASE_STRING
        } else {
            LONGEST_VALUE
        };
        cut(&mut parameter.value, longest);
    }
    let checks = event.checks.iter_mut();
    for refusal in checks.filter_map(|check| check.refused.as_mut()) {
        hide(&mut refusal.expected);
        hide(&mut refusal.received);
    }
    cut(&mut event.title, LONGEST_VALUE);
    cut(&mut event.line, LONGEST_VALUE);
    if let Some(query) = event.line.find('?') {
        event.line.truncate(query);
    }
    event
}

/// A refused signature tells the base string that was expected.
fn hide(compared: &mut String) {
    if let Some(without) = base_string::hidden(compared) {
        *compared = without;
    }
}

fn cut(text: &mut String, longest: usize) {
    if let Some((end, _)) = text.char_indices().nth(longest) {
        text.truncate(end);
        text.push('…');
    }
}
