//! What the endpoints answer with (RFC 5849 §2.1, §2.3): a token and its shared secret, form-encoded.

use serde::{Deserialize, Serialize, Serializer};

use super::{Invalid, encoding};
use crate::secret::OAuth1Secret;

const CONFIRMED: &str = "oauth_callback_confirmed";

/// Temporary credentials (§2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemporaryCredentials {
    /// `oauth_token`.
    pub token: String,
    /// `oauth_token_secret`.
    pub secret: OAuth1Secret,
    /// `oauth_callback_confirmed`: whether the server bound the callback, as 1.0a must.
    pub callback_confirmed: bool,
}

impl TemporaryCredentials {
    /// The body of the answer.
    #[must_use]
    pub fn to_form(&self) -> String {
        let confirmed = if self.callback_confirmed { "true" } else { "false" };
        form(&[
            ("oauth_token", &self.token),
            ("oauth_token_secret", self.secret.expose()),
            (CONFIRMED, confirmed),
        ])
    }

    /// Reads the body of the answer; more members may stand in it.
    ///
    /// # Errors
    /// [`Invalid`] when a member is missing or stands twice, or the form is broken.
    pub fn from_form(body: &[u8]) -> Result<Self, Invalid> {
        let (TokenCredentials { token, secret }, pairs) = read(body)?;
        let callback_confirmed = one(&pairs, CONFIRMED)?.is_some_and(|value| value == "true");
        Ok(Self {
            token,
            secret,
            callback_confirmed,
        })
    }
}

/// Token credentials (§2.3): what a client keeps. Debug output shows no secret; serialized it stands in clear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenCredentials {
    /// `oauth_token`.
    pub token: String,
    /// `oauth_token_secret`.
    #[serde(serialize_with = "in_clear")]
    pub secret: OAuth1Secret,
}

impl TokenCredentials {
    /// The body of the answer.
    #[must_use]
    pub fn to_form(&self) -> String {
        form(&[
            ("oauth_token", &self.token),
            ("oauth_token_secret", self.secret.expose()),
        ])
    }

    /// Reads the body of the answer; more members may stand in it.
    ///
    /// # Errors
    /// [`Invalid`] when a member is missing or stands twice, or the form is broken.
    pub fn from_form(body: &[u8]) -> Result<Self, Invalid> {
        read(body).map(|(credentials, _)| credentials)
    }
}

type Pairs = Vec<(String, String)>;

fn read(body: &[u8]) -> Result<(TokenCredentials, Pairs), Invalid> {
    let pairs = encoding::form_pairs(body)?;
    let token = one(&pairs, "oauth_token")?.filter(|token| !token.is_empty());
    // A secret may be empty: a client that signs with RSA needs none.
    let (Some(token), Some(secret)) = (token, one(&pairs, "oauth_token_secret")?) else {
        return Err(Invalid::Unreadable("no oauth_token and oauth_token_secret"));
    };
    let credentials = TokenCredentials {
        token: token.to_owned(),
        secret: OAuth1Secret::new(secret),
    };
    Ok((credentials, pairs))
}

fn one<'a>(pairs: &'a [(String, String)], name: &str) -> Result<Option<&'a str>, Invalid> {
    let mut found = pairs.iter().filter(|(n, _)| n == name);
    let first = found.next().map(|(_, value)| value.as_str());
    match found.next() {
        Some(_) => Err(Invalid::Repeated(name.to_owned())),
        None => Ok(first),
    }
}

fn form(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

fn in_clear<S: Serializer>(secret: &OAuth1Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}
