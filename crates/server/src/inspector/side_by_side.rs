//! Two flows beside each other, step by step: one of OAuth 2 and one of OAuth 1.0a, and what differs between them.

use super::flow::{self, Flow, FlowId};
use super::generation::Generation;
use super::outcome::SIX;
use super::shown::Shown;
use super::view::{self, Standing};
use super::words::{APART, Apart};
use crate::pages::brand::Brand;
use crate::pages::response::Kind;
use crate::pages::site::Frame;
use crate::pages::{send, when};
use askama::Template;
use axum::response::Response;
use valetkey_protocol::observe::{Event, Step};

/// More messages of one step than this tell nothing new.
const MOST_MESSAGES: usize = 12;
/// The row of the API call, where the API also asks the authorization server.
const API_CALL: usize = 5;

/// The two flows; either may be missing.
#[derive(Debug)]
pub struct Two<'f> {
    left: Option<&'f Flow>,
    right: Option<&'f Flow>,
}

/// Which flow is asked for: none in particular, or that one (`None` when the text names no flow).
type Chosen = Option<Option<FlowId>>;

impl<'f> Two<'f> {
    /// Of all flows, newest first: those that are asked for, else the latest of each protocol. `None` when one that is
    /// asked for is not there.
    #[must_use]
    pub fn of(flows: &'f [Flow], left: Chosen, right: Chosen) -> Option<Self> {
        let find = |chosen: Chosen, generation| match chosen {
            None => Some(latest(flows, generation)),
            Some(id) => flows.iter().find(|flow| Some(flow.id) == id).map(Some),
        };
        let two = Self {
            left: find(left, Generation::OAuth2)?,
            right: find(right, Generation::OAuth1)?,
        };
        Some(two.in_order())
    }

    /// OAuth 2 stands left, whichever way somebody asked.
    fn in_order(self) -> Self {
        let is = |flow: Option<&Flow>, generation| flow.is_none_or(|flow| Generation::of(flow) == generation);
        if is(self.left, Generation::OAuth1) && is(self.right, Generation::OAuth2) {
            return Self {
                left: self.right,
                right: self.left,
            };
        }
        self
    }
}

/// The latest that a person was asked for; one without a person tells less.
fn latest(flows: &[Flow], generation: Generation) -> Option<&Flow> {
    let of_it = || flows.iter().filter(|flow| Generation::of(flow) == generation);
    of_it()
        .find(|flow| flow.has(Step::AuthorizationRequest))
        .or_else(|| of_it().next())
}

/// One flow's head above its column.
struct Head {
    generation: Generation,
    /// The flow, with its client and how it stands.
    flow: Option<(FlowId, String, Standing)>,
    began: String,
}

impl Head {
    fn of(flow: Option<&Flow>, generation: Generation) -> Self {
        Self {
            generation: flow.map_or(generation, Generation::of),
            began: flow.map(|flow| when::clock(flow.began)).unwrap_or_default(),
            flow: flow.map(|flow| (flow.id, view::client(flow), Standing::of(flow))),
        }
    }
}

/// One step of both.
struct Row {
    /// `None` before the six.
    number: Option<u8>,
    words: Apart,
    cells: [Cell; 2],
}

/// One step of one flow.
struct Cell {
    generation: Generation,
    says: &'static str,
    messages: Vec<Said>,
    left_out: usize,
    /// Whether there is a flow at all.
    is_told: bool,
}

/// One message, with the flow it links to.
struct Said {
    flow: FlowId,
    shown: Shown,
    /// Whether it makes the step, so that it stands open.
    makes: bool,
}

#[derive(Template)]
#[template(path = "inspector_side_by_side.html")]
struct Page<'a> {
    frame: Frame<'a>,
    heads: [Head; 2],
    rows: Vec<Row>,
}

/// Renders the page.
#[must_use]
pub fn render(brand: &Brand, two: &Two<'_>) -> Response {
    let heads = [
        Head::of(two.left, Generation::OAuth2),
        Head::of(two.right, Generation::OAuth1),
    ];
    let sides = [two.left, two.right];
    let rows = APART
        .iter()
        .enumerate()
        .map(|(place, words)| Row {
            number: u8::try_from(place).ok().filter(|number| *number > 0),
            words: *words,
            cells: [0, 1].map(|side| {
                let generation = heads.get(side).map_or(Generation::OAuth2, |head| head.generation);
                Cell::of(sides.get(side).copied().flatten(), generation, place, words)
            }),
        })
        .collect();
    let page = Page {
        frame: Frame::new(brand),
        heads,
        rows,
    };
    send(&page, 200, Kind::Page)
}

impl Cell {
    fn of(flow: Option<&Flow>, generation: Generation, place: usize, words: &Apart) -> Self {
        let messages = flow.map(|flow| said(flow, place)).unwrap_or_default();
        Self {
            generation,
            says: match generation {
                Generation::OAuth1 => words.oauth1,
                Generation::OAuth2 => words.oauth2,
            },
            left_out: messages.len().saturating_sub(MOST_MESSAGES),
            messages: messages.into_iter().take(MOST_MESSAGES).collect(),
            is_told: flow.is_some(),
        }
    }
}

/// The messages of a flow that belong to one row.
fn said(flow: &Flow, place: usize) -> Vec<Said> {
    let step = place.checked_sub(1).and_then(|at| SIX.get(at).copied());
    let maker = step
        .and_then(|step| view::maker(flow, step))
        .map(|message| message.order);
    let mut row = 0;
    let mut found = Vec::new();
    for message in &flow.messages {
        row = row_of(&message.event, row);
        if row == place {
            found.push(Said {
                flow: flow.id,
                makes: maker == Some(message.order) || (place == 0 && message.event.step == Step::Other),
                shown: Shown::of(message, None),
            });
        }
    }
    found
}

/// What is outside the six belongs to the step before it; what the servers ask each other, to the API call.
fn row_of(event: &Event, before: usize) -> usize {
    match event.step.number() {
        Some(number) => usize::from(number),
        None if flow::is_between_servers(event) => API_CALL,
        None => before,
    }
}
