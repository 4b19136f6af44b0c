//! What the workloads are compared with: the least that a server in Rust does for a form that is posted to it. An axum
//! router as `axum::serve` serves it parses the form and answers 600 bytes; `/signed` makes an ES256 signature, too.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::net::SocketAddr;
use std::sync::Arc;

const ANSWER_BYTES: usize = 600;
const SIGNED_BYTES: usize = 400;

struct Signer {
    key: EcdsaKeyPair,
    random: SystemRandom,
}

/// Serves until it is killed.
pub async fn serve(address: SocketAddr) -> Result<(), Box<dyn std::error::Error>> {
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())?;
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref())?;
    let signer = Signer {
        key,
        random: SystemRandom::new(),
    };
    let router = Router::new()
        .route("/ready", get(async || "ready"))
        .route("/bare", post(bare))
        .route("/signed", post(signed))
        .with_state(Arc::new(signer));
    let listener = tokio::net::TcpListener::bind(address).await?;
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, router).await?;
    Ok(())
}

fn has_grant_type(body: &[u8]) -> bool {
    let pairs: Vec<(String, String)> = form_urlencoded::parse(body).into_owned().collect();
    pairs.iter().any(|(name, _)| name == "grant_type")
}

fn json(text: String) -> Response {
    (
        [
            (header::CONTENT_TYPE, "application/json"),
            (header::CACHE_CONTROL, "no-store"),
        ],
        text,
    )
        .into_response()
}

fn padded(token: &str) -> String {
    let rest = ANSWER_BYTES.saturating_sub(token.len() + 19);
    format!("{{\"access_token\":\"{token}{}\"}}", "x".repeat(rest))
}

async fn bare(body: Bytes) -> Response {
    if !has_grant_type(&body) {
        return StatusCode::BAD_REQUEST.into_response();
    }
    json(padded(""))
}

async fn signed(State(signer): State<Arc<Signer>>, body: Bytes) -> Response {
    if !has_grant_type(&body) {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let message = [b'x'; SIGNED_BYTES];
    match signer.key.sign(&signer.random, &message) {
        Ok(signature) => json(padded(&URL_SAFE_NO_PAD.encode(signature))),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
