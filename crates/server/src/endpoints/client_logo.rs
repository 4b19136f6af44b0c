//! The logo of a client (RFC 7591 §2): `GET /logos/{client_id}`. The server fetches it, so that a sign-in tells no third
//! party who signs in where, and so that no page needs anything from elsewhere.
//!
//! Whoever serves the picture may be a stranger: it goes out only as one of four kinds that no browser runs, told by its
//! first bytes and not by what the stranger says.

use crate::context::{App, Context};
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderName, HeaderValue, StatusCode, header};

/// The largest picture.
const MOST_BYTES: usize = 200 * 1024;
/// For how long a browser may keep it, in seconds, and for how long that there is none.
const CACHE: &str = "public, max-age=600";

const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Answers the request.
pub(crate) async fn get(State(app): State<App>, Path(id): Path<String>) -> Response {
    let logo = find(&app, &id).await;
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CACHE_CONTROL, CACHE),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
        (RESOURCE_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    match logo {
        Some((kind, picture)) => {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
            *response.body_mut() = Body::from(picture);
        }
        None => *response.status_mut() = StatusCode::NOT_FOUND,
    }
    response
}

async fn find(app: &Context, id: &str) -> Option<(&'static str, Vec<u8>)> {
    let client = app.client(id).await.ok().flatten()?;
    let uri = client.presentation.logo_uri.as_deref()?;
    let document = app.logos.get(uri, app.now()).await.ok()?;
    let picture = &document.body;
    let kind = kind_of(picture).filter(|_| picture.len() <= MOST_BYTES)?;
    Some((kind, picture.clone()))
}

/// The kind of picture, by its signature.
fn kind_of(picture: &[u8]) -> Option<&'static str> {
    let is_webp = picture.starts_with(b"RIFF") && picture.get(8..12) == Some(b"WEBP");
    match picture {
        _ if is_webp => Some("image/webp"),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn script_in_a_picture_what_no_signature_names_is_no_logo() {
        for bad in [
            &b""[..],
            b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>",
            b"<html><script>alert(1)</script>",
            b"\x89PNG",
            b"GIF88a",
            b"RIFF\0\0\0\0WAVE",
            b"RIFF\0\0\0\0",
            b" \xff\xd8\xff",
            b"%PDF-1.7",
        ] {
            assert_eq!(kind_of(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn four_kinds_are_known_by_their_first_bytes() {
        for (picture, kind) in [
            (&b"\x89PNG\r\n\x1a\n...."[..], "image/png"),
            (b"\xff\xd8\xff\xe0....", "image/jpeg"),
            (b"GIF89a....", "image/gif"),
            (b"GIF87a....", "image/gif"),
            (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"),
        ] {
            assert_eq!(kind_of(picture), Some(kind));
        }
    }
}
