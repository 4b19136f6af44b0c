//! The public keys of a client, for `private_key_jwt` (RFC 7523 §2.2), request objects and answers that are encrypted for it, from a file with a JWK set
//! (RFC 7517 §5) or one JWK. A file that holds a private key is refused, not read with the private half left away: its
//! owner must learn that it went where it should not.

use crate::failure::{Failure, Outcome};
use serde_json::{Map, Value};
use std::path::Path;
use valetkey_jose::jwe::{EncryptingKey, KeyManagement};
use valetkey_jose::{Algorithm, Jwk, JwkSet, VerifyingKey};

/// The members of a JWK that are the owner's alone (RFC 7518 §6, RFC 8037 §2).
const PRIVATE: [&str; 9] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];

/// The set as it is stored: what can check signatures or be encrypted to, and nothing else that stood in the file.
pub(super) fn read(file: &Path) -> Outcome<Map<String, Value>> {
    let text = std::fs::read_to_string(file).map_err(Failure::file(file))?;
    let set = public_keys(&text).map_err(|why| Failure::refused(format!("{}: {why}", file.display())))?;
    serde_json::from_str(&set).map_err(|error| Failure::refused(error.to_string()))
}

fn public_keys(text: &str) -> Result<String, String> {
    if text.trim_start().starts_with("-----BEGIN") {
        return Err(
            "this is PEM; what is needed is a JWK set (RFC 7517 §5): {\"keys\":[{\"kty\":\"EC\",...}]}"
                .into(),
        );
    }
    let value: Value = serde_json::from_str(text).map_err(|error| format!("no JSON: {error}"))?;
    let set = match value.get("keys") {
        Some(_) => text.to_owned(),
        None if value.get("kty").is_some() => format!("{{\"keys\":[{text}]}}"),
        None => return Err("neither a JWK set (it has no \"keys\") nor a JWK (it has no \"kty\")".into()),
    };
    refuse_private(&value)?;
    let set = JwkSet::from_json(&set).map_err(|error| format!("no JWK set: {error}"))?;
    let keys: Vec<_> = set
        .keys
        .into_iter()
        .filter(|key| VerifyingKey::from_jwk(key).is_ok() || can_be_encrypted_to(key))
        .collect();
    if keys.is_empty() {
        let known = Algorithm::ALL.map(Algorithm::as_str).join(", ");
        let encryption = KeyManagement::ALL.map(KeyManagement::as_str).join(", ");
        return Err(format!(
            "no key in it can check a signature or be encrypted to; the algorithms are {known}, {encryption}"
        ));
    }
    serde_json::to_string(&JwkSet { keys }).map_err(|error| error.to_string())
}

fn can_be_encrypted_to(key: &Jwk) -> bool {
    KeyManagement::ALL
        .into_iter()
        .any(|alg| EncryptingKey::from_jwk(key, alg).is_ok())
}

/// A single JWK counts as a set of one.
fn refuse_private(value: &Value) -> Result<(), String> {
    let one = std::slice::from_ref(value);
    let keys = value
        .get("keys")
        .and_then(Value::as_array)
        .map_or(one, Vec::as_slice);
    for (index, key) in keys.iter().enumerate() {
        if key.get("kty").and_then(Value::as_str) == Some("oct") {
            return Err(format!(
                "key {} is a shared secret (kty \"oct\"), and a secret does not belong into a file of public keys; \
                 nothing was registered. For a shared secret there is --auth-method client_secret_jwt",
                index + 1
            ));
        }
        if let Some(member) = PRIVATE.iter().find(|member| key.get(**member).is_some()) {
            return Err(format!(
                "key {} is a PRIVATE key (it has the member {member:?}): whoever has it is this client. Nothing was \
                 registered. Give the public half alone, and make a new key if anybody else may have seen this file",
                index + 1
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLIC: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","kid":"a","note":"kept nowhere"}"#;

    #[test]
    fn a_private_key_is_refused_loudly_wherever_it_stands() {
        let private = PUBLIC.replace(
            "\"kid\"",
            "\"d\":\"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI\",\"kid\"",
        );
        for text in [
            private.clone(),
            format!("{{\"keys\":[{private}]}}"),
            format!("{{\"keys\":[{PUBLIC},{private}]}}"),
        ] {
            let said = public_keys(&text).unwrap_err();
            assert!(
                said.contains("PRIVATE key") && said.contains("Nothing was registered"),
                "{said}"
            );
            assert!(!said.contains("jpsQnn"), "{said}");
        }
        let said = public_keys(r#"{"kty":"oct","k":"c2VjcmV0"}"#).unwrap_err();
        assert!(said.contains("client_secret_jwt"), "{said}");
    }

    #[test]
    fn what_is_no_public_key_is_refused() {
        for (bad, word) in [
            ("", "no JSON"),
            ("[]", "neither a JWK set"),
            ("-----BEGIN PUBLIC KEY-----", "this is PEM"),
            ("{\"keys\":[]}", "no key in it"),
            ("{\"keys\":{}}", "no JWK set"),
            (
                &PUBLIC.replace("\"kid\"", "\"key_ops\":[\"sign\"],\"kid\""),
                "no key in it",
            ),
            (&PUBLIC.replace("f83O", "f83P"), "no key in it"),
        ] {
            let said = public_keys(bad).unwrap_err();
            assert!(said.contains(word), "{bad}: {said}");
        }
    }

    #[test]
    fn one_key_is_a_set_of_one_and_nothing_but_the_key_is_kept() {
        let kept = public_keys(PUBLIC).unwrap();
        assert_eq!(kept, public_keys(&format!("{{\"keys\":[{PUBLIC}]}}")).unwrap());
        assert!(
            kept.starts_with("{\"keys\":[{") && !kept.contains("note"),
            "{kept}"
        );
    }
}
