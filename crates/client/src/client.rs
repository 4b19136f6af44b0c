//! A client at one authorization server, and what it learned by discovery.

use std::sync::Arc;

use valetkey_jose::Algorithm;
use valetkey_protocol::metadata::AuthorizationServer;
use valetkey_protocol::observe::Observer;

use crate::discovery::{self, Discovered};
use crate::keys::Keys;
use crate::transport::HttpClient;
use crate::{Error, Registration};

/// A client of one authorization server. Cloning is cheap; clones share what they learned.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
    observer: Option<Arc<dyn Observer>>,
}

struct Inner {
    http: Arc<dyn HttpClient>,
    registration: Registration,
    discovered: Discovered,
    keys: Keys,
}

impl Client {
    /// Reads the metadata of the issuer (RFC 8414, else OpenID Connect Discovery) and checks that it is the issuer's.
    ///
    /// # Errors
    /// [`Error::Refused`] when the metadata is of another issuer, [`Error::Config`] when the issuer or an endpoint is
    /// neither https nor on this machine, or that no metadata could be had.
    pub async fn discover(http: Arc<dyn HttpClient>, registration: Registration) -> Result<Self, Error> {
        let discovered = discovery::metadata(&*http, &registration.issuer).await?;
        Ok(Self::new(http, registration, discovered))
    }

    pub(crate) fn new(http: Arc<dyn HttpClient>, registration: Registration, discovered: Discovered) -> Self {
        Self {
            inner: Arc::new(Inner {
                http,
                registration,
                discovered,
                keys: Keys::default(),
            }),
            observer: None,
        }
    }

    /// Tells `observer` about the checks that this client makes.
    #[must_use]
    pub fn with_observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// The authorization server.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.inner.registration.issuer
    }

    /// This client's name there.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.inner.registration.client_id
    }

    /// What the authorization server tells about itself.
    #[must_use]
    pub fn metadata(&self) -> &AuthorizationServer {
        &self.inner.discovered.metadata
    }

    /// Where the browser is sent to sign out at the server (RP-Initiated Logout 1.0 §2.1), if anywhere.
    #[must_use]
    pub fn end_session_endpoint(&self) -> Option<&str> {
        self.inner.discovered.end_session_endpoint.as_deref()
    }

    pub(crate) fn redirect_uri(&self) -> Result<&str, Error> {
        let uri = self.inner.registration.redirect_uri.as_deref();
        uri.ok_or_else(|| Error::Config("the registration has no redirect URI".to_owned()))
    }

    pub(crate) fn registration(&self) -> &Registration {
        &self.inner.registration
    }

    pub(crate) fn http(&self) -> &dyn HttpClient {
        &*self.inner.http
    }

    pub(crate) fn observer(&self) -> Option<&dyn Observer> {
        self.observer.as_deref()
    }

    /// The algorithms an ID token may be signed with: those the metadata names, RS256 when it names none
    /// (OpenID Connect Core §3.1.3.7, 7).
    pub(crate) fn id_token_algorithms(&self) -> Vec<Algorithm> {
        let named = &self.metadata().id_token_signing_alg_values_supported;
        if named.is_empty() {
            return vec![Algorithm::RS256];
        }
        named.iter().filter_map(|name| name.parse().ok()).collect()
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.inner.keys
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("issuer", &self.issuer())
            .field("client_id", &self.client_id())
            .finish_non_exhaustive()
    }
}
