//! The Photos API, behind `valetkey-resource-server`.

use crate::answer::Answer;
use crate::cast::{ISSUER, PHOTOS, PHOTOS_API};
use crate::clock::FakeClock;
use crate::recorder::Recorder;
use crate::site::Site;
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use std::sync::Arc;
use valetkey_protocol::secret::ClientSecret;
use valetkey_resource_server::{Access, Builder, ResourceServer};

/// An API with one thing to read (`photos.read`) and one to write (`photos.write`).
#[derive(Debug, Clone)]
pub struct Photos(Site);

impl Photos {
    pub(crate) fn new(
        authorization_server: &Site,
        clock: FakeClock,
        recorder: &Arc<Recorder>,
        way: impl FnOnce(Builder) -> Builder,
    ) -> Self {
        let builder = ResourceServer::builder(PHOTOS, ISSUER)
            .http(Arc::new(authorization_server.clone()))
            .clock(move || clock.timestamp())
            .observer(recorder.clone());
        let guard = way(builder).build().expect("the API can be set up");
        let router = Router::new()
            .route("/photos", get(show).layer(guard.require("photos.read")))
            .route("/add", post(add).layer(guard.require("photos.write")));
        Self(Site::router(PHOTOS, router))
    }

    /// One that takes requests signed by OAuth 1.0a too, and asks the server about every one.
    pub(crate) fn by_both(authorization_server: &Site, clock: FakeClock, recorder: &Arc<Recorder>) -> Self {
        let builder = ResourceServer::builder(PHOTOS, ISSUER)
            .http(Arc::new(authorization_server.clone()))
            .clock(move || clock.timestamp())
            .observer(recorder.clone())
            .introspect(PHOTOS_API.id, ClientSecret::new(PHOTOS_API.secret))
            .jwt()
            .online(0)
            .oauth1();
        let guard = builder.build().expect("the API can be set up");
        let router = Router::new()
            .route("/photos", get(show).layer(guard.require_any("photos.read")))
            .route("/add", post(add).layer(guard.require_any("photos.write")));
        Self(Site::router(PHOTOS, router))
    }

    /// Any request.
    pub async fn takes(&self, request: http::Request<Vec<u8>>) -> Answer {
        self.0.send(request).await
    }

    /// `GET /photos`.
    pub async fn shows(&self, token: &str) -> Answer {
        self.0.get_with_token("/photos", token).await
    }

    /// `GET /photos` with an `Authorization` header of any form, or none.
    pub async fn shows_to(&self, authorization: Option<&str>) -> Answer {
        let mut request = http::Request::get(self.0.url("/photos", &[]));
        if let Some(value) = authorization {
            request = request.header("authorization", value);
        }
        self.0
            .send(request.body(Vec::new()).expect("it is a request"))
            .await
    }

    /// Adds a photo.
    pub async fn adds(&self, token: &str) -> Answer {
        let header = format!("Bearer {token}");
        self.0.post_with("/add", &[], &[("authorization", &header)]).await
    }
}

async fn show(Extension(access): Extension<Access>) -> Json<serde_json::Value> {
    Json(serde_json::json!({ "photos": ["rabbit", "tea", "croquet"], "of": access.subject }))
}

async fn add() -> &'static str {
    "added"
}
