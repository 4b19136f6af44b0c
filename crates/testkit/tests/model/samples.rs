//! The grant, its client and the requests of the model.

use uuid::Uuid;
use valetkey_model::client::{ApplicationType, Authentication, GrantType, SigningAlg};
use valetkey_model::grant::{Active, CodeIssued, GrantState, GrantedBy};
use valetkey_model::relying_party::{Presentation, RelyingParty};
use valetkey_model::{Client, ClientId, Grant, GrantId, SessionId, UserId};
use valetkey_protocol::acr::Acr;
use valetkey_protocol::claims_request::ClaimsRequest;
use valetkey_protocol::redirect_uri::RedirectUri;
use valetkey_protocol::scope::Scope;
use valetkey_protocol::time::Timestamp;
use valetkey_protocol::token::Request;
use valetkey_rules::policy::Policy;

pub(super) const START: Timestamp = Timestamp(1_800_000_000);
const REDIRECT: &str = "https://app.example/callback";

/// Lifetimes that lie apart: a retry within ten seconds, a code for a minute, five idle minutes, ten in all.
pub(super) fn policy() -> Policy {
    Policy {
        refresh_retry_window_seconds: 10,
        code_ttl_seconds: 60,
        refresh_idle_ttl_seconds: 300,
        grant_ttl_seconds: 600,
        ..Policy::new("https://as.example")
    }
}

pub(super) fn client() -> Client {
    Client {
        id: ClientId::parse("mysweetapp").unwrap(),
        name: "MySweetApp".into(),
        authentication: Authentication::None,
        application_type: ApplicationType::Web,
        redirect_uris: vec![RedirectUri::parse(REDIRECT).unwrap()],
        post_logout_redirect_uris: Vec::new(),
        grant_types: [GrantType::AuthorizationCode, GrantType::RefreshToken].into(),
        scope: Scope::parse("openid").unwrap(),
        resources: [].into(),
        introspects: [].into(),
        id_token_signed_response_alg: SigningAlg::RS256,
        require_pkce: false,
        keys: None,
        openid: RelyingParty::default(),
        presentation: Presentation::default(),
        registration: None,
        oauth1: None,
        exchange: None,
        inspect_until: None,
        created_at: START,
    }
}

pub(super) fn other_client() -> Client {
    Client {
        id: ClientId::parse("evil").unwrap(),
        ..client()
    }
}

/// Its code has just been sent.
pub(super) fn grant(policy: &Policy) -> Grant {
    Grant {
        id: GrantId(Uuid::from_u128(0x69)),
        client: client().id,
        user: UserId(Uuid::from_u128(0xa11ce)),
        session: Some(SessionId(Uuid::from_u128(0x5e55))),
        by: GrantedBy::AuthorizationCode,
        migrated_from: None,
        scope: Scope::parse("openid").unwrap(),
        resources: [].into(),
        offline: false,
        auth_time: START,
        amr: vec!["pwd".into()],
        acr: Acr::OneFactor,
        sid: None,
        claims: ClaimsRequest::default(),
        nonce: None,
        created_at: START,
        expires_at: START.plus_seconds(policy.grant_ttl_seconds),
        state: GrantState::CodeIssued(CodeIssued {
            redirect_uri: REDIRECT.into(),
            redirect_uri_was_given: true,
            code_challenge: None,
            code_expires_at: START.plus_seconds(policy.code_ttl_seconds),
        }),
    }
}

/// The same, refreshed once: refresh tokens of two generations are out.
pub(super) fn refreshed(policy: &Policy) -> GrantState {
    GrantState::Active(Active {
        generation: 2,
        rotated_at: START,
        idle_expires_at: START.plus_seconds(policy.refresh_idle_ttl_seconds),
    })
}

pub(super) fn code_request() -> Request {
    Request {
        redirect_uri: Some(REDIRECT.into()),
        ..Request::default()
    }
}

pub(super) fn refresh_request() -> Request {
    Request::default()
}
