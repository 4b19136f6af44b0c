//! The inspector's pages: the list of flows, and one flow with its picture.

use super::flow::{self, Flow, FlowId, Message};
use super::generation::Generation;
use super::outcome::{self, Outcome, SIX};
use super::picture::{self, Head, WIDTH};
use super::shown::Shown;
use super::words::{self, CAST, Cast, Told};
use crate::pages::brand::Brand;
use crate::pages::response::Kind;
use crate::pages::site::Frame;
use crate::pages::{paths, send, text, when};
use askama::Template;
use axum::response::Response;
use std::collections::BTreeMap;
use valetkey_protocol::observe::Step;
use valetkey_protocol::rule::RuleInfo;

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
pub(super) struct Standing {
    pub(super) class: &'static str,
    pub(super) says: String,
    rule: Option<&'static RuleInfo>,
}

impl Standing {
    pub(super) fn of(flow: &Flow) -> Self {
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
    generation: Generation,
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
            generation: Generation::of(flow),
            count: flow.messages.len() + flow.left_out,
        }
    }
}

pub(super) fn client(flow: &Flow) -> String {
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
    /// Why it is no part of this flow.
    left_out: Option<&'static str>,
    anchor: Option<u64>,
}

/// The story of one flow.
struct Story {
    id: FlowId,
    client: String,
    version: u64,
    standing: Standing,
    generation: Generation,
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
            generation: Generation::of(flow),
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
    words::steps(Generation::of(flow))
        .iter()
        .zip(marks(flow))
        .map(|(told, (number, mark))| Chapter {
            told: *told,
            number,
            mark,
            left_out: outcome::left_out(flow, told.step),
            anchor: maker(flow, told.step).map(|message| message.order),
        })
        .collect()
}

fn shown(flow: &Flow) -> Vec<Shown> {
    let numbered: BTreeMap<u64, u8> = SIX
        .iter()
        .filter_map(|step| Some((maker(flow, *step)?.order, step.number()?)))
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
pub(super) fn maker(flow: &Flow, step: Step) -> Option<&Message> {
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
    pub(super) fn flow(&self, id: &FlowId) -> String {
        self.url(&paths::INSPECTOR_FLOW.replace("{id}", &id.to_string()))
    }

    /// A flow beside the last one of the other protocol.
    fn beside(&self, id: &FlowId, generation: &Generation) -> String {
        let side = match generation {
            Generation::OAuth1 => "right",
            Generation::OAuth2 => "left",
        };
        format!("{}?{side}={id}", self.url(paths::INSPECTOR_SIDE_BY_SIDE))
    }
}
