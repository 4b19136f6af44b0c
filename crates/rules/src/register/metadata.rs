//! A client in the words of the specs: all that is stored, defaults included (RFC 7591 §3.2.1). Registering what this says
//! gives the same client again.

use super::{Method, application_type, grant_types};
use valetkey_model::Client;
use valetkey_model::client::ClientKeys;
use valetkey_model::relying_party::{Encryption, LogoutUri};
use valetkey_protocol::authorize::ResponseType;
use valetkey_protocol::redirect_uri::RedirectUri;
use valetkey_protocol::register::ClientMetadata;

/// See the module.
#[must_use]
pub fn metadata_of(client: &Client) -> ClientMetadata {
    let mut metadata = ClientMetadata {
        redirect_uris: Some(texts(client.redirect_uris.iter().map(RedirectUri::as_str))),
        response_types: Some(response_types(client)),
        grant_types: Some(texts(
            client.grant_types.iter().map(|grant_type| grant_type.as_str()),
        )),
        application_type: Some(application_type::as_str(client.application_type).to_owned()),
        client_name: Some(client.name.clone()),
        scope: Some(client.scope.to_string()).filter(|scope| !scope.is_empty()),
        token_endpoint_auth_method: Some(Method::of(&client.authentication).as_str().to_owned()),
        id_token_signed_response_alg: Some(client.id_token_signed_response_alg.as_str().to_owned()),
        post_logout_redirect_uris: some(&client.post_logout_redirect_uris),
        ..ClientMetadata::default()
    };
    match &client.keys {
        Some(ClientKeys::Jwks(jwks)) => metadata.jwks = serde_json::from_str(jwks).ok(),
        Some(ClientKeys::JwksUri(uri)) => metadata.jwks_uri = Some(uri.clone()),
        None => {}
    }
    if let Some(registered) = &client.registration {
        metadata.software_id.clone_from(&registered.software_id);
        metadata.software_version.clone_from(&registered.software_version);
    }
    presentation(client, &mut metadata);
    openid(client, &mut metadata);
    metadata
}

fn presentation(client: &Client, metadata: &mut ClientMetadata) {
    let shown = &client.presentation;
    metadata.logo_uri.clone_from(&shown.logo_uri);
    metadata.client_uri.clone_from(&shown.client_uri);
    metadata.policy_uri.clone_from(&shown.policy_uri);
    metadata.tos_uri.clone_from(&shown.tos_uri);
    metadata.contacts = some(&shown.contacts);
}

fn openid(client: &Client, metadata: &mut ClientMetadata) {
    let party = &client.openid;
    metadata.subject_type = Some(party.subject_type.as_str().to_owned());
    metadata
        .sector_identifier_uri
        .clone_from(&party.sector_identifier_uri);
    (
        metadata.id_token_encrypted_response_alg,
        metadata.id_token_encrypted_response_enc,
    ) = encryption(party.id_token_encryption.as_ref());
    (
        metadata.userinfo_encrypted_response_alg,
        metadata.userinfo_encrypted_response_enc,
    ) = encryption(party.userinfo_encryption.as_ref());
    metadata.userinfo_signed_response_alg = party
        .userinfo_signed_response_alg
        .map(|alg| alg.as_str().to_owned());
    metadata.request_object_signing_alg = party
        .request_object_signing_alg
        .map(|alg| alg.as_str().to_owned());
    metadata.require_signed_request_object = Some(party.require_signed_request_object);
    metadata.request_uris = some(&party.request_uris);
    metadata.default_max_age = party.default_max_age_seconds;
    metadata.require_auth_time = Some(party.require_auth_time);
    metadata.default_acr_values = some(&party.default_acr_values);
    metadata.initiate_login_uri.clone_from(&party.initiate_login_uri);
    metadata
        .token_endpoint_auth_signing_alg
        .clone_from(&party.token_endpoint_auth_signing_alg);
    (
        metadata.frontchannel_logout_uri,
        metadata.frontchannel_logout_session_required,
    ) = logout(party.frontchannel_logout.as_ref());
    (
        metadata.backchannel_logout_uri,
        metadata.backchannel_logout_session_required,
    ) = logout(party.backchannel_logout.as_ref());
}

/// Those registered; where none is, those that the grant types allow.
fn response_types(client: &Client) -> Vec<String> {
    let registered = &client.openid.response_types;
    let allowed = |response_type: &&ResponseType| {
        let mut needed = grant_types::needed(**response_type);
        needed.all(|grant_type| client.may_use(grant_type))
    };
    if registered.is_empty() {
        return texts(ResponseType::ALL.iter().filter(allowed).map(|one| one.as_str()));
    }
    texts(registered.iter().map(|one| one.as_str()))
}

fn encryption(encryption: Option<&Encryption>) -> (Option<String>, Option<String>) {
    match encryption {
        Some(Encryption { alg, enc }) => (Some(alg.clone()), Some(enc.clone())),
        None => (None, None),
    }
}

fn logout(logout: Option<&LogoutUri>) -> (Option<String>, Option<bool>) {
    match logout {
        Some(logout) => (Some(logout.uri.clone()), Some(logout.session_required)),
        None => (None, None),
    }
}

fn some(list: &[String]) -> Option<Vec<String>> {
    (!list.is_empty()).then(|| list.to_vec())
}

fn texts<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<String> {
    texts.map(str::to_owned).collect()
}
