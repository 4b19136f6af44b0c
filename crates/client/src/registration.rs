//! What the client and the authorization server agreed on when the client was registered (RFC 6749 §2).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::form_urlencoded::byte_serialize;
use valetkey_protocol::secret::ClientSecret;

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

/// How a client proves who it is at the token endpoint (RFC 6749 §2.3, RFC 7591 §2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientAuthentication {
    /// A public client: it has no secret.
    None,
    /// `client_secret_basic`: in the `Authorization` header.
    SecretBasic(ClientSecret),
    /// `client_secret_post`: in the body.
    SecretPost(ClientSecret),
}

impl Registration {
    /// Adds the proof to a form, or gives the value of the `Authorization` header.
    pub(crate) fn authenticate<'a>(&'a self, form: &mut Vec<(&'static str, &'a str)>) -> Option<String> {
        match &self.authentication {
            ClientAuthentication::SecretBasic(secret) => return Some(basic(&self.client_id, secret)),
            ClientAuthentication::SecretPost(secret) => {
                form.push(("client_id", &self.client_id));
                form.push(("client_secret", secret.expose()));
            }
            ClientAuthentication::None => form.push(("client_id", &self.client_id)),
        }
        None
    }
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
