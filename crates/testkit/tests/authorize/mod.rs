//! `/authorize`: the whole flow, and what must never come of a request.

mod attacks;
mod flow;
