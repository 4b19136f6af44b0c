//! Expected against received, with the part that differs marked, so that a slash at the end of a
//! redirect URI is seen at once.

use super::text;

/// Two texts and where they part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What would have been accepted.
    pub expected: Side,
    /// What came.
    pub received: Side,
}

/// One text in three parts; only `middle` differs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Side {
    /// The same on both sides.
    pub start: String,
    /// What differs; empty when the other side has more here.
    pub middle: String,
    /// The same on both sides.
    pub end: String,
}

impl Side {
    fn whole(text: String) -> Self {
        Self {
            start: text,
            ..Self::default()
        }
    }
}

/// What a refusal says about the received text, after it.
const REMARK: &str = ", which ";

/// Compares; `None` when there is nothing to compare.
#[must_use]
pub fn difference(expected: &str, received: &str) -> Option<Difference> {
    if expected.is_empty() && received.is_empty() {
        return None;
    }
    let (expected, received) = (text::long(expected), text::long(received));
    let (received, remark) = received.split_at(received.find(REMARK).unwrap_or(received.len()));
    let mut found = compared(expected, received.to_owned());
    found.received.end.push_str(remark);
    Some(found)
}

fn compared(expected: String, received: String) -> Difference {
    let same_start = shared(expected.chars(), received.chars());
    let (left, right) = (tail(&expected, same_start), tail(&received, same_start));
    let same_end = shared(left.chars().rev(), right.chars().rev());
    let shorter = expected.chars().count().min(received.chars().count());
    // Marks only help between texts that are nearly the same.
    if shorter < 8 || (same_start + same_end) * 2 < shorter {
        return Difference {
            expected: Side::whole(expected),
            received: Side::whole(received),
        };
    }
    Difference {
        expected: parted(&expected, same_start, same_end),
        received: parted(&received, same_start, same_end),
    }
}

fn shared(a: impl Iterator<Item = char>, b: impl Iterator<Item = char>) -> usize {
    a.zip(b).take_while(|(x, y)| x == y).count()
}

fn tail(text: &str, skip: usize) -> String {
    text.chars().skip(skip).collect()
}

fn parted(text: &str, same_start: usize, same_end: usize) -> Side {
    let middle = text.chars().count().saturating_sub(same_start + same_end);
    let mut chars = text.chars();
    Side {
        start: chars.by_ref().take(same_start).collect(),
        middle: chars.by_ref().take(middle).collect(),
        end: chars.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(start: &str, middle: &str, end: &str) -> Side {
        Side {
            start: start.into(),
            middle: middle.into(),
            end: end.into(),
        }
    }

    #[test]
    fn nothing_to_compare_gives_nothing() {
        assert_eq!(difference("", ""), None);
    }

    #[test]
    fn a_slash_too_many_is_marked() {
        let found = difference(
            "http://localhost:8082/callback",
            "http://localhost:8082/callback/",
        )
        .unwrap();
        assert_eq!(found.expected, side("http://localhost:8082/callback", "", ""));
        assert_eq!(found.received, side("http://localhost:8082/callback", "/", ""));
    }

    #[test]
    fn a_wrong_port_is_marked_in_the_middle() {
        let found = difference("http://localhost:8082/callback", "http://localhost:9082/callback").unwrap();
        assert_eq!(found.received, side("http://localhost:", "9", "082/callback"));
    }

    #[test]
    fn a_remark_about_the_received_text_is_not_compared() {
        let found = difference("https://app.example/cb", "https://app.example/cb/, which differs").unwrap();
        assert_eq!(
            found.received,
            side("https://app.example/cb", "/", ", which differs")
        );
    }

    #[test]
    fn texts_with_little_in_common_stay_whole() {
        let found = difference("one of: S256", "nothing").unwrap();
        assert_eq!(found.received, side("nothing", "", ""));
    }
}
