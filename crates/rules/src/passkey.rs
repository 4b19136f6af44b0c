//! Passkeys: W3C WebAuthn Level 3, §7.1 (a passkey is made) and §7.2 (a passkey signs in), as much of it as a sign-in
//! without a password needs. Checked here, from the bytes up, on `valetkey-jose`.
//!
//! - [`CreationOptions`] and [`RequestOptions`] are what the page hands to the browser;
//! - [`RegistrationResponse`] and [`AuthenticationResponse`] are what the browser answers;
//! - [`register`] and [`authenticate`] say whether that answer is good, check by check on the trail.
//!
//! Always asked for, and required in the answer: a discoverable credential, the person present and verified, an algorithm
//! of [`ALGORITHMS`], the page's own origin, not in a frame.
//!
//! **Attestation is not asked for, and an attestation statement of any format is not read.** Nothing here depends on who
//! made the authenticator, so a verified statement would change no decision; to verify one takes certificates and a list
//! of makers that must be kept fresh. What a passkey proves is that it is the same one as when it was added.
//! See `docs/decisions/0023-passkeys-are-verified-here.md`.
//!
//! Not here: to make challenges and let each count once, to find the passkey by its id, to keep it, and to see that no
//! two accounts have the same id (§7.1). The server does these.

mod authenticate;
mod authenticator_data;
mod client_data;
mod cose;
mod options;
mod register;
mod response;
#[cfg(test)]
mod tests;

pub use authenticate::{Authenticated, Credential, authenticate, known};
pub use options::{CreationOptions, Descriptor, Person, RequestOptions};
pub use register::{Registered, register};
pub use response::{
    AssertionResponse, AttestationResponse, AuthenticationResponse, Bytes, RegistrationResponse,
};

use url::{Host, Url};
use valetkey_model::UserId;
use valetkey_protocol::rule::{Refusal, Rule, Trail};

/// The COSE algorithms offered, best first: Ed25519, ES256, RS256 (§5.4, RFC 9053 §2, RFC 8812 §2).
pub const ALGORITHMS: [i32; 3] = [-8, -7, -257];

/// How long the browser may wait for the person: five minutes, the least that §15.1 recommends with user verification.
pub const TIMEOUT_SECONDS: i64 = 300;

/// The longest credential id (§7.1).
const MAX_CREDENTIAL_ID_BYTES: usize = 1023;

/// Who asks for passkeys: one issuer (§4, Relying Party Identifier).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelyingParty {
    /// The host of the issuer. A passkey belongs to it for good.
    pub id: String,
    /// The origin of the issuer's pages, as `https://id.example` or `http://localhost:8080`.
    pub origin: String,
}

impl RelyingParty {
    /// The relying party of an issuer; `None` where browsers have no passkeys: at an address that is a number, and
    /// without TLS, except on `localhost`.
    #[must_use]
    pub fn of_issuer(issuer: &str) -> Option<Self> {
        let url = Url::parse(issuer).ok()?;
        let Host::Domain(host) = url.host()? else {
            return None;
        };
        let local = host == "localhost" || host.ends_with(".localhost");
        if !(url.scheme() == "https" || (url.scheme() == "http" && local)) {
            return None;
        }
        Some(Self {
            id: host.to_owned(),
            origin: url.origin().ascii_serialization(),
        })
    }
}

/// The handle of an account (§4, User Handle): the bytes of its id, which say nothing about the person (§14.6.1).
#[must_use]
pub fn user_handle(user: &UserId) -> &[u8] {
    user.0.as_bytes()
}

/// Refuses an answer that is not what WebAuthn defines. `expected` says what was looked for.
fn malformed(trail: &mut Trail, expected: &'static str) -> Refusal {
    trail.refuse(Refusal::new(
        Rule::PasskeyResponseMalformed,
        expected,
        "something else",
    ))
}
