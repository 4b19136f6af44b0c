//! Texts from strangers, made fit to be shown beside a refusal: short, one line, no control characters.

/// More than this is cut.
const MAX_CHARS: usize = 300;

/// The text, fit to be shown.
pub(crate) fn shown(text: &str) -> String {
    let mut out: String = text
        .chars()
        .take(MAX_CHARS)
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    if text.chars().nth(MAX_CHARS).is_some() {
        out.push('…');
    }
    out
}

/// The text fit to be shown, or that there was none.
pub(crate) fn shown_or_none(text: Option<&str>) -> String {
    text.map_or_else(|| "none".to_owned(), shown)
}

/// Texts one after the other, or that there is none.
pub(crate) fn listed<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let list: Vec<String> = texts.into_iter().map(shown).collect();
    if list.is_empty() {
        "none".to_owned()
    } else {
        list.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_or_broken_text_is_cut_to_one_short_line() {
        assert_eq!(shown("a\r\nb"), "a\u{fffd}\u{fffd}b");
        let long = shown(&"x".repeat(10_000));
        assert_eq!(long.chars().count(), MAX_CHARS + 1);
        assert_eq!(shown_or_none(None), "none");
        assert_eq!(listed([]), "none");
        assert_eq!(listed(["a", "b"]), "a, b");
    }
}
