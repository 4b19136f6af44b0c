//! Logout tokens (OpenID Connect Back-Channel Logout §2.4), made when they are sent, because they live for two minutes only,
//! and posted to the client (§2.5).

use super::Outcome;
use crate::call::{Call, Failure};
use crate::context::Context;
use crate::{encryption, random};
use http::Extensions;
use std::collections::BTreeMap;
use url::form_urlencoded;
use valetkey_model::{Client, ClientId, Sid};
use valetkey_protocol::logout::{LOGOUT_EVENT, LOGOUT_TOKEN_TYPE, LogoutTokenClaims};
use valetkey_rules::issue::signature_algorithm;

/// §2.4 recommends two minutes at most.
const TOKEN_TTL_SECONDS: i64 = 120;

/// Tells a client that a session has ended.
pub(super) async fn deliver(app: &Context, client: &ClientId, sub: &str, sid: Sid) -> Outcome {
    let client = match app.client(client.as_str()).await {
        Ok(Some(client)) => client,
        Ok(None) => return Outcome::Dropped,
        Err(error) => {
            tracing::warn!(%error, "the client of a logout cannot be read");
            return Outcome::Later;
        }
    };
    let Some(to) = &client.openid.backchannel_logout else {
        return Outcome::Dropped;
    };
    let token = match token(app, &client, sub, sid).await {
        Ok(token) => token,
        Err(reason) => {
            tracing::warn!(client_id = %client.id, reason, "a logout token cannot be made");
            return Outcome::Later;
        }
    };
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("logout_token", &token)
        .finish();
    let client_id = &client.id;
    match app.outbound.post_form(&to.uri, form).await {
        Ok(200 | 204) => Outcome::Delivered,
        Ok(400) => {
            tracing::warn!(%client_id, "the client refused a logout token; it is not asked again");
            Outcome::Refused
        }
        Ok(status) => {
            tracing::info!(%client_id, status, "the client did not take a logout token");
            Outcome::Later
        }
        Err(error) => {
            tracing::info!(%client_id, %error, "the client did not get a logout token");
            Outcome::Later
        }
    }
}

/// Signed as the client's ID tokens are, and encrypted when those are.
async fn token(app: &Context, client: &Client, sub: &str, sid: Sid) -> Result<String, String> {
    let now = app.now();
    let claims = LogoutTokenClaims {
        iss: app.policy().issuer.clone(),
        sub: sub.to_owned(),
        aud: client.id.to_string(),
        iat: now,
        exp: now.plus_seconds(TOKEN_TTL_SECONDS),
        jti: random::text::<16>(app.random.as_ref()),
        events: BTreeMap::from([(String::from(LOGOUT_EVENT), serde_json::Map::new())]),
        sid: app.subjects.session(client, sid).to_string(),
    };
    let alg = signature_algorithm(client.id_token_signed_response_alg);
    let key = app.signing_key(alg).await.map_err(|error| error.to_string())?;
    let signed = key
        .sign_jwt(LOGOUT_TOKEN_TYPE, &claims)
        .map_err(|error| error.to_string())?;
    let Some(how) = &client.openid.id_token_encryption else {
        return Ok(signed);
    };
    let mut call = Call::new(app, &Extensions::new());
    encryption::encrypt_jwt(&mut call, client, how, &signed)
        .await
        .map_err(|failure| match failure {
            Failure::Refused(refusal) => String::from(refusal.rule.id()),
            Failure::Broken(error) => error,
        })
}
