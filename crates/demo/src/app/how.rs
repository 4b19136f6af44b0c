//! How the person signed in, as the ID token tells it: `amr`, `acr` and `auth_time` (OpenID Connect Core §2), in plain words.

use super::decoded::Row;
use super::pages::moment;
use super::said::{self, Said};
use valetkey_client::IdClaims;

/// The `acr` of somebody who gave two proofs.
pub(super) const SURE: &str = "2";

/// What the page shows.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct How {
    pub(super) rows: Vec<Row>,
    /// Whether there is nothing left to confirm.
    pub(super) sure: bool,
}

impl How {
    /// Reads the claims of an ID token that was checked.
    pub(super) fn of(claims: &IdClaims) -> Self {
        let row = |name: &str, value: String, says| Row {
            name: name.to_owned(),
            value,
            says,
        };
        let amr = claims.amr();
        let words: Vec<&str> = amr.iter().map(|method| in_words(method)).collect();
        let rows = [
            (!amr.is_empty()).then(|| row("amr", words.join(", "), "by what you showed that it is you")),
            claims
                .acr()
                .map(|acr| row("acr", level(acr), "how sure Valetkey is")),
            claims
                .auth_time
                .map(|at| row("auth_time", moment(at), "when; not again for each app")),
        ];
        Self {
            rows: rows.into_iter().flatten().collect(),
            sure: claims.acr() == Some(SURE),
        }
    }
}

/// What came of asking for a second proof.
pub(super) fn confirmed(claims: Option<&IdClaims>) -> Said {
    let acr = claims.and_then(IdClaims::acr);
    let line = format!("acr_values={SURE} → acr {}", acr.unwrap_or("not told"));
    if acr == Some(SURE) {
        let text = "Valetkey asked for a second proof, and the new ID token says so. Now an app may do what matters more.";
        return said::good("It is really you", &line, text);
    }
    let text = "Valetkey let you through with one proof: you have set up no second one there. What an app asks for by \
                acr_values is a wish, so it must look at acr before it does what matters. (OpenID Connect Core §3.1.2.1)";
    Said {
        line,
        ..said::bad("You are not confirmed", text)
    }
}

fn level(acr: &str) -> String {
    match acr {
        "1" => "1: one proof".to_owned(),
        "2" => "2: two proofs".to_owned(),
        other => other.to_owned(),
    }
}

/// The values of RFC 8176 that a person meets.
fn in_words(method: &str) -> &str {
    match method {
        "pwd" => "a password",
        "otp" => "a one-time code",
        "pop" | "hwk" | "swk" => "a key that your device holds",
        "user" => "a finger, a face or a PIN",
        "mfa" => "more than one of these",
        "fed" => "another provider’s word",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn claims(more: &Value) -> IdClaims {
        let mut claims = json!({"iss": "i", "sub": "s", "aud": "a", "exp": 2, "iat": 1});
        for (name, value) in more.as_object().unwrap() {
            claims[name] = value.clone();
        }
        serde_json::from_value(claims).unwrap()
    }

    fn told(more: &Value) -> Vec<(String, String)> {
        let how = How::of(&claims(more));
        how.rows.into_iter().map(|row| (row.name, row.value)).collect()
    }

    #[test]
    fn claims_of_another_shape_say_nothing() {
        assert!(told(&json!({})).is_empty());
        assert!(told(&json!({"acr": 2, "amr": "pwd"})).is_empty());
        assert!(!How::of(&claims(&json!({"acr": 2}))).sure);
    }

    #[test]
    fn a_sign_in_is_told_in_plain_words() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            told(&json!({"amr": ["pwd", "otp", "new"], "acr": "2", "auth_time": 0})),
            [
                pair("amr", "a password, a one-time code, new"),
                pair("acr", "2: two proofs"),
                pair("auth_time", "1 Jan 1970, 00:00:00 UTC"),
            ]
        );
    }

    #[test]
    fn only_the_second_proof_confirms() {
        for (more, good) in [
            (json!({}), false),
            (json!({"acr": "1"}), false),
            (json!({"acr": 2}), false),
            (json!({"acr": "2"}), true),
        ] {
            let claims = claims(&more);
            assert_eq!(confirmed(Some(&claims)).good, good);
            assert_eq!(How::of(&claims).sure, good);
        }
        assert!(!confirmed(None).good);
    }
}
