//! The way out: the authorization request (RFC 6749 §4.1.1, RFC 7636 §4.3, OpenID Connect Core §3.1.2.1), and what the
//! client must remember until the person comes back.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;
use valetkey_jose::jwt::Unverified;
use valetkey_jose::{b64, hash};
use valetkey_protocol::authorize::ResponseMode;
use valetkey_protocol::claims_request::{Asked, ClaimsRequest};
use valetkey_protocol::scope::{OPENID, Scope};

use crate::{Client, Error, random};

/// What to ask for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ask<'a> {
    /// The scope words, as `openid photos.read`.
    pub scope: &'a str,
    /// The API that the access token is for (RFC 8707).
    pub resource: Option<&'a str>,
    /// `none`, `login`, `consent` or `select_account`, or several (OpenID Connect Core §3.1.2.1).
    pub prompt: Option<&'a str>,
    /// How old the sign-in may be, in seconds. The ID token must show that it is not older.
    pub max_age: Option<i64>,
    /// Who will probably sign in.
    pub login_hint: Option<&'a str>,
    /// How surely the person should sign in, the preferred value first, as `2 1`. A wish: look at `acr` of the ID token, or
    /// ask by [`Ask::claims`] for an essential `acr`, which must then be one of the values (§5.5.1.1).
    pub acr_values: Option<&'a str>,
    /// Single claims, as §5.5 writes them: `{"id_token": {"acr": {"essential": true, "values": ["2"]}}}`.
    pub claims: Option<&'a Value>,
    /// Languages for the server's pages, the preferred first.
    pub ui_locales: Option<&'a str>,
    /// An ID token of before: the same person is meant, and the new ID token must be about nobody else.
    pub id_token_hint: Option<&'a str>,
    /// How the answer comes to the redirect URI. [`ResponseMode::FormPost`] brings it as a form that is posted from another
    /// site, with which a `SameSite=Lax` cookie does not come: hand its body to [`Client::finish`].
    pub response_mode: Option<ResponseMode>,
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
    /// The `acr` that the ID token must carry, when it was asked for as essential.
    #[serde(default)]
    pub(crate) acr: Option<Asked>,
    /// The person whom the ID token must be about, when one was named.
    #[serde(default)]
    pub(crate) sub: Option<String>,
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
    /// [`Error::Config`] for a scope or a claims request that cannot be one, or a registration without redirect URI;
    /// [`Error::NotOffered`] for `openid` at a server whose keys are not known; [`Error::Random`].
    pub fn begin(&self, ask: &Ask<'_>) -> Result<(Url, Pending), Error> {
        let scope = Scope::parse(ask.scope).map_err(|error| Error::Config(error.to_string()))?;
        let wants_id_token = scope.contains(OPENID);
        if wants_id_token && self.metadata().jwks_uri.is_empty() {
            return Err(Error::NotOffered(
                "key set, without which no ID token can be checked",
            ));
        }
        let pending = Pending {
            state: random::text()?,
            nonce: wants_id_token.then(random::text).transpose()?,
            verifier: random::text()?,
            issuer: self.issuer().to_owned(),
            scope,
            resource: ask.resource.map(str::to_owned),
            max_age: ask.max_age,
            acr: ask.claims.map(essential_acr).transpose()?.flatten(),
            sub: ask.id_token_hint.and_then(subject),
        };
        let url = self.authorization_url(ask, &pending)?;
        Ok((url, pending))
    }

    fn authorization_url(&self, ask: &Ask<'_>, pending: &Pending) -> Result<Url, Error> {
        let mut url = Url::parse(&self.metadata().authorization_endpoint)
            .map_err(|_| Error::NotOffered("authorization endpoint"))?;
        let challenge = b64::encode_url(&hash::sha256(pending.verifier.as_bytes()));
        let max_age = ask.max_age.map(|seconds| seconds.to_string());
        let claims = ask.claims.map(Value::to_string);
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
            ("acr_values", ask.acr_values),
            ("claims", claims.as_deref()),
            ("ui_locales", ask.ui_locales),
            ("id_token_hint", ask.id_token_hint),
            ("response_mode", ask.response_mode.map(ResponseMode::as_str)),
        ];
        let given = members
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        url.query_pairs_mut().extend_pairs(given);
        Ok(url)
    }
}

/// What the ID token's `acr` is held against.
fn essential_acr(claims: &Value) -> Result<Option<Asked>, Error> {
    let object = claims.is_object().then(|| claims.to_string());
    let request = object.and_then(|text| ClaimsRequest::parse(&text));
    let mut request = request.ok_or_else(|| Error::Config("the claims cannot be asked for so".to_owned()))?;
    let acr = request.id_token.remove("acr").flatten();
    Ok(acr.filter(|acr| acr.essential))
}

/// Whom an ID token is about. It was checked when it came; one that cannot be read (an encrypted one) says nothing here.
fn subject(id_token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Subject {
        sub: String,
    }
    let claims = Unverified::parse(id_token).ok()?.unverified_claims::<Subject>();
    claims.ok().map(|claims| claims.sub)
}
