//! The app's calls to the Photos API: with the access token in the `Authorization` header (RFC 6750 §2.1), or signed with
//! token credentials (RFC 5849 §3).
//!
//! The pictures are fetched here too, right after the list, and kept in the session: the browser gets them from the
//! app and never needs the token. The token goes to the Photos API alone, whatever an answer says.

use super::said;
pub(super) use super::said::Said;
use axum::body::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Request, StatusCode};
use serde::Deserialize;
use std::sync::Arc;
use valetkey_client::oauth1::{self, TokenCredentials};
use valetkey_client::{HttpClient, HttpResponse, Timestamp};
use valetkey_protocol::secret::AccessToken;

/// Pictures that are shown; an album may hold more.
const MAX_PHOTOS: usize = 12;
/// A picture of the demo has a tenth of it.
const MAX_PICTURE_BYTES: usize = 256 * 1024;

/// One photo with its picture.
#[derive(Debug, Clone)]
pub(super) struct Photo {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) content_type: HeaderValue,
    pub(super) picture: Bytes,
}

/// What one call brought.
pub(super) type Taken = Arc<Vec<Photo>>;

/// A photo as the API lists it; what the app does not use is left out.
#[derive(Deserialize)]
struct Listed {
    id: String,
    title: String,
    #[serde(default)]
    description: String,
    href: String,
}

/// What opens the API.
pub(super) enum Key<'a> {
    /// OAuth 2: shown as it is.
    Bearer(&'a AccessToken),
    /// OAuth 1.0a: never sent; each request is signed with it.
    Signature {
        /// Signs the question for the list.
        list: &'a oauth1::Client,
        /// Signs those for the pictures.
        pictures: &'a oauth1::Client,
        token: &'a TokenCredentials,
        now: Timestamp,
    },
}

/// Asks for the list and the pictures.
pub(super) async fn photos(http: &dyn HttpClient, api: &str, key: &Key<'_>) -> (Said, Option<Taken>) {
    let api = api.trim_end_matches('/');
    let list = format!("{api}/photos");
    let answer = match key {
        Key::Bearer(token) => get(http, &list, token).await,
        Key::Signature {
            list: by, token, now, ..
        } => get_signed(by, &list, token, *now).await,
    };
    let Some(answer) = answer else {
        return (said::bad("The Photos API did not answer", "Is it running?"), None);
    };
    if answer.status() != StatusCode::OK {
        return match key {
            Key::Bearer(_) => (said::api_refused(answer.status(), answer.headers()), None),
            Key::Signature { .. } => (said::signature_refused(&answer), None),
        };
    }
    let Ok(listed) = serde_json::from_slice::<Vec<Listed>>(answer.body()) else {
        let text = "Its answer is no list of photos.";
        return (said::bad("The Photos API answered strangely", text), None);
    };
    let count = listed.len();
    let mut photos = Vec::new();
    for listed in listed.into_iter().take(MAX_PHOTOS) {
        photos.extend(with_picture(http, api, key, listed).await);
    }
    let good = match key {
        Key::Bearer(_) => "The token was good",
        Key::Signature { .. } => "The signature was good",
    };
    let what = match count {
        0 => format!("{good}. The list is empty."),
        1 => format!("{good}, and the API answered with one photo."),
        _ => format!("{good}, and the API answered with {count} photos."),
    };
    let said = said::good(
        "The Photos API said yes",
        &said::status_line(StatusCode::OK),
        &what,
    );
    (said, Some(Arc::new(photos)))
}

async fn with_picture(http: &dyn HttpClient, api: &str, key: &Key<'_>, listed: Listed) -> Option<Photo> {
    // A list that pointed elsewhere would send the token there.
    let is_the_apis_own = listed
        .href
        .strip_prefix(api)
        .is_some_and(|path| path.starts_with('/'));
    if !is_the_apis_own {
        return None;
    }
    let answer = match key {
        Key::Bearer(token) => get(http, &listed.href, token).await?,
        Key::Signature {
            pictures, token, now, ..
        } => get_signed(pictures, &listed.href, token, *now).await?,
    };
    let content_type = answer.headers().get(CONTENT_TYPE)?.clone();
    let is_picture = matches!(
        content_type.as_bytes(),
        b"image/svg+xml" | b"image/png" | b"image/jpeg"
    );
    let fits = answer.status() == StatusCode::OK && answer.body().len() <= MAX_PICTURE_BYTES;
    (is_picture && fits).then(|| Photo {
        id: listed.id,
        title: listed.title,
        description: listed.description,
        content_type,
        picture: answer.into_body().into(),
    })
}

async fn get(http: &dyn HttpClient, url: &str, token: &AccessToken) -> Option<HttpResponse> {
    let mut bearer = HeaderValue::try_from(format!("Bearer {}", token.expose())).ok()?;
    bearer.set_sensitive(true);
    let request = Request::get(url)
        .header(AUTHORIZATION, bearer)
        .header(ACCEPT, "*/*")
        .body(Vec::new())
        .ok()?;
    answered(http.send(request).await)
}

async fn get_signed(
    client: &oauth1::Client,
    url: &str,
    token: &TokenCredentials,
    now: Timestamp,
) -> Option<HttpResponse> {
    answered(client.get(url, Some(token), now).await)
}

fn answered<E: std::fmt::Display>(answer: Result<HttpResponse, E>) -> Option<HttpResponse> {
    answer
        .inspect_err(|error| tracing::warn!(%error, "the Photos API did not answer"))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;
    use valetkey_client::{HttpError, HttpRequest};

    /// An API that answers each path with one fixed answer, and remembers who was asked.
    async fn call(list: &'static str) -> (Said, Option<Taken>, Vec<String>) {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        let http = move |request: HttpRequest| {
            seen.lock().unwrap().push(request.uri().to_string());
            let body = if request.uri().path() == "/photos" {
                list
            } else {
                "<svg/>"
            };
            let answer = http::Response::builder()
                .header(CONTENT_TYPE, "image/svg+xml")
                .body(body.as_bytes().to_vec())
                .unwrap();
            async move { Ok::<_, HttpError>(answer) }
        };
        let (said, taken) = photos(
            &http,
            "http://localhost:8081",
            &Key::Bearer(&AccessToken::new("t")),
        )
        .await;
        let asked = asked.lock().unwrap().clone();
        (said, taken, asked)
    }

    #[tokio::test]
    async fn a_list_that_points_elsewhere_does_not_get_the_token() {
        for elsewhere in [
            r#"[{"id":"1","title":"t","href":"http://localhost:8081.evil.example/x"}]"#,
            r#"[{"id":"1","title":"t","href":"http://localhost:8081@evil.example/x"}]"#,
            r#"[{"id":"1","title":"t","href":"https://evil.example/x"}]"#,
        ] {
            let (_, taken, asked) = call(elsewhere).await;
            assert_eq!(asked, ["http://localhost:8081/photos"]);
            assert!(taken.unwrap().is_empty());
        }
    }

    #[tokio::test]
    async fn an_answer_that_is_no_list_is_told_and_shows_nothing() {
        let (said, taken, _) = call("<html>").await;
        assert!(!said.good && taken.is_none());
    }

    #[tokio::test]
    async fn the_pictures_come_with_the_list() {
        let list = r#"[{"id":"1","title":"t","href":"http://localhost:8081/photos/1/image","new":1}]"#;
        let (said, taken, asked) = call(list).await;
        assert!(said.good);
        assert_eq!(asked.len(), 2);
        assert_eq!(taken.unwrap()[0].picture, Bytes::from_static(b"<svg/>"));
    }
}
