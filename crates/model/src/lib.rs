//! The records Valetkey remembers, and the states they go through.
//!
//! Transitions are methods that consume `self`; a state is an enum with its data. Nothing here
//! stores, decides or talks.

pub mod client;
pub mod consent;
pub mod grant;
pub mod ids;
pub mod key;
pub mod session;
pub mod user;

pub use client::Client;
pub use consent::Consent;
pub use grant::Grant;
pub use ids::{ClientId, GrantId, SessionId, UserId};
pub use key::StoredKey;
pub use session::Session;
pub use user::User;
