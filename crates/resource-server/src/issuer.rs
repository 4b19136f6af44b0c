//! The authorization server as this API sees it: its metadata (RFC 8414), its keys (RFC 7517), its word on a token
//! (RFC 7662 §2) and on a signature (RFC 5849).

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use quick_cache::sync::Cache;
use tokio::sync::{Semaphore, SemaphorePermit};
use url::Url;
use url::form_urlencoded::{Serializer, byte_serialize};
use valetkey_jose::{JwkSet, KeySet, hash};
use valetkey_protocol::metadata::{AuthorizationServer, openid_configuration_of, well_known_by_insertion};
use valetkey_protocol::params::FORM;
use valetkey_protocol::redirect_uri::is_loopback_host;
use valetkey_protocol::rule::{Refusal, Rule};
use valetkey_protocol::secret::AccessToken;
use valetkey_protocol::time::Timestamp;

use crate::config::Credentials;
use crate::remembered::{Found, Remembered, Unavailable};
use crate::stop::Stop;
use crate::{HttpClient, HttpRequest, HttpResponse};

/// How long a key that the server did not have is not asked for again.
const UNKNOWN_KEY_SECONDS: i64 = 60;
/// How many of those are remembered.
const UNKNOWN_KEYS: usize = 1000;
/// Questions about tokens and signatures under way at a time.
const MAX_ASKING: usize = 256;

/// Where the server verifies signatures, below its issuer.
const VERIFY_PATH: &str = "/oauth1/verify";

/// One authorization server, and what it said lately.
pub(crate) struct Issuer {
    name: String,
    http: Arc<dyn HttpClient>,
    metadata: Remembered<AuthorizationServer>,
    keys: Remembered<KeySet>,
    unknown_keys: Cache<[u8; 32], Timestamp>,
    asking: Semaphore,
}

impl Issuer {
    pub(crate) fn new(name: String, http: Arc<dyn HttpClient>) -> Self {
        Self {
            name,
            http,
            metadata: Remembered::new(),
            keys: Remembered::new(),
            unknown_keys: Cache::new(UNKNOWN_KEYS),
            asking: Semaphore::new(MAX_ASKING),
        }
    }

    /// The keys, fetched again when `kid` is not among them: but not at the will of whoever makes up names.
    pub(crate) async fn keys_for(
        &self,
        kid: Option<&str>,
        now: Timestamp,
    ) -> Result<Found<KeySet>, Unavailable> {
        let name = kid.map(|kid| hash::sha256(kid.as_bytes()));
        let known_as_unknown = name
            .and_then(|name| self.unknown_keys.get(&name))
            .is_some_and(|at| (0..UNKNOWN_KEY_SECONDS).contains(&now.seconds_since(at)));
        let has = |keys: &KeySet| kid.is_none_or(|kid| keys.get(kid).is_some());
        let found = self
            .keys
            .get(now, |keys| known_as_unknown || has(keys), || self.fetch_keys(now))
            .await?;
        if let Some(name) = name.filter(|_| found.fetched && !has(&found.value)) {
            self.unknown_keys.insert(name, now);
        }
        Ok(found)
    }

    /// What the server says about a token: the JSON of its answer.
    pub(crate) async fn introspect(
        &self,
        token: &AccessToken,
        me: &Credentials,
        now: Timestamp,
    ) -> Result<Vec<u8>, Unavailable> {
        let _one_of_few = self.one_of_few()?;
        let metadata = self.metadata(now).await?.value;
        self.post_introspection(&metadata, token, me)
            .await
            .map_err(|reason| {
                tracing::warn!(%reason, "no introspection answer");
                Unavailable(reason)
            })
    }

    /// What the server says about the signature of a request: the JSON of its answer. The base string is all that it learns;
    /// one that is longer than the server reads is nobody's access.
    pub(crate) async fn verify(
        &self,
        base_string: &str,
        signature: &str,
        me: &Credentials,
    ) -> Result<Vec<u8>, Stop> {
        let _one_of_few = self.one_of_few()?;
        let endpoint = format!("{}{VERIFY_PATH}", self.name.trim_end_matches('/'));
        let pairs = [("base_string", base_string), ("signature", signature)];
        let answer = self.post(&endpoint, &pairs, me).await;
        if let Ok(answer) = &answer
            && answer.status() == http::StatusCode::PAYLOAD_TOO_LARGE
        {
            let received = format!("{} bytes", base_string.len());
            let refusal = Refusal::new(Rule::RequestTooLarge, "a shorter signature base string", received);
            return Err(refusal.into());
        }
        let body = answer.and_then(|answer| {
            expect_ok("the verification endpoint", &answer)?;
            Ok(answer.into_body())
        });
        body.map_err(|reason| {
            tracing::warn!(%reason, "no answer about a signature");
            Unavailable(reason).into()
        })
    }

    fn one_of_few(&self) -> Result<SemaphorePermit<'_>, Unavailable> {
        let permit = self.asking.try_acquire();
        permit.map_err(|_| Unavailable("too many tokens are being asked about".to_owned()))
    }

    async fn post_introspection(
        &self,
        metadata: &AuthorizationServer,
        token: &AccessToken,
        me: &Credentials,
    ) -> Result<Vec<u8>, String> {
        let endpoint = metadata.introspection_endpoint.as_deref();
        let endpoint = endpoint.ok_or("the metadata names no introspection endpoint")?;
        check_secure(endpoint)?;
        let pairs = [("token", token.expose()), ("token_type_hint", "access_token")];
        let answer = self.post(endpoint, &pairs, me).await?;
        expect_ok("the introspection endpoint", &answer)?;
        Ok(answer.into_body())
    }

    /// Posts a form with this API's own credentials.
    async fn post(
        &self,
        endpoint: &str,
        pairs: &[(&str, &str)],
        me: &Credentials,
    ) -> Result<HttpResponse, String> {
        let form = Serializer::new(String::new()).extend_pairs(pairs).finish();
        let request = http::Request::post(endpoint)
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, FORM)
            .header(AUTHORIZATION, basic(me))
            .body(form.into_bytes())
            .map_err(|error| error.to_string())?;
        self.send(request).await
    }

    async fn metadata(&self, now: Timestamp) -> Result<Found<AuthorizationServer>, Unavailable> {
        self.metadata.get(now, |_| true, || self.fetch_metadata()).await
    }

    async fn fetch_metadata(&self) -> Result<AuthorizationServer, String> {
        let oauth = well_known_by_insertion(&self.name, "oauth-authorization-server");
        let mut answer = self.get(&oauth.unwrap_or_default()).await?;
        if answer.status() != http::StatusCode::OK {
            answer = self.get(&openid_configuration_of(&self.name)).await?;
        }
        expect_ok("the metadata", &answer)?;
        let metadata: AuthorizationServer =
            serde_json::from_slice(answer.body()).map_err(|error| format!("the metadata: {error}"))?;
        if metadata.issuer == self.name {
            return Ok(metadata);
        }
        let refusal = Refusal::new(Rule::ClientMetadataIssuer, &self.name, &metadata.issuer);
        Err(format!(
            "{refusal} ({:?}, not {:?})",
            refusal.received, refusal.expected
        ))
    }

    async fn fetch_keys(&self, now: Timestamp) -> Result<KeySet, String> {
        let metadata = self
            .metadata(now)
            .await
            .map_err(|Unavailable(reason)| reason)?
            .value;
        check_secure(&metadata.jwks_uri)?;
        let answer = self.get(&metadata.jwks_uri).await?;
        expect_ok("the key set", &answer)?;
        let text = std::str::from_utf8(answer.body()).map_err(|error| format!("the key set: {error}"))?;
        let set = JwkSet::from_json(text).map_err(|error| format!("the key set: {error}"))?;
        Ok(KeySet::from_jwks(&set))
    }

    async fn get(&self, url: &str) -> Result<HttpResponse, String> {
        let request = http::Request::get(url)
            .header(ACCEPT, "application/json")
            .body(Vec::new())
            .map_err(|error| format!("{url:?}: {error}"))?;
        self.send(request).await
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, String> {
        self.http.send(request).await.map_err(|error| error.to_string())
    }
}

fn expect_ok(what: &str, answer: &HttpResponse) -> Result<(), String> {
    if answer.status() == http::StatusCode::OK {
        return Ok(());
    }
    Err(format!("{what}: status {}", answer.status().as_u16()))
}

/// A document that was read safely must not lead to a place that is not.
fn check_secure(endpoint: &str) -> Result<(), String> {
    let secure = Url::parse(endpoint)
        .is_ok_and(|url| url.scheme() == "https" || (url.scheme() == "http" && is_loopback_host(&url)));
    if secure {
        return Ok(());
    }
    Err(format!("{endpoint:?} is neither https nor on this machine"))
}

/// Both parts are form-encoded before they are joined (RFC 6749 §2.3.1).
fn basic(me: &Credentials) -> String {
    let id: String = byte_serialize(me.client_id.as_bytes()).collect();
    let secret: String = byte_serialize(me.secret.expose().as_bytes()).collect();
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}
