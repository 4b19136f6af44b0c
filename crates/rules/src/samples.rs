//! Clients, grants and the rest for this crate's tests: the actors of the README.

use crate::issue::AccessTokenClaims;
use crate::policy::{Policy, Resource, TokenFormat};
use crate::token::Issue;
use uuid::Uuid;
use valetkey_jose::hash::sha256;
use valetkey_model::Sid;
use valetkey_model::client::{ApplicationType, Authentication, GrantType, SecretHash, SigningAlg};
use valetkey_model::grant::{Active, CodeIssued, GrantState, GrantedBy};
use valetkey_model::relying_party::{Presentation, RelyingParty};
use valetkey_model::session::SignedInFrom;
use valetkey_model::{Client, ClientId, Consent, Grant, GrantId, Session, SessionId, UserId};
use valetkey_protocol::acr::Acr;
use valetkey_protocol::claims_request::ClaimsRequest;
use valetkey_protocol::pkce::CodeChallenge;
use valetkey_protocol::redirect_uri::RedirectUri;
use valetkey_protocol::resource::ResourceIndicator;
use valetkey_protocol::scope::Scope;
use valetkey_protocol::time::Timestamp;

pub(crate) const NOW: Timestamp = Timestamp(1_800_000_000);
pub(crate) const ISSUER: &str = "https://as.example";
pub(crate) const PHOTOS: &str = "https://photos.example";
pub(crate) const CALENDAR: &str = "https://calendar.example";
pub(crate) const REDIRECT: &str = "https://app.example/callback";
pub(crate) const SECRET: &str = "mysweetapp-secret";
/// RFC 7636 appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// RFC 7636 appendix B.
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub(crate) fn scope(text: &str) -> Scope {
    Scope::parse(text).unwrap()
}

pub(crate) fn resource(text: &str) -> ResourceIndicator {
    ResourceIndicator::parse(text).unwrap()
}

fn api(indicator: &str, scopes: &[&str], token_format: TokenFormat) -> Resource {
    Resource {
        indicator: resource(indicator),
        name: indicator.to_owned(),
        token_format,
        scopes: scopes
            .iter()
            .map(|&word| (word.to_owned(), format!("Use {word}")))
            .collect(),
        access_token_ttl_seconds: None,
    }
}

pub(crate) fn policy() -> Policy {
    Policy {
        resources: vec![
            api(PHOTOS, &["photos.read", "photos.write"], TokenFormat::USUAL),
            api(CALENDAR, &["calendar.read"], TokenFormat::Opaque),
        ],
        ..Policy::new(ISSUER)
    }
}

fn secret_hash() -> SecretHash {
    SecretHash(sha256(SECRET.as_bytes()))
}

/// Confidential, on a server.
pub(crate) fn web_client() -> Client {
    Client {
        id: ClientId::parse("mysweetapp").unwrap(),
        name: "MySweetApp".into(),
        authentication: Authentication::ClientSecretBasic {
            secret: secret_hash(),
        },
        application_type: ApplicationType::Web,
        redirect_uris: vec![RedirectUri::parse(REDIRECT).unwrap()],
        post_logout_redirect_uris: Vec::new(),
        grant_types: [GrantType::AuthorizationCode, GrantType::RefreshToken].into(),
        scope: scope("openid profile email offline_access photos.read photos.write calendar.read"),
        resources: [].into(),
        introspects: [].into(),
        id_token_signed_response_alg: SigningAlg::RS256,
        require_pkce: true,
        keys: None,
        openid: RelyingParty::default(),
        presentation: Presentation::default(),
        registration: None,
        oauth1: None,
        exchange: None,
        inspect_until: None,
        created_at: NOW,
    }
}

/// Public, on a phone or desktop.
pub(crate) fn native_client() -> Client {
    Client {
        id: ClientId::parse("mysweetcli").unwrap(),
        authentication: Authentication::None,
        application_type: ApplicationType::Native,
        redirect_uris: vec![RedirectUri::parse("http://127.0.0.1/callback").unwrap()],
        ..web_client()
    }
}

/// Public, in the browser.
pub(crate) fn browser_client() -> Client {
    Client {
        id: ClientId::parse("mysweetspa").unwrap(),
        application_type: ApplicationType::SinglePage,
        redirect_uris: vec![RedirectUri::parse("https://spa.example/").unwrap()],
        ..native_client()
    }
}

/// Confidential, with nobody in front of it.
pub(crate) fn service_client() -> Client {
    Client {
        id: ClientId::parse("photo-backup").unwrap(),
        authentication: Authentication::ClientSecretPost {
            secret: secret_hash(),
        },
        application_type: ApplicationType::Service,
        redirect_uris: Vec::new(),
        grant_types: [GrantType::ClientCredentials].into(),
        scope: scope("photos.read"),
        ..web_client()
    }
}

pub(crate) fn user() -> UserId {
    UserId(Uuid::from_u128(0xa11ce))
}

pub(crate) fn session() -> Session {
    Session {
        id: SessionId(Uuid::from_u128(0x5e55)),
        sid: Sid(Uuid::from_u128(0x51d)),
        user: user(),
        auth_time: NOW.plus_seconds(-600),
        amr: vec!["pwd".into()],
        acr: Acr::OneFactor,
        from: SignedInFrom::default(),
        created_at: NOW.plus_seconds(-600),
        expires_at: NOW.plus_seconds(3600),
    }
}

pub(crate) fn remembered(text: &str, resources: &[&str]) -> Consent {
    Consent {
        user: user(),
        client: web_client().id,
        scope: scope(text),
        resources: resources.iter().map(|text| resource(text)).collect(),
        granted_at: NOW.plus_seconds(-86_400),
    }
}

/// Alice's grant to MySweetApp, its code just sent.
pub(crate) fn code_grant() -> Grant {
    Grant {
        id: GrantId(Uuid::from_u128(0x69)),
        client: web_client().id,
        user: user(),
        session: Some(session().id),
        by: GrantedBy::AuthorizationCode,
        migrated_from: None,
        scope: scope("openid profile photos.read"),
        resources: [resource(PHOTOS)].into(),
        offline: false,
        auth_time: session().auth_time,
        amr: vec!["pwd".into()],
        acr: Acr::OneFactor,
        sid: None,
        claims: ClaimsRequest::default(),
        nonce: Some("n-1".into()),
        created_at: NOW,
        expires_at: NOW.plus_seconds(policy().grant_ttl_seconds),
        state: GrantState::CodeIssued(CodeIssued {
            redirect_uri: REDIRECT.into(),
            redirect_uri_was_given: true,
            code_challenge: Some(CodeChallenge::parse(CHALLENGE).unwrap()),
            code_expires_at: NOW.plus_seconds(policy().code_ttl_seconds),
        }),
    }
}

/// The same, its code redeemed at [`NOW`].
pub(crate) fn active_grant() -> Grant {
    code_grant().redeemed(Active {
        generation: 1,
        rotated_at: NOW,
        idle_expires_at: NOW.plus_seconds(policy().refresh_idle_ttl_seconds),
    })
}

pub(crate) fn issue() -> Issue {
    Issue {
        scope: scope("openid profile photos.read"),
        audience: Some(resource(PHOTOS)),
        format: TokenFormat::USUAL,
        ttl_seconds: 300,
        refresh_token: true,
        id_token: true,
    }
}

pub(crate) fn access_claims() -> AccessTokenClaims {
    let grant = active_grant();
    crate::issue::access_token(
        &issue(),
        crate::issue::Subject::Person {
            grant: &grant,
            sub: &user().to_string(),
        },
        &policy(),
        [9; 16],
        NOW,
    )
}
