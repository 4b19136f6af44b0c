//! Whether a new password would be guessed soon, told in words for the form.
//!
//! The estimate goes the way of zxcvbn: the password is taken apart into what guessers try first (well-known passwords,
//! the person's own names, rows of keys, sequences, repetitions, dates), each piece has a price in tries, and the cheapest
//! way to put it together counts. Below a million tries the password is refused, as zxcvbn's score 2 does. Its word list is
//! short, so a single rare word passes. Nothing here reads or keeps anything beside its arguments.

mod pieces;
#[cfg(test)]
mod tests;

use pieces::{Kind, cheapest};
use valetkey_protocol::secret::Password;
use valetkey_rules::policy::Policy;

/// The logarithm of the tries that a password has to stand.
const ENOUGH: f64 = 6.0;
/// What stands behind this many characters is not needed to know.
const LOOKED_AT: usize = 128;

/// The password would be guessed soon, or has the wrong length.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{says}")]
pub struct Weak {
    /// Why, in a sentence for the person who chose it. Does not repeat the password.
    pub says: String,
}

/// Judges a new password. `known` is what a guesser knows of the person: username, e-mail address, the service's name.
pub fn judge(password: &Password, policy: &Policy, known: &[&str]) -> Result<(), Weak> {
    let text = password.expose();
    let weak = |says: String| Err(Weak { says });
    let least = policy.password_min_characters.max(8);
    if text.chars().count() < least {
        return weak(format!("Use at least {least} characters."));
    }
    if text.len() > policy.password_max_bytes {
        return weak(format!(
            "Use at most {} characters; letters beyond the English ones count more than once.",
            policy.password_max_bytes
        ));
    }
    let characters: Vec<char> = text.chars().take(LOOKED_AT).collect();
    let found = cheapest(&characters, known);
    if found.tries >= ENOUGH {
        return Ok(());
    }
    weak(format!(
        "{} Four words that have nothing to do with each other are better.",
        reason(&found.kinds)
    ))
}

fn reason(kinds: &[Kind]) -> &'static str {
    let reasons = [
        (
            Kind::Known,
            "This would be guessed soon: it holds your name, your address or the name of this service.",
        ),
        (
            Kind::Common,
            "This would be guessed soon: it is made of what people choose most often.",
        ),
        (
            Kind::Row,
            "This would be guessed soon: the keys stand side by side, or in the order of the alphabet.",
        ),
        (Kind::Repeat, "This would be guessed soon: it repeats itself."),
        (Kind::Date, "This would be guessed soon: it is a date or a year."),
    ];
    reasons
        .iter()
        .find(|(kind, _)| kinds.contains(kind))
        .map_or("This would be guessed soon.", |(_, says)| says)
}
