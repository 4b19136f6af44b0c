//! What a client showed to prove who it is (RFC 6749 §2.3.1), as received. Judged by `rules::client_auth`.

use crate::params::Params;
use crate::secret::{ClientAssertion, ClientSecret};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The credentials of a request to the token, revocation or introspection endpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Presented {
    /// From `Authorization: Basic`.
    pub basic: Option<Basic>,
    /// An `Authorization` header was there but could not be read as Basic credentials.
    pub unreadable_header: bool,
    /// `client_id` from the body.
    pub body_id: Option<String>,
    /// `client_secret` from the body.
    pub body_secret: Option<ClientSecret>,
    /// `client_assertion` from the body (RFC 7523 §2.2).
    pub assertion: Option<ClientAssertion>,
    /// `client_assertion_type` from the body.
    pub assertion_type: Option<String>,
}

/// The only `client_assertion_type` there is (RFC 7523 §2.2).
pub const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// HTTP Basic credentials, both parts form-decoded as RFC 6749 §2.3.1 says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basic {
    /// The client id.
    pub id: String,
    /// The secret.
    pub secret: ClientSecret,
}

impl Presented {
    /// Reads the `Authorization` header (when there is one) and the form body.
    #[must_use]
    pub fn read(authorization: Option<&[u8]>, body: &Params) -> Self {
        let basic = authorization.and_then(read_basic);
        Self {
            unreadable_header: authorization.is_some() && basic.is_none(),
            basic,
            body_id: body.get_owned("client_id"),
            body_secret: body.get("client_secret").map(ClientSecret::new),
            assertion: body.get("client_assertion").map(ClientAssertion::new),
            assertion_type: body.get_owned("client_assertion_type"),
        }
    }
}

fn read_basic(header: &[u8]) -> Option<Basic> {
    let text = std::str::from_utf8(header).ok()?;
    let (scheme, credentials) = text.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = STANDARD.decode(credentials.trim()).ok()?;
    let (id, secret) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    Some(Basic {
        id: form_decode(id)?,
        secret: ClientSecret::new(form_decode(secret)?),
    })
}

/// Undoes `application/x-www-form-urlencoded` for one value.
fn form_decode(text: &str) -> Option<String> {
    let is_of = |own: &[u8]| text.bytes().any(|byte| own.contains(&byte));
    if is_of(b"&=") || !is_of(b"%+") {
        return Some(text.to_owned()); // not encoded at all: taken as it stands
    }
    let (value, _) = form_urlencoded::parse(text.as_bytes()).next().unwrap_or_default();
    (!value.contains('\u{fffd}')).then(|| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: &str) -> Presented {
        Presented::read(Some(header.as_bytes()), &Params::default())
    }

    #[test]
    fn basic_credentials_are_form_decoded() {
        let header = format!("basic {}", STANDARD.encode("my%3Aapp:p%20w+x%25"));
        let basic = read(&header).basic.unwrap();
        assert_eq!((basic.id.as_str(), basic.secret.expose()), ("my:app", "p w x%"));
    }

    #[test]
    fn credentials_that_hold_nothing_encoded_are_taken_as_they_stand() {
        for (sent, read_as) in [
            ("a&b=%41", "a&b=%41"),
            ("p\u{fffd}", "p\u{fffd}"),
            ("p%", "p%"),
            ("%70", "p"),
        ] {
            let basic = read(&format!("Basic {}", STANDARD.encode(format!("app:{sent}"))))
                .basic
                .unwrap();
            assert_eq!(basic.secret.expose(), read_as, "{sent}");
        }
        assert!(read(&format!("Basic {}", STANDARD.encode("app:%ff"))).unreadable_header);
    }

    #[test]
    fn a_header_that_cannot_be_read_is_told_apart_from_none() {
        for bad in [
            "Basic !!!",
            "Basic",
            "Bearer x",
            &format!("Basic {}", STANDARD.encode("no-colon")),
        ] {
            let presented = read(bad);
            assert!(
                presented.unreadable_header && presented.basic.is_none(),
                "{bad:?}"
            );
        }
        assert!(!Presented::read(None, &Params::default()).unreadable_header);
    }
}
