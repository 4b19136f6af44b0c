//! The inspector's pages: the list of flows, and one flow with its picture.

use super::flow::{self, Flow, FlowId, Message};
use super::outcome::{self, Outcome, SIX};
use super::picture::{self, Head, Strip, WIDTH};
use super::words::{self, CAST, Cast, STEPS, Told};
use crate::pages::brand::Brand;
use crate::pages::difference::{Difference, difference};
use crate::pages::response::Kind;
use crate::pages::site::Frame;
use crate::pages::{paths, send, text, when};
use askama::Template;
use axum::response::Response;
use std::collections::BTreeMap;
use valetkey_protocol::observe::Step;
use valetkey_protocol::rule::{Check, RuleInfo};

/// How one of the six steps stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Waiting,
    Done,
    Refused,
}

impl Mark {
    const fn class(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Done => "done",
            Self::Refused => "refused",
        }
    }
}

/// A flow's standing in words, with the class of its colour.
struct Standing {
    class: &'static str,
    says: String,
    rule: Option<&'static RuleInfo>,
}

impl Standing {
    fn of(flow: &Flow) -> Self {
        match Outcome::of(flow) {
            Outcome::Complete => Self {
                class: "done",
                says: String::from("Complete"),
                rule: None,
            },
            Outcome::Running(0) => Self {
                class: "waiting",
                says: String::from("Beginning"),
                rule: None,
            },
            Outcome::Running(step) => Self {
                class: "waiting",
                says: format!("At step {step} of 6"),
                rule: None,
            },
            Outcome::Refused { step, rule } => Self {
                class: "refused",
                says: step.map_or_else(
                    || String::from("Refused"),
                    |step| format!("Refused at step {step}"),
                ),
                rule: rule.map(valetkey_protocol::rule::Rule::info),
            },
        }
    }
}

/// One flow in the list.
struct Row {
    id: FlowId,
    client: String,
    at: String,
    at_machine: String,
    marks: Vec<(u8, Mark)>,
    standing: Standing,
    count: usize,
}

impl Row {
    fn of(flow: &Flow) -> Self {
        Self {
            id: flow.id,
            client: client(flow),
            at: when::clock(flow.began),
            at_machine: when::machine(flow.began),
            marks: marks(flow),
            standing: Standing::of(flow),
            count: flow.messages.len() + flow.left_out,
        }
    }
}

fn client(flow: &Flow) -> String {
    flow.client_id
        .as_deref()
        .map_or_else(|| String::from("unknown client"), text::short)
}

fn marks(flow: &Flow) -> Vec<(u8, Mark)> {
    let stopped = match Outcome::of(flow) {
        Outcome::Refused { step, .. } => step,
        _ => None,
    };
    SIX.iter()
        .filter_map(|step| {
            let number = step.number()?;
            let mark = if stopped == Some(number) {
                Mark::Refused
            } else if outcome::reached(flow, *step) && stopped.is_none_or(|stop| number < stop) {
                Mark::Done
            } else {
                Mark::Waiting
            };
            Some((number, mark))
        })
        .collect()
}

#[derive(Template)]
#[template(path = "inspector_list.html")]
struct List<'a> {
    frame: Frame<'a>,
    rows: Vec<Row>,
    version: u64,
    cast: [Cast; 4],
}

#[derive(Template)]
#[template(path = "inspector_list_part.html")]
struct ListPart<'a> {
    frame: Frame<'a>,
    rows: Vec<Row>,
    version: u64,
}

/// One of the six steps, with how it stands in this flow.
struct Chapter {
    told: Told,
    number: u8,
    mark: Mark,
    /// The app acts for itself: nobody is asked.
    left_out: bool,
    anchor: Option<u64>,
}

/// One message with all that it opens to.
struct Shown {
    order: u64,
    strip: Strip,
    from: &'static str,
    to: &'static str,
    through_browser: bool,
    title: String,
    line: String,
    at: String,
    parameters: Vec<ShownParameter>,
    checks: Vec<ShownCheck>,
    is_stop: bool,
    letter: Option<char>,
}

struct ShownParameter {
    name: String,
    value: String,
    masked: bool,
    says: &'static str,
}

struct ShownCheck {
    rule: &'static RuleInfo,
    refused: bool,
    compared: Option<Difference>,
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
    fn of(message: &Message, number: Option<u8>) -> Self {
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
            parameters: event
                .parameters
                .iter()
                .map(|parameter| ShownParameter {
                    name: text::short(&parameter.name),
                    value: text::long(&parameter.value),
                    masked: parameter.masked,
                    says: words::parameter(&parameter.name),
                })
                .collect(),
            checks: event.checks.iter().map(ShownCheck::of).collect(),
            is_stop: outcome::is_stop(message),
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

/// The story of one flow.
struct Story {
    id: FlowId,
    client: String,
    version: u64,
    standing: Standing,
    began: String,
    chapters: Vec<Chapter>,
    messages: Vec<Shown>,
    left_out: usize,
    /// Questions about the token, for requests that the API did not tell of.
    folded: usize,
    stopped_at: Option<u64>,
    heads: Vec<Head>,
    width: u16,
}

impl Story {
    fn of(flow: &Flow) -> Self {
        let messages = shown(flow);
        Self {
            id: flow.id,
            client: client(flow),
            version: flow.version,
            standing: Standing::of(flow),
            began: when::clock(flow.began),
            chapters: chapters(flow),
            folded: flow.messages.len() - messages.len(),
            messages,
            left_out: flow.left_out,
            stopped_at: stopped_at(flow),
            heads: picture::heads(),
            width: WIDTH,
        }
    }
}

/// The message at which the flow stopped; `None` while it goes on.
fn stopped_at(flow: &Flow) -> Option<u64> {
    if !matches!(Outcome::of(flow), Outcome::Refused { .. }) {
        return None;
    }
    let stop = flow
        .messages
        .iter()
        .rev()
        .find(|message| outcome::is_stop(message));
    stop.map(|message| message.order)
}

fn chapters(flow: &Flow) -> Vec<Chapter> {
    STEPS
        .iter()
        .zip(marks(flow))
        .map(|(told, (number, mark))| Chapter {
            told: *told,
            number,
            mark,
            left_out: number <= 2 && outcome::is_without_person(flow),
            anchor: maker(flow, told.step).map(|message| message.order),
        })
        .collect()
}

fn shown(flow: &Flow) -> Vec<Shown> {
    let numbered: BTreeMap<u64, u8> = STEPS
        .iter()
        .filter_map(|told| Some((maker(flow, told.step)?.order, told.step.number()?)))
        .collect();
    let mut after = None;
    let mut told = Vec::with_capacity(flow.messages.len());
    for message in &flow.messages {
        if !flow::is_between_servers(&message.event) {
            after = Some(message.event.step);
        } else if after == Some(Step::ResourceResponse) && !outcome::is_refused(&message.event) {
            // An API need not tell of every request; its questions alone would explain nothing.
            continue;
        }
        told.push(Shown::of(message, numbered.get(&message.order).copied()));
    }
    told
}

/// The message that makes a step; where there is none yet, the first that leads to it.
fn maker(flow: &Flow, step: Step) -> Option<&Message> {
    let mut of_step = flow.messages.iter().filter(|message| message.event.step == step);
    let first = of_step.clone().next()?;
    Some(
        of_step
            .find(|message| outcome::makes_its_step(&message.event))
            .unwrap_or(first),
    )
}

#[derive(Template)]
#[template(path = "inspector_flow.html")]
struct FlowPage<'a> {
    frame: Frame<'a>,
    story: Story,
    cast: [Cast; 4],
}

#[derive(Template)]
#[template(path = "inspector_flow_part.html")]
struct FlowPart<'a> {
    frame: Frame<'a>,
    story: Story,
    cast: [Cast; 4],
}

/// Renders the list; `part` leaves out all that does not change.
#[must_use]
pub fn list(brand: &Brand, flows: &[Flow], version: u64, part: bool) -> Response {
    let frame = Frame::new(brand);
    let rows = flows.iter().map(Row::of).collect();
    if part {
        return send(&ListPart { frame, rows, version }, 200, Kind::Scripted);
    }
    send(
        &List {
            frame,
            rows,
            version,
            cast: CAST,
        },
        200,
        Kind::Scripted,
    )
}

/// Renders one flow; `part` leaves out all that does not change.
#[must_use]
pub fn flow(brand: &Brand, flow: &Flow, part: bool) -> Response {
    let frame = Frame::new(brand);
    let story = Story::of(flow);
    if part {
        return send(
            &FlowPart {
                frame,
                story,
                cast: CAST,
            },
            200,
            Kind::Scripted,
        );
    }
    send(
        &FlowPage {
            frame,
            story,
            cast: CAST,
        },
        200,
        Kind::Scripted,
    )
}

impl Frame<'_> {
    fn flow(&self, id: &FlowId) -> String {
        self.url(&paths::INSPECTOR_FLOW.replace("{id}", &id.to_string()))
    }
}
