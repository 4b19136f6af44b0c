//! What a client is as a relying party, on the command line: the members of OpenID Connect Registration §2 and the logout
//! specs, each by a flag, judged by the rules that judge clients which register themselves.

use super::jwks;
use super::sound::refuse;
use super::words::Alg;
use crate::failure::{Failure, Outcome};
use clap::Args;
use std::path::PathBuf;
use valetkey_model::Client;
use valetkey_protocol::register::ClientMetadata;
use valetkey_protocol::rule::{Refusal, Trail};
use valetkey_rules::policy::Policy;
use valetkey_rules::register::{Base, Decided, Method, Sector, relying_party};

/// What `client add` and `client set` take.
#[derive(Debug, Args)]
#[command(next_help_heading = "As a relying party (OpenID Connect Registration)")]
pub(super) struct RelyingParty {
    /// Where the browser may go after sign-out; may be given more than once.
    #[arg(long, value_name = "URI")]
    post_logout_redirect_uri: Vec<String>,
    /// A response type, as "code id_token"; may be given more than once [default: those of its grant types].
    #[arg(long, value_name = "TYPE")]
    response_type: Vec<String>,
    /// Whether people have one identifier for all clients, or one for each sector.
    #[arg(long, value_name = "TYPE", value_parser = ["public", "pairwise"])]
    subject_type: Option<String>,
    /// The document that lists all redirect URIs of its sector; it is not fetched here.
    #[arg(long, value_name = "URI")]
    sector_identifier_uri: Option<String>,
    /// Its public keys: a JWK set (RFC 7517 §5). Private keys are refused.
    #[arg(long, value_name = "FILE", conflicts_with = "jwks_uri")]
    jwks: Option<PathBuf>,
    /// Where its public keys are.
    #[arg(long, value_name = "URI")]
    jwks_uri: Option<String>,
    /// How the key of its ID tokens travels, when they are encrypted, as RSA-OAEP-256 or ECDH-ES.
    #[arg(long, value_name = "ALG")]
    id_token_encryption_alg: Option<String>,
    /// How its ID tokens are encrypted [default: A128CBC-HS256].
    #[arg(long, value_name = "ENC")]
    id_token_encryption_enc: Option<String>,
    /// The algorithm of its userinfo answers; without it they are plain JSON.
    #[arg(long, value_enum, value_name = "ALG")]
    userinfo_alg: Option<Alg>,
    /// How the key of its userinfo answers travels, when they are encrypted.
    #[arg(long, value_name = "ALG")]
    userinfo_encryption_alg: Option<String>,
    /// How its userinfo answers are encrypted [default: A128CBC-HS256].
    #[arg(long, value_name = "ENC")]
    userinfo_encryption_enc: Option<String>,
    /// The one algorithm of its request objects [default: any].
    #[arg(long, value_enum, value_name = "ALG")]
    request_object_alg: Option<Alg>,
    /// It may ask only by a signed request object (RFC 9101 §10.5).
    #[arg(long)]
    require_signed_request_object: bool,
    /// A request object that it may name by address; may be given more than once.
    #[arg(long, value_name = "URI")]
    request_uri: Vec<String>,
    /// The one algorithm of its client assertions, as ES256 or HS256 [default: any].
    #[arg(long, value_name = "ALG")]
    assertion_alg: Option<String>,
    /// How long ago a sign-in may be, where a request does not say.
    #[arg(long, value_name = "SECONDS")]
    default_max_age: Option<i64>,
    /// How surely people must be who they are, where a request does not say; may be given more than once.
    #[arg(long, value_name = "ACR")]
    default_acr: Vec<String>,
    /// Where somebody else can begin a sign-in.
    #[arg(long, value_name = "URI")]
    initiate_login_uri: Option<String>,
    /// What the browser loads when the person signs out; at the site of a redirect URI.
    #[arg(long, value_name = "URI")]
    frontchannel_logout_uri: Option<String>,
    /// It wants to be told there which session.
    #[arg(long)]
    frontchannel_logout_session: bool,
    /// What is sent a logout token when the person signs out.
    #[arg(long, value_name = "URI")]
    backchannel_logout_uri: Option<String>,
    /// It wants to be told there which session.
    #[arg(long)]
    backchannel_logout_session: bool,
    /// Its logo; people are shown it from here.
    #[arg(long, value_name = "URI")]
    logo_uri: Option<String>,
    /// Its own page.
    #[arg(long, value_name = "URI")]
    client_uri: Option<String>,
    /// How it treats what it learns.
    #[arg(long, value_name = "URI")]
    policy_uri: Option<String>,
    /// Its terms of service.
    #[arg(long, value_name = "URI")]
    tos_uri: Option<String>,
    /// Who answers for it: an e-mail address; may be given more than once.
    #[arg(long, value_name = "EMAIL")]
    contact: Vec<String>,
}

impl RelyingParty {
    /// Whether public keys were given, in either way.
    pub(super) const fn has_keys(&self) -> bool {
        self.jwks.is_some() || self.jwks_uri.is_some()
    }

    /// Whether they were given as a file.
    pub(super) const fn has_jwks(&self) -> bool {
        self.jwks.is_some()
    }

    /// What was said, in the specs' words.
    pub(super) fn metadata(&self) -> Outcome<ClientMetadata> {
        let alg = |alg: Option<Alg>| alg.map(|alg| alg.id_token_alg().as_str().to_owned());
        Ok(ClientMetadata {
            post_logout_redirect_uris: some(&self.post_logout_redirect_uri),
            response_types: some(&self.response_type),
            subject_type: self.subject_type.clone(),
            sector_identifier_uri: self.sector_identifier_uri.clone(),
            jwks: self.jwks.as_deref().map(jwks::read).transpose()?,
            jwks_uri: self.jwks_uri.clone(),
            id_token_encrypted_response_alg: self.id_token_encryption_alg.clone(),
            id_token_encrypted_response_enc: self.id_token_encryption_enc.clone(),
            userinfo_signed_response_alg: alg(self.userinfo_alg),
            userinfo_encrypted_response_alg: self.userinfo_encryption_alg.clone(),
            userinfo_encrypted_response_enc: self.userinfo_encryption_enc.clone(),
            request_object_signing_alg: alg(self.request_object_alg),
            require_signed_request_object: self.require_signed_request_object.then_some(true),
            request_uris: some(&self.request_uri),
            token_endpoint_auth_signing_alg: self.assertion_alg.clone(),
            default_max_age: self.default_max_age,
            default_acr_values: some(&self.default_acr),
            initiate_login_uri: self.initiate_login_uri.clone(),
            frontchannel_logout_uri: self.frontchannel_logout_uri.clone(),
            frontchannel_logout_session_required: self.frontchannel_logout_session.then_some(true),
            backchannel_logout_uri: self.backchannel_logout_uri.clone(),
            backchannel_logout_session_required: self.backchannel_logout_session.then_some(true),
            logo_uri: self.logo_uri.clone(),
            client_uri: self.client_uri.clone(),
            policy_uri: self.policy_uri.clone(),
            tos_uri: self.tos_uri.clone(),
            contacts: some(&self.contact),
            ..ClientMetadata::default()
        })
    }
}

fn some(texts: &[String]) -> Option<Vec<String>> {
    (!texts.is_empty()).then(|| texts.to_vec())
}

/// Takes it over into the client, when the rules allow it. The operator answers for a sector's document.
pub(super) fn take(asked: &ClientMetadata, client: &mut Client, policy: &Policy) -> Outcome {
    let base = Base {
        redirect_uris: &client.redirect_uris,
        grant_types: &client.grant_types,
        application_type: client.application_type,
        method: Method::of(&client.authentication),
    };
    let party = match relying_party(asked, &base, Sector::Vouched, policy, &mut Trail::off()) {
        Ok(Decided::Ready(party)) => party,
        Ok(Decided::NeedsDocument(uri)) => return refuse(format!("{uri} would have to be fetched")),
        Err(refusal) => return Err(told(&refusal)),
    };
    party.onto(client);
    if asked.response_types.is_none() {
        // Then they follow from the grant types, whatever `client allow` makes of those.
        client.openid.response_types.clear();
    }
    Ok(())
}

/// The rule's own words.
fn told(refusal: &Refusal) -> Failure {
    let info = refusal.rule.info();
    Failure::refused(format!(
        "{} Expected {}; got {}. {} ({}, {})",
        info.says, refusal.expected, refusal.received, info.fix, info.id, info.spec
    ))
}
