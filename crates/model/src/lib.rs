//! The records Valetkey remembers, and the states they go through.
//!
//! Transitions are methods that consume `self`; a state is an enum with its data. Nothing here
//! stores, decides or talks.

pub mod client;
pub mod consent;
pub mod delivery;
pub mod device;
pub mod factor;
pub mod grant;
pub mod ids;
pub mod key;
pub mod link;
pub mod relying_party;
pub mod secret;
pub mod session;
pub mod user;
pub mod ways_in;

pub use client::Client;
pub use consent::Consent;
pub use delivery::{Delivery, Errand, Participant};
pub use device::DeviceAuthorization;
pub use factor::{Passkey, RecoveryCodeHash, Totp};
pub use grant::Grant;
pub use ids::{ClientId, DeviceId, GrantId, SessionId, Sid, UserId};
pub use key::StoredKey;
pub use link::Link;
pub use relying_party::RelyingParty;
pub use secret::SealedSecret;
pub use session::Session;
pub use user::User;
pub use ways_in::WaysIn;
