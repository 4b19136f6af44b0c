//! What an operator lets clients do that register themselves.

use std::collections::BTreeSet;
use valetkey_model::client::GrantType;
use valetkey_protocol::scope::Scope;

const DAY: i64 = 24 * 3600;

/// Who may register a client (RFC 7591 §3).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RegistrationMode {
    /// The operator alone.
    #[default]
    Off,
    /// Whoever has an initial access token that the operator made.
    InitialAccessToken,
    /// Anybody, within the limits.
    Open,
}

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistrationPolicy {
    /// Who may register.
    pub mode: RegistrationMode,
    /// The scope that registered clients may ask for, and get when they name none.
    pub scope: Scope,
    /// The grant types that they may use. `implicit` follows from [`Self::allow_front_channel`]; `password` and token
    /// exchange are an operator's to give.
    pub grant_types: BTreeSet<GrantType>,
    /// Whether they may have tokens sent through the browser (RFC 9700 §2.1.2 advises against it).
    pub allow_front_channel: bool,
    /// Whether those with a secret or a key must use PKCE, too (RFC 9700 §2.1.1).
    pub require_pkce_of_confidential_clients: bool,
    /// How many registrations one network address may send in the window of the login throttle, without an initial
    /// access token.
    pub requests_per_address: u32,
    /// How many registered clients there may be.
    pub clients_most: u64,
    /// For how long a registered client is kept that nobody has used.
    pub unused_ttl_seconds: i64,
    /// Whether public clients that register the very same share one client, which then nobody can change.
    pub deduplicate: bool,
}

impl Default for RegistrationPolicy {
    fn default() -> Self {
        Self {
            mode: RegistrationMode::Off,
            scope: crate::policy::personal_scope(),
            grant_types: [GrantType::AuthorizationCode, GrantType::RefreshToken].into(),
            allow_front_channel: false,
            require_pkce_of_confidential_clients: true,
            requests_per_address: 20,
            clients_most: 10_000,
            unused_ttl_seconds: 30 * DAY,
            deduplicate: false,
        }
    }
}

impl RegistrationPolicy {
    /// Whether a registered client may use the grant type.
    #[must_use]
    pub fn gives(&self, grant_type: GrantType) -> bool {
        match grant_type {
            GrantType::Password | GrantType::TokenExchange => false,
            GrantType::Implicit => self.allow_front_channel,
            other => self.grant_types.contains(&other),
        }
    }
}
