//! Every path of the server, once. Those that pages link to stand in [`crate::pages::paths`].

pub use crate::pages::paths::*;

use crate::context::App;
use crate::endpoints::{
    account, account_delete, account_email, account_passkeys, account_password, account_profile,
    account_providers, account_second_factor, account_sessions, authorize, check_session, client_logo,
    consent, device, device_authorization, end_session, forgot_password, health, introspect, login,
    login_passkey, login_provider, login_second_factor, logout, metadata, oauth1, register, reset_password,
    revoke, sign_up, token, userinfo, verify_email, webfinger,
};
use crate::pages::{self, Site};
use crate::settings::Inspect;
use crate::{csrf, guard, inspector};
use axum::Router;
use axum::response::Redirect;
use axum::routing::{get, post};
use std::sync::Arc;

/// The authorization endpoint (RFC 6749 §3.1).
pub const AUTHORIZE: &str = "/authorize";
/// Sign-out that a client asks for (OpenID Connect RP-Initiated Logout §2).
pub const END_SESSION: &str = "/end_session";
/// The page that clients' pages hold in a frame (OpenID Connect Session Management §3.3).
pub const CHECK_SESSION: &str = "/session";
/// The token endpoint (RFC 6749 §3.2).
pub const TOKEN: &str = "/token";
/// The device authorization endpoint (RFC 8628 §3.1).
pub const DEVICE_AUTHORIZATION: &str = "/device_authorization";
/// Temporary credentials (RFC 5849 §2.1).
pub const OAUTH1_INITIATE: &str = "/oauth1/initiate";
/// The authorization page of OAuth 1.0a (RFC 5849 §2.2).
pub const OAUTH1_AUTHORIZE: &str = "/oauth1/authorize";
/// Token credentials (RFC 5849 §2.3).
pub const OAUTH1_TOKEN: &str = "/oauth1/token";
/// Where an API asks whether a signed request is good.
pub const OAUTH1_VERIFY: &str = "/oauth1/verify";
/// Client registration (RFC 7591 §3).
pub const REGISTER: &str = "/register";
/// One registration (RFC 7592 §2).
pub const REGISTERED_CLIENT: &str = "/register/{client_id}";
/// Token revocation (RFC 7009).
pub const REVOKE: &str = "/revoke";
/// Token introspection (RFC 7662).
pub const INTROSPECT: &str = "/introspect";
/// The claims of a person (OpenID Connect Core §5.3).
pub const USERINFO: &str = "/userinfo";
/// The public keys (RFC 7517).
pub const JWKS: &str = "/jwks";
/// Metadata (RFC 8414 §3); the issuer's path follows.
pub const OAUTH_METADATA: &str = "/.well-known/oauth-authorization-server";
/// Metadata (OpenID Connect Discovery §4); follows the issuer's path.
pub const OPENID_METADATA: &str = "/.well-known/openid-configuration";
/// Who signs somebody in (OpenID Connect Discovery §2.1.4); stands before the issuer's path.
pub const WEBFINGER: &str = "/.well-known/webfinger";
/// Whether the process lives.
pub const HEALTHZ: &str = "/healthz";
/// Whether the store works.
pub const READYZ: &str = "/readyz";
/// The counters.
pub const METRICS: &str = "/metrics";

/// The public router: everything below the issuer, and the well-known addresses beside its path.
pub(crate) fn public(app: &App) -> Router {
    let own = Router::new()
        .merge(for_browsers(app))
        .merge(for_clients(app))
        .merge(pages_without_state(app));
    let path = app.issuer.path.as_str();
    let placed = if path.is_empty() {
        own.merge(inserted(""))
    } else {
        Router::new()
            .nest(path, own)
            .route(&format!("{path}/"), get(start_page(path)))
            .merge(inserted(path))
    };
    guarded(app, placed)
}

/// Nesting answers to the issuer's path itself; pages and people write a slash after it.
fn start_page(path: &str) -> impl Fn() -> std::future::Ready<Redirect> + Clone + Send + 'static {
    let to = Redirect::permanent(path);
    move || std::future::ready(to.clone())
}

/// The public router, and a page for every other address.
pub(crate) fn with_not_found(app: &App) -> Router {
    let nowhere = Router::new().fallback(guard::not_found);
    public(app).merge(guarded(app, nowhere))
}

/// The router for operators; it must not be public.
pub(crate) fn management(app: &App) -> Router {
    let mut router = Router::new()
        .route(HEALTHZ, get(health::alive))
        .route(READYZ, get(health::ready))
        .route(METRICS, get(health::metrics));
    if let Some(inspector) = &app.settings.inspector
        && app.settings.inspect == Inspect::Allowed
    {
        let site = Arc::new(Site {
            brand: pages::Brand {
                base_path: String::new(),
                ..app.settings.brand.clone()
            },
            ..site(app)
        });
        router = router
            .merge(pages::routes(Arc::clone(&site)))
            .merge(inspector::routes(site, Arc::clone(inspector)));
    }
    guarded(app, router)
}

/// What a person's browser opens. Never with CORS (RFC 10017).
fn for_browsers(app: &App) -> Router<App> {
    let forms = Router::new()
        .route(LOGIN, get(login::get).post(login::post))
        .route(LOGIN_PASSKEY, post(login_passkey::post))
        .route(
            LOGIN_SECOND_FACTOR,
            get(login_second_factor::get).post(login_second_factor::post),
        )
        .route(
            ACCOUNT_SECOND_FACTOR,
            get(account_second_factor::get).post(account_second_factor::post),
        )
        .route(
            ACCOUNT_PASSKEYS,
            get(account_passkeys::get).post(account_passkeys::post),
        )
        .route(CONSENT, get(consent::get).post(consent::post))
        .route(DEVICE, get(device::get).post(device::post))
        .route(LOGOUT, get(logout::get).post(logout::post))
        .route(ACCOUNT, get(account::get))
        .route(ACCOUNT_APPS_REVOKE, post(account::post))
        .route(
            ACCOUNT_SESSIONS,
            get(account_sessions::get).post(account_sessions::post),
        )
        .merge(with_providers())
        .merge(of_accounts());
    // The authorization endpoint is meant to be called from other sites, by POST too.
    let authorize = get(authorize::get).post(authorize::post).head(authorize::head);
    let end_session = get(end_session::get)
        .post(end_session::post)
        .head(authorize::head);
    // The provider's answer comes from its own site.
    let provider_callback = get(login_provider::callback)
        .post(login_provider::callback_posted)
        .head(authorize::head);
    let oauth1_authorize = get(oauth1::authorize::get).head(oauth1::authorize::head);
    csrf::protected(app, forms)
        .route(AUTHORIZE, authorize)
        .route(END_SESSION, end_session)
        .route(CHECK_SESSION, get(check_session::get))
        .route(PROVIDER_CALLBACK, provider_callback)
        .route(OAUTH1_AUTHORIZE, oauth1_authorize)
}

/// The pages about other providers that sign people in.
fn with_providers() -> Router<App> {
    let sign_up = get(login_provider::sign_up).post(login_provider::sign_up_posted);
    let link = get(login_provider::link).post(login_provider::link_posted);
    let account = get(account_providers::get).post(account_providers::post);
    Router::new()
        .route(LOGIN_PROVIDER, get(login_provider::begin).head(authorize::head))
        .route(PROVIDER_SIGN_UP, sign_up)
        .route(PROVIDER_LINK, link)
        .route(ACCOUNT_PROVIDERS, account)
}

/// The pages by which people open an account and keep it.
fn of_accounts() -> Router<App> {
    let forgot = get(forgot_password::get).post(forgot_password::post);
    let reset = get(reset_password::get).post(reset_password::post);
    let profile = get(account_profile::get).post(account_profile::post);
    let password = get(account_password::get).post(account_password::post);
    Router::new()
        .route(ACCOUNT_PROFILE, profile)
        .route(ACCOUNT_PASSWORD, password)
        .route(ACCOUNT_EMAIL, get(account_email::get).post(account_email::post))
        .route(
            ACCOUNT_DELETE,
            get(account_delete::get).post(account_delete::post),
        )
        .route(SIGN_UP, get(sign_up::get).post(sign_up::post))
        .route(VERIFY_EMAIL, get(verify_email::get).post(verify_email::post))
        .route(FORGOT_PASSWORD, forgot)
        .route(RESET_PASSWORD, reset)
}

/// What clients and APIs call.
fn for_clients(app: &App) -> Router<App> {
    Router::new()
        .route(TOKEN, post(token::post))
        .route(REVOKE, post(revoke::post))
        .route(USERINFO, get(userinfo::handle).post(userinfo::handle))
        .route(JWKS, get(metadata::jwks))
        .route(OPENID_METADATA, get(metadata::document))
        .route(INTROSPECT, post(introspect::post))
        .route(DEVICE_AUTHORIZATION, post(device_authorization::post))
        .route(OAUTH1_INITIATE, post(oauth1::initiate::post))
        .route(OAUTH1_TOKEN, post(oauth1::token::post))
        .route(OAUTH1_VERIFY, post(oauth1::verify::post))
        .route(REGISTER, post(register::post))
        .route(
            REGISTERED_CLIENT,
            get(register::manage::get)
                .put(register::manage::put)
                .delete(register::manage::delete),
        )
        .route(CLIENT_LOGO, get(client_logo::get))
        .route(HEALTHZ, get(health::alive))
        .route(READYZ, get(health::ready))
        .method_not_allowed_fallback(guard::method_not_allowed)
        .with_state(Arc::clone(app))
}

/// The well-known addresses that stand before the issuer's path (RFC 8414 §3.1 and §5, RFC 7033 §4).
fn inserted(path: &str) -> Router<App> {
    let mut router = Router::new()
        .route(&format!("{OAUTH_METADATA}{path}"), get(metadata::document))
        .route(WEBFINGER, get(webfinger::get));
    if !path.is_empty() {
        router = router.route(&format!("{OPENID_METADATA}{path}"), get(metadata::document));
    }
    router.method_not_allowed_fallback(guard::method_not_allowed)
}

fn pages_without_state(app: &App) -> Router<App> {
    let site = Arc::new(site(app));
    let mut router = pages::routes(Arc::clone(&site));
    if let Some(inspector) = &app.settings.inspector
        && app.settings.inspect == Inspect::Everyone
    {
        router = router.merge(inspector::routes(site, Arc::clone(inspector)));
    }
    router
}

fn site(app: &App) -> Site {
    Site {
        brand: app.settings.brand.clone(),
        issuer: app.policy().issuer.clone(),
        dev: app.settings.dev.clone(),
    }
}

fn guarded(app: &App, router: Router<App>) -> Router {
    router
        .layer(guard::Watch(Arc::clone(app)))
        .with_state(Arc::clone(app))
}
