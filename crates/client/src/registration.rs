//! What the client and the authorization server agreed on when the client was registered (RFC 6749 §2), and the proof
//! that goes with every request to the server (§2.3, RFC 7523 §2.2).

use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use url::form_urlencoded::byte_serialize;
use valetkey_jose::hs256::HmacKey;
use valetkey_jose::{JoseError, SigningKey};
use valetkey_protocol::client_auth::JWT_BEARER;
use valetkey_protocol::secret::ClientSecret;
use valetkey_protocol::time::Timestamp;

use crate::{Error, random};

/// How long an assertion is good for: one request, on its way.
const ASSERTION_LIFETIME_SECONDS: i64 = 60;

/// One client at one authorization server.
#[derive(Debug, Clone)]
pub struct Registration {
    /// The authorization server, exactly as its metadata writes it.
    pub issuer: String,
    /// The client's name there.
    pub client_id: String,
    /// How the client proves who it is.
    pub authentication: ClientAuthentication,
    /// Where the authorization server sends people back; none for a client without people.
    pub redirect_uri: Option<String>,
}

/// How a client proves who it is at the token endpoint (RFC 6749 §2.3, RFC 7591 §2, OpenID Connect Core §9).
///
/// ```
/// use std::sync::Arc;
///
/// use valetkey_client::ClientAuthentication;
/// use valetkey_jose::{Algorithm, SigningKey};
///
/// // The private key stays with the client; `public_jwk` is what is registered.
/// let key = Arc::new(SigningKey::generate(Algorithm::ES256)?);
/// let authentication = ClientAuthentication::PrivateKeyJwt(Arc::clone(&key));
/// # let _ = (authentication, key.public_jwk());
/// # Ok::<(), valetkey_jose::JoseError>(())
/// ```
#[derive(Debug, Clone)]
pub enum ClientAuthentication {
    /// A public client: it has no secret.
    None,
    /// `client_secret_basic`: in the `Authorization` header.
    SecretBasic(ClientSecret),
    /// `client_secret_post`: in the body.
    SecretPost(ClientSecret),
    /// `client_secret_jwt`: an assertion signed with the secret (HS256), which stays at home. The secret needs at least 32
    /// bytes.
    ClientSecretJwt(ClientSecret),
    /// `private_key_jwt`: an assertion signed with a key of which the server knows the public half.
    PrivateKeyJwt(Arc<SigningKey>),
}

/// What goes with one request.
#[derive(Default)]
pub(crate) struct Proof<'a> {
    /// The value of the `Authorization` header.
    pub(crate) header: Option<String>,
    /// Members of the form.
    pub(crate) form: Vec<(&'static str, Cow<'a, str>)>,
}

#[derive(Serialize)]
struct AssertionClaims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    jti: String,
    iat: Timestamp,
    exp: Timestamp,
}

impl Registration {
    /// The proof for one request; an assertion is never used twice.
    pub(crate) fn proof(&self, now: Timestamp) -> Result<Proof<'_>, Error> {
        let id = ("client_id", Cow::from(&self.client_id));
        let form = match &self.authentication {
            ClientAuthentication::SecretBasic(secret) => {
                return Ok(Proof {
                    header: Some(basic(&self.client_id, secret)),
                    form: Vec::new(),
                });
            }
            ClientAuthentication::None => vec![id],
            ClientAuthentication::SecretPost(secret) => {
                vec![id, ("client_secret", Cow::from(secret.expose()))]
            }
            ClientAuthentication::ClientSecretJwt(secret) => {
                let key = HmacKey::new(secret.expose().as_bytes()).map_err(|_| {
                    Error::Config("the client secret is too short for client_secret_jwt".to_owned())
                })?;
                assertion(id, key.sign_jwt("JWT", &self.claims(now)?))?
            }
            ClientAuthentication::PrivateKeyJwt(key) => {
                assertion(id, key.sign_jwt("JWT", &self.claims(now)?))?
            }
        };
        Ok(Proof { header: None, form })
    }

    /// The audience is the issuer alone: an assertion that names an endpoint could be taken to another server's
    /// (RFC 9700, audience injection).
    fn claims(&self, now: Timestamp) -> Result<AssertionClaims<'_>, Error> {
        Ok(AssertionClaims {
            iss: &self.client_id,
            sub: &self.client_id,
            aud: &self.issuer,
            jti: random::text()?,
            iat: now,
            exp: now.plus_seconds(ASSERTION_LIFETIME_SECONDS),
        })
    }
}

fn assertion<'a>(
    id: (&'static str, Cow<'a, str>),
    signed: Result<String, JoseError>,
) -> Result<Vec<(&'static str, Cow<'a, str>)>, Error> {
    let signed = signed.map_err(|error| Error::Config(format!("the client assertion: {error}")))?;
    Ok(vec![
        id,
        ("client_assertion_type", Cow::from(JWT_BEARER)),
        ("client_assertion", Cow::from(signed)),
    ])
}

/// Both parts are form-encoded before they are joined (RFC 6749 §2.3.1): a colon in the id must not move the border.
fn basic(client_id: &str, secret: &ClientSecret) -> String {
    let id: String = byte_serialize(client_id.as_bytes()).collect();
    let secret: String = byte_serialize(secret.expose().as_bytes()).collect();
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use valetkey_protocol::client_auth::Presented;
    use valetkey_protocol::params::Params;

    #[test]
    fn a_colon_a_blank_or_a_percent_sign_in_the_credentials_survives_basic() {
        let secret = ClientSecret::new("p:w x%é+");
        let header = basic("my:app", &secret);
        let read = Presented::read(Some(header.as_bytes()), &Params::default());
        let read = read.basic.unwrap();
        assert_eq!((read.id.as_str(), read.secret), ("my:app", secret));
    }
}
