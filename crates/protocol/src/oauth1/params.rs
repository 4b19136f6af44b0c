//! The parameters of a signed request (RFC 5849 §3.1, §3.4.1.3.1, §3.5): where they stand, that each protocol parameter
//! stands once and all in one place, and which of the parameters the signature covers.

use std::fmt;

use super::{encoding, header};
use crate::params::MAX_PARAMETERS;

/// What every protocol parameter's name begins with.
const PREFIX: &str = "oauth_";

/// The one parameter that is never signed.
pub(super) const SIGNATURE: &str = "oauth_signature";

/// Where the protocol parameters stand (§3.5), the preferred place first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// The `Authorization` header.
    Header,
    /// The form body.
    Form,
    /// The query of the request URI.
    Query,
}

/// Why the parameters cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// The header, the query or the form is not what it must be.
    #[error("{0}")]
    Unreadable(&'static str),
    /// Protocol parameters stand in more than one of header, form and query (§3.5).
    #[error("oauth_ parameters stand in more than one place")]
    InTwoPlaces,
    /// A protocol parameter, or the realm, stands twice (§3.1).
    #[error("the parameter {0:?} stands more than once")]
    Repeated(String),
    /// More than [`MAX_PARAMETERS`].
    #[error("more than {MAX_PARAMETERS} parameters")]
    TooMany,
}

/// The protocol parameters (§2.1, §2.3, §3.1). An empty value counts as absent, but for `version`, which is wrong then.
#[derive(Clone, Default, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the names are RFC 5849's own, without the prefix oauth_"
)]
pub struct Protocol {
    pub consumer_key: Option<String>,
    pub token: Option<String>,
    pub signature_method: Option<String>,
    pub signature: Option<String>,
    pub timestamp: Option<String>,
    pub nonce: Option<String>,
    pub version: Option<String>,
    pub callback: Option<String>,
    pub verifier: Option<String>,
}

impl Protocol {
    /// Those that are there, by their names on the wire.
    #[must_use]
    pub fn pairs(&self) -> Vec<(&'static str, &str)> {
        let all = [
            ("oauth_consumer_key", &self.consumer_key),
            ("oauth_token", &self.token),
            ("oauth_signature_method", &self.signature_method),
            ("oauth_timestamp", &self.timestamp),
            ("oauth_nonce", &self.nonce),
            ("oauth_version", &self.version),
            ("oauth_callback", &self.callback),
            ("oauth_verifier", &self.verifier),
            (SIGNATURE, &self.signature),
        ];
        let there = all
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.as_deref()?)));
        there.collect()
    }

    /// Picks the protocol parameters out of `pairs`; each may stand once, those of extensions too. None may hold NUL, which
    /// no form of this server may hold either ([`InvalidParams::Nul`]): an API could not ask about such a request.
    ///
    /// [`InvalidParams::Nul`]: crate::params::InvalidParams::Nul
    pub(super) fn pick(pairs: &[(String, String)]) -> Result<Self, Invalid> {
        let mut picked = Self::default();
        for (index, (name, value)) in pairs.iter().enumerate() {
            if !name.starts_with(PREFIX) {
                continue;
            }
            if name.contains('\0') || value.contains('\0') {
                return Err(Invalid::Unreadable("a parameter holds the character NUL"));
            }
            if pairs.iter().take(index).any(|(earlier, _)| earlier == name) {
                return Err(Invalid::Repeated(name.clone()));
            }
            if let Some(slot) = picked.slot(name) {
                *slot = Some(value.clone()).filter(|value| !value.is_empty() || name == "oauth_version");
            }
        }
        Ok(picked)
    }

    fn slot(&mut self, name: &str) -> Option<&mut Option<String>> {
        Some(match name.strip_prefix(PREFIX)? {
            "consumer_key" => &mut self.consumer_key,
            "token" => &mut self.token,
            "signature_method" => &mut self.signature_method,
            "signature" => &mut self.signature,
            "timestamp" => &mut self.timestamp,
            "nonce" => &mut self.nonce,
            "version" => &mut self.version,
            "callback" => &mut self.callback,
            "verifier" => &mut self.verifier,
            _ => return None,
        })
    }
}

impl fmt::Debug for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_map();
        for (name, value) in self.pairs() {
            let secret = matches!(name, SIGNATURE | "oauth_verifier");
            shown.entry(&name, &if secret { "[redacted]" } else { value });
        }
        shown.finish()
    }
}

/// Everything that a signed request says in parameters.
#[derive(Clone, PartialEq, Eq)]
pub struct Collected {
    /// The protocol parameters.
    pub protocol: Protocol,
    /// Every other parameter, the `oauth_` parameters of extensions among them.
    pub others: Vec<(String, String)>,
    /// What the signature covers (§3.4.1.3.1): everything but the header's `realm` and `oauth_signature`.
    pub signed: Vec<(String, String)>,
    /// Where the protocol parameters stand; [`Place::Header`] when there are none.
    pub place: Place,
    /// The header's `realm`.
    pub realm: Option<String>,
}

impl Collected {
    /// Reads the parameters of one request: the value of its `Authorization` header (of another scheme, it is not looked
    /// at), the query of its URI as it stands, and its body if, and only if, that is
    /// `application/x-www-form-urlencoded`.
    ///
    /// # Errors
    /// [`Invalid`].
    pub fn read(
        authorization: Option<&[u8]>,
        query: Option<&str>,
        form_body: Option<&[u8]>,
    ) -> Result<Self, Invalid> {
        let header = authorization.and_then(header::after_scheme);
        let header = header.map(header::read).transpose()?.unwrap_or_default();
        let form = encoding::form_pairs(form_body.unwrap_or_default())?;
        let query = encoding::form_pairs(query.unwrap_or_default().as_bytes())?;
        let sources = [
            (Place::Header, header.pairs),
            (Place::Form, form),
            (Place::Query, query),
        ];
        if sources.iter().map(|(_, pairs)| pairs.len()).sum::<usize>() > MAX_PARAMETERS {
            return Err(Invalid::TooMany);
        }
        let of_protocol = |pairs: &[(String, String)]| pairs.iter().any(|(name, _)| name.starts_with(PREFIX));
        let mut places = sources
            .iter()
            .filter(|(_, pairs)| of_protocol(pairs))
            .map(|(place, _)| *place);
        let place = places.next().unwrap_or(Place::Header);
        if places.next().is_some() {
            return Err(Invalid::InTwoPlaces);
        }
        let all: Vec<(String, String)> = sources.into_iter().flat_map(|(_, pairs)| pairs).collect();
        let mut protocol = Protocol::pick(&all)?;
        let others = all
            .iter()
            .filter(|(name, _)| protocol.slot(name).is_none())
            .cloned();
        Ok(Self {
            others: others.collect(),
            protocol,
            signed: all.into_iter().filter(|(name, _)| name != SIGNATURE).collect(),
            place,
            realm: header.realm,
        })
    }

    /// Whether a request tries OAuth 1.0a at all: a header of the scheme, or a signature or consumer key in the query or
    /// the form. Arguments as for [`Collected::read`].
    #[must_use]
    pub fn is_oauth1(authorization: Option<&[u8]>, query: Option<&str>, form_body: Option<&[u8]>) -> bool {
        let names_one = |encoded: &[u8]| {
            form_urlencoded::parse(encoded).any(|(name, _)| name == SIGNATURE || name == "oauth_consumer_key")
        };
        authorization.and_then(header::after_scheme).is_some()
            || query.is_some_and(|query| names_one(query.as_bytes()))
            || form_body.is_some_and(names_one)
    }
}

/// Names only: the values are the person's and the client's.
impl fmt::Debug for Collected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let others: Vec<&str> = self.others.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Collected")
            .field("protocol", &self.protocol)
            .field("others", &others)
            .field("place", &self.place)
            .field("realm", &self.realm)
            .finish_non_exhaustive()
    }
}
