//! The metadata documents (RFC 8414 §3, OpenID Connect Discovery §4) and the JWK set (RFC 7517 §5). What
//! does not work is not advertised.
//!
//! The document says what was configured, so it is written once, at the first request.

use crate::call::Call;
use crate::context::{App, Context};
use crate::published::Published;
use crate::{routes, wire_error};
use axum::extract::{Request, State};
use axum::response::Response;
use http::HeaderMap;
use valetkey_jose::Algorithm;
use valetkey_jose::jwe::{ContentEncryption, KeyManagement};
use valetkey_model::client::GrantType;
use valetkey_model::relying_party::SubjectType;
use valetkey_protocol::acr::Acr;
use valetkey_protocol::authorize::{ResponseMode, ResponseType};
use valetkey_protocol::claims::{Address, StandardClaims};
use valetkey_protocol::metadata::AuthorizationServer;
use valetkey_rules::register::RegistrationMode;

/// Answers both well-known addresses.
pub(crate) async fn document(State(app): State<App>, headers: HeaderMap) -> Response {
    let written = || Published::json(&metadata(&app));
    app.metadata.get_or_init(written).answer(&headers)
}

/// Answers `/jwks`.
pub(crate) async fn jwks(State(app): State<App>, request: Request) -> Response {
    match app.current_keys() {
        Ok(ring) => ring.jwks().answer(request.headers()),
        Err(error) => wire_error::json(&Call::new(&app, request.extensions()), &error.into()),
    }
}

fn metadata(app: &Context) -> AuthorizationServer {
    let (policy, links) = (app.policy(), &app.settings.links);
    AuthorizationServer {
        issuer: policy.issuer.clone(),
        authorization_endpoint: app.url(routes::AUTHORIZE),
        token_endpoint: app.url(routes::TOKEN),
        userinfo_endpoint: Some(app.url(routes::USERINFO)),
        jwks_uri: app.url(routes::JWKS),
        revocation_endpoint: Some(app.url(routes::REVOKE)),
        introspection_endpoint: Some(app.url(routes::INTROSPECT)),
        device_authorization_endpoint: Some(app.url(routes::DEVICE_AUTHORIZATION)),
        registration_endpoint: (policy.registration.mode != RegistrationMode::Off)
            .then(|| app.url(routes::REGISTER)),
        end_session_endpoint: Some(app.url(routes::END_SESSION)),
        check_session_iframe: Some(app.url(routes::CHECK_SESSION)),
        scopes_supported: policy.known_scope().words().map(str::to_owned).collect(),
        response_types_supported: texts(ResponseType::ALL.map(ResponseType::as_str)),
        response_modes_supported: texts(ResponseMode::ALL.map(ResponseMode::as_str)),
        grant_types_supported: texts(GrantType::ALL.map(GrantType::as_str)),
        acr_values_supported: texts(Acr::ALL.map(Acr::as_str)),
        subject_types_supported: texts([SubjectType::Public, SubjectType::Pairwise].map(SubjectType::as_str)),
        display_values_supported: texts(["page"]),
        claim_types_supported: texts(["normal"]),
        claims_supported: claims(),
        ui_locales_supported: texts(["en"]),
        prompt_values_supported: texts(["none", "login", "consent", "select_account"]),
        code_challenge_methods_supported: texts(["S256"]),
        authorization_response_iss_parameter_supported: true,
        claims_parameter_supported: true,
        request_parameter_supported: true,
        request_uri_parameter_supported: true,
        require_request_uri_registration: true,
        frontchannel_logout_supported: true,
        frontchannel_logout_session_supported: true,
        backchannel_logout_supported: true,
        backchannel_logout_session_supported: true,
        protected_resources: policy
            .resources
            .iter()
            .map(|resource| resource.indicator.to_string())
            .collect(),
        service_documentation: links.documentation_uri.clone(),
        op_policy_uri: links.policy_uri.clone(),
        op_tos_uri: links.tos_uri.clone(),
        ..of_crypto()
    }
}

/// How messages are signed and encrypted, and how clients prove who they are.
fn of_crypto() -> AuthorizationServer {
    let signing = || texts(Algorithm::ALL.map(Algorithm::as_str));
    let key_management = || texts(KeyManagement::ALL.map(KeyManagement::as_str));
    let content = || texts(ContentEncryption::ALL.map(ContentEncryption::as_str));
    AuthorizationServer {
        id_token_signing_alg_values_supported: signing(),
        id_token_encryption_alg_values_supported: key_management(),
        id_token_encryption_enc_values_supported: content(),
        userinfo_signing_alg_values_supported: signing(),
        userinfo_encryption_alg_values_supported: key_management(),
        userinfo_encryption_enc_values_supported: content(),
        request_object_signing_alg_values_supported: signing(),
        token_endpoint_auth_methods_supported: with_public(),
        token_endpoint_auth_signing_alg_values_supported: assertion_algorithms(),
        revocation_endpoint_auth_methods_supported: with_public(),
        revocation_endpoint_auth_signing_alg_values_supported: assertion_algorithms(),
        introspection_endpoint_auth_methods_supported: texts(PROVING),
        introspection_endpoint_auth_signing_alg_values_supported: assertion_algorithms(),
        ..AuthorizationServer::default()
    }
}

/// How a client proves who it is (names from RFC 7591 §2 and OpenID Connect Core §9).
const PROVING: [&str; 4] = [
    "client_secret_basic",
    "client_secret_post",
    "client_secret_jwt",
    "private_key_jwt",
];

fn with_public() -> Vec<String> {
    std::iter::once("none")
        .chain(PROVING)
        .map(str::to_owned)
        .collect()
}

/// What assertions may be signed with.
fn assertion_algorithms() -> Vec<String> {
    std::iter::once("HS256")
        .chain(Algorithm::ALL.map(Algorithm::as_str))
        .map(str::to_owned)
        .collect()
}

fn texts<const N: usize>(texts: [&str; N]) -> Vec<String> {
    texts.into_iter().map(str::to_owned).collect()
}

/// Every claim that an ID token or userinfo may hold: taken from the type itself, so that none is forgotten.
fn claims() -> Vec<String> {
    let some = || Some(String::new());
    let full = StandardClaims {
        name: some(),
        given_name: some(),
        family_name: some(),
        middle_name: some(),
        nickname: some(),
        preferred_username: some(),
        profile: some(),
        picture: some(),
        website: some(),
        gender: some(),
        birthdate: some(),
        zoneinfo: some(),
        locale: some(),
        updated_at: Some(0),
        email: some(),
        email_verified: Some(false),
        phone_number: some(),
        phone_number_verified: Some(false),
        address: Some(Address::default()),
    };
    let own = [
        "sub",
        "iss",
        "aud",
        "exp",
        "iat",
        "auth_time",
        "nonce",
        "acr",
        "amr",
        "sid",
        "at_hash",
        "c_hash",
    ];
    let standard = serde_json::to_value(full).unwrap_or_default();
    let standard = standard
        .as_object()
        .into_iter()
        .flat_map(|members| members.keys());
    own.into_iter()
        .map(str::to_owned)
        .chain(standard.cloned())
        .collect()
}
