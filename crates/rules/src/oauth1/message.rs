//! What was signed: a request that came here, or one that came to an API, which tells its signature base string
//! (RFC 5849 §3.4.1).

use super::parameters::unreadable;
use crate::shown::shown;
use valetkey_protocol::oauth1::{BaseString, Collected, Protocol, base_string};
use valetkey_protocol::rule::{Refusal, Rule, Trail};

/// A signed request that came here.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// Its HTTP method.
    pub method: &'a str,
    /// The absolute URI that it was sent to, as clients see it.
    pub uri: &'a str,
    /// Its parameters.
    pub collected: &'a Collected,
}

impl<'a> Message<'a> {
    /// Its signature base string.
    ///
    /// # Errors
    /// [`Rule::OAuth1ParametersUnreadable`] when the method or the URI can be signed by nobody.
    pub fn base_string(&self, trail: &mut Trail) -> Result<String, Refusal> {
        base_string(self.method, self.uri, &self.collected.signed).ok_or_else(|| {
            trail.refuse(Refusal::new(
                Rule::OAuth1ParametersUnreadable,
                "an http or https URI and an HTTP method",
                shown(&format!("{} {}", self.method, self.uri)),
            ))
        })
    }

    /// What there is to verify, with [`Message::base_string`].
    #[must_use]
    pub fn signed(&self, base_string: &'a str) -> Signed<'a> {
        Signed {
            base_string,
            uri: self.uri,
            protocol: &self.collected.protocol,
            signature: self.collected.protocol.signature.as_deref(),
        }
    }
}

/// What there is to verify.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    pub(super) base_string: &'a str,
    /// Where the request went.
    pub(super) uri: &'a str,
    /// What the base string says; its own `signature` is not looked at.
    pub(super) protocol: &'a Protocol,
    pub(super) signature: Option<&'a str>,
}

/// What an API tells about a signed request that came to it.
#[derive(Debug, Clone)]
pub struct Told {
    /// The base string, taken apart.
    pub parsed: BaseString,
    /// The protocol parameters in it.
    pub protocol: Protocol,
    base_string: String,
    signature: String,
}

impl Told {
    /// Reads what the API sent.
    ///
    /// # Errors
    /// [`Rule::OAuth1VerifyRequestMalformed`] is the API's fault; [`Rule::OAuth1ParametersUnreadable`], for a parameter that
    /// holds NUL, and [`Rule::OAuth1ParameterRepeated`] are that of the client behind it.
    pub fn read(
        base_string: Option<&str>,
        signature: Option<&str>,
        trail: &mut Trail,
    ) -> Result<Self, Refusal> {
        let parsed = base_string.and_then(|text| Some((text, BaseString::parse(text)?)));
        let (Some((text, parsed)), Some(signature)) = (parsed, signature) else {
            let received = match (base_string, signature) {
                (None, _) => "no base_string",
                (_, None) => "no signature",
                (Some(_), Some(_)) => "a base_string of another form",
            };
            return Err(trail.refuse(Refusal::new(
                Rule::OAuth1VerifyRequestMalformed,
                "signature, and base_string as RFC 5849 section 3.4.1 writes it",
                received,
            )));
        };
        trail.passed(Rule::OAuth1VerifyRequestMalformed);
        let protocol = parsed.protocol().map_err(|invalid| unreadable(invalid, trail))?;
        trail.passed(Rule::OAuth1ParameterRepeated);
        Ok(Self {
            parsed,
            protocol,
            base_string: text.to_owned(),
            signature: signature.to_owned(),
        })
    }

    /// What there is to verify.
    #[must_use]
    pub fn signed(&self) -> Signed<'_> {
        Signed {
            base_string: &self.base_string,
            uri: &self.parsed.base_uri,
            protocol: &self.protocol,
            signature: Some(&self.signature),
        }
    }
}
