//! The picture: four lanes, and one arrow a message, as inline SVG.
//!
//! The picture is cut into one strip a message, so that each strip can stand in the summary of what it
//! opens. Lanes go through because every strip draws its piece of them.

use super::flow::Message;
use super::outcome;
use super::words::CAST;
use valetkey_protocol::observe::{Event, Role, Step};

/// Width of the picture in its own units.
pub const WIDTH: u16 = 800;
/// Height of a strip with one arrow.
pub const STRIP_HEIGHT: u16 = 60;
/// What a second arrow adds.
const HOP_HEIGHT: u16 = 36;
const LANE_WIDTH: u16 = WIDTH / 4;
const DOT: u16 = 13;
/// Height of the first arrow.
pub const ARROW_Y: u16 = 40;

/// One lane's head.
#[derive(Debug, Clone, Copy)]
pub struct Head {
    /// Middle of the lane.
    pub x: u16,
    /// The role's name.
    pub name: &'static str,
}

/// The heads of the four lanes.
#[must_use]
pub fn heads() -> Vec<Head> {
    CAST.iter()
        .map(|cast| Head {
            x: lane(cast.role),
            name: cast.name,
        })
        .collect()
}

/// One arrow.
#[derive(Debug, Clone)]
pub struct Hop {
    /// Where the line begins.
    pub start: u16,
    /// Where the line ends.
    pub end: u16,
    /// Height of the line.
    pub y: u16,
    /// The arrow's head, as points.
    pub head: String,
}

/// One message in the picture.
#[derive(Debug, Clone)]
pub struct Strip {
    /// Height of the strip.
    pub height: u16,
    /// The middles of the four lanes.
    pub lanes: [u16; 4],
    /// One arrow, or two for a message that goes through the browser.
    pub hops: Vec<Hop>,
    /// The number in the dot, on the message that makes a step.
    pub number: Option<u8>,
    /// Middle of the dot.
    pub dot: u16,
    /// Middle of the words.
    pub text_x: u16,
    /// Middle of the words between two arrows.
    pub between_x: Option<u16>,
    /// Where the stop mark stands, on a refused message.
    pub stop: Option<u16>,
    /// Whether it is something on the way, not one of the six steps.
    pub quiet: bool,
    /// Whether it was refused, or tells of a refusal.
    pub refused: bool,
}

impl Strip {
    /// Height of the last arrow.
    #[must_use]
    pub fn last_y(&self) -> u16 {
        self.hops.last().map_or(ARROW_Y, |hop| hop.y)
    }
}

const fn lane(role: Role) -> u16 {
    let place = match role {
        Role::ResourceOwner => 0,
        Role::Client => 1,
        Role::AuthorizationServer => 2,
        Role::ResourceServer => 3,
    };
    LANE_WIDTH / 2 + place * LANE_WIDTH
}

/// Whether a message travels through the resource owner's browser, by redirects.
#[must_use]
pub fn is_through_browser(event: &Event) -> bool {
    let ends = [Role::Client, Role::AuthorizationServer];
    matches!(event.step, Step::AuthorizationRequest | Step::AuthorizationGrant)
        && ends.contains(&event.from)
        && ends.contains(&event.to)
}

fn hop(from: u16, to: u16, gap: u16, y: u16) -> Hop {
    let rightwards = to >= from;
    let (start, tip) = if rightwards {
        (from + gap, to - 4)
    } else {
        (from - gap, to + 4)
    };
    let end = if rightwards { tip - 8 } else { tip + 8 };
    Hop {
        start,
        end,
        y,
        head: format!("{tip},{y} {end},{} {end},{}", y - 5, y + 5),
    }
}

/// Draws one message. `number` is that of the step the message makes.
#[must_use]
pub fn strip(message: &Message, number: Option<u8>) -> Strip {
    let event = &message.event;
    let (from, to, browser) = (lane(event.from), lane(event.to), lane(Role::ResourceOwner));
    let gap = if number.is_some() { DOT } else { 4 };
    let through = is_through_browser(event);
    let (hops, height, first_end) = if through {
        let hops = vec![
            hop(from, browser, gap, ARROW_Y),
            hop(browser, to, 4, ARROW_Y + HOP_HEIGHT),
        ];
        (hops, STRIP_HEIGHT + HOP_HEIGHT, browser)
    } else {
        (vec![hop(from, to, gap, ARROW_Y)], STRIP_HEIGHT, to)
    };
    Strip {
        height,
        lanes: CAST.map(|cast| lane(cast.role)),
        hops,
        number,
        dot: from,
        text_x: u16::midpoint(from, first_end),
        between_x: through.then(|| u16::midpoint(browser, to)),
        stop: outcome::is_stop(message).then_some(to),
        quiet: !outcome::makes_its_step(event),
        refused: outcome::is_refused(event),
    }
}
