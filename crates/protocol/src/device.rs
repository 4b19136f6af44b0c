//! The device authorization endpoint's request and answer (RFC 8628 §3.1, §3.2). Nothing is judged here.

use crate::params::Params;
use crate::secret::DeviceCode;
use serde::Serialize;

/// A device authorization request as received. Client authentication is read by [`crate::client_auth`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the specs' own parameters")]
pub struct Request {
    pub scope: Option<String>,
    pub resource: Vec<String>,
}

impl Request {
    /// Takes the parameters it knows.
    #[must_use]
    pub fn from_params(params: &Params) -> Self {
        Self {
            scope: params.get_owned("scope"),
            resource: params.all("resource").map(str::to_owned).collect(),
        }
    }
}

/// The answer (RFC 8628 §3.2). Sent with `Cache-Control: no-store`.
#[derive(Debug, Clone)]
pub struct Response {
    /// What the device polls with.
    pub device_code: DeviceCode,
    /// What the person types.
    pub user_code: String,
    /// Where.
    pub verification_uri: String,
    /// The same with the code in it, for a picture that a phone reads.
    pub verification_uri_complete: String,
    /// How long both codes live, in seconds.
    pub expires_in: i64,
    /// How many seconds to wait between polls.
    pub interval: i64,
}

impl Response {
    /// The JSON body.
    #[must_use]
    pub fn to_json(&self) -> String {
        #[derive(Serialize)]
        struct Body<'a> {
            device_code: &'a str,
            user_code: &'a str,
            verification_uri: &'a str,
            verification_uri_complete: &'a str,
            expires_in: i64,
            interval: i64,
        }
        let body = Body {
            device_code: self.device_code.expose(),
            user_code: &self.user_code,
            verification_uri: &self.verification_uri,
            verification_uri_complete: &self.verification_uri_complete,
            expires_in: self.expires_in,
            interval: self.interval,
        };
        serde_json::to_string(&body).unwrap_or_default()
    }
}

/// How many letters a user code has.
pub const USER_CODE_LETTERS: usize = 8;

/// The letters of user codes (RFC 8628 §6.1): no vowels, so that no words come about, and nothing that looks like
/// another letter. Twenty to the power of eight codes are 34.5 bits.
pub const USER_CODE_ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

/// The letters of a user code however a person types it: case, blanks and hyphens do not count. `None` when it can be no
/// code.
#[must_use]
pub fn read_user_code(typed: &str) -> Option<String> {
    let letters: String = typed
        .chars()
        .filter(|letter| !letter.is_whitespace() && *letter != '-')
        .map(|letter| letter.to_ascii_uppercase())
        .collect();
    let is_code = letters.len() == USER_CODE_LETTERS
        && letters.bytes().all(|letter| USER_CODE_ALPHABET.contains(&letter));
    is_code.then_some(letters)
}

/// A user code as people read it: two halves.
#[must_use]
pub fn show_user_code(letters: &str) -> String {
    match letters.split_at_checked(USER_CODE_LETTERS / 2) {
        Some((first, second)) => format!("{first}-{second}"),
        None => letters.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_no_user_code_is_none() {
        for wrong in [
            "",
            "WDJB",
            "WDJBMJHTX",
            "WDJB-MJHA",
            "WDJB-MJH1",
            "WDJB_MJHT",
            "ẞDJBMJHT",
        ] {
            assert_eq!(read_user_code(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_user_code_is_read_however_it_is_typed() {
        for typed in ["WDJBMJHT", "wdjb-mjht", " WDJB MJHT ", "w d j b - m j h t"] {
            assert_eq!(read_user_code(typed).as_deref(), Some("WDJBMJHT"), "{typed}");
        }
        assert_eq!(show_user_code("WDJBMJHT"), "WDJB-MJHT");
    }

    #[test]
    fn the_answer_has_the_names_of_the_rfc_and_does_not_print_its_secret() {
        let response = Response {
            device_code: DeviceCode::new("vkd_secret"),
            user_code: "WDJB-MJHT".into(),
            verification_uri: "https://as.example/device".into(),
            verification_uri_complete: "https://as.example/device?user_code=WDJB-MJHT".into(),
            expires_in: 600,
            interval: 5,
        };
        let json: serde_json::Value = serde_json::from_str(&response.to_json()).unwrap();
        assert_eq!(json["device_code"], "vkd_secret");
        assert_eq!(json["interval"], 5);
        assert_eq!(json.as_object().unwrap().len(), 6);
        assert!(!format!("{response:?}").contains("vkd_secret"));
    }
}
