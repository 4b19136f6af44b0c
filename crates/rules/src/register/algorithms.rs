//! The algorithms that a client chooses (OpenID Connect Registration §2). `none` is no algorithm, a shared secret signs
//! nothing but client assertions, and how something is encrypted needs to be said with how its key travels.

use super::Method;
use crate::shown::shown;
use valetkey_jose::jwe::{ContentEncryption, KeyManagement};
use valetkey_model::client::SigningAlg;
use valetkey_model::relying_party::Encryption;
use valetkey_protocol::register::ClientMetadata;
use valetkey_protocol::rule::{Refusal, Rule, Trail};

/// The only algorithm of `client_secret_jwt`.
const HS256: &str = "HS256";

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Algorithms {
    pub(super) id_token: Option<SigningAlg>,
    pub(super) id_token_encryption: Option<Encryption>,
    pub(super) userinfo: Option<SigningAlg>,
    pub(super) userinfo_encryption: Option<Encryption>,
    pub(super) request_object: Option<SigningAlg>,
    pub(super) token_endpoint_auth: Option<String>,
}

impl Algorithms {
    /// How keys travel that the client has to open.
    pub(super) fn key_managements(&self) -> impl Iterator<Item = KeyManagement> {
        [&self.id_token_encryption, &self.userinfo_encryption]
            .into_iter()
            .flatten()
            .filter_map(|encryption| encryption.alg.parse().ok())
    }
}

pub(super) fn read(asked: &ClientMetadata, method: Method, trail: &mut Trail) -> Result<Algorithms, Refusal> {
    let requests = [
        &asked.request_object_encryption_alg,
        &asked.request_object_encryption_enc,
    ];
    trail.require(
        Rule::RegisterAlgorithm,
        requests.iter().all(|member| member.is_none()),
        || ("no request_object_encryption_alg and _enc".into(), "one".into()),
    )?;
    let read = Algorithms {
        id_token: signing(asked.id_token_signed_response_alg.as_deref(), trail)?,
        id_token_encryption: encryption(
            asked.id_token_encrypted_response_alg.as_deref(),
            asked.id_token_encrypted_response_enc.as_deref(),
            trail,
        )?,
        userinfo: signing(asked.userinfo_signed_response_alg.as_deref(), trail)?,
        userinfo_encryption: encryption(
            asked.userinfo_encrypted_response_alg.as_deref(),
            asked.userinfo_encrypted_response_enc.as_deref(),
            trail,
        )?,
        request_object: signing(asked.request_object_signing_alg.as_deref(), trail)?,
        token_endpoint_auth: of_assertions(asked, method, trail)?,
    };
    trail.passed(Rule::RegisterAlgorithm);
    Ok(read)
}

fn signing(name: Option<&str>, trail: &mut Trail) -> Result<Option<SigningAlg>, Refusal> {
    let Some(name) = name else { return Ok(None) };
    match SigningAlg::parse(name) {
        Some(alg) => Ok(Some(alg)),
        None => Err(unknown(name, &SigningAlg::ALL.map(SigningAlg::as_str), trail)),
    }
}

fn encryption(
    alg: Option<&str>,
    enc: Option<&str>,
    trail: &mut Trail,
) -> Result<Option<Encryption>, Refusal> {
    let Some(alg) = alg else {
        trail.require(Rule::RegisterEncryptionAlgMissing, enc.is_none(), || {
            (
                "an algorithm for the key, too".into(),
                shown(enc.unwrap_or_default()),
            )
        })?;
        return Ok(None);
    };
    let known: KeyManagement = alg
        .parse()
        .map_err(|_| unknown(alg, &KeyManagement::ALL.map(KeyManagement::as_str), trail))?;
    let enc = match enc {
        None => ContentEncryption::default(),
        Some(enc) => enc
            .parse()
            .map_err(|_| unknown(enc, &ContentEncryption::ALL.map(ContentEncryption::as_str), trail))?,
    };
    Ok(Some(Encryption {
        alg: known.as_str().to_owned(),
        enc: enc.as_str().to_owned(),
    }))
}

/// What is named for another method than it is for does no harm, but it must be an algorithm.
fn of_assertions(
    asked: &ClientMetadata,
    method: Method,
    trail: &mut Trail,
) -> Result<Option<String>, Refusal> {
    let Some(name) = asked.token_endpoint_auth_signing_alg.as_deref() else {
        return Ok(None);
    };
    let symmetric = (name == HS256).then_some(HS256);
    let asymmetric = SigningAlg::parse(name).map(SigningAlg::as_str);
    let alg = match method {
        Method::ClientSecretJwt => symmetric,
        Method::PrivateKeyJwt => asymmetric,
        Method::None | Method::ClientSecretBasic | Method::ClientSecretPost => symmetric.or(asymmetric),
    };
    trail.require(Rule::RegisterAuthAlgorithm, alg.is_some(), || {
        let expected = match method {
            Method::ClientSecretJwt => HS256.to_owned(),
            _ => SigningAlg::ALL.map(SigningAlg::as_str).join(", "),
        };
        (expected, shown(name))
    })?;
    Ok(alg.map(str::to_owned))
}

fn unknown(name: &str, known: &[&str], trail: &mut Trail) -> Refusal {
    trail.refuse(Refusal::new(
        Rule::RegisterAlgorithm,
        known.join(", "),
        shown(name),
    ))
}
