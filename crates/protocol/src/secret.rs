//! Secrets as types: they print as `[redacted]`, compare in constant time and are wiped when dropped.
//!
//! The names are the specs' own. Only [`Secret::expose`] gives the text back, so a search for
//! `expose` finds every place where a secret leaves its type.

use zeroize::Zeroize;

/// Compares without leaking, by its duration, where the first difference stands.
#[must_use]
pub fn constant_time_eq(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let difference = a.iter().zip(b).fold(0_u8, |seen, (x, y)| seen | (x ^ y));
    std::hint::black_box(difference) == 0
}

/// A text that must not be printed or logged. `Kind` tells which one, so that two cannot be mixed up.
pub struct Secret<Kind> {
    text: String,
    kind: std::marker::PhantomData<Kind>,
}

impl<Kind> Secret<Kind> {
    /// Takes the text in.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            kind: std::marker::PhantomData,
        }
    }

    /// Gives the text out. Never pass the result to a log, an error or a URL.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }
}

impl<Kind> Clone for Secret<Kind> {
    fn clone(&self) -> Self {
        Self::new(self.text.clone())
    }
}

impl<Kind> Drop for Secret<Kind> {
    fn drop(&mut self) {
        self.text.zeroize();
    }
}

impl<Kind> PartialEq for Secret<Kind> {
    fn eq(&self, other: &Self) -> bool {
        constant_time_eq(self.text.as_bytes(), other.text.as_bytes())
    }
}

impl<Kind> Eq for Secret<Kind> {}

impl<Kind> std::fmt::Debug for Secret<Kind> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

impl<Kind> From<String> for Secret<Kind> {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl<'de, Kind> serde::Deserialize<'de> for Secret<Kind> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident => $name:ident;)*) => {
        /// The markers that keep one kind of secret from being taken for another.
        pub mod kind {
            $(#[doc = concat!("Marks a [`super::", stringify!($name), "`].")] #[derive(Debug, Clone, Copy)] pub enum $kind {})*
        }
        $($(#[$doc])* pub type $name = Secret<kind::$kind>;)*
    };
}

kinds! {
    /// A client secret (RFC 6749 §2.3.1).
    Client => ClientSecret;
    /// A resource owner's password.
    Password => Password;
    /// An authorization code (RFC 6749 §1.3.1).
    Code => AuthorizationCode;
    /// An access token (RFC 6749 §1.4).
    Access => AccessToken;
    /// A refresh token (RFC 6749 §1.5).
    Refresh => RefreshToken;
    /// A device code (RFC 8628 §3.2).
    Device => DeviceCode;
    /// A client assertion (RFC 7523 §2.2).
    Assertion => ClientAssertion;
    /// The shared secret of OAuth 1.0a credentials: a consumer's, or a token's (RFC 5849 §3.4).
    OAuth1 => OAuth1Secret;
    /// A registration access token (RFC 7592 §3).
    Registration => RegistrationAccessToken;
    /// A PKCE code verifier (RFC 7636 §4.1).
    Verifier => CodeVerifier;
    /// Any token of a kind not known yet, as the revocation and introspection endpoints get them.
    Any => AnyToken;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_prints_its_text() {
        let secret = ClientSecret::new("hunter2");
        assert_eq!(format!("{secret:?}"), "[redacted]");
        assert_eq!(secret.expose(), "hunter2");
    }

    #[test]
    fn secrets_compare_by_their_whole_text() {
        assert_ne!(Password::new("a"), Password::new("ab"));
        assert_ne!(Password::new("aa"), Password::new("ab"));
        assert_eq!(Password::new("ab"), Password::new("ab"));
    }
}
