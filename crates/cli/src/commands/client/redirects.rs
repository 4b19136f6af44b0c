//! `--redirect-uri`: where the browser may come back to.

use super::sound::refuse;
use crate::failure::{Failure, Outcome};
use valetkey_protocol::redirect_uri::RedirectUri;

/// The redirect URIs, each once.
pub(super) fn read(texts: &[String], native: bool) -> Outcome<Vec<RedirectUri>> {
    let mut uris = Vec::new();
    for text in texts {
        let uri = RedirectUri::parse(text).map_err(|error| Failure::refused(format!("{text:?}: {error}")))?;
        let private = !text.starts_with("https:") && !text.starts_with("http:");
        if private && !native {
            return refuse(format!(
                "{text:?}: only a native app receives a private-use scheme (RFC 8252 §7.1); use --type native"
            ));
        }
        if !uris.contains(&uri) {
            uris.push(uri);
        }
    }
    Ok(uris)
}
