//! Request parameters, by the letter of RFC 6749 §3.1 and §3.2: form-encoded pairs, no repetition
//! (but for `resource` and `audience`, RFC 8707 §2), and a parameter without value counts as absent.
//!
//! The raw list of pairs is kept, because OAuth 1.0a (RFC 5849 §3.4.1.3) needs it.

use percent_encoding::percent_decode;
use std::borrow::Cow;

/// The parameters of one request.
#[derive(Clone, Default)]
pub struct Params {
    /// Every name and value, one after the other.
    text: String,
    pairs: Vec<Pair>,
}

/// Where one stands in the text.
#[derive(Clone)]
struct Pair {
    start: usize,
    /// Of the name, and where the value begins.
    end: usize,
    value_end: usize,
}

/// Names that may stand more than once.
const REPEATABLE: [&str; 2] = ["resource", "audience"];

/// No request of the protocol has more parameters than this.
pub const MAX_PARAMETERS: usize = 100;

/// The media type of a form.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// Whether a `Content-Type` says that the body is a form, whatever its case and its parameters. Everybody who signs a
/// request, and everybody who checks one, must see the same (RFC 5849 §3.4.1.3.1).
#[must_use]
pub fn is_form(content_type: &[u8]) -> bool {
    let essence = content_type.split(|byte| *byte == b';').next();
    essence.is_some_and(|essence| essence.trim_ascii().eq_ignore_ascii_case(FORM.as_bytes()))
}

/// Why the parameters cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidParams {
    /// One stands twice.
    #[error("the parameter {0:?} stands more than once")]
    Repeated(String),
    /// More than [`MAX_PARAMETERS`].
    #[error("more than {MAX_PARAMETERS} parameters")]
    TooMany,
    /// The bytes are not UTF-8 after decoding.
    #[error("a parameter is not UTF-8")]
    NotUtf8,
    /// U+0000 stands in one: no parameter of the protocol may hold it (RFC 6749 appendix A), and not every store can.
    #[error("a parameter holds the character NUL")]
    Nul,
}

impl Params {
    /// Reads a query string or a form body.
    pub fn parse(encoded: &[u8]) -> Result<Self, InvalidParams> {
        let params = Self::parse_raw(encoded)?;
        match params.repeated() {
            Some(name) => Err(InvalidParams::Repeated(name.to_owned())),
            None => Ok(params),
        }
    }

    /// Reads the pairs and leaves repetition to the caller.
    pub fn parse_raw(encoded: &[u8]) -> Result<Self, InvalidParams> {
        let count = encoded.split(|b| *b == b'&').count();
        if count > MAX_PARAMETERS {
            return Err(InvalidParams::TooMany);
        }
        let mut text = String::with_capacity(encoded.len());
        let mut pairs = Vec::with_capacity(count);
        for sequence in encoded.split(|b| *b == b'&').filter(|one| !one.is_empty()) {
            let (name, value) = decoded(sequence);
            let start = text.len();
            text.push_str(&name);
            let end = text.len();
            text.push_str(&value);
            pairs.push(Pair {
                start,
                end,
                value_end: text.len(),
            });
        }
        if text.contains('\u{fffd}') && !is_utf8(encoded) {
            return Err(InvalidParams::NotUtf8);
        }
        if text.contains('\0') {
            return Err(InvalidParams::Nul);
        }
        Ok(Self { text, pairs })
    }

    /// The first name that stands more than once and may not.
    #[must_use]
    pub fn repeated(&self) -> Option<&str> {
        self.pairs().enumerate().find_map(|(index, (name, _))| {
            let seen_before = self.pairs().take(index).any(|(earlier, _)| earlier == name);
            (seen_before && !REPEATABLE.contains(&name)).then_some(name)
        })
    }

    /// The value, unless it is absent or empty.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let could_be = |pair: &&Pair| pair.end - pair.start == name.len() && pair.value_end > pair.end;
        let found = self
            .pairs
            .iter()
            .filter(could_be)
            .find(|pair| self.name(pair) == name);
        found.map(|pair| self.value(pair))
    }

    /// [`Params::get`], owned.
    #[must_use]
    pub fn get_owned(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }

    /// Every value of a repeatable parameter, without the empty ones.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs()
            .filter(move |(n, v)| *n == name && !v.is_empty())
            .map(|(_, v)| v)
    }

    /// The raw pairs, in order, for the inspector and for OAuth 1.0a.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        self.pairs.iter().map(|pair| (self.name(pair), self.value(pair)))
    }

    fn name(&self, pair: &Pair) -> &str {
        self.text.get(pair.start..pair.end).unwrap_or_default()
    }

    fn value(&self, pair: &Pair) -> &str {
        self.text.get(pair.end..pair.value_end).unwrap_or_default()
    }
}

/// One name and value. Most have nothing to decode.
fn decoded(sequence: &[u8]) -> (Cow<'_, str>, Cow<'_, str>) {
    let is_plain = !sequence.contains(&b'%') && !sequence.contains(&b'+');
    match std::str::from_utf8(sequence) {
        Ok(text) if is_plain => {
            let (name, value) = text.split_once('=').unwrap_or((text, ""));
            (Cow::Borrowed(name), Cow::Borrowed(value))
        }
        _ => form_urlencoded::parse(sequence).next().unwrap_or_default(),
    }
}

/// Whether the decoded bytes are UTF-8. The reader of forms puts U+FFFD where they are not; somebody may also have sent
/// that character.
fn is_utf8(encoded: &[u8]) -> bool {
    percent_decode(encoded).decode_utf8().is_ok()
}

impl std::fmt::Debug for Params {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.pairs().map(|(name, _)| name))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_form_is_told_by_its_media_type_alone() {
        for other in [
            "",
            "application/json",
            "multipart/form-data",
            "application/x-www-form-urlencoded-2",
        ] {
            assert!(!is_form(other.as_bytes()), "{other}");
        }
        for form in [FORM, "Application/X-WWW-Form-Urlencoded ; charset=UTF-8"] {
            assert!(is_form(form.as_bytes()), "{form}");
        }
    }

    #[test]
    fn a_repeated_parameter_is_refused_unless_it_is_resource_or_audience() {
        assert_eq!(
            Params::parse(b"a=1&a=1").unwrap_err(),
            InvalidParams::Repeated("a".into())
        );
        assert_eq!(
            Params::parse(b"a=&a=1").unwrap_err(),
            InvalidParams::Repeated("a".into())
        );
        assert_eq!(
            Params::parse(b"a=1&%61=2").unwrap_err(),
            InvalidParams::Repeated("a".into())
        );
        let params = Params::parse(b"resource=x&resource=y").unwrap();
        assert_eq!(params.all("resource").collect::<Vec<_>>(), ["x", "y"]);
    }

    #[test]
    fn a_parameter_without_value_counts_as_absent() {
        let params = Params::parse(b"state=&nonce&scope=a+b").unwrap();
        assert_eq!(params.get("state"), None);
        assert_eq!(params.get("nonce"), None);
        assert_eq!(params.get("scope"), Some("a b"));
    }

    #[test]
    fn bytes_that_are_not_utf8_and_floods_of_parameters_are_refused() {
        assert_eq!(Params::parse(b"a=%ff").unwrap_err(), InvalidParams::NotUtf8);
        assert_eq!(
            Params::parse(b"a=%ef%bf%bd&b=%ff").unwrap_err(),
            InvalidParams::NotUtf8
        );
        let flood: Vec<String> = (0..=MAX_PARAMETERS).map(|n| format!("p{n}=1")).collect();
        assert_eq!(
            Params::parse(flood.join("&").as_bytes()).unwrap_err(),
            InvalidParams::TooMany
        );
    }

    #[test]
    fn a_nul_is_refused_in_a_name_as_in_a_value_however_it_is_sent() {
        for sent in [
            &b"a=%00"[..],
            b"a=1&b=x%00y",
            b"a%00=1",
            b"a=\0",
            b"\0",
            b"a=1&a=%00",
            b"resource=%00",
        ] {
            assert_eq!(Params::parse(sent).unwrap_err(), InvalidParams::Nul);
            assert_eq!(Params::parse_raw(sent).unwrap_err(), InvalidParams::Nul);
        }
        assert_eq!(Params::parse(b"a=%2500").unwrap().get("a"), Some("%00"));
    }

    #[test]
    fn the_replacement_character_is_one_like_any_other() {
        for sent in ["a=%EF%BF%BD+x", "a=\u{fffd}+x"] {
            assert_eq!(
                Params::parse(sent.as_bytes()).unwrap().get("a"),
                Some("\u{fffd} x")
            );
        }
    }

    #[test]
    fn values_never_reach_a_debug_output() {
        assert_eq!(
            format!("{:?}", Params::parse(b"password=hunter2").unwrap()),
            "[\"password\"]"
        );
    }

    proptest! {
        #[test]
        fn what_is_encoded_comes_back_as_it_was(pairs in prop::collection::btree_map("[a-z]{1,8}", "[^\\x00]{0,20}", 0..20)) {
            let mut encoded = form_urlencoded::Serializer::new(String::new());
            encoded.extend_pairs(&pairs);
            let encoded = encoded.finish();
            let params = Params::parse(encoded.as_bytes()).unwrap();
            for (name, value) in &pairs {
                let expected = (!value.is_empty()).then_some(value.as_str());
                prop_assert_eq!(params.get(name), expected);
            }
        }

        #[test]
        fn pairs_are_read_as_the_library_reads_forms(
            form in prop::collection::vec(prop_oneof![prop::sample::select(b"a=&%+0fF\xff".to_vec()), any::<u8>()], 0..30)
        ) {
            if let Ok(params) = Params::parse_raw(&form) {
                let read: Vec<_> = params.pairs().map(|(name, value)| (name.into(), value.into())).collect();
                prop_assert_eq!(read, form_urlencoded::parse(&form).collect::<Vec<_>>());
            }
        }

        #[test]
        fn no_bytes_make_the_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(params) = Params::parse(&bytes) {
                for (name, value) in params.pairs() {
                    prop_assert!(!name.contains('\0') && !value.contains('\0'));
                }
            }
        }
    }
}
