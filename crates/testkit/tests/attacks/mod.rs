//! Attacks on what lies between two steps: something ends, or changes, or somebody else sits there, while something
//! is under way.

mod clients;
mod confusion;
mod ends;
mod hints;
mod nonces;
mod races;
mod switched_off;
mod transport;
