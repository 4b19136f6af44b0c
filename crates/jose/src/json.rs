//! JSON objects from strangers: UTF-8, nothing after the object, no member twice at any depth (RFC 7515 §4,
//! RFC 7519 §4 leave "last one wins" open; two readers that differ are an attack, so it is refused).

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeOwned, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::JoseError;

/// Reads one JSON object into `T`. `mismatch` is the error when the JSON is sound but not a `T`.
pub(crate) fn object<T: DeserializeOwned>(bytes: &[u8], mismatch: JoseError) -> Result<T, JoseError> {
    let text = std::str::from_utf8(bytes).map_err(|_| JoseError::Malformed)?;
    // serde would read an array into a struct by position.
    if !text.trim_ascii_start().starts_with('{') {
        return Err(JoseError::Malformed);
    }
    serde_json::from_str::<Unique>(text).map_err(|_| JoseError::Malformed)?;
    serde_json::from_str(text).map_err(|_| mismatch)
}

/// A member that is what it should be where it stands; `null` is not.
pub(crate) fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Whether the member stands there at all, `null` included.
pub(crate) fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|IgnoredAny| true)
}

/// Any JSON value whose objects name each member once.
struct Unique;

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueVisitor)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = Unique;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON with unique member names")
    }

    fn visit_unit<E>(self) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_str<E>(self, _: &str) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Unique, A::Error> {
        while seq.next_element::<Unique>()?.is_some() {}
        Ok(Unique)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Unique, A::Error> {
        let mut seen = HashSet::new();
        while let Some(name) = map.next_key::<String>()? {
            if !seen.insert(name) {
                return Err(A::Error::custom("a member is given twice"));
            }
            map.next_value::<Unique>()?;
        }
        Ok(Unique)
    }
}
