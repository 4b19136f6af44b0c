//! What is encrypted for a client (OpenID Connect Core §10.2): to a key of its own, named by its `kid` in the header.
//!
//! A client that asked for encryption never gets anything in the clear because its keys are not to be had.

use crate::call::{Call, Failure};
use crate::client_keys;
use crate::outbound::documents::ClientKeys;
use valetkey_jose::JoseError;
use valetkey_jose::jwe::{ContentEncryption, EncryptingKey, KeyManagement};
use valetkey_model::Client;
use valetkey_model::relying_party::Encryption;
use valetkey_protocol::rule::{Refusal, Rule};

/// Encrypts a JWT that is signed already.
pub(crate) async fn encrypt_jwt(
    call: &mut Call<'_>,
    client: &Client,
    how: &Encryption,
    signed: &str,
) -> Result<String, Failure> {
    let (key, enc) = recipient(call, client, how, Rule::ClientEncryptionKeyMissing).await?;
    key.encrypt_jwt(enc, signed).map_err(failed)
}

/// Whether there is a key to encrypt with: asked before something is used up for what would be encrypted.
pub(crate) async fn is_possible(
    call: &mut Call<'_>,
    client: &Client,
    how: &Encryption,
    rule: Rule,
) -> Result<(), Failure> {
    recipient(call, client, how, rule).await.map(|_| ())
}

/// Encrypts claims that nobody signed.
pub(crate) async fn encrypt_json(
    call: &mut Call<'_>,
    client: &Client,
    how: &Encryption,
    json: &str,
) -> Result<String, Failure> {
    let (key, enc) = recipient(call, client, how, Rule::ClientEncryptionKeyMissing).await?;
    key.encrypt(enc, None, json.as_bytes()).map_err(failed)
}

fn failed(error: JoseError) -> Failure {
    Failure::Broken(error.to_string())
}

async fn recipient(
    call: &mut Call<'_>,
    client: &Client,
    how: &Encryption,
    rule: Rule,
) -> Result<(EncryptingKey, ContentEncryption), Failure> {
    // Whoever registered the client has checked both names.
    let alg: KeyManagement = how.alg.parse().map_err(failed)?;
    let enc: ContentEncryption = how.enc.parse().map_err(failed)?;
    let app = call.app;
    let mut key = fitting(client_keys::keys_of(app, client).await?, alg);
    if key.is_none() {
        key = fitting(client_keys::refetched_keys_of(app, client).await?, alg);
    }
    let Some(key) = key else {
        return Err(call
            .trail
            .refuse(Refusal::new(
                rule,
                format!("a key of {} for {alg}", client.id),
                "none in its keys, or its keys cannot be had now",
            ))
            .into());
    };
    call.trail.passed(rule);
    Ok((key, enc))
}

fn fitting(keys: Option<std::sync::Arc<ClientKeys>>, alg: KeyManagement) -> Option<EncryptingKey> {
    EncryptingKey::select(&keys?.set, alg, None).ok()
}
