//! Attacks that use the time between two steps: something ends, or changes, while something else is under way.

mod clients;
mod races;
