//! `/token`: codes, refresh tokens, client credentials; replays and races.

mod codes;
mod refresh;
