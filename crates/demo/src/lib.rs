//! The explainer's example: MySweetApp, which wants to show Alice's photos, and the Photos API, which keeps them.
//!
//! [`app`] is the client (RFC 6749 §1.1) and uses `valetkey-client`; [`photos`] is the resource server and uses
//! `valetkey-resource-server`. Both use those crates' public side alone, so their code is what an app author would
//! write. Neither listens on a socket, and neither knows people or clients: who starts them does.

pub mod app;
pub mod clock;
mod headers;
pub mod photos;
