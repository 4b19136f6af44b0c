//! A document that is the same for everybody until something is configured or rotated: its bytes and the headers of its
//! answer, made once, with a validator by which a cache learns that it still has the newest (RFC 9110 §8.8.3, §13.1.2).

use axum::body::{Body, Bytes};
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use valetkey_jose::{b64, hash};

/// How long a document may be kept. Keys that retire stay in the set for longer than this.
const CACHE: HeaderValue = HeaderValue::from_static("public, max-age=300");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");

/// The document.
#[derive(Debug, Clone)]
pub(crate) struct Published {
    body: Bytes,
    validator: HeaderValue,
}

impl Published {
    /// Writes it as JSON.
    pub(crate) fn json(document: &impl Serialize) -> Self {
        let body = serde_json::to_vec(document).unwrap_or_default();
        let validator = format!("\"{}\"", b64::encode_url(&hash::sha256(&body)));
        Self {
            body: body.into(),
            validator: HeaderValue::from_str(&validator).unwrap_or(HeaderValue::from_static("\"\"")),
        }
    }

    /// The answer; without the document when whoever asks has it already.
    pub(crate) fn answer(&self, asked: &HeaderMap) -> Response {
        let is_known = asked
            .get_all(header::IF_NONE_MATCH)
            .iter()
            .any(|known| names(known.as_bytes(), self.validator.as_bytes()));
        let mut response = Response::new(if is_known {
            Body::empty()
        } else {
            Body::from(self.body.clone())
        });
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, CACHE);
        headers.insert(header::ETAG, self.validator.clone());
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
        if is_known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        } else {
            headers.insert(header::CONTENT_TYPE, JSON);
        }
        response
    }
}

/// Whether an `If-None-Match` names the validator; compared weakly (RFC 9110 §13.1.2), as a proxy that compresses makes it.
fn names(known: &[u8], validator: &[u8]) -> bool {
    known.split(|byte| *byte == b',').any(|one| {
        let one = one.trim_ascii();
        one == b"*" || one.strip_prefix(b"W/").unwrap_or(one) == validator
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(document: &Published, known: &[&str]) -> StatusCode {
        let mut asked = HeaderMap::new();
        for one in known {
            asked.append(header::IF_NONE_MATCH, HeaderValue::from_str(one).unwrap());
        }
        document.answer(&asked).status()
    }

    #[test]
    fn whoever_has_the_newest_is_told_so_and_whoever_has_another_gets_it() {
        let (one, other) = (Published::json(&[1]), Published::json(&[2]));
        let named = |document: &Published| document.validator.to_str().unwrap().to_owned();
        assert_ne!(named(&one), named(&other));
        assert_eq!(status(&one, &[]), StatusCode::OK);
        assert_eq!(status(&one, &[&named(&other)]), StatusCode::OK);
        assert_eq!(status(&one, &[named(&one).trim_matches('"')]), StatusCode::OK);
        assert_eq!(status(&one, &[&named(&one)]), StatusCode::NOT_MODIFIED);
        assert_eq!(status(&one, &["*"]), StatusCode::NOT_MODIFIED);
        let several = format!("{}, W/{}", named(&other), named(&one));
        assert_eq!(status(&one, &["\"x\"", &several]), StatusCode::NOT_MODIFIED);
    }
}
