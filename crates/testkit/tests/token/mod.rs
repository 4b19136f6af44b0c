//! `/token`: codes, refresh tokens, client credentials; replays and races.

mod client_keys;
mod codes;
mod encrypted;
mod hybrid;
mod id_tokens;
mod pairwise;
mod refresh;
