//! A token opened for people to read: the header and the claims of a signed JWT (RFC 7519), each with a plain word.
//!
//! Nothing is verified here and the signature is left out: this is for looking, and what it gives must never be
//! trusted or sent. An app has no business in an access token; only the demo opens one, to show it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

/// A token as the page shows it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Decoded {
    /// A JWT.
    Jwt {
        header: Vec<Row>,
        claims: Vec<Row>,
        json: String,
    },
    /// Not a JWT: only the server can read it.
    Opaque { characters: usize },
}

/// One member.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) says: &'static str,
}

/// Opens the token.
pub(super) fn decode(token: &str) -> Decoded {
    read(token).unwrap_or_else(|| Decoded::Opaque {
        characters: token.chars().count(),
    })
}

fn read(token: &str) -> Option<Decoded> {
    let mut parts = token.split('.');
    let (header, claims) = (object(parts.next()?)?, object(parts.next()?)?);
    parts.next()?;
    if parts.next().is_some() {
        return None;
    }
    let json = serde_json::to_string_pretty(&claims).ok()?;
    Some(Decoded::Jwt {
        header: rows(&header),
        claims: rows(&claims),
        json,
    })
}

fn object(part: &str) -> Option<Map<String, Value>> {
    let bytes = URL_SAFE_NO_PAD.decode(part).ok()?;
    serde_json::from_slice(&bytes).ok()
}

fn rows(object: &Map<String, Value>) -> Vec<Row> {
    object
        .iter()
        .map(|(name, value)| Row {
            name: name.clone(),
            value: shown(name, value),
            says: meaning(name),
        })
        .collect()
}

fn shown(name: &str, value: &Value) -> String {
    match (name, value) {
        ("exp" | "iat" | "nbf" | "auth_time", Value::Number(seconds)) => {
            let moment = seconds
                .as_i64()
                .and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
            moment.map_or_else(
                || seconds.to_string(),
                |moment| format!("{seconds} ({})", moment.strftime("%-d %b %Y, %H:%M:%S UTC")),
            )
        }
        (_, Value::String(text)) => text.clone(),
        (_, other) => other.to_string(),
    }
}

/// What a member means, in a few plain words. Empty for one that the demo does not know.
fn meaning(name: &str) -> &'static str {
    match name {
        "alg" => "how it is signed",
        "typ" => "what kind of token it is",
        "kid" => "which of the server's keys signed it",
        "iss" => "who made it: the authorization server",
        "sub" => "whom it is about: an id, not a name",
        "aud" => "whom it is for; anybody else must refuse it",
        "azp" => "which app asked for it",
        "exp" => "when it stops working",
        "iat" => "when it was made",
        "nbf" => "from when on it works",
        "jti" => "the name of this one token",
        "client_id" => "which app may use it",
        "scope" => "what the app may do with it",
        "gid" => "which of the person's grants it comes from",
        "auth_time" => "when the person signed in",
        "nonce" => "ties it to the one sign-in that the app began",
        "amr" => "how the person signed in",
        "acr" => "how surely the person signed in",
        "at_hash" => "ties it to the access token that came with it",
        "sid" => "which sign-in session it belongs to",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str, claims: &str) -> String {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.c2lnbmF0dXJl", part(header), part(claims))
    }

    #[test]
    fn what_is_no_jwt_is_opaque_and_none_of_it_is_shown() {
        for text in [
            "vka_abcdefgh",
            "a.b.c",
            "",
            "e30.e30",
            &format!("{}.x", token("{}", "{}")),
        ] {
            let characters = text.len();
            assert_eq!(decode(text), Decoded::Opaque { characters }, "{text:?}");
        }
    }

    #[test]
    fn the_signature_is_never_shown() {
        let decoded = decode(&token(r#"{"alg":"ES256"}"#, r#"{"sub":"a"}"#));
        assert!(!format!("{decoded:?}").contains("c2lnbmF0dXJl"));
    }

    #[test]
    fn moments_are_shown_as_people_write_them() {
        let Decoded::Jwt { header, claims, .. } =
            decode(&token(r#"{"alg":"ES256"}"#, r#"{"exp":0,"x":[1]}"#))
        else {
            panic!("a JWT");
        };
        assert_eq!(header[0].says, "how it is signed");
        assert_eq!(claims[0].value, "0 (1 Jan 1970, 00:00:00 UTC)");
        assert_eq!((claims[1].value.as_str(), claims[1].says), ("[1]", ""));
    }
}
