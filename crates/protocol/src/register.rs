//! Client registration on the wire (OpenID Connect Registration §2 to §4, RFC 7591 §2 and §3, RFC 7592 §2): what a client
//! says of itself, and what it is answered.
//!
//! A member that is known must be of its type; others, and those with a language (`client_name#ja`), are ignored
//! (RFC 7591 §2). `null` is the same as nothing (RFC 7592 §2.2). Whether a value is any good is not judged here: that is
//! `rules::register`.

mod member;
#[cfg(test)]
mod tests;

use crate::secret::{ClientSecret, RegistrationAccessToken};
use crate::time::Timestamp;
use member::{Members, take};
use serde::Serialize;
use serde_json::{Map, Value};

/// The registration request cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Not one JSON object.
    #[error("the body is no JSON object: {0}")]
    NotObject(String),
    /// A member is of another type.
    #[error("{member} must be {kind}")]
    Type {
        /// Which.
        member: &'static str,
        /// What it must be.
        kind: &'static str,
    },
}

macro_rules! metadata {
    ($($(#[$doc:meta])* $name:ident: $kind:ty,)*) => {
        /// What a client says of itself, and what is stored of that. `None`: it did not say.
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
        pub struct ClientMetadata {
            $($(#[$doc])* #[serde(skip_serializing_if = "Option::is_none")] pub $name: Option<$kind>,)*
        }

        impl ClientMetadata {
            /// The names of all members.
            pub const MEMBERS: &'static [&'static str] = &[$(stringify!($name)),*];

            fn read(members: &mut Members) -> Result<Self, Unreadable> {
                Ok(Self { $($name: take(members, stringify!($name))?,)* })
            }

            /// Takes over whatever the other one says.
            pub fn overlay(&mut self, other: Self) {
                $(if other.$name.is_some() { self.$name = other.$name; })*
            }
        }
    };
}

metadata! {
    /// Where the browser comes back to.
    redirect_uris: Vec<String>,
    /// Which response types it may use.
    response_types: Vec<String>,
    /// Which grant types it may use.
    grant_types: Vec<String>,
    /// `web` or `native`.
    application_type: String,
    /// Who answers for it.
    contacts: Vec<String>,
    /// What people call it.
    client_name: String,
    /// Its logo.
    logo_uri: String,
    /// Its own page.
    client_uri: String,
    /// How it treats what it learns.
    policy_uri: String,
    /// Its terms of service.
    tos_uri: String,
    /// Where its public keys are.
    jwks_uri: String,
    /// Its public keys.
    jwks: Map<String, Value>,
    /// The document that names all redirect URIs of its sector.
    sector_identifier_uri: String,
    /// `public` or `pairwise`.
    subject_type: String,
    /// How its ID tokens are signed.
    id_token_signed_response_alg: String,
    /// How the content key of its ID tokens travels.
    id_token_encrypted_response_alg: String,
    /// How its ID tokens are encrypted.
    id_token_encrypted_response_enc: String,
    /// How its userinfo answers are signed.
    userinfo_signed_response_alg: String,
    /// How the content key of its userinfo answers travels.
    userinfo_encrypted_response_alg: String,
    /// How its userinfo answers are encrypted.
    userinfo_encrypted_response_enc: String,
    /// How its request objects are signed.
    request_object_signing_alg: String,
    /// How the content key of its request objects travels.
    request_object_encryption_alg: String,
    /// How its request objects are encrypted.
    request_object_encryption_enc: String,
    /// How it proves who it is.
    token_endpoint_auth_method: String,
    /// How its client assertions are signed.
    token_endpoint_auth_signing_alg: String,
    /// The `max_age` of requests that name none, in seconds.
    default_max_age: i64,
    /// Whether its ID tokens must carry `auth_time`.
    require_auth_time: bool,
    /// The `acr_values` of requests that name none.
    default_acr_values: Vec<String>,
    /// Where somebody else can begin a sign-in (OpenID Connect Core §4).
    initiate_login_uri: String,
    /// The request objects that it may name by address.
    request_uris: Vec<String>,
    /// Whether it may ask only by a signed request object (RFC 9101 §10.5).
    require_signed_request_object: bool,
    /// Where the browser may go after sign-out (RP-Initiated Logout §3.1).
    post_logout_redirect_uris: Vec<String>,
    /// What the browser loads when the person signs out (Front-Channel Logout §2).
    frontchannel_logout_uri: String,
    /// Whether `iss` and `sid` must go along.
    frontchannel_logout_session_required: bool,
    /// What gets a logout token (Back-Channel Logout §2.2).
    backchannel_logout_uri: String,
    /// Whether `sid` must stand in it.
    backchannel_logout_session_required: bool,
    /// The scope it may ask for (RFC 7591 §2).
    scope: String,
    /// Which software it is, whoever runs it.
    software_id: String,
    /// Which version of that.
    software_version: String,
    /// What somebody else states about it, signed (RFC 7591 §2.3).
    software_statement: String,
}

/// Members that RFC 7592 §2.2 speaks of beside the metadata.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reserved {
    /// `client_id`: an update must say whom it is about.
    pub client_id: Option<String>,
    /// `client_secret`: if it is there, it must be the client's.
    pub client_secret: Option<ClientSecret>,
    /// The first member that an update must not hold, when there is one.
    pub not_to_be_sent: Option<&'static str>,
}

/// The members that the server alone decides (RFC 7592 §2.2).
const SERVERS_OWN: [&str; 4] = [
    "registration_access_token",
    "registration_client_uri",
    "client_secret_expires_at",
    "client_id_issued_at",
];

/// A registration or an update as received.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// What the client says of itself.
    pub metadata: ClientMetadata,
    /// What else an update says.
    pub reserved: Reserved,
}

impl Request {
    /// Reads the body. No member may stand in it twice.
    ///
    /// # Errors
    /// When it is no JSON object, or a known member is of another type.
    pub fn parse(body: &[u8]) -> Result<Self, Unreadable> {
        let mut members = Members::parse(body)?;
        Ok(Self {
            metadata: ClientMetadata::read(&mut members)?,
            reserved: Reserved {
                client_id: take(&mut members, "client_id")?,
                client_secret: take::<String>(&mut members, "client_secret")?.map(ClientSecret::new),
                not_to_be_sent: SERVERS_OWN.into_iter().find(|name| members.has(name)),
            },
        })
    }
}

impl ClientMetadata {
    /// Reads metadata that is at hand as JSON.
    ///
    /// # Errors
    /// When a known member is of another type.
    pub fn from_members(members: Map<String, Value>) -> Result<Self, Unreadable> {
        Self::read(&mut Members::from(members))
    }

    /// As JSON, without what it did not say.
    #[must_use]
    pub fn to_members(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(members)) => members,
            _ => Map::new(),
        }
    }
}

/// The answer: the client as it is stored (RFC 7591 §3.2.1, RFC 7592 §3). Sent with `Cache-Control: no-store`.
#[derive(Debug, Clone)]
pub struct Response {
    /// Its id.
    pub client_id: String,
    /// When it was registered.
    pub client_id_issued_at: Timestamp,
    /// Its secret, in the answer that made it and never again: only its hash is kept.
    pub client_secret: Option<ClientSecret>,
    /// What lets it read and change its registration; none where nobody may.
    pub registration_access_token: Option<RegistrationAccessToken>,
    /// Where it does that.
    pub registration_client_uri: Option<String>,
    /// All that is stored, defaults included.
    pub metadata: ClientMetadata,
}

impl Response {
    /// The JSON body. A secret never expires: `client_secret_expires_at` is 0.
    #[must_use]
    pub fn to_json(&self) -> String {
        #[derive(Serialize)]
        struct Body<'a> {
            client_id: &'a str,
            client_id_issued_at: Timestamp,
            #[serde(skip_serializing_if = "Option::is_none")]
            client_secret: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            client_secret_expires_at: Option<u8>,
            #[serde(skip_serializing_if = "Option::is_none")]
            registration_access_token: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            registration_client_uri: Option<&'a str>,
            #[serde(flatten)]
            metadata: &'a ClientMetadata,
        }
        let secret = self.client_secret.as_ref();
        let token = self.registration_access_token.as_ref();
        let body = Body {
            client_id: &self.client_id,
            client_id_issued_at: self.client_id_issued_at,
            client_secret: secret.map(ClientSecret::expose),
            client_secret_expires_at: secret.map(|_| 0),
            registration_access_token: token.map(RegistrationAccessToken::expose),
            registration_client_uri: self.registration_client_uri.as_deref(),
            metadata: &self.metadata,
        };
        serde_json::to_string(&body).unwrap_or_default()
    }
}
