//! The metadata documents (RFC 8414 §3, OpenID Connect Discovery §4) and the JWK set (RFC 7517 §5). What
//! does not work is not advertised.

use crate::context::{App, Context};
use crate::keys::ALGORITHMS;
use crate::routes;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderValue, header};
use valetkey_jose::Algorithm;
use valetkey_model::client::GrantType;
use valetkey_protocol::claims::{Address, StandardClaims};
use valetkey_protocol::metadata::AuthorizationServer;

/// How long a document may be kept. Keys that retire stay in the set for longer than this.
const CACHE: &str = "public, max-age=300";

/// Answers both well-known addresses.
pub(crate) async fn document(State(app): State<App>) -> Response {
    json(serde_json::to_string(&metadata(&app)).unwrap_or_default())
}

/// Answers `/jwks`.
pub(crate) async fn jwks(State(app): State<App>) -> Response {
    json(app.keys.current().jwks().to_owned())
}

fn json(body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(CACHE));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    response
}

fn metadata(app: &Context) -> AuthorizationServer {
    let policy = app.policy();
    AuthorizationServer {
        issuer: policy.issuer.clone(),
        authorization_endpoint: app.url(routes::AUTHORIZE),
        token_endpoint: app.url(routes::TOKEN),
        userinfo_endpoint: Some(app.url(routes::USERINFO)),
        jwks_uri: app.url(routes::JWKS),
        revocation_endpoint: Some(app.url(routes::REVOKE)),
        introspection_endpoint: Some(app.url(routes::INTROSPECT)),
        device_authorization_endpoint: Some(app.url(routes::DEVICE_AUTHORIZATION)),
        scopes_supported: policy.known_scope().words().map(str::to_owned).collect(),
        response_types_supported: texts(["code", "token"]),
        response_modes_supported: texts(["query", "fragment"]),
        grant_types_supported: GrantType::ALL
            .iter()
            .map(|grant_type| grant_type.as_str().to_owned())
            .collect(),
        subject_types_supported: texts(["public"]),
        id_token_signing_alg_values_supported: texts(ALGORITHMS.map(Algorithm::as_str)),
        token_endpoint_auth_methods_supported: with_public(),
        token_endpoint_auth_signing_alg_values_supported: assertion_algorithms(),
        revocation_endpoint_auth_methods_supported: with_public(),
        introspection_endpoint_auth_methods_supported: texts(PROVING),
        code_challenge_methods_supported: texts(["S256"]),
        claims_supported: claims(),
        prompt_values_supported: texts(["none", "login", "consent", "select_account"]),
        authorization_response_iss_parameter_supported: true,
        claims_parameter_supported: false,
        request_parameter_supported: false,
        request_uri_parameter_supported: false,
        protected_resources: policy
            .resources
            .iter()
            .map(|resource| resource.indicator.to_string())
            .collect(),
        service_documentation: None,
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
        "at_hash",
        "amr",
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
