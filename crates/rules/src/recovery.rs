//! Recovery codes: the way in for who lost the device that makes the one-time codes. Ten codes of ten letters, shown once;
//! each counts once. Neither RFC 6238 nor OpenID Connect speaks of them; NIST SP 800-63B calls them look-up secrets
//! and asks for what is here: random, kept as a hash, used once.
//!
//! A code carries 43 bits, too few for a plain hash: whoever reads the database would try them all. So what is kept is a
//! MAC under a key of the master key, which is not in the database, bound to the account. To use a code up, atomically,
//! is the store's; to slow down who guesses is the server's.

use crate::letters::{letters, typed};
use valetkey_jose::derive::derive_key;
use valetkey_jose::mac::MacKey;
use valetkey_model::{RecoveryCodeHash, UserId};
use valetkey_protocol::secret::Secret;

/// How many codes a person gets.
pub const CODES: usize = 10;
/// How many letters a code has.
pub const LETTERS: usize = 10;

/// Marks a [`RecoveryCode`].
#[derive(Debug, Clone, Copy)]
pub enum Recovery {}

/// A recovery code as it is shown: `BCDFG-HJKLM`.
pub type RecoveryCode = Secret<Recovery>;

/// Makes codes out of random bytes.
#[must_use]
pub fn codes(random: &[[u8; 16]; CODES]) -> Vec<RecoveryCode> {
    random.iter().map(code).collect()
}

fn code(random: &[u8; 16]) -> RecoveryCode {
    let text = letters(random, LETTERS);
    let (first, second) = text.split_at(text.len() / 2);
    RecoveryCode::new(format!("{first}-{second}"))
}

/// The key behind the hashes.
#[derive(Debug)]
pub struct RecoveryKeys(MacKey);

impl RecoveryKeys {
    /// Derives the key.
    #[must_use]
    pub fn new(master: &[u8; 32]) -> Self {
        Self(MacKey::new(&derive_key(master, "recovery codes")))
    }

    /// What is kept of a code, and what to look for when somebody types one: the same without regard to case, blanks and
    /// hyphens.
    #[must_use]
    pub fn hash(&self, user: UserId, code: &str) -> RecoveryCodeHash {
        let code = RecoveryCode::new(typed(code));
        RecoveryCodeHash(self.0.tag(&[user.0.as_bytes(), code.expose().as_bytes()]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;
    use proptest::prelude::*;
    use std::collections::BTreeSet;
    use valetkey_protocol::device::USER_CODE_ALPHABET;

    #[test]
    fn a_hash_moved_to_another_account_or_another_server_is_of_no_use() {
        let keys = RecoveryKeys::new(&[7; 32]);
        let kept = keys.hash(samples::user(), "BCDFG-HJKLM");
        assert_ne!(keys.hash(UserId(uuid::Uuid::nil()), "BCDFG-HJKLM"), kept);
        assert_ne!(
            RecoveryKeys::new(&[8; 32]).hash(samples::user(), "BCDFG-HJKLM"),
            kept
        );
        for other in ["", "BCDFG-HJKL", "BCDFG-HJKLMM", "BCDFG-HJKLN", "BCDFG_HJKLM"] {
            assert_ne!(keys.hash(samples::user(), other), kept, "{other}");
        }
        let plain = valetkey_jose::hash::sha256(b"BCDFGHJKLM");
        assert_ne!(kept.0, plain, "nobody computes it without the key");
    }

    #[test]
    fn a_code_counts_however_it_is_typed() {
        let keys = RecoveryKeys::new(&[7; 32]);
        let kept = keys.hash(samples::user(), "BCDFG-HJKLM");
        for same in [
            "bcdfg-hjklm",
            " BCDFG HJKLM\n",
            "b c d f g h j k l m",
            "BCDFGHJKLM",
        ] {
            assert_eq!(keys.hash(samples::user(), same), kept, "{same}");
        }
    }

    #[test]
    fn a_code_is_not_printed() {
        let made = codes(&std::array::from_fn(|at| [at as u8; 16]));
        assert_eq!(format!("{:?}", made[0]), "[redacted]");
    }

    proptest! {
        #[test]
        fn ten_codes_are_made_to_be_read_and_typed(random: [[u8; 16]; CODES]) {
            let made = codes(&random);
            prop_assert_eq!(made.len(), CODES);
            let different: BTreeSet<&[u8; 16]> = random.iter().collect();
            let texts: BTreeSet<&str> = made.iter().map(Secret::expose).collect();
            prop_assert!(different.len() < CODES || texts.len() == CODES);
            for text in texts {
                prop_assert_eq!(text.len(), LETTERS + 1);
                for (at, letter) in text.bytes().enumerate() {
                    let expected: &[u8] = if at == LETTERS / 2 { b"-" } else { USER_CODE_ALPHABET };
                    prop_assert!(expected.contains(&letter));
                }
            }
        }
    }
}
