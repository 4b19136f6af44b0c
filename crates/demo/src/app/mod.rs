//! MySweetApp: a client (RFC 6749 §1.1) that shows a person's photos without ever seeing their password.
//!
//! It can do so by OAuth 2 and, beside it, by OAuth 1.0a, to show what differs.
//! It is a backend with a session cookie, the shape that RFC 10017 recommends: the browser never gets a token. Pages
//! work without a script. Sessions live in memory and end with the program.

mod calls;
mod connect;
mod decoded;
mod deeds;
mod how;
mod oauth1;
mod pages;
mod said;
mod sent;
mod session;
mod sign_out;
#[cfg(test)]
mod sign_out_tests;
#[cfg(test)]
mod tests;

use crate::clock::Clock;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use http::HeaderValue;
use std::sync::Arc;
use tokio::sync::OnceCell;
use tower_http::csrf::CsrfLayer;
use url::Url;
use valetkey_client::{Client, ClientAuthentication, Error, HttpClient, HyperClient, Registration};
use valetkey_protocol::observe::Observer;
use valetkey_protocol::secret::{ClientSecret, OAuth1Secret};
use valetkey_protocol::time::Timestamp;

/// What the app asks for: who the person is, and a look at the photos. Nothing else.
const PROVIDER_SCOPE: &str = "openid profile photos.read";
/// No form of the app has a field.
const MAX_BODY_BYTES: usize = 1024;
/// A logout token is a field of a form, and the longest one that is read.
const MAX_LOGOUT_BYTES: usize = 32 * 1024;

/// What MySweetApp has to know. Below its address, these are for its registration at the authorization server:
///
/// | | |
/// |---|---|
/// | `/callback`, `/oauth1/callback` | `redirect_uris` |
/// | `/signed-out` | `post_logout_redirect_uris` |
/// | `/backchannel-logout` | `backchannel_logout_uri`, with `backchannel_logout_session_required` |
/// | `/frontchannel-logout` | `frontchannel_logout_uri`, with `frontchannel_logout_session_required` |
/// | `/login` | `initiate_login_uri` |
#[derive(Clone)]
pub struct AppSettings {
    /// Its own address: `http://localhost:8082`. `/callback` below it is its redirect URI.
    pub base_url: String,
    /// The authorization server.
    pub issuer: String,
    /// Its client id there.
    pub client_id: String,
    /// Its secret there.
    pub client_secret: ClientSecret,
    /// What it signs with the 1.0 way, when it is registered for OAuth 1.0a; `{base_url}/oauth1/callback` is its callback.
    pub oauth1_consumer_secret: Option<OAuth1Secret>,
    /// The Photos API, which is also the resource that it asks tokens for.
    pub photos_url: String,
    /// Where flows can be looked at: `http://localhost:8080/inspector`.
    pub inspector_url: String,
    /// The client id of its single-page variant, when there is one.
    pub spa_client_id: Option<String>,
    /// Who is told what happens.
    pub observer: Option<Arc<dyn Observer>>,
    /// What time it is.
    pub clock: Clock,
}

/// The settings cannot work.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The issuer or the API is no address.
    #[error("{0:?} is no http or https address")]
    Address(String),
    /// There is no HTTP client.
    #[error(transparent)]
    Http(#[from] valetkey_client::HttpError),
}

/// What the handlers share.
struct App {
    settings: AppSettings,
    http: Arc<dyn HttpClient>,
    client: OnceCell<Client>,
    sessions: session::Sessions,
    policy: HeaderValue,
    spa_policy: HeaderValue,
    /// Of the one page that the server may show in a frame.
    framed_policy: HeaderValue,
    /// Logout tokens that were used.
    logouts: sign_out::Seen,
}

impl App {
    /// The client. The server's metadata is read when somebody first needs it, so that the two may start in any order.
    async fn client(&self) -> Result<&Client, Error> {
        self.client.get_or_try_init(|| self.discover()).await
    }

    async fn discover(&self) -> Result<Client, Error> {
        let settings = &self.settings;
        let registration = Registration {
            issuer: settings.issuer.clone(),
            client_id: settings.client_id.clone(),
            authentication: ClientAuthentication::SecretBasic(settings.client_secret.clone()),
            redirect_uri: Some(self.address("/callback")),
        };
        let client = Client::discover(Arc::clone(&self.http), registration).await?;
        Ok(match &settings.observer {
            Some(observer) => client.with_observer(Arc::clone(observer)),
            None => client,
        })
    }

    /// One of the app's own addresses.
    fn address(&self, path: &str) -> String {
        format!("{}{path}", self.settings.base_url.trim_end_matches('/'))
    }

    /// Whether its cookies travel over TLS alone.
    fn is_secure(&self) -> bool {
        self.settings.base_url.starts_with("https:")
    }

    fn now(&self) -> Timestamp {
        (self.settings.clock)()
    }
}

/// MySweetApp, ready to be served.
///
/// # Errors
/// When the issuer or the API is no address, or TLS cannot be set up.
pub fn router(settings: AppSettings) -> Result<Router, SettingsError> {
    Ok(routes(app(settings)?))
}

fn app(settings: AppSettings) -> Result<Arc<App>, SettingsError> {
    let invalid = |_| SettingsError::Address(settings.issuer.clone());
    let (issuer, photos) = (origin(&settings.issuer)?, origin(&settings.photos_url)?);
    Ok(Arc::new(App {
        policy: pages::policy(&issuer).map_err(invalid)?,
        spa_policy: pages::spa_policy(&issuer, &photos).map_err(invalid)?,
        framed_policy: sign_out::framed_policy(&issuer).map_err(invalid)?,
        logouts: sign_out::Seen::default(),
        http: Arc::new(HyperClient::new()?),
        client: OnceCell::new(),
        sessions: session::Sessions::default(),
        settings,
    }))
}

/// Scheme, host and port of an address.
fn origin(address: &str) -> Result<String, SettingsError> {
    let invalid = || SettingsError::Address(address.to_owned());
    let url = Url::parse(address).map_err(|_| invalid())?;
    match url.scheme() {
        "http" | "https" => Ok(url.origin().ascii_serialization()),
        _ => Err(invalid()),
    }
}

fn routes(app: Arc<App>) -> Router {
    Router::new()
        .route("/", get(pages::home))
        .route("/connect", post(connect::connect).get(connect::connect_page))
        .route("/callback", get(connect::callback))
        .route("/oauth1/connect", post(oauth1::connect).get(oauth1::connect_page))
        .route("/oauth1/callback", get(oauth1::callback))
        .route("/oauth1/photos/{id}", get(pages::signed_picture))
        .route("/oauth1/call-api", post(oauth1::call_api))
        .route("/oauth1/replay", post(oauth1::replay))
        .route("/spa", get(pages::single_page))
        .route("/photos/{id}", get(pages::picture))
        .route("/call-api", post(deeds::call_api))
        .route("/refresh", post(deeds::refresh))
        .route("/revoke", post(deeds::revoke))
        .route("/forget", post(deeds::forget))
        .route("/confirm", post(connect::confirm))
        .route("/sign-out", post(sign_out::sign_out))
        .route("/signed-out", get(sign_out::signed_out))
        .route("/frontchannel-logout", get(sign_out::front_channel))
        .route("/assets/{name}", get(pages::asset))
        .fallback(pages::not_found)
        .layer(CsrfLayer::new())
        // These two are for other sites to call; neither does anything in the name of the browser's session.
        .route("/login", get(connect::login).post(connect::posted_login))
        .route(
            "/backchannel-logout",
            post(sign_out::back_channel).layer(DefaultBodyLimit::max(MAX_LOGOUT_BYTES)),
        )
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(app)
}
