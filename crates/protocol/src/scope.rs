//! Scope (RFC 6749 §3.3): a set of space-delimited, case-sensitive words, order without meaning.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The scope that makes a request an OpenID Connect one (OpenID Connect Core §3.1.2.1).
pub const OPENID: &str = "openid";
/// The scope that asks for access while the person is away (OpenID Connect Core §11).
pub const OFFLINE_ACCESS: &str = "offline_access";

/// A set of scope words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Scope(BTreeSet<String>);

/// A word holds a character outside `%x21 / %x23-5B / %x5D-7E`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a scope may only hold printable ASCII words without quotes and backslashes, set apart by one space")]
pub struct InvalidScope;

impl Scope {
    /// Reads `scope` as RFC 6749 §3.3 writes it. The empty text is the empty set.
    pub fn parse(text: &str) -> Result<Self, InvalidScope> {
        let mut words = BTreeSet::new();
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            if !word
                .bytes()
                .all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
            {
                return Err(InvalidScope);
            }
            words.insert(word.to_owned());
        }
        Ok(Self(words))
    }

    /// Whether the word is in the set.
    #[must_use]
    pub fn contains(&self, word: &str) -> bool {
        self.0.contains(word)
    }

    /// Whether every word is also in `other`.
    #[must_use]
    pub fn is_subset(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }

    /// The words that are not in `other`.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        Self(self.0.difference(&other.0).cloned().collect())
    }

    /// The words of both.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).cloned().collect())
    }

    /// The words that are in both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0).cloned().collect())
    }

    /// Whether there is no word.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The words, sorted.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, word) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(word)?;
        }
        Ok(())
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
        serializer.collect_str(self)
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

    proptest! {
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
