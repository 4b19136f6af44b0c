//! What a new username may be (RFC 8265 §3.1, in spirit): what people can read and type again, so that none can be taken
//! for another by what does not show. Names that were given before, or by an operator, are not judged here.

use valetkey_protocol::rule::{Refusal, Rule, Trail};

const MOST_CHARACTERS: usize = 64;

/// Checks a new username. One that holds an `@` must be `proved_email`, the address that the person proves on the way: or
/// somebody would be called by the address of another.
pub fn username(text: &str, proved_email: Option<&str>, trail: &mut Trail) -> Result<(), Refusal> {
    let problem = problem(text, proved_email);
    trail.require(Rule::SignUpUsernameMalformed, problem.is_none(), || {
        let received = problem.unwrap_or_default();
        (
            format!("1 to {MOST_CHARACTERS} visible characters"),
            received.to_owned(),
        )
    })
}

fn problem(text: &str, proved_email: Option<&str>) -> Option<&'static str> {
    if text.is_empty() {
        return Some("nothing");
    }
    if text.chars().count() > MOST_CHARACTERS {
        return Some("a longer one");
    }
    if text.trim() != text {
        return Some("a space at an end");
    }
    if text.chars().any(|c| c.is_whitespace() && c != ' ') || text.contains("  ") {
        return Some("spaces that do not show");
    }
    if text.chars().any(is_unseen) {
        return Some("characters that do not show");
    }
    if text.chars().any(is_combining) {
        return Some("an accent that stands alone: write letter and accent as one character");
    }
    if !text.chars().any(char::is_alphanumeric) {
        return Some("no letter and no digit");
    }
    let is_foreign_address =
        text.contains('@') && proved_email.is_none_or(|email| !email.eq_ignore_ascii_case(text));
    is_foreign_address.then_some("an e-mail address that is not proved to be the person's own")
}

/// Control characters, what turns the direction or takes no room, fillers, private use, and what is no character at all.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{ffff}' | '\u{fdd0}'..='\u{fdef}' | '\u{e000}'..='\u{f8ff}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{10ffff}')
}

/// Accents of their own, of the blocks for Latin, Greek and Cyrillic: with them the same name could be written in two ways
/// (Unicode Standard Annex 15). Keyboards write letter and accent as one character.
fn is_combining(c: char) -> bool {
    matches!(c,
        '\u{0300}'..='\u{036f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}
