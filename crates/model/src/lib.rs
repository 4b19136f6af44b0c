//! The records Valetkey remembers, and the states they go through.
//!
//! Transitions are methods that consume `self`; a state is an enum with its data. Nothing here
//! stores, decides or talks.

pub mod client;
pub mod consent;
pub mod device;
pub mod grant;
pub mod ids;
pub mod key;
pub mod secret;
pub mod session;
pub mod user;

pub use client::Client;
pub use consent::Consent;
pub use device::DeviceAuthorization;
pub use grant::Grant;
pub use ids::{ClientId, DeviceId, GrantId, SessionId, UserId};
pub use key::StoredKey;
pub use secret::SealedSecret;
pub use session::Session;
pub use user::User;
