//! One-time codes of an authenticator app: TOTP (RFC 6238) on HOTP (RFC 4226), with what every app knows: HMAC-SHA-1, six
//! digits, steps of 30 seconds counted from 1970.
//!
//! A code counts within its step and one step to either side (RFC 6238 §5.2 allows for a clock that is off and for slow
//! fingers), and once: the step of the last code used is kept, and only a later one is good. To keep it, atomically, is
//! the store's; to slow down who guesses (§5.1 of the RFC asks for it: a code has only a million values) is the
//! server's.

use data_encoding::BASE32_NOPAD;
use std::fmt;
use url::form_urlencoded::byte_serialize;
use valetkey_jose::derive::derive_key;
use valetkey_jose::oauth1::{Digest, hmac};
use valetkey_jose::seal::SealKey;
use valetkey_model::{SealedSecret, UserId};
use valetkey_protocol::secret::constant_time_eq;
use valetkey_protocol::time::Timestamp;
use zeroize::Zeroizing;

/// RFC 4226 §4 R6 asks for 160 bits: as long as the hash.
pub const SECRET_BYTES: usize = 20;
/// RFC 6238 §5.2.
pub const STEP_SECONDS: i64 = 30;
/// How many digits a code has.
pub const DIGITS: usize = 6;
/// So many steps before and after the present one are good.
const DRIFT_STEPS: i64 = 1;

/// The secret that an app and this server share.
#[derive(Clone)]
pub struct TotpSecret(Zeroizing<[u8; SECRET_BYTES]>);

impl TotpSecret {
    /// From random bytes.
    #[must_use]
    pub fn new(random: [u8; SECRET_BYTES]) -> Self {
        Self(Zeroizing::new(random))
    }

    /// As people type it into an app: base32 (RFC 4648 §6) without padding, in groups of four.
    #[must_use]
    pub fn shown(&self) -> Zeroizing<String> {
        let text = self.base32();
        let mut out = String::with_capacity(text.len() * 5 / 4);
        for (at, letter) in text.chars().enumerate() {
            if at > 0 && at % 4 == 0 {
                out.push(' ');
            }
            out.push(letter);
        }
        Zeroizing::new(out)
    }

    /// Reads what [`TotpSecret::shown`] wrote, without regard to case and blanks.
    #[must_use]
    pub fn from_shown(text: &str) -> Option<Self> {
        let letters: String = text
            .chars()
            .filter(|letter| !letter.is_whitespace())
            .map(|letter| letter.to_ascii_uppercase())
            .collect();
        let letters = Zeroizing::new(letters);
        let bytes = Zeroizing::new(BASE32_NOPAD.decode(letters.as_bytes()).ok()?);
        bytes.as_slice().try_into().ok().map(Self::new)
    }

    fn base32(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE32_NOPAD.encode(self.0.as_slice()))
    }
}

impl PartialEq for TotpSecret {
    fn eq(&self, other: &Self) -> bool {
        constant_time_eq(self.0.as_slice(), other.0.as_slice())
    }
}

impl Eq for TotpSecret {}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Seals secrets for the store: they must be readable, because codes are computed with them. Whose a secret is is the
/// associated data, so that a row moved to another account does not open.
#[derive(Debug)]
pub struct TotpKeys(SealKey);

impl TotpKeys {
    /// Derives the key.
    #[must_use]
    pub fn new(master: &[u8; 32]) -> Self {
        Self(SealKey::new(&derive_key(master, "totp secrets")))
    }

    /// Seals a person's secret.
    #[must_use]
    pub fn seal(&self, user: UserId, secret: &TotpSecret) -> SealedSecret {
        SealedSecret(self.0.seal(user.0.as_bytes(), secret.0.as_slice()))
    }

    /// The secret; `None` when it was sealed for somebody else, or under another master key.
    #[must_use]
    pub fn open(&self, user: UserId, sealed: &SealedSecret) -> Option<TotpSecret> {
        let bytes = self.0.open(user.0.as_bytes(), &sealed.0).ok()?;
        bytes.as_slice().try_into().ok().map(TotpSecret::new)
    }
}

/// The step that a moment lies in (RFC 6238 §4.2).
#[must_use]
pub const fn step_at(now: Timestamp) -> i64 {
    now.0.div_euclid(STEP_SECONDS)
}

/// The code of a step (RFC 6238 §4, RFC 4226 §5.3).
#[must_use]
pub fn code_at(secret: &TotpSecret, step: i64) -> String {
    let number = truncated(secret, step) % 10_u32.pow(DIGITS as u32);
    format!("{number:0DIGITS$}")
}

/// The step whose code was typed; `None` when it is no good code, or none of a step after `last_step`, which a code was
/// used of already. Blanks are read over. Every step that could be is tried, whichever fits.
#[must_use]
pub fn verify(secret: &TotpSecret, typed: &str, now: Timestamp, last_step: Option<i64>) -> Option<i64> {
    let digits: String = typed.chars().filter(|letter| !letter.is_whitespace()).collect();
    let present = step_at(now);
    let mut found = None;
    for step in present.saturating_sub(DRIFT_STEPS)..=present.saturating_add(DRIFT_STEPS) {
        let fits = constant_time_eq(code_at(secret, step).as_bytes(), digits.as_bytes());
        let fresh = last_step.is_none_or(|last| step > last);
        if fits && fresh {
            found = Some(step);
        }
    }
    found
}

/// What an app reads from a picture: `otpauth://totp/Issuer:account?secret=..&issuer=..`, the key URI format that
/// authenticator apps share. Algorithm, digits and period are the ones that apps take when nothing is said. It holds the
/// secret: it belongs on one page, once.
#[must_use]
pub fn otpauth_uri(secret: &TotpSecret, issuer: &str, account: &str) -> Zeroizing<String> {
    // The colon parts the two in the label.
    let issuer = encoded(&issuer.replace(':', ""));
    let account = encoded(&account.replace(':', ""));
    Zeroizing::new(format!(
        "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}",
        secret.base32().as_str()
    ))
}

/// RFC 4226 §5.3: four bytes of the HMAC, from where its last half byte points to, without the sign.
fn truncated(secret: &TotpSecret, step: i64) -> u32 {
    let tag = Zeroizing::new(hmac(Digest::Sha1, secret.0.as_slice(), &step.to_be_bytes()));
    let at = usize::from(tag.last().copied().unwrap_or_default() & 0x0f);
    let four = tag.get(at..).and_then(|rest| rest.first_chunk::<4>());
    u32::from_be_bytes(four.copied().unwrap_or_default()) & 0x7fff_ffff
}

/// Percent-encoded; a blank as `%20`, because apps do not read a form here.
fn encoded(text: &str) -> String {
    byte_serialize(text.as_bytes())
        .map(|part| if part == "+" { "%20" } else { part })
        .collect()
}

#[cfg(test)]
#[path = "totp_tests.rs"]
mod tests;
