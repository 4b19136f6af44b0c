//! Scope (RFC 6749 §3.3): a set of space-delimited, case-sensitive words, order without meaning.

use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// The scope that makes a request an OpenID Connect one (OpenID Connect Core §3.1.2.1).
pub const OPENID: &str = "openid";
/// The scope that asks for access while the person is away (OpenID Connect Core §11).
pub const OFFLINE_ACCESS: &str = "offline_access";

/// A set of scope words. It is kept as the one text that writes it: the words once each, in order, set apart by one space.
/// Every operation walks through such texts once, so none of them takes long whatever a stranger sends.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Scope(String);

/// A word holds a character outside `%x21 / %x23-5B / %x5D-7E`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a scope may only hold printable ASCII words without quotes and backslashes, set apart by one space")]
pub struct InvalidScope;

impl Scope {
    /// Reads `scope` as RFC 6749 §3.3 writes it. The empty text is the empty set.
    pub fn parse(text: &str) -> Result<Self, InvalidScope> {
        if !text.bytes().all(|byte| byte == b' ' || is_of_a_word(byte)) {
            return Err(InvalidScope);
        }
        let is_in_order = !text.starts_with(' ') && text.split(' ').is_sorted_by(|a, b| a < b);
        if is_in_order {
            return Ok(Self(text.to_owned()));
        }
        Ok(text.split(' ').collect())
    }

    /// Whether the word is in the set.
    #[must_use]
    pub fn contains(&self, word: &str) -> bool {
        self.words().any(|own| own == word)
    }

    /// Whether every word is also in `other`.
    #[must_use]
    pub fn is_subset(&self, other: &Self) -> bool {
        merged(self, other).all(|(_, found)| found != Found::Here)
    }

    /// The words that are not in `other`.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        self.with(other, |found| found == Found::Here)
    }

    /// The words of both.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        self.with(other, |_| true)
    }

    /// The words that are in both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        self.with(other, |found| found == Found::InBoth)
    }

    /// The words that the answer is yes to.
    #[must_use]
    pub fn filter(&self, takes: impl Fn(&str) -> bool) -> Self {
        Self::of_sorted(self.words().filter(|word| takes(word)))
    }

    fn with(&self, other: &Self, takes: impl Fn(Found) -> bool) -> Self {
        let taken = merged(self, other).filter(|(_, found)| takes(*found));
        Self::of_sorted(taken.map(|(word, _)| word))
    }

    fn of_sorted<'a>(words: impl Iterator<Item = &'a str>) -> Self {
        let mut text = String::new();
        for word in words {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(word);
        }
        Self(text)
    }

    /// Whether there is no word.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The words, sorted.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.0.split(' ').filter(|word| !word.is_empty())
    }

    /// The words, sorted, set apart by one space.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

const fn is_of_a_word(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e)
}

/// Where a word stands when two sets are walked through together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Here,
    There,
    InBoth,
}

/// The words of both, each once and in order.
fn merged<'a>(here: &'a Scope, there: &'a Scope) -> impl Iterator<Item = (&'a str, Found)> {
    let (mut here, mut there) = (here.words().peekable(), there.words().peekable());
    std::iter::from_fn(move || {
        let order = match (here.peek(), there.peek()) {
            (Some(a), Some(b)) => a.cmp(b),
            (Some(_), None) => Ordering::Less,
            (None, _) => Ordering::Greater,
        };
        match order {
            Ordering::Less => here.next().map(|word| (word, Found::Here)),
            Ordering::Greater => there.next().map(|word| (word, Found::There)),
            Ordering::Equal => {
                there.next();
                here.next().map(|word| (word, Found::InBoth))
            }
        }
    })
}

/// The words, in any order and any number of times; what is no word is left out.
impl<'a> FromIterator<&'a str> for Scope {
    fn from_iter<I: IntoIterator<Item = &'a str>>(words: I) -> Self {
        let is_word = |word: &&str| !word.is_empty() && word.bytes().all(is_of_a_word);
        let mut words: Vec<&str> = words.into_iter().filter(is_word).collect();
        words.sort_unstable();
        words.dedup();
        Self::of_sorted(words.into_iter())
    }
}

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for Scope {
    type Err = InvalidScope;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl Serialize for Scope {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn words() -> impl Strategy<Value = BTreeSet<String>> {
        prop::collection::btree_set("[!a-c.]{1,3}", 0..6)
    }

    #[test]
    fn a_scope_with_a_quote_a_backslash_or_a_control_character_is_refused() {
        for bad in ["a\"b", "a\\b", "a\tb", "ä", "a\nb"] {
            assert_eq!(Scope::parse(bad), Err(InvalidScope), "{bad:?}");
        }
    }

    #[test]
    fn order_and_repetition_have_no_meaning() {
        let scope = Scope::parse("b a  b").unwrap();
        assert_eq!(scope.to_string(), "a b");
        assert!(scope.is_subset(&Scope::parse("a b c").unwrap()));
        assert!(!scope.is_subset(&Scope::parse("A b").unwrap()));
    }

    #[test]
    fn a_set_is_told_by_its_words_however_they_were_written() {
        let sets = |text: &str| Scope::parse(text).unwrap();
        assert_eq!(sets(" b  a "), sets("a b"));
        assert_eq!(
            ["b", "", "a", "b", "a b", "\""].into_iter().collect::<Scope>(),
            sets("a b")
        );
        assert!(sets("   ").is_empty() && sets("").is_empty());
        assert!(!sets("ab").contains("a") && !sets("a b").contains("a b") && !sets("").contains(""));
    }

    proptest! {
        #[test]
        fn a_scope_behaves_as_the_set_of_its_words(here in words(), there in words()) {
            let [a, b] = [&here, &there].map(|set| set.iter().map(String::as_str).rev().collect::<Scope>());
            let of = |set: &Scope| set.words().map(str::to_owned).collect::<BTreeSet<_>>();
            prop_assert_eq!(of(&a), here.clone());
            prop_assert_eq!(of(&a.union(&b)), &here | &there);
            prop_assert_eq!(of(&a.intersection(&b)), &here & &there);
            prop_assert_eq!(of(&a.without(&b)), &here - &there);
            prop_assert_eq!(a.filter(|word| b.contains(word)), a.intersection(&b));
            prop_assert_eq!(a.is_subset(&b), here.is_subset(&there));
            prop_assert_eq!(a.cmp(&b), here.cmp(&there));
            prop_assert!(here.iter().all(|word| a.contains(word)));
        }

        #[test]
        fn a_scope_survives_being_written_and_read(text in "[!-~ ]{0,60}") {
            if let Ok(scope) = Scope::parse(&text) {
                prop_assert_eq!(Scope::parse(&scope.to_string()).unwrap(), scope.clone());
                let json = serde_json::to_string(&scope).unwrap();
                prop_assert_eq!(serde_json::from_str::<Scope>(&json).unwrap(), scope);
            } else {
                prop_assert!(text.contains(['"', '\\']));
            }
        }
    }
}
