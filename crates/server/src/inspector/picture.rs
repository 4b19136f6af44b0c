//! The picture: four lanes, and one arrow a message, as inline SVG.
//!
//! The picture is cut into one strip a message, so that each strip can stand in the summary of what it
//! opens. Lanes go through because every strip draws its piece of them.

use super::flow::Message;
use super::outcome;
use super::words::CAST;
use valetkey_protocol::observe::Role;

/// Width of the picture in its own units.
pub const WIDTH: u16 = 800;
/// Height of one strip.
pub const STRIP_HEIGHT: u16 = 60;
const LANE_WIDTH: u16 = WIDTH / 4;
const DOT: u16 = 13;
const ARROW_Y: u16 = 40;

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

/// Where one message's arrow goes.
#[derive(Debug, Clone)]
pub struct Strip {
    /// The middles of the four lanes.
    pub lanes: [u16; 4],
    /// Where the line begins.
    pub start: u16,
    /// Where the line ends.
    pub end: u16,
    /// The arrow's head, as points.
    pub head: String,
    /// Height of the line.
    pub y: u16,
    /// The number in the dot, for the first message of a step.
    pub number: Option<u8>,
    /// Middle of the dot.
    pub dot: u16,
    /// Middle of the words.
    pub text_x: u16,
    /// Where the stop mark stands, on a refused message.
    pub stop: Option<u16>,
    /// Whether it belongs to none of the six steps.
    pub quiet: bool,
    /// Whether it was refused, or tells of a refusal.
    pub refused: bool,
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

/// Draws one message. `numbered` is false for further messages of a step that was drawn already.
#[must_use]
pub fn strip(message: &Message, numbered: bool) -> Strip {
    let event = &message.event;
    let (from, to) = (lane(event.from), lane(event.to));
    let number = event.step.number().filter(|_| numbered);
    let rightwards = to >= from;
    let gap = if number.is_some() { DOT } else { 4 };
    let (start, tip) = if rightwards {
        (from + gap, to - 4)
    } else {
        (from - gap, to + 4)
    };
    let end = if rightwards { tip - 8 } else { tip + 8 };
    Strip {
        lanes: CAST.map(|cast| lane(cast.role)),
        start,
        end,
        head: format!("{tip},{ARROW_Y} {end},{} {end},{}", ARROW_Y - 5, ARROW_Y + 5),
        y: ARROW_Y,
        number,
        dot: from,
        text_x: u16::midpoint(from, to),
        stop: outcome::is_stop(message).then_some(to),
        quiet: event.step.number().is_none(),
        refused: outcome::is_refused(event),
    }
}
