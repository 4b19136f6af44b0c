//! Clients (RFC 6749 §2): what an app registered, and what it is allowed.

use crate::ids::ClientId;
use crate::relying_party::{Presentation, Registered, RelyingParty};
use crate::secret::SealedSecret;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use valetkey_protocol::redirect_uri::RedirectUri;
use valetkey_protocol::resource::ResourceIndicator;
use valetkey_protocol::scope::Scope;
use valetkey_protocol::secret::constant_time_eq;
use valetkey_protocol::time::Timestamp;

/// A registered client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// `client_id`.
    pub id: ClientId,
    /// The name that people see on the consent page.
    pub name: String,
    /// How it proves who it is at the token endpoint; [`Authentication::None`] makes it public.
    pub authentication: Authentication,
    /// What kind of app it is; native apps may use loopback redirects with any port (RFC 8252 §7.3).
    pub application_type: ApplicationType,
    /// The redirect URIs it may use.
    pub redirect_uris: Vec<RedirectUri>,
    /// Where the browser may go after sign-out (OpenID Connect RP-Initiated Logout §3).
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    /// The grant types it may use.
    pub grant_types: BTreeSet<GrantType>,
    /// The scope it may ask for.
    pub scope: Scope,
    /// The resource servers it may get tokens for; empty means each one whose scopes it may ask for.
    #[serde(default)]
    pub resources: BTreeSet<ResourceIndicator>,
    /// The resource server that this client is; it may introspect tokens of that audience (RFC 7662).
    #[serde(default)]
    pub introspects: BTreeSet<ResourceIndicator>,
    /// The JWS algorithm of its ID tokens.
    #[serde(default)]
    pub id_token_signed_response_alg: SigningAlg,
    /// Whether its code flow must use PKCE (RFC 9700 §2.1.1). Public clients always must.
    #[serde(default = "yes")]
    pub require_pkce: bool,
    /// Its public keys, for `private_key_jwt`, signed request objects and answers that are encrypted for it.
    #[serde(default)]
    pub keys: Option<ClientKeys>,
    /// What it registered as a relying party (OpenID Connect).
    #[serde(default)]
    pub openid: RelyingParty,
    /// What people are shown about it beside its name.
    #[serde(default)]
    pub presentation: Presentation,
    /// How it was registered, when it registered itself (RFC 7591).
    #[serde(default)]
    pub registration: Option<Registered>,
    /// Its OAuth 1.0a side (RFC 5849); `None` while that is off, as it is until somebody allows it.
    #[serde(default)]
    pub oauth1: Option<OAuth1>,
    /// Whose tokens it may exchange (RFC 8693); `None` for nobody's.
    #[serde(default)]
    pub exchange: Option<Exchange>,
    /// Until when the inspector may record its flows; `None` means never (outside `dev`).
    #[serde(default)]
    pub inspect_until: Option<Timestamp>,
    /// When it was registered.
    pub created_at: Timestamp,
}

const fn yes() -> bool {
    true
}

/// How a client authenticates at the token endpoint (RFC 6749 §2.3; names from RFC 7591 §2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "snake_case")]
pub enum Authentication {
    /// A public client: it has no secret.
    None,
    /// A secret, by HTTP Basic.
    ClientSecretBasic {
        /// SHA-256 of the secret.
        secret: SecretHash,
    },
    /// A secret, in the body.
    ClientSecretPost {
        /// SHA-256 of the secret.
        secret: SecretHash,
    },
    /// A secret, by HTTP Basic or in the body, as the client likes.
    ClientSecret {
        /// SHA-256 of the secret.
        secret: SecretHash,
    },
    /// A JWT with an HMAC under a secret that both know (RFC 7523 §2.2, OpenID Connect Core §9).
    ClientSecretJwt {
        /// The secret, which must be readable to check an HMAC.
        secret: SealedSecret,
    },
    /// A JWT signed with the client's own private key (RFC 7523 §2.2), to be checked with [`Client::keys`].
    PrivateKeyJwt,
}

/// Where a client's public keys are (RFC 7591 §2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientKeys {
    /// Here: a JWK set (RFC 7517 §5), as JSON text.
    Jwks(String),
    /// At an address of the client's.
    JwksUri(String),
}

/// The OAuth 1.0a side of a client (RFC 5849): its consumer key is the client id.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OAuth1 {
    /// The consumer secret, for HMAC-SHA1, HMAC-SHA256 and PLAINTEXT.
    #[serde(default)]
    pub secret: Option<SealedSecret>,
    /// The public key for RSA-SHA1 and RSA-SHA256: a SubjectPublicKeyInfo in DER.
    #[serde(default)]
    pub rsa_public_key: Option<Vec<u8>>,
    /// How long its token credentials last; `None`: until they are revoked.
    #[serde(default)]
    pub token_ttl_seconds: Option<i64>,
    /// When its token credentials stop working altogether, because its users have moved to OAuth 2.
    #[serde(default)]
    pub retires_at: Option<Timestamp>,
}

/// What a client may do by token exchange (RFC 8693). It may always exchange tokens for an API that it is itself
/// ([`Client::introspects`]).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// The clients whose access tokens it may exchange, beside those for an API that it is.
    #[serde(default)]
    pub subjects: BTreeSet<ClientId>,
    /// Whether it may get a token that does not name it as the actor (impersonation, RFC 8693 §1.1).
    #[serde(default)]
    pub may_impersonate: bool,
}

/// SHA-256 of a client secret. Enough for secrets of 256 random bits, which Valetkey makes.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretHash(pub [u8; 32]);

impl PartialEq for SecretHash {
    fn eq(&self, other: &Self) -> bool {
        constant_time_eq(&self.0, &other.0)
    }
}

impl Eq for SecretHash {}

impl std::fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

/// What kind of app a client is (RFC 6749 §2.1, RFC 8252, RFC 10017).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationType {
    /// Runs on a server.
    Web,
    /// Runs in the browser.
    SinglePage,
    /// Runs on a phone or desktop.
    Native,
    /// Has no person in front of it.
    Service,
}

/// A grant type by its wire name (RFC 6749 §1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// RFC 6749 §4.1.
    AuthorizationCode,
    /// RFC 6749 §6.
    RefreshToken,
    /// RFC 6749 §4.4.
    ClientCredentials,
    /// RFC 6749 §4.2. Off until allowed: RFC 9700 §2.1.2 advises against it.
    Implicit,
    /// RFC 6749 §4.3. Off until allowed: RFC 9700 §2.4 says that it must not be used.
    Password,
    /// RFC 8628.
    #[serde(rename = "urn:ietf:params:oauth:grant-type:device_code")]
    DeviceCode,
    /// RFC 8693.
    #[serde(rename = "urn:ietf:params:oauth:grant-type:token-exchange")]
    TokenExchange,
}

impl GrantType {
    /// The wire name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
            Self::Implicit => "implicit",
            Self::Password => "password",
            Self::DeviceCode => "urn:ietf:params:oauth:grant-type:device_code",
            Self::TokenExchange => "urn:ietf:params:oauth:grant-type:token-exchange",
        }
    }

    /// Every grant type.
    pub const ALL: [Self; 7] = [
        Self::AuthorizationCode,
        Self::RefreshToken,
        Self::ClientCredentials,
        Self::Implicit,
        Self::Password,
        Self::DeviceCode,
        Self::TokenExchange,
    ];
}

/// A signature algorithm of a client's choice. RS256 is what OpenID Connect Core §15.1 expects of all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SigningAlg {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    #[default]
    RS256,
    /// RSASSA-PSS with SHA-256.
    PS256,
    /// ECDSA on P-256 with SHA-256.
    ES256,
    /// ECDSA on P-384 with SHA-384.
    ES384,
    /// EdDSA on Curve25519 (RFC 9864).
    Ed25519,
}

impl SigningAlg {
    /// Every algorithm.
    pub const ALL: [Self; 5] = [Self::RS256, Self::PS256, Self::ES256, Self::ES384, Self::Ed25519];

    /// The JOSE name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::PS256 => "PS256",
            Self::ES256 => "ES256",
            Self::ES384 => "ES384",
            Self::Ed25519 => "Ed25519",
        }
    }

    /// The algorithm of that name; `EdDSA` is the older name of Ed25519 (RFC 9864).
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let name = if name == "EdDSA" { "Ed25519" } else { name };
        Self::ALL.into_iter().find(|alg| alg.as_str() == name)
    }
}

impl Client {
    /// Whether it has no way to prove who it is (RFC 6749 §2.1).
    #[must_use]
    pub const fn is_public(&self) -> bool {
        matches!(self.authentication, Authentication::None)
    }

    /// Whether it may use the grant type.
    #[must_use]
    pub fn may_use(&self, grant_type: GrantType) -> bool {
        self.grant_types.contains(&grant_type)
    }

    /// The JWK set that is kept here, as JSON text.
    #[must_use]
    pub fn jwks(&self) -> Option<&str> {
        match &self.keys {
            Some(ClientKeys::Jwks(jwks)) => Some(jwks),
            Some(ClientKeys::JwksUri(_)) | None => None,
        }
    }

    /// Whether its code flow must use PKCE.
    #[must_use]
    pub const fn must_use_pkce(&self) -> bool {
        self.require_pkce || self.is_public()
    }
}
