//! The way out: the authorization request (RFC 6749 §4.1.1, RFC 7636 §4.3, OpenID Connect Core §3.1.2.1), and what the
//! client must remember until the person comes back.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;
use valetkey_jose::{b64, hash};
use valetkey_protocol::scope::{OPENID, Scope};

use crate::{Client, Error, random};

/// What to ask for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ask<'a> {
    /// The scope words, as `openid photos.read`.
    pub scope: &'a str,
    /// The API that the access token is for (RFC 8707).
    pub resource: Option<&'a str>,
    /// `none`, `login`, `consent` or `select_account` (OpenID Connect Core §3.1.2.1).
    pub prompt: Option<&'a str>,
    /// How old the sign-in may be, in seconds.
    pub max_age: Option<i64>,
    /// Who will probably sign in.
    pub login_hint: Option<&'a str>,
}

/// One authorization request on its way. Keep it in the person's session, on the server or in a sealed cookie: it binds
/// the answer to this browser (RFC 9700 §4.7) and holds the PKCE verifier. Use it once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    pub(crate) state: String,
    pub(crate) nonce: Option<String>,
    pub(crate) verifier: String,
    pub(crate) issuer: String,
    pub(crate) scope: Scope,
    pub(crate) resource: Option<String>,
    pub(crate) max_age: Option<i64>,
}

impl Pending {
    /// The value that the answer must carry: finds the pending request when one browser has several.
    #[must_use]
    pub fn state(&self) -> &str {
        &self.state
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending")
            .field("issuer", &self.issuer)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// The address to send the person's browser to, and what to remember until it comes back.
    ///
    /// # Errors
    /// [`Error::Config`] for a scope that cannot be one or a registration without redirect URI; [`Error::Random`].
    pub fn begin(&self, ask: &Ask<'_>) -> Result<(Url, Pending), Error> {
        let scope = Scope::parse(ask.scope).map_err(|error| Error::Config(error.to_string()))?;
        let pending = Pending {
            state: random::text()?,
            nonce: scope.contains(OPENID).then(random::text).transpose()?,
            verifier: random::text()?,
            issuer: self.issuer().to_owned(),
            scope,
            resource: ask.resource.map(str::to_owned),
            max_age: ask.max_age,
        };
        let url = self.authorization_url(ask, &pending)?;
        Ok((url, pending))
    }

    fn authorization_url(&self, ask: &Ask<'_>, pending: &Pending) -> Result<Url, Error> {
        let mut url = Url::parse(&self.metadata().authorization_endpoint)
            .map_err(|_| Error::NotOffered("authorization endpoint"))?;
        let challenge = b64::encode_url(&hash::sha256(pending.verifier.as_bytes()));
        let max_age = ask.max_age.map(|seconds| seconds.to_string());
        let scope = pending.scope.to_string();
        let members = [
            ("response_type", Some("code")),
            ("client_id", Some(self.client_id())),
            ("redirect_uri", Some(self.redirect_uri()?)),
            ("scope", Some(scope.as_str()).filter(|scope| !scope.is_empty())),
            ("state", Some(&pending.state)),
            ("nonce", pending.nonce.as_deref()),
            ("code_challenge", Some(&challenge)),
            ("code_challenge_method", Some("S256")),
            ("resource", ask.resource),
            ("prompt", ask.prompt),
            ("max_age", max_age.as_deref()),
            ("login_hint", ask.login_hint),
        ];
        let mut query = url.query_pairs_mut();
        for (name, value) in members {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        drop(query);
        Ok(url)
    }
}
