//! Putting a resource server together: which API, which authorization server, and how tokens are checked.

use std::sync::Arc;

use url::Url;
use valetkey_jose::Algorithm;
use valetkey_protocol::metadata::{ProtectedResource, well_known_by_insertion};
use valetkey_protocol::oauth1::base_uri;
use valetkey_protocol::observe::Observer;
use valetkey_protocol::redirect_uri::is_loopback_host;
use valetkey_protocol::resource::ResourceIndicator;
use valetkey_protocol::secret::ClientSecret;
use valetkey_protocol::time::Timestamp;

use crate::{HttpClient, HyperClient, ResourceServer, clock};

/// How old an introspection answer may be, in seconds, where [`Builder::online`] says nothing.
pub(crate) const ANSWER_AGE_SECONDS: i64 = 10;

/// The longest form that is read to check a signature, in bytes, where [`Builder::form_bytes`] says nothing.
const FORM_BYTES: usize = 64 * 1024;

/// Tells the time.
pub(crate) type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What a [`ResourceServer`] works by.
pub(crate) struct Config {
    pub(crate) metadata: ProtectedResource,
    pub(crate) metadata_url: String,
    pub(crate) issuer: String,
    pub(crate) jwt: bool,
    pub(crate) algorithms: Vec<Algorithm>,
    pub(crate) introspection: Option<Credentials>,
    pub(crate) online: Option<i64>,
    pub(crate) oauth1: Option<OAuth1>,
    pub(crate) realm: Option<String>,
    pub(crate) show_details: bool,
    pub(crate) observer: Option<Arc<dyn Observer>>,
    pub(crate) clock: Clock,
}

/// How signed requests are taken (RFC 5849).
pub(crate) struct OAuth1 {
    /// Where clients see the root of this API, without a slash at the end.
    pub(crate) public_address: String,
    /// The longest form that is read.
    pub(crate) form_bytes: usize,
}

/// Who this API is at the introspection endpoint.
pub(crate) struct Credentials {
    pub(crate) client_id: String,
    pub(crate) secret: ClientSecret,
}

/// Why a resource server cannot be put together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The API has no name that a token could be for.
    #[error("the resource identifier {0:?} is no absolute URL without fragment (RFC 9728 §1.2)")]
    Resource(String),
    /// The authorization server cannot be asked safely.
    #[error("the issuer {0:?} is no https URL without query and fragment, nor on this machine (RFC 8414 §2)")]
    Issuer(String),
    /// Neither `jwt()` nor `introspect(..)`.
    #[error("say how tokens are checked: jwt(), introspect(..) or both")]
    NoWay,
    /// `online(..)` asks the server, and that needs `introspect(..)`.
    #[error("online(..) needs introspect(..): asking whether a token still counts takes credentials")]
    OnlineWithoutIntrospection,
    /// `oauth1()` asks the server, and that needs `introspect(..)`.
    #[error("oauth1() needs introspect(..): having a signature verified takes credentials")]
    OAuth1WithoutIntrospection,
    /// Clients cannot sign requests to such an address.
    #[error("the public address {0:?} is no http or https URL without query and fragment")]
    PublicAddress(String),
    /// The HTTP client that comes along does not start.
    #[error("no HTTP client: {0}")]
    Http(String),
}

/// Says how a [`ResourceServer`] checks tokens.
#[must_use = "nothing is checked before build()"]
pub struct Builder {
    resource: String,
    issuer: String,
    http: Option<Arc<dyn HttpClient>>,
    jwt: bool,
    algorithms: Vec<Algorithm>,
    introspection: Option<Credentials>,
    online: Option<i64>,
    oauth1: bool,
    public_address: Option<String>,
    form_bytes: usize,
    show_details: bool,
    realm: Option<String>,
    scopes: Vec<String>,
    name: Option<String>,
    observer: Option<Arc<dyn Observer>>,
    clock: Clock,
}

impl Builder {
    pub(crate) fn new(resource: String, issuer: String) -> Self {
        Self {
            resource,
            issuer,
            http: None,
            jwt: false,
            algorithms: Algorithm::ALL.to_vec(),
            introspection: None,
            online: None,
            oauth1: false,
            public_address: None,
            form_bytes: FORM_BYTES,
            show_details: false,
            realm: None,
            scopes: Vec::new(),
            name: None,
            observer: None,
            clock: clock::system(),
        }
    }

    /// Takes JWT access tokens (RFC 9068), checked with the keys that the issuer publishes.
    pub fn jwt(mut self) -> Self {
        self.jwt = true;
        self
    }

    /// Takes JWTs signed with these algorithms alone. Without, the published keys decide.
    pub fn algorithms(mut self, algorithms: impl Into<Vec<Algorithm>>) -> Self {
        self.algorithms = algorithms.into();
        self
    }

    /// Asks the issuer about opaque access tokens (RFC 7662); about every token, unless [`Builder::jwt`] is set too.
    pub fn introspect(mut self, client_id: impl Into<String>, secret: ClientSecret) -> Self {
        self.introspection = Some(Credentials {
            client_id: client_id.into(),
            secret,
        });
        self
    }

    /// Asks the issuer whether a token still counts, JWTs included, and trusts an answer for so many seconds; 0 asks at
    /// every request. Access that a person takes away then ends at once. Needs [`Builder::introspect`]. Without,
    /// a JWT counts until it expires, and an answer about an opaque token for 10 seconds.
    pub fn online(mut self, max_age_seconds: i64) -> Self {
        self.online = Some(max_age_seconds.max(0));
        self
    }

    /// Takes requests signed by OAuth 1.0a (RFC 5849) too, behind [`ResourceServer::require_any`]. The issuer is asked
    /// about every signature; a body never goes there, but for the parameters of a form, which are signed. Needs
    /// [`Builder::introspect`].
    pub fn oauth1(mut self) -> Self {
        self.oauth1 = true;
        self
    }

    /// Where clients see the root of what the layer guards, as `https://example.com/api` behind a proxy that takes `/api`
    /// away. Signatures are checked for this address and the path of the request, never for the `Host` header, which
    /// anybody may write. Without, it is scheme, host and port of the resource identifier.
    pub fn public_address(mut self, address: impl Into<String>) -> Self {
        self.public_address = Some(address.into());
        self
    }

    /// Reads forms of at most so many bytes to check a signature, instead of 64 KiB. Longer ones are refused (413).
    pub fn form_bytes(mut self, most: usize) -> Self {
        self.form_bytes = most;
        self
    }

    /// Tells whose signature was refused what was expected: the signature base string. It holds what the request itself
    /// says, and this API's public address.
    pub fn show_details(mut self) -> Self {
        self.show_details = true;
        self
    }

    /// Reaches the issuer through `http` instead of [`HyperClient`].
    pub fn http(mut self, http: Arc<dyn HttpClient>) -> Self {
        self.http = Some(http);
        self
    }

    /// The protection space that challenges name (RFC 9110 §11.5).
    pub fn realm(mut self, realm: impl Into<String>) -> Self {
        self.realm = Some(realm.into());
        self
    }

    /// The scope words that this API knows, for its metadata.
    pub fn scopes_supported<I: IntoIterator<Item: Into<String>>>(mut self, scopes: I) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// What people call this API, for its metadata.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Tells `observer` about every request and the rules that accepted or refused it.
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// Tells the time by `clock` instead of the system's.
    pub fn clock(mut self, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Checks the settings. The issuer is asked when the first token comes, not now.
    ///
    /// # Errors
    /// [`ConfigError`] for settings that cannot work.
    pub fn build(self) -> Result<ResourceServer, ConfigError> {
        let metadata_url = metadata_url(&self.resource)?;
        check_issuer(&self.issuer)?;
        if !self.jwt && self.introspection.is_none() {
            return Err(ConfigError::NoWay);
        }
        if self.online.is_some() && self.introspection.is_none() {
            return Err(ConfigError::OnlineWithoutIntrospection);
        }
        if self.oauth1 && self.introspection.is_none() {
            return Err(ConfigError::OAuth1WithoutIntrospection);
        }
        let public_address = public_address(self.public_address, &self.resource)?;
        let http: Arc<dyn HttpClient> = match self.http {
            Some(http) => http,
            None => Arc::new(HyperClient::new().map_err(|error| ConfigError::Http(error.to_string()))?),
        };
        let config = Config {
            metadata: ProtectedResource {
                resource: self.resource,
                authorization_servers: vec![self.issuer.clone()],
                scopes_supported: self.scopes,
                bearer_methods_supported: vec!["header".to_owned()],
                resource_name: self.name,
                resource_documentation: None,
            },
            metadata_url,
            issuer: self.issuer,
            jwt: self.jwt,
            algorithms: self.algorithms,
            introspection: self.introspection,
            online: self.online,
            oauth1: self.oauth1.then_some(OAuth1 {
                public_address,
                form_bytes: self.form_bytes,
            }),
            show_details: self.show_details,
            realm: self.realm,
            observer: self.observer,
            clock: self.clock,
        };
        Ok(ResourceServer::new(config, http))
    }
}

fn metadata_url(resource: &str) -> Result<String, ConfigError> {
    let refused = || ConfigError::Resource(resource.to_owned());
    let indicator = ResourceIndicator::parse(resource).map_err(|_| refused())?;
    let url = Url::parse(indicator.as_str()).map_err(|_| refused())?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err(refused());
    }
    well_known_by_insertion(resource, "oauth-protected-resource").ok_or_else(refused)
}

/// What was set, else the origin of the resource identifier, which is a URL.
fn public_address(set: Option<String>, resource: &str) -> Result<String, ConfigError> {
    let text = set.as_deref().unwrap_or(resource);
    let refused = || ConfigError::PublicAddress(text.to_owned());
    let url = Url::parse(text).map_err(|_| refused())?;
    if set.is_none() {
        return Ok(url.origin().ascii_serialization());
    }
    let plain = url.query().is_none() && url.fragment().is_none();
    let address = base_uri(text).filter(|_| plain).ok_or_else(refused)?;
    Ok(address.trim_end_matches('/').to_owned())
}

fn check_issuer(issuer: &str) -> Result<(), ConfigError> {
    let refused = || ConfigError::Issuer(issuer.to_owned());
    let url = Url::parse(issuer).map_err(|_| refused())?;
    let secure = url.scheme() == "https" || (url.scheme() == "http" && is_loopback_host(&url));
    if secure && url.query().is_none() && url.fragment().is_none() {
        Ok(())
    } else {
        Err(refused())
    }
}
