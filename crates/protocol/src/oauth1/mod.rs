//! OAuth 1.0a (RFC 5849) as bytes and types, for the server, the resource server and the client: reading the parameters
//! of a request (§3.5), the signature base string and the way back from it (§3.4.1), the signing key (§3.4.2), the
//! `Authorization` header (§3.5.1) and the credentials that the endpoints answer with (§2.1, §2.3).
//!
//! Nothing here computes a signature, knows a client, a nonce or the time: that is the caller's.
//!
//! ```
//! use valetkey_protocol::oauth1::{Collected, base_string};
//!
//! let header = br#"OAuth oauth_consumer_key="printer", oauth_nonce="n1", oauth_signature="x""#;
//! let request = Collected::read(Some(header), Some("size=original"), None)?;
//! assert_eq!(request.protocol.consumer_key.as_deref(), Some("printer"));
//! assert_eq!(
//!     base_string("GET", "https://Photos.example:443/photos", &request.signed).as_deref(),
//!     Some("GET&https%3A%2F%2Fphotos.example%2Fphotos&oauth_consumer_key%3Dprinter%26oauth_nonce%3Dn1%26size%3Doriginal"),
//! );
//! # Ok::<(), valetkey_protocol::oauth1::Invalid>(())
//! ```

mod base_string;
mod credentials;
mod encoding;
mod header;
mod params;
mod signature;
#[cfg(test)]
mod tests;

pub use base_string::{BaseString, base_string, base_uri};
pub use credentials::{TemporaryCredentials, TokenCredentials};
pub use encoding::{decode, encode};
pub use header::authorization_header;
pub use params::{Collected, Invalid, Place, Protocol};
pub use signature::{SignatureMethod, SigningKey, signing_key};

/// The marker of this module's own secret (see [`crate::secret`]).
pub mod kind {
    /// Marks a [`super::SigningKey`].
    #[derive(Debug, Clone, Copy)]
    pub enum Signing {}
}
