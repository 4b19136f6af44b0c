//! A JSON object taken apart member by member, so that a refusal can name the one that is wrong.

use super::Unreadable;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// The members of an object, each once.
pub(super) struct Members(Map<String, Value>);

impl Members {
    pub(super) fn parse(body: &[u8]) -> Result<Self, Unreadable> {
        serde_json::from_slice(body).map_err(|error| Unreadable::NotObject(error.to_string()))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

impl From<Map<String, Value>> for Members {
    fn from(members: Map<String, Value>) -> Self {
        Self(members)
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OnceEach)
    }
}

/// Which of two members of one name counts, each reader decides in its own way (RFC 8259 §4): none does here.
struct OnceEach;

impl<'de> Visitor<'de> for OnceEach {
    type Value = Members;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = Map::new();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            if members.contains_key(&name) {
                return Err(serde::de::Error::custom("a member stands in it twice"));
            }
            members.insert(name, value);
        }
        Ok(Members(members))
    }
}

/// A type that a member can have.
pub(super) trait Kind: DeserializeOwned {
    const SAYS: &'static str;
}

impl Kind for String {
    const SAYS: &'static str = "a text";
}

impl Kind for Vec<String> {
    const SAYS: &'static str = "a list of texts";
}

impl Kind for bool {
    const SAYS: &'static str = "true or false, without quotes";
}

impl Kind for i64 {
    const SAYS: &'static str = "a whole number, without quotes";
}

impl Kind for Map<String, Value> {
    const SAYS: &'static str = "an object";
}

/// The member of that name; `null` is none.
pub(super) fn take<T: Kind>(members: &mut Members, member: &'static str) -> Result<Option<T>, Unreadable> {
    match members.0.remove(member) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match serde_json::from_value(value) {
            Ok(value) => Ok(Some(value)),
            Err(_) => Err(Unreadable::Type {
                member,
                kind: T::SAYS,
            }),
        },
    }
}
