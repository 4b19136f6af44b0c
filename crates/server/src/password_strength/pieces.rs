//! The pieces that a password can be made of, with the logarithm of the tries that each costs, and the cheapest way to
//! put the password together from them.

/// What people choose most often, the most frequent first.
const COMMON: &str = include_str!("common.txt");
/// Keys side by side, on the keyboards of several countries.
const ROWS: [&str; 7] = [
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "yxcvbnm",
    "azertyuiop",
    "1234567890",
];
/// Shorter pieces are no cheaper than their characters.
const SHORTEST: usize = 3;
/// One character that fits no pattern.
const ONE: f64 = 1.0;

/// What a piece is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A character of which nothing is known.
    Plain,
    /// Something of the person or the service.
    Known,
    /// A well-known password.
    Common,
    /// Keys in a row, or a sequence.
    Row,
    /// What stood before, again.
    Repeat,
    /// A year or a date.
    Date,
}

/// The cheapest way to put a password together.
#[derive(Debug)]
pub(super) struct Found {
    /// The logarithm of the tries.
    pub(super) tries: f64,
    /// The kinds of its pieces.
    pub(super) kinds: Vec<Kind>,
}

struct Piece {
    length: usize,
    tries: f64,
    kind: Kind,
}

/// The cheapest way to every place of the text, from the one before it.
#[derive(Clone, Copy)]
struct Way {
    tries: f64,
    from: usize,
    kind: Kind,
}

/// Finds it, from the first character to the last.
pub(super) fn cheapest(text: &[char], known: &[&str]) -> Found {
    let lower: Vec<char> = text.iter().flat_map(|c| c.to_lowercase().take(1)).collect();
    let plain: Vec<char> = lower.iter().map(|c| unmasked(*c)).collect();
    let known = names(known);
    let unreached = Way {
        tries: f64::INFINITY,
        from: 0,
        kind: Kind::Plain,
    };
    let mut ways = vec![unreached; lower.len() + 1];
    if let Some(first) = ways.first_mut() {
        first.tries = 0.0;
    }
    for at in 0..lower.len() {
        let so_far = ways.get(at).map_or(0.0, |way| way.tries);
        for piece in pieces(&lower, &plain, at, &known) {
            let Some(way) = ways.get_mut(at + piece.length) else {
                continue;
            };
            if so_far + piece.tries < way.tries {
                *way = Way {
                    tries: so_far + piece.tries,
                    from: at,
                    kind: piece.kind,
                };
            }
        }
    }
    let tries = ways.last().map_or(0.0, |way| way.tries);
    let (mut kinds, mut at) = (Vec::new(), lower.len());
    while let Some(way) = ways.get(at).filter(|_| at > 0) {
        kinds.push(way.kind);
        at = way.from;
    }
    Found { tries, kinds }
}

/// Letters that people write as digits and signs.
fn unmasked(c: char) -> char {
    match c {
        '0' => 'o',
        '1' | '!' | '|' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    }
}

/// The words in what is known of the person, also without the signs between them.
fn names(known: &[&str]) -> Vec<String> {
    let mut names = Vec::new();
    for text in known {
        let text = text.to_lowercase();
        names.extend(text.split(|c: char| !c.is_alphanumeric()).map(str::to_owned));
        names.push(text.chars().filter(|c| c.is_alphanumeric()).collect());
        names.push(text);
    }
    names.retain(|name| name.chars().count() >= SHORTEST);
    names
}

fn pieces(lower: &[char], plain: &[char], at: usize, known: &[String]) -> Vec<Piece> {
    let (rest, rest_plain) = (lower.get(at..).unwrap_or(&[]), plain.get(at..).unwrap_or(&[]));
    let mut found = vec![Piece {
        length: 1,
        tries: ONE,
        kind: Kind::Plain,
    }];
    let mut word = |word: &str, tries: f64, kind: Kind| {
        if starts_with(rest, word) || starts_with_masked(rest_plain, word) {
            let length = word.chars().count();
            found.push(Piece { length, tries, kind });
        }
    };
    for name in known {
        word(name, 0.5, Kind::Known);
    }
    for (rank, common) in (1_u32..).zip(COMMON.lines()) {
        word(common, f64::from(rank).log10() + 0.3, Kind::Common);
    }
    // Every shorter part of a row is one, too, so that another piece can begin within it.
    for length in SHORTEST..=row(rest) {
        found.push(Piece {
            length,
            tries: (30.0 * small(length)).log10(),
            kind: Kind::Row,
        });
    }
    for length in 2..=at.min(rest.len()) {
        if lower.get(at - length..at) == rest.get(..length) {
            found.push(Piece {
                length,
                tries: 0.3,
                kind: Kind::Repeat,
            });
        }
    }
    found.extend(dates(rest));
    found
}

fn starts_with(rest: &[char], word: &str) -> bool {
    let mut rest = rest.iter();
    word.chars().all(|c| rest.next() == Some(&c))
}

/// The same where both are written with plain letters. A word of digits alone stays one of digits.
fn starts_with_masked(rest: &[char], word: &str) -> bool {
    let mut rest = rest.iter();
    word.chars().any(char::is_alphabetic) && word.chars().all(|c| rest.next() == Some(&unmasked(c)))
}

/// How many characters from here stand side by side on a keyboard, follow each other, or are the same.
fn row(rest: &[char]) -> usize {
    let steps = rest.windows(2).map(|pair| match pair {
        [a, b] => i64::from(u32::from(*b)) - i64::from(u32::from(*a)),
        _ => i64::MAX,
    });
    let first = steps.clone().next().unwrap_or(i64::MAX);
    let sequence = match first {
        -1..=1 => 1 + steps.take_while(|step| *step == first).count(),
        _ => 0,
    };
    let keys = ROWS
        .iter()
        .flat_map(|row| [row.chars().collect::<Vec<char>>(), row.chars().rev().collect()])
        .map(|row| along(rest, &row))
        .max();
    sequence.max(keys.unwrap_or(0))
}

fn along(rest: &[char], row: &[char]) -> usize {
    let Some(start) = rest
        .first()
        .and_then(|first| row.iter().position(|key| key == first))
    else {
        return 0;
    };
    let keys = row.iter().skip(start);
    rest.iter().zip(keys).take_while(|(c, key)| c == key).count()
}

/// Years of this century and the last; dates with day, month and year in the usual orders.
fn dates(rest: &[char]) -> Vec<Piece> {
    let digits: Vec<u32> = rest.iter().take(8).map_while(|c| c.to_digit(10)).collect();
    let number = |from: usize, to: usize| {
        digits
            .get(from..to)
            .map(|part| part.iter().fold(0, |number, digit| number * 10 + digit))
    };
    let is_year = |year: Option<u32>| year.is_some_and(|year| (1900..2040).contains(&year));
    let is_day = |a: Option<u32>, b: Option<u32>| {
        let (Some(a), Some(b)) = (a, b) else { return false };
        (1..=31).contains(&a) && (1..=12).contains(&b) || (1..=12).contains(&a) && (1..=31).contains(&b)
    };
    let mut found = Vec::new();
    let mut date = |length, tries| {
        found.push(Piece {
            length,
            tries,
            kind: Kind::Date,
        });
    };
    if is_year(number(0, 4)) {
        date(4, 2.1);
    }
    if digits.len() >= 6 && (is_day(number(0, 2), number(2, 4)) || is_day(number(2, 4), number(4, 6))) {
        date(6, 4.5);
    }
    let day_first = is_day(number(0, 2), number(2, 4)) && is_year(number(4, 8));
    if day_first || is_year(number(0, 4)) && is_day(number(4, 6), number(6, 8)) {
        date(8, 4.7);
    }
    found
}

fn small(length: usize) -> f64 {
    u32::try_from(length).map_or(f64::INFINITY, f64::from)
}
