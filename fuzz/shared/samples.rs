//! The client, the policy and the grant that the targets share.

use valetkey_jose::hash::sha256;
use valetkey_model::client::{ApplicationType, Authentication, GrantType, SecretHash, SigningAlg};
use valetkey_model::grant::{CodeIssued, GrantState, GrantedBy};
use valetkey_model::relying_party::{Presentation, RelyingParty};
use valetkey_model::{Client, ClientId, Grant, GrantId, UserId};
use valetkey_protocol::acr::Acr;
use valetkey_protocol::claims_request::ClaimsRequest;
use valetkey_protocol::pkce::CodeChallenge;
use valetkey_protocol::redirect_uri::RedirectUri;
use valetkey_protocol::resource::ResourceIndicator;
use valetkey_protocol::scope::Scope;
use valetkey_protocol::time::Timestamp;
use valetkey_rules::{Policy, Resource, TokenFormat};

pub const NOW: Timestamp = Timestamp(1_800_000_000);
pub const REDIRECT: &str = "https://app.example/callback";
/// RFC 7636 appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const PHOTOS: &str = "https://photos.example";

fn photos() -> ResourceIndicator {
    ResourceIndicator::parse(PHOTOS).expect("it is a resource")
}

pub fn policy() -> Policy {
    Policy {
        resources: vec![Resource {
            indicator: photos(),
            name: "Photos".into(),
            token_format: TokenFormat::USUAL,
            scopes: [("photos.read".to_owned(), "See your photos".to_owned())].into(),
            access_token_ttl_seconds: None,
        }],
        ..Policy::new("https://as.example")
    }
}

pub fn client() -> Client {
    Client {
        id: ClientId::parse("app").expect("it is an id"),
        name: "App".into(),
        authentication: Authentication::ClientSecret {
            secret: SecretHash(sha256(b"secret")),
        },
        application_type: ApplicationType::Web,
        redirect_uris: vec![RedirectUri::parse(REDIRECT).expect("it is a redirect URI")],
        post_logout_redirect_uris: Vec::new(),
        grant_types: [GrantType::AuthorizationCode, GrantType::RefreshToken].into(),
        scope: Scope::parse("openid profile offline_access photos.read").expect("it is a scope"),
        resources: [].into(),
        introspects: [].into(),
        id_token_signed_response_alg: SigningAlg::RS256,
        require_pkce: true,
        keys: None,
        openid: RelyingParty::default(),
        presentation: Presentation::default(),
        registration: None,
        inspect_until: None,
        oauth1: None,
        exchange: None,
        created_at: NOW,
    }
}

pub fn code_grant() -> Grant {
    Grant {
        id: GrantId(uuid::Uuid::from_u128(0x69)),
        client: client().id,
        user: UserId(uuid::Uuid::from_u128(0xa11ce)),
        session: None,
        scope: Scope::parse("openid profile photos.read").expect("it is a scope"),
        resources: [photos()].into(),
        offline: false,
        auth_time: NOW,
        amr: vec!["pwd".into()],
        acr: Acr::OneFactor,
        sid: None,
        claims: ClaimsRequest::default(),
        nonce: None,
        created_at: NOW,
        expires_at: NOW.plus_seconds(3600),
        by: GrantedBy::AuthorizationCode,
        migrated_from: None,
        state: GrantState::CodeIssued(CodeIssued {
            redirect_uri: REDIRECT.into(),
            redirect_uri_was_given: true,
            code_challenge: Some(CodeChallenge::parse(CHALLENGE).expect("it is a challenge")),
            code_expires_at: NOW.plus_seconds(60),
        }),
    }
}
