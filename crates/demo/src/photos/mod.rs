//! The Photos API: a resource server (RFC 6749 §1.1) that keeps people's photos.
//!
//! `GET /photos` and the pictures need a token with the scope `photos.read`, `POST /photos` one with `photos.write`; a
//! request signed by OAuth 1.0a (RFC 5849) with token credentials of that scope will do as well, at the same address.
//! Whose photos they are follows from the token's `sub` alone, so an app that acts for itself (client credentials;
//! its `sub` is its client id) finds an album of its own, empty at first, and never a person's.
//! Every token is also shown to the authorization server, so one that was taken back stops working at once; for the
//! pictures an answer may be some seconds old. RFC 9728 metadata says all this to programs.
//! Nothing outlives the program.

mod album;
mod answers;
mod picture;
#[cfg(test)]
mod tests;

use crate::clock::Clock;
use album::Album;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use http::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderValue, Method};
use std::sync::Arc;
use tower_http::cors::CorsLayer;
use valetkey_protocol::observe::Observer;
use valetkey_protocol::secret::ClientSecret;
use valetkey_resource_server::ResourceServer;

/// The scope that lets an app see photos.
pub const READ: &str = "photos.read";
/// The scope that lets an app add photos.
pub const WRITE: &str = "photos.write";

/// A photo's title and description, and some air.
const MAX_BODY_BYTES: usize = 8 * 1024;
/// How old the server's word on a token may be for the pictures, which come several at a time.
const PICTURES_MAX_AGE_SECONDS: i64 = 5;

/// What the Photos API has to know.
#[derive(Clone)]
pub struct PhotosSettings {
    /// Its own identifier, as tokens name it in `aud`: `http://localhost:8081`.
    pub resource: String,
    /// The authorization server whose tokens it takes.
    pub issuer: String,
    /// The client it is when it asks that server about a token.
    pub client_id: String,
    /// That client's secret.
    pub client_secret: ClientSecret,
    /// The person (`sub`) who has three photos from the start.
    pub pictures_of: Option<String>,
    /// The web origins whose pages may call it from a browser.
    pub browser_origins: Vec<String>,
    /// Who is told what happens.
    pub observer: Option<Arc<dyn Observer>>,
    /// What time it is.
    pub clock: Clock,
}

/// What the handlers share.
struct Api {
    resource: String,
    issuer: String,
    album: Album,
    clock: Clock,
    metadata: valetkey_protocol::metadata::ProtectedResource,
}

/// The Photos API, ready to be served.
///
/// # Errors
/// When the resource or the issuer is no URL that a resource server can use.
pub fn router(settings: PhotosSettings) -> Result<Router, valetkey_resource_server::ConfigError> {
    let calls = guard(&settings, 0)?;
    let pictures = guard(&settings, PICTURES_MAX_AGE_SECONDS)?;
    let metadata_path = calls.metadata_path();
    let api = Arc::new(Api {
        album: Album::with_pictures_of(settings.pictures_of.clone()),
        metadata: calls.metadata().clone(),
        resource: settings.resource.clone(),
        issuer: settings.issuer.clone(),
        clock: Arc::clone(&settings.clock),
    });
    let photos = get(answers::list)
        .layer(calls.require_any(READ))
        .merge(axum::routing::post(answers::add).layer(calls.require_any(WRITE)));
    Ok(Router::new()
        .route("/photos", photos)
        .route(
            "/photos/{id}/image",
            get(answers::image).layer(pictures.require_any(READ)),
        )
        .route(metadata_path, get(answers::metadata))
        .route("/", get(answers::home))
        .route("/photos-api.css", get(answers::style_sheet))
        .fallback(answers::not_found)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(cors(&settings.browser_origins))
        .with_state(api))
}

/// The checks of every token. Only calls are told to the observer: three pictures a page would bury the six steps.
fn guard(
    settings: &PhotosSettings,
    max_age_seconds: i64,
) -> Result<ResourceServer, valetkey_resource_server::ConfigError> {
    let clock = Arc::clone(&settings.clock);
    let mut builder = ResourceServer::builder(&settings.resource, &settings.issuer)
        .jwt()
        .introspect(&settings.client_id, settings.client_secret.clone())
        .online(max_age_seconds)
        .oauth1()
        .show_details()
        .scopes_supported([READ, WRITE])
        .name("Photos API")
        .clock(move || clock());
    if let (0, Some(observer)) = (max_age_seconds, &settings.observer) {
        builder = builder.observer(Arc::clone(observer));
    }
    builder.build()
}

/// Pages of these origins may call the API from a browser (RFC 10017); nobody's cookies are involved.
fn cors(origins: &[String]) -> CorsLayer {
    let origins: Vec<HeaderValue> = origins.iter().filter_map(|o| o.parse().ok()).collect();
    CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([AUTHORIZATION, CONTENT_TYPE])
        .expose_headers([WWW_AUTHENTICATE])
}
