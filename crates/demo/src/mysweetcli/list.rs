//! The list of photos: one question to the API, with the access token (RFC 6750 §2.1).

use super::{Machine, Places, Problem, clean};
use http::header::{ACCEPT, AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderValue, Request, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::json;
use valetkey_client::{HttpClient, HttpError};
use valetkey_protocol::secret::AccessToken;

/// A photo as the API lists it; what the program does not show is left out.
#[derive(Deserialize, Serialize)]
struct Listed {
    id: String,
    title: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    taken_at: String,
}

pub(super) async fn run(
    places: &Places,
    http: &dyn HttpClient,
    machine: &dyn Machine,
    token: &AccessToken,
) -> Result<(), Problem> {
    let answer = get(places, http, token).await;
    let answer = answer.map_err(|reason| Problem::NoApi {
        address: places.photos.clone(),
        reason,
    })?;
    if answer.status() != StatusCode::OK {
        let challenge = answer.headers().get(WWW_AUTHENTICATE);
        let challenge = challenge
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        return Err(Problem::Refused(clean(
            format!("{} {challenge}", answer.status()).trim_end(),
        )));
    }
    let photos: Vec<Listed> = serde_json::from_slice(answer.body()).map_err(|_| Problem::NoList)?;
    let object = json!({ "event": "photos", "photos": photos });
    places.tell(machine, &text(&photos), &object);
    Ok(())
}

async fn get(
    places: &Places,
    http: &dyn HttpClient,
    token: &AccessToken,
) -> Result<valetkey_client::HttpResponse, HttpError> {
    let unsendable = |error: &dyn std::error::Error| HttpError::Request(error.to_string());
    let mut bearer =
        HeaderValue::try_from(format!("Bearer {}", token.expose())).map_err(|error| unsendable(&error))?;
    bearer.set_sensitive(true);
    let request = Request::get(format!("{}/photos", places.photos.trim_end_matches('/')))
        .header(AUTHORIZATION, bearer)
        .header(ACCEPT, "application/json")
        .body(Vec::new())
        .map_err(|error| unsendable(&error))?;
    http.send(request).await
}

fn text(photos: &[Listed]) -> String {
    if photos.is_empty() {
        return "The Photos API let MySweetApp in. You just have no photos there yet.".to_owned();
    }
    let mut lines = vec![format!("Your photos ({}):", photos.len())];
    for photo in photos {
        let day = photo.taken_at.split('T').next().unwrap_or_default();
        lines.push(String::new());
        lines.push(format!("  {}  ({})", clean(&photo.title), clean(day)));
        lines.push(format!("  {}", clean(&photo.description)));
    }
    lines.join("\n")
}
