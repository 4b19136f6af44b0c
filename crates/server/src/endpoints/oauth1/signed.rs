//! A signed request on its way in: its parameters (RFC 5849 §3.5), its base string (§3.4.1), its consumer, and whether
//! the signature is good and new (§3.2, §3.3).
//!
//! The URI that was signed is the issuer's, whatever proxy stands in between: that is what clients see.

use crate::call::{Call, Failure};
use crate::{form, once};
use axum::body::Body;
use http::header;
use http::request::Parts;
use std::sync::Arc;
use valetkey_model::Client;
use valetkey_protocol::oauth1::{Collected, Protocol};
use valetkey_protocol::observe::Parameter;
use valetkey_protocol::params::is_form;
use valetkey_protocol::rule::{Refusal, Rule};
use valetkey_protocol::secret::OAuth1Secret;
use valetkey_rules::oauth1::{self, Facts, Message, Signed};
use valetkey_rules::once::Once;

/// See the module.
pub(super) struct Received {
    pub(super) collected: Collected,
    uri: String,
    method: String,
    base_string: String,
}

/// Reads a request whose body nobody has read yet. What it carries is put into `shown`, for the inspector.
pub(super) async fn read(
    call: &mut Call<'_>,
    parts: &Parts,
    body: Body,
    path: &str,
    shown: &mut Vec<Parameter>,
) -> Result<Received, Failure> {
    let bytes = form::bytes(call, body).await?;
    let received = of_bytes(call, parts, &bytes, path)?;
    *shown = shown_all(&received.collected);
    Ok(received)
}

/// Reads a request with that body.
pub(super) fn of_bytes(
    call: &mut Call<'_>,
    parts: &Parts,
    body: &[u8],
    path: &str,
) -> Result<Received, Refusal> {
    let authorization = form::authorization(&parts.headers);
    let content_type = parts.headers.get(header::CONTENT_TYPE);
    let form = content_type
        .is_some_and(|kind| is_form(kind.as_bytes()))
        .then_some(body);
    let collected = oauth1::read(authorization, parts.uri.query(), form, &mut call.trail)?;
    let uri = call.app.url(path);
    let method = parts.method.as_str().to_owned();
    let message = Message {
        method: &method,
        uri: &uri,
        collected: &collected,
    };
    let base_string = message.base_string(&mut call.trail)?;
    call.base_string = Some(base_string.clone());
    if let Some(token) = &collected.protocol.token {
        call.tie_token(token);
    }
    Ok(Received {
        collected,
        uri,
        method,
        base_string,
    })
}

fn shown_all(collected: &Collected) -> Vec<Parameter> {
    let protocol = collected.protocol.pairs().into_iter();
    let others = collected.others.iter();
    protocol
        .chain(others.map(|(name, value)| (name.as_str(), value.as_str())))
        .map(|(name, value)| Parameter::named(name, value))
        .collect()
}

impl Received {
    pub(super) const fn protocol(&self) -> &Protocol {
        &self.collected.protocol
    }

    /// Finds the client that the request says it comes from. Nothing is proved yet.
    pub(super) async fn find_consumer(&self, call: &mut Call<'_>) -> Result<(), Failure> {
        find_consumer(call, self.protocol()).await
    }

    /// The client, when it signed the request with the secret of the token that the request names, and now for the
    /// first time.
    pub(super) async fn verify(
        &self,
        call: &mut Call<'_>,
        token_secret: Option<&OAuth1Secret>,
    ) -> Result<Arc<Client>, Failure> {
        let message = Message {
            method: &self.method,
            uri: &self.uri,
            collected: &self.collected,
        };
        let client = verify(call, &message.signed(&self.base_string), token_secret).await?;
        call.proved = true;
        Ok(client)
    }
}

/// Finds the client that the consumer key names.
pub(super) async fn find_consumer(call: &mut Call<'_>, protocol: &Protocol) -> Result<(), Failure> {
    // Whoever was known before is not who signed.
    call.client = None;
    let id = oauth1::consumer(protocol, &mut call.trail)?;
    call.client = call.app.client(id.as_str()).await?;
    Ok(())
}

/// Whether the signature is good, and its nonce new.
async fn verify(
    call: &mut Call<'_>,
    signed: &Signed<'_>,
    token_secret: Option<&OAuth1Secret>,
) -> Result<Arc<Client>, Failure> {
    let (client, shown_once) = proved(call, signed, token_secret)?;
    once::first_time(call, &shown_once).await?;
    Ok(client)
}

/// Whether the signature is good. Whoever takes the request has to see that it is the first time.
pub(super) fn proved(
    call: &mut Call<'_>,
    signed: &Signed<'_>,
    token_secret: Option<&OAuth1Secret>,
) -> Result<(Arc<Client>, Once), Failure> {
    let app = call.app;
    let facts = Facts {
        client: call.client.as_deref(),
        secrets: &app.secrets_of_clients,
        policy: app.policy(),
        now: call.now,
    };
    let shown_once = oauth1::verify(signed, token_secret, &facts, &mut call.trail)?;
    let client = call.client.clone();
    let client = client.ok_or_else(|| Refusal::plain(Rule::OAuth1ConsumerUnknown))?;
    Ok((client, shown_once))
}
