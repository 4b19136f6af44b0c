//! What the Photos API answers, once the token has been checked. Every error is JSON that says what to do.

use super::Api;
use crate::headers::{PICTURE_POLICY, guarded};
use askama::Template;
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Extension, Path, State};
use axum::response::{Html, IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use valetkey_resource_server::Access;

const MAX_TITLE_CHARACTERS: usize = 100;
const MAX_DESCRIPTION_CHARACTERS: usize = 500;
/// Nothing on the API's one page comes from elsewhere.
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'",
);

/// A photo that somebody adds.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPhoto {
    title: String,
    #[serde(default)]
    description: String,
}

#[derive(Serialize)]
struct Problem<'a> {
    error: &'a str,
    error_description: &'a str,
}

#[derive(Template)]
#[template(path = "photos_home.html")]
struct Home<'a> {
    resource: &'a str,
    issuer: &'a str,
}

/// `GET /photos`
pub(super) async fn list(State(api): State<Arc<Api>>, Extension(access): Extension<Access>) -> Response {
    let photos = api.album.list(&access.subject);
    let shown: Vec<_> = photos.iter().map(|photo| photo.shown(&api.resource)).collect();
    unkept(Json(shown).into_response())
}

/// `GET /photos/{id}/image`
pub(super) async fn image(
    State(api): State<Arc<Api>>,
    Extension(access): Extension<Access>,
    Path(id): Path<String>,
) -> Response {
    let Some(photo) = api.album.find(&access.subject, &id) else {
        return problem(
            StatusCode::NOT_FOUND,
            "not_found",
            "You have no photo with that id.",
        );
    };
    let kind = HeaderValue::from_static(super::picture::CONTENT_TYPE);
    let mut response = photo.picture.into_svg().into_response();
    response.headers_mut().insert(CONTENT_TYPE, kind);
    guarded(response, PICTURE_POLICY)
}

/// `POST /photos`
pub(super) async fn add(
    State(api): State<Arc<Api>>,
    Extension(access): Extension<Access>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    if !is_json(&headers) {
        let says = "Send the photo as application/json, as {\"title\": \"...\"}.";
        return problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, "invalid_request", says);
    }
    let body = match body {
        Ok(body) => body,
        Err(refused) => {
            return problem(
                refused.status(),
                "invalid_request",
                "The body is too large, or was cut off.",
            );
        }
    };
    let Ok(NewPhoto { title, description }) = serde_json::from_slice(&body) else {
        let says = "Send {\"title\": \"...\", \"description\": \"...\"} and nothing else; the description may be left out.";
        return problem(StatusCode::BAD_REQUEST, "invalid_request", says);
    };
    let title = title.trim();
    if title.is_empty() || title.chars().count() > MAX_TITLE_CHARACTERS || title.contains(char::is_control) {
        let says = "A title is one line of 1 to 100 characters.";
        return problem(StatusCode::BAD_REQUEST, "invalid_request", says);
    }
    if description.chars().count() > MAX_DESCRIPTION_CHARACTERS {
        let says = "A description has at most 500 characters.";
        return problem(StatusCode::BAD_REQUEST, "invalid_request", says);
    }
    match api
        .album
        .add(&access.subject, title.to_owned(), description, (api.clock)())
    {
        Ok(photo) => {
            let location = format!("/photos/{}/image", photo.id);
            let body = Json(photo.shown(&api.resource));
            unkept((StatusCode::CREATED, [(LOCATION, location)], body).into_response())
        }
        Err(super::album::Full) => problem(
            StatusCode::INSUFFICIENT_STORAGE,
            "album_full",
            "The demo's album is full.",
        ),
    }
}

/// The metadata of RFC 9728.
pub(super) async fn metadata(State(api): State<Arc<Api>>) -> Response {
    Json(&api.metadata).into_response()
}

/// `GET /`: for people who open the API in a browser.
pub(super) async fn home(State(api): State<Arc<Api>>) -> Response {
    let home = Home {
        resource: &api.resource,
        issuer: &api.issuer,
    };
    match home.render() {
        Ok(page) => guarded(Html(page).into_response(), PAGE_POLICY),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The page's style sheet.
pub(super) async fn style_sheet() -> Response {
    let kind = HeaderValue::from_static("text/css; charset=utf-8");
    let text = include_str!("../../assets/photos-api.css");
    guarded(([(CONTENT_TYPE, kind)], text).into_response(), PAGE_POLICY)
}

pub(super) async fn not_found() -> Response {
    problem(
        StatusCode::NOT_FOUND,
        "not_found",
        "There is nothing here. Try GET /photos.",
    )
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = value
        .and_then(|value| value.split(';').next())
        .unwrap_or_default();
    kind.trim().eq_ignore_ascii_case("application/json")
}

fn problem(status: StatusCode, error: &str, error_description: &str) -> Response {
    let body = Problem {
        error,
        error_description,
    };
    unkept((status, Json(body)).into_response())
}

/// What was shown to one app is kept by no cache.
fn unkept(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
