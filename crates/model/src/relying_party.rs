//! What a client registered as a relying party (OpenID Connect Registration §2, the logout specs §2), beside what OAuth
//! asks of it; and what people are shown about it.

use crate::client::SigningAlg;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use valetkey_protocol::authorize::ResponseType;
use valetkey_protocol::time::Timestamp;

/// See the module. The default is what a client gets that says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RelyingParty {
    /// The response types it may use; none named: those that its grant types allow.
    pub response_types: BTreeSet<ResponseType>,
    /// Whether people have one `sub` for all clients, or one for each sector.
    pub subject_type: SubjectType,
    /// The document that names all redirect URIs of its sector (Core §8.1).
    pub sector_identifier_uri: Option<String>,
    /// How its ID tokens are encrypted.
    pub id_token_encryption: Option<Encryption>,
    /// How its userinfo answers are signed; `None`: they are plain JSON.
    pub userinfo_signed_response_alg: Option<SigningAlg>,
    /// How its userinfo answers are encrypted.
    pub userinfo_encryption: Option<Encryption>,
    /// The one algorithm that its request objects must be signed with; `None`: any.
    pub request_object_signing_alg: Option<SigningAlg>,
    /// Whether it may ask only by a signed request object (RFC 9101 §10.5).
    pub require_signed_request_object: bool,
    /// The request objects that it may name by address (Core §6.2).
    pub request_uris: Vec<String>,
    /// The `max_age` of requests that name none.
    pub default_max_age_seconds: Option<i64>,
    /// Whether its ID tokens must carry `auth_time`. They always do.
    pub require_auth_time: bool,
    /// The `acr_values` of requests that name none.
    pub default_acr_values: Vec<String>,
    /// Where a sign-in can be begun by somebody else (Core §4).
    pub initiate_login_uri: Option<String>,
    /// What to load in the browser when the person signs out (Front-Channel Logout §2).
    pub frontchannel_logout: Option<LogoutUri>,
    /// What to send a logout token to (Back-Channel Logout §2.2).
    pub backchannel_logout: Option<LogoutUri>,
    /// The one algorithm of its client assertions; `None`: any.
    pub token_endpoint_auth_signing_alg: Option<String>,
}

/// Whether people have one `sub` for all clients (Core §8).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectType {
    /// One for all.
    #[default]
    Public,
    /// One for each sector, so that clients cannot compare notes.
    Pairwise,
}

impl SubjectType {
    /// The value of `subject_type`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Pairwise => "pairwise",
        }
    }
}

/// How a JWT for the client is encrypted: JOSE names, which whoever registers a client has checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Encryption {
    /// How the content key travels, as `RSA-OAEP-256`.
    pub alg: String,
    /// How the content is encrypted, as `A256GCM`.
    pub enc: String,
}

/// Where a client wants to hear of a sign-out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogoutUri {
    /// The address.
    pub uri: String,
    /// Whether it needs to be told which session, by `sid`.
    #[serde(default)]
    pub session_required: bool,
}

/// What people are shown about a client beside its name (RFC 7591 §2).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Presentation {
    /// Its logo.
    pub logo_uri: Option<String>,
    /// Its own page.
    pub client_uri: Option<String>,
    /// How it treats what it learns.
    pub policy_uri: Option<String>,
    /// Its terms of service.
    pub tos_uri: Option<String>,
    /// Who answers for it: e-mail addresses.
    pub contacts: Vec<String>,
}

/// How a client came to be registered that registered itself (RFC 7591).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registered {
    /// When it was last written by its registration access token.
    pub updated_at: Option<Timestamp>,
    /// The `jti` of the initial access token, when it took one.
    pub initial_access_token: Option<String>,
    /// `software_id`.
    pub software_id: Option<String>,
    /// `software_version`.
    pub software_version: Option<String>,
    /// Whether several registrants share it, because all of them registered the very same; then nobody manages it.
    #[serde(default)]
    pub shared: bool,
    /// When it used what leaves no trace (a token for itself), as of some days: a client that is used is not forgotten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_at: Option<Timestamp>,
}
