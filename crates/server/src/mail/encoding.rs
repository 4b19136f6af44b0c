//! Text of any script in the seven bits of a letter: quoted-printable bodies (RFC 2045 §6.7) and encoded words in
//! headers (RFC 2047 §4.2).

/// The longest line (RFC 2045 §6.7, rule 5); RFC 2047 §2 says the same of lines with encoded words.
const LINE: usize = 76;
/// The longest encoded word is 75; this leaves room for the name of the header before the first.
const WORD: usize = 60;
const OPENING: &str = "=?utf-8?Q?";
const CLOSING: &str = "?=";

/// A body, with lines that end in CRLF.
pub(super) fn quoted_printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for line in text.lines() {
        quote_line(line, &mut out);
        out.push_str("\r\n");
    }
    out
}

fn quote_line(line: &str, out: &mut String) {
    let mut column = 0;
    let mut bytes = line.bytes().peekable();
    while let Some(byte) = bytes.next() {
        let is_last = bytes.peek().is_none();
        let is_plain =
            matches!(byte, b'!'..=b'~') && byte != b'=' || matches!(byte, b' ' | b'\t') && !is_last;
        let width = if is_plain { 1 } else { 3 };
        // A line that goes on needs a column for the `=` that says so.
        if column + width > LINE - usize::from(!is_last) {
            out.push_str("=\r\n");
            column = 0;
        }
        if is_plain {
            out.push(char::from(byte));
        } else {
            hex(byte, out);
        }
        column += width;
    }
}

/// A header's text: as it is when that is safe, as encoded words otherwise. Never holds a line break but a folded one.
pub(super) fn header_text(text: &str) -> String {
    let is_plain = text.bytes().all(|b| matches!(b, b' '..=b'~'));
    if is_plain && text.len() <= WORD && !text.contains("=?") && text.trim() == text {
        text.to_owned()
    } else {
        encoded_words(text)
    }
}

/// A name before an address (RFC 5322 §3.2.5).
pub(super) fn phrase(name: &str) -> String {
    let is_plain = name
        .bytes()
        .all(|b| matches!(b, b' '..=b'~') && !b"\"\\".contains(&b));
    if is_plain && name.len() <= WORD && !name.contains("=?") {
        format!("\"{name}\"")
    } else {
        encoded_words(name)
    }
}

fn encoded_words(text: &str) -> String {
    let mut out = String::from(OPENING);
    let mut column = 0;
    for c in text.chars() {
        let mut piece = String::new();
        match c {
            ' ' => piece.push('_'),
            c if c.is_ascii_alphanumeric() => piece.push(c),
            c => c
                .encode_utf8(&mut [0; 4])
                .bytes()
                .for_each(|byte| hex(byte, &mut piece)),
        }
        if column + piece.len() > WORD - OPENING.len() - CLOSING.len() {
            out.push_str(CLOSING);
            out.push_str("\r\n ");
            out.push_str(OPENING);
            column = 0;
        }
        column += piece.len();
        out.push_str(&piece);
    }
    out.push_str(CLOSING);
    out
}

fn hex(byte: u8, out: &mut String) {
    let digit = |nibble: u8| {
        char::from_digit(u32::from(nibble), 16)
            .unwrap_or('0')
            .to_ascii_uppercase()
    };
    out.extend(['=', digit(byte >> 4), digit(byte & 15)]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_a_body_is_longer_than_76_and_every_byte_is_ascii() {
        for text in [
            "é".repeat(500),
            "x".repeat(500),
            format!("{}é", "x".repeat(74)),
            "x".repeat(77),
        ] {
            let quoted = quoted_printable(&text);
            assert!(quoted.is_ascii());
            for line in quoted.split("\r\n") {
                assert!(line.len() <= 76, "{line}");
            }
        }
        assert_eq!(
            quoted_printable(&"x".repeat(76)),
            format!("{}\r\n", "x".repeat(76))
        );
    }

    #[test]
    fn signs_that_a_server_could_change_are_written_as_numbers() {
        assert_eq!(
            quoted_printable("a=b \nZoë\t\n\rx"),
            "a=3Db=20\r\nZo=C3=AB=09\r\n=0Dx\r\n"
        );
        assert_eq!(quoted_printable("a\r\nb\n"), "a\r\nb\r\n");
    }

    #[test]
    fn a_header_of_any_script_is_folded_between_whole_characters() {
        assert_eq!(header_text("Confirm your address"), "Confirm your address");
        assert_eq!(header_text("Zoë & co"), "=?utf-8?Q?Zo=C3=AB_=26_co?=");
        assert_eq!(
            header_text("=?utf-8?Q?x?="),
            "=?utf-8?Q?=3D=3Futf=2D8=3FQ=3Fx=3F=3D?="
        );
        let long = header_text(&"鍵".repeat(40));
        for word in long.split("\r\n ") {
            assert!(word.len() <= WORD, "{word}");
            let inner = word.strip_prefix(OPENING).unwrap().strip_suffix(CLOSING).unwrap();
            assert_eq!(inner.len() % 9, 0, "{word} cuts a character");
        }
    }

    #[test]
    fn a_line_break_never_survives_in_a_header() {
        for hostile in ["a\r\nBcc: b", "a\nb", "a\rb", "a\0b", "é\r\nBcc: b"] {
            for written in [header_text(hostile), phrase(hostile)] {
                assert!(!written.contains(['\r', '\n', '\0']), "{written:?}");
            }
        }
        assert_eq!(
            phrase("A \"B\" <c@d.example>"),
            "=?utf-8?Q?A_=22B=22_=3Cc=40d=2Eexample=3E?="
        );
        assert_eq!(phrase("Valetkey"), "\"Valetkey\"");
    }
}
