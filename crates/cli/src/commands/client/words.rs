//! The words of the command line for what a client is and may do, and what they mean in the model.

use clap::ValueEnum;
use valetkey_model::client::{ApplicationType, GrantType, SigningAlg};
use valetkey_model::grant::GrantedBy;

/// What kind of app it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Type {
    /// Runs on a server, has a secret.
    Web,
    /// Runs in the browser, has none.
    SinglePage,
    /// Runs on a phone, a desktop or another device, has none.
    Native,
    /// Acts for itself, without a person, or asks about tokens as an API.
    Service,
}

impl Type {
    pub(super) const fn application_type(self) -> ApplicationType {
        match self {
            Self::Web => ApplicationType::Web,
            Self::SinglePage => ApplicationType::SinglePage,
            Self::Native => ApplicationType::Native,
            Self::Service => ApplicationType::Service,
        }
    }
}

/// A grant type that nobody advises against, by its wire name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(super) enum Grant {
    AuthorizationCode,
    RefreshToken,
    ClientCredentials,
}

impl Grant {
    pub(super) const fn grant_type(self) -> GrantType {
        match self {
            Self::AuthorizationCode => GrantType::AuthorizationCode,
            Self::RefreshToken => GrantType::RefreshToken,
            Self::ClientCredentials => GrantType::ClientCredentials,
        }
    }
}

/// What can be allowed: a grant type, or OAuth 1.0a.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(super) enum What {
    /// An access token straight from the authorization endpoint; advised against.
    Implicit,
    /// The person's password in the app's hands; advised against.
    Password,
    /// The person answers on another device (RFC 8628).
    #[value(alias("urn:ietf:params:oauth:grant-type:device_code"))]
    DeviceCode,
    /// A token for another (RFC 8693).
    #[value(alias("urn:ietf:params:oauth:grant-type:token-exchange"))]
    TokenExchange,
    /// OAuth 1.0a (RFC 5849), until the app has moved to OAuth 2.
    #[value(name = "oauth1")]
    OAuth1,
    /// The browser comes back with a code.
    AuthorizationCode,
    /// New access tokens without the person.
    RefreshToken,
    /// The client acts for itself.
    ClientCredentials,
}

impl What {
    /// The grant type; OAuth 1.0a is none.
    pub(super) const fn grant_type(self) -> Option<GrantType> {
        Some(match self {
            Self::Implicit => GrantType::Implicit,
            Self::Password => GrantType::Password,
            Self::DeviceCode => GrantType::DeviceCode,
            Self::TokenExchange => GrantType::TokenExchange,
            Self::AuthorizationCode => GrantType::AuthorizationCode,
            Self::RefreshToken => GrantType::RefreshToken,
            Self::ClientCredentials => GrantType::ClientCredentials,
            Self::OAuth1 => return None,
        })
    }

    /// As people write it.
    pub(super) const fn word(self) -> &'static str {
        match self.grant_type() {
            Some(grant_type) => short_name(grant_type),
            None => "oauth1",
        }
    }

    /// Whether a person can answer without a redirect URI.
    pub(super) const fn needs_no_redirect(self) -> bool {
        matches!(self, Self::Password | Self::DeviceCode | Self::OAuth1)
    }
}

/// A grant type as people write it: the wire name, without what stands before the last colon.
pub(super) const fn short_name(grant_type: GrantType) -> &'static str {
    match grant_type {
        GrantType::DeviceCode => "device_code",
        GrantType::TokenExchange => "token_exchange",
        other => other.as_str(),
    }
}

/// How a grant came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(super) enum Way {
    AuthorizationCode,
    Implicit,
    Password,
    DeviceCode,
    #[value(name = "oauth1")]
    OAuth1,
    /// By exchanging OAuth 1.0a token credentials.
    Migration,
}

impl Way {
    pub(super) const fn granted_by(self) -> GrantedBy {
        match self {
            Self::AuthorizationCode => GrantedBy::AuthorizationCode,
            Self::Implicit => GrantedBy::Implicit,
            Self::Password => GrantedBy::Password,
            Self::DeviceCode => GrantedBy::DeviceCode,
            Self::OAuth1 => GrantedBy::OAuth1,
            Self::Migration => GrantedBy::Migration,
        }
    }
}

/// How a client authenticates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(super) enum Method {
    /// A secret in the Authorization header.
    ClientSecretBasic,
    /// A secret in the body.
    ClientSecretPost,
    /// A secret in either.
    Any,
    /// A JWT with an HMAC under a secret, which the server keeps sealed (RFC 7523).
    ClientSecretJwt,
    /// A JWT signed with the client's own key (RFC 7523); needs --jwks.
    PrivateKeyJwt,
    /// Nothing: a public client.
    None,
}

/// The algorithm of ID tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Alg {
    #[value(name = "RS256")]
    RS256,
    #[value(name = "PS256")]
    PS256,
    #[value(name = "ES256")]
    ES256,
    #[value(name = "ES384")]
    ES384,
    #[value(name = "Ed25519")]
    Ed25519,
}

impl Alg {
    pub(super) const fn id_token_alg(self) -> SigningAlg {
        match self {
            Self::RS256 => SigningAlg::RS256,
            Self::PS256 => SigningAlg::PS256,
            Self::ES256 => SigningAlg::ES256,
            Self::ES384 => SigningAlg::ES384,
            Self::Ed25519 => SigningAlg::Ed25519,
        }
    }
}
