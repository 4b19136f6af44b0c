//! What the integration tests stand on: a server in this process over a fresh SQLite database, a clock that only tests
//! move, seeded randomness, and the actors of a flow, so that a test reads as a sentence:
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! use valetkey_testkit::{TestServer, cast};
//!
//! let server = TestServer::start().await;
//! let alice = server.browser(cast::ALICE);
//! let app = server.app(cast::MYSWEETAPP);
//!
//! let code = alice.allows(&app.asks_for("photos.read")).await;
//! let tokens = app.redeems(&code).await.tokens();
//! assert_eq!(server.photos().shows(&tokens.access).await.status, 200);
//! # }
//! ```
//!
//! Nothing here is a mock: requests go through the server's own router, or over TCP through its accept loop
//! ([`TestServer::listen`]). It is for tests alone: a helper that cannot go on panics, and so fails the test.
#![forbid(unsafe_code)]
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "for tests: what a helper cannot do fails the test that asked"
)]

mod answer;
mod app;
mod assertion;
mod authenticator;
mod browser;
pub mod cast;
mod clock;
mod consumer;
mod device;
pub mod history;
mod home;
mod mailbox;
mod photos;
pub mod postgres;
mod random;
mod recorder;
mod server;
mod site;

pub use answer::{Answer, Form, Tokens};
pub use app::{App, Asked, Code, VERIFIER};
pub use assertion::Assertion;
pub use authenticator::{Authenticator, Says};
pub use browser::Browser;
pub use clock::FakeClock;
pub use consumer::{Consumer, Draft, Signed, Temporary};
pub use device::Begun;
pub use mailbox::{Mailbox, Received};
pub use photos::Photos;
pub use random::SeededRandom;
pub use recorder::Recorder;
pub use server::TestServer;
pub use site::Site;
