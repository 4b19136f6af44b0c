//! The explainer's example: MySweetApp, which wants to show Alice's photos, and the Photos API, which keeps them.
//!
//! [`app`] is the client (RFC 6749 §1.1) and uses `valetkey-client`, and so does [`mysweetcli`], its variant for the
//! terminal; [`photos`] is the resource server and uses `valetkey-resource-server`. All use those crates' public side
//! alone, so their code is what an app author would write. Neither app nor API listens on a socket or knows people or
//! clients: who starts them does.

pub mod app;
pub mod clock;
mod headers;
pub mod mysweetcli;
pub mod photos;
