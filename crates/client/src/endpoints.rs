//! A server without discovery: one that speaks OAuth 2.0 and nothing more (RFC 6749). Its addresses come from its
//! documentation instead of metadata. It signs no ID token, so who signed in is what its userinfo endpoint says.

use std::sync::Arc;

use valetkey_protocol::metadata::AuthorizationServer;

use crate::discovery::{self, Discovered};
use crate::transport::HttpClient;
use crate::{Client, Error, Registration};

/// The addresses of a server that publishes no metadata.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Endpoints {
    /// Where people are sent (RFC 6749 §3.1).
    pub authorization: String,
    /// Where codes become tokens (§3.2).
    pub token: String,
    /// Where the access token tells who signed in, if anywhere.
    pub userinfo: Option<String>,
    /// Where a token is given back (RFC 7009), if anywhere.
    pub revocation: Option<String>,
    /// Whether the server promises `iss` in the redirect (RFC 9207 §3): then it must be there.
    pub sends_iss: bool,
}

impl Client {
    /// A client of a server that publishes no metadata. Nothing is fetched. State and PKCE are used as everywhere; `openid`
    /// cannot be asked for, because nothing could check the ID token.
    ///
    /// [`Registration::issuer`] is the server's own name for itself where it has one, else any name that tells it from the
    /// others: an `iss` in the redirect must be equal to it. Where the server sends none, give each server a redirect URI of
    /// its own: that is then the defence against mix-up (RFC 9700 §4.4.2.2).
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use valetkey_client::{Ask, Client, ClientAuthentication, Endpoints, HyperClient, Registration};
    /// use valetkey_protocol::secret::ClientSecret;
    ///
    /// let client = Client::with_endpoints(
    ///     Arc::new(HyperClient::new()?),
    ///     Registration {
    ///         issuer: "https://code.example".to_owned(),
    ///         client_id: "mysweetapp".to_owned(),
    ///         authentication: ClientAuthentication::SecretPost(ClientSecret::new("secret")),
    ///         redirect_uri: Some("https://app.example/callback/code".to_owned()),
    ///     },
    ///     Endpoints {
    ///         authorization: "https://code.example/login/oauth/authorize".to_owned(),
    ///         token: "https://code.example/login/oauth/access_token".to_owned(),
    ///         userinfo: Some("https://api.code.example/user".to_owned()),
    ///         ..Endpoints::default()
    ///     },
    /// )?;
    /// let (url, pending) = client.begin(&Ask { scope: "read:user", ..Ask::default() })?;
    /// # let _ = (url, pending);
    /// // When the person comes back: `client.finish(..)`, then `client.userinfo_json(&tokens)`.
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Config`] when an endpoint is neither https nor on this machine.
    pub fn with_endpoints(
        http: Arc<dyn HttpClient>,
        registration: Registration,
        endpoints: Endpoints,
    ) -> Result<Self, Error> {
        for required in [&endpoints.authorization, &endpoints.token] {
            discovery::secure_url("endpoint", required)?;
        }
        let metadata = AuthorizationServer {
            issuer: registration.issuer.clone(),
            authorization_endpoint: endpoints.authorization,
            token_endpoint: endpoints.token,
            userinfo_endpoint: endpoints.userinfo,
            revocation_endpoint: endpoints.revocation,
            authorization_response_iss_parameter_supported: endpoints.sends_iss,
            ..AuthorizationServer::default()
        };
        let discovered = Discovered {
            metadata,
            end_session_endpoint: None,
        };
        discovery::check_endpoints(&discovered)?;
        Ok(Self::new(http, registration, discovered))
    }
}
