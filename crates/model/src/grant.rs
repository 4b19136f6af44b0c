//! Grants: one row for what one person (through one flow) gave one client, through its whole life.
//!
//! `CodeIssued -> Active { generation } -> Revoked`. Codes and tokens are computed from the grant's id
//! and generation; none is stored.

use crate::ids::{ClientId, GrantId, SessionId, Sid, UserId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use valetkey_protocol::acr::Acr;
use valetkey_protocol::claims_request::ClaimsRequest;
use valetkey_protocol::pkce::CodeChallenge;
use valetkey_protocol::resource::ResourceIndicator;
use valetkey_protocol::scope::Scope;
use valetkey_protocol::time::Timestamp;

/// What a person gave a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Its name.
    pub id: GrantId,
    /// Who got it.
    pub client: ClientId,
    /// Who gave it.
    pub user: UserId,
    /// The sign-in session it came from; it ends with the session unless `offline`.
    pub session: Option<SessionId>,
    /// How it was given.
    pub by: GrantedBy,
    /// The OAuth 1.0a grant that it continues, when it came by a migration.
    pub migrated_from: Option<GrantId>,
    /// What was given.
    pub scope: Scope,
    /// For which APIs.
    pub resources: BTreeSet<ResourceIndicator>,
    /// Whether it outlives the session (`offline_access`, OpenID Connect Core §11).
    pub offline: bool,
    /// When the person signed in, for `auth_time`.
    pub auth_time: Timestamp,
    /// How the person signed in.
    pub amr: Vec<String>,
    /// How surely it was them.
    pub acr: Acr,
    /// The session's name to clients, for ID tokens.
    pub sid: Option<Sid>,
    /// The single claims that were asked for (OpenID Connect Core §5.5).
    pub claims: ClaimsRequest,
    /// The `nonce` of the request, for ID tokens.
    pub nonce: Option<String>,
    /// When it was given.
    pub created_at: Timestamp,
    /// When the whole grant ends, however often it is refreshed.
    pub expires_at: Timestamp,
    /// Where it stands.
    pub state: GrantState,
}

/// How a grant came about. Whichever protocol it was, a grant is a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantedBy {
    /// By a code (RFC 6749 §4.1).
    AuthorizationCode,
    /// By an access token straight from the authorization endpoint (RFC 6749 §4.2).
    Implicit,
    /// By the person's password in the client's hands (RFC 6749 §4.3).
    Password,
    /// On another device (RFC 8628).
    DeviceCode,
    /// By OAuth 1.0a (RFC 5849); its tokens are token credentials.
    #[serde(rename = "oauth1")]
    OAuth1,
    /// By exchanging OAuth 1.0a token credentials (RFC 8693).
    Migration,
}

impl GrantedBy {
    /// Every way.
    pub const ALL: [Self; 6] = [
        Self::AuthorizationCode,
        Self::Implicit,
        Self::Password,
        Self::DeviceCode,
        Self::OAuth1,
        Self::Migration,
    ];

    /// Its stored name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::Implicit => "implicit",
            Self::Password => "password",
            Self::DeviceCode => "device_code",
            Self::OAuth1 => "oauth1",
            Self::Migration => "migration",
        }
    }
}

/// Where a grant stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum GrantState {
    /// A code is out and was not redeemed yet.
    CodeIssued(CodeIssued),
    /// The code was redeemed; access and refresh tokens may be out.
    Active(Active),
    /// It is over.
    Revoked {
        /// Why.
        why: RevokedWhy,
        /// Since when.
        at: Timestamp,
    },
}

/// What a code is bound to (RFC 6749 §4.1.3, RFC 7636 §4.6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeIssued {
    /// The redirect URI it was sent to, as the client gave it.
    pub redirect_uri: String,
    /// Whether the authorization request named the redirect URI; then the token request must.
    pub redirect_uri_was_given: bool,
    /// The PKCE challenge.
    pub code_challenge: Option<CodeChallenge>,
    /// When the code stops working.
    pub code_expires_at: Timestamp,
}

/// A grant whose tokens are out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Active {
    /// Which refresh token is the current one: 1 after the code was redeemed, one more at each rotation.
    pub generation: u32,
    /// When that generation was issued.
    pub rotated_at: Timestamp,
    /// When the current refresh token stops working if it is not used.
    pub idle_expires_at: Timestamp,
}

/// Why a grant is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevokedWhy {
    /// The code was shown a second time (RFC 6749 §4.1.2).
    CodeReplayed,
    /// An old refresh token was shown again (RFC 9700 §4.14.2).
    RefreshTokenReused,
    /// The client asked (RFC 7009).
    ByClient,
    /// The person took it away on the account page.
    ByResourceOwner,
    /// The person signed out, and the grant was not an offline one.
    SignedOut,
    /// An administrator took it away.
    ByAdmin,
}

impl RevokedWhy {
    /// Its stored name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CodeReplayed => "code_replayed",
            Self::RefreshTokenReused => "refresh_token_reused",
            Self::ByClient => "by_client",
            Self::ByResourceOwner => "by_resource_owner",
            Self::SignedOut => "signed_out",
            Self::ByAdmin => "by_admin",
        }
    }
}

impl Grant {
    /// The code was redeemed: generation 1 is out.
    #[must_use]
    pub fn redeemed(self, active: Active) -> Self {
        Self {
            state: GrantState::Active(active),
            ..self
        }
    }

    /// The grant is over.
    #[must_use]
    pub fn revoked(self, why: RevokedWhy, at: Timestamp) -> Self {
        Self {
            state: GrantState::Revoked { why, at },
            ..self
        }
    }

    /// Whether tokens issued from it still count at `now`.
    #[must_use]
    pub fn is_active(&self, now: Timestamp) -> bool {
        matches!(self.state, GrantState::Active(_)) && now < self.expires_at
    }
}
