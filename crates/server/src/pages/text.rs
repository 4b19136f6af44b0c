//! Foreign texts (names of apps and people) made fit to be shown: no control characters, nothing that
//! turns the writing direction or hides, and not endless. Escaping is the templates' business.

/// A name, cut to what fits a line or two.
#[must_use]
pub fn short(text: &str) -> String {
    shown(text, 80)
}

/// A name in a headline that goes on after it.
#[must_use]
pub fn headline(text: &str) -> String {
    shown(text, 40)
}

/// A value of a parameter or a comparison, cut to what fits a page.
#[must_use]
pub fn long(text: &str) -> String {
    shown(text, 600)
}

/// The first letter or digit, in capitals, for a badge.
#[must_use]
pub fn initial(text: &str) -> String {
    text.chars()
        .find(|c| c.is_alphanumeric())
        .map_or_else(|| String::from("?"), |c| c.to_uppercase().collect())
}

fn shown(text: &str, longest: usize) -> String {
    let mut clean = text.chars().filter(|c| !hides(*c));
    let mut out: String = clean.by_ref().take(longest).collect();
    if clean.next().is_some() {
        out.push('…');
    }
    out
}

/// Control characters, and those of Unicode that reorder or hide text (UAX #9, UTS #39).
fn hides(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_turn_the_writing_direction_or_hide() {
        assert_eq!(short("Pay\u{202e}lap\u{200b}\u{0}"), "Paylap");
    }

    #[test]
    fn a_name_of_300_characters_is_cut() {
        let shown = short(&"x".repeat(300));
        assert_eq!(shown.chars().count(), 81);
        assert!(shown.ends_with('…'));
    }

    #[test]
    fn a_badge_shows_a_letter_even_of_a_strange_name() {
        assert_eq!(initial("<script>"), "S");
        assert_eq!(initial("  éclair"), "É");
        assert_eq!(initial("…"), "?");
    }
}
