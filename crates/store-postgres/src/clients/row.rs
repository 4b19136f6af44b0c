//! A client as a row: written and read in one order of columns.

use crate::columns::{Columns, by_name, change, corrupt, params, to_json};
use crate::connection::Connection;
use crate::failure::{Failure, of_insert};
use valetkey_model::client::{
    ApplicationType, Authentication, ClientKeys, Exchange, OAuth1, SecretHash, SigningAlg,
};
use valetkey_model::{Client, ClientId, SealedSecret};
use valetkey_protocol::scope::Scope;

/// Runs `INSERT` or `UPDATE`; answers how many rows there were to write.
pub(super) async fn write(db: &Connection, sql: &str, client: &Client) -> Result<u64, Failure> {
    let proof = Proof::of(&client.authentication);
    let oauth1 = client.oauth1.as_ref();
    let exchange = client.exchange.as_ref();
    let registration = client.registration.as_ref();
    let registration = registration.map(|registered| to_json("registration", registered));
    let jwks_uri = match &client.keys {
        Some(ClientKeys::JwksUri(uri)) => Some(uri),
        Some(ClientKeys::Jwks(_)) | None => None,
    };
    let subjects = exchange.map(|exchange| to_json("exchange subjects", &exchange.subjects));
    let stored = change(
        db,
        sql,
        params![
            client.id.as_str(),
            client.name,
            proof.method,
            proof.secret_hash.as_ref().map(<[u8; 32]>::as_slice),
            proof.secret_sealed,
            client.jwks(),
            jwks_uri,
            application_type_name(client.application_type),
            to_json("redirect URIs", &client.redirect_uris)?,
            to_json("post-logout redirect URIs", &client.post_logout_redirect_uris)?,
            to_json("grant types", &client.grant_types)?,
            client.scope.to_string(),
            to_json("resources", &client.resources)?,
            to_json("resources", &client.introspects)?,
            client.id_token_signed_response_alg.as_str(),
            client.require_pkce,
            to_json("relying party", &client.openid)?,
            to_json("presentation", &client.presentation)?,
            registration.transpose()?,
            oauth1.is_some(),
            oauth1.and_then(|oauth1| oauth1.secret.as_ref().map(|secret| secret.0.as_slice())),
            oauth1.and_then(|oauth1| oauth1.rsa_public_key.as_ref()),
            oauth1.and_then(|oauth1| oauth1.token_ttl_seconds),
            oauth1.and_then(|oauth1| oauth1.retires_at.map(|at| at.0)),
            subjects.transpose()?,
            exchange.map(|exchange| exchange.may_impersonate),
            client.inspect_until.map(|until| until.0),
            client.created_at.0,
        ],
    )
    .await;
    stored.map_err(|error| of_insert(error, "client", &client.id))
}

pub(super) fn read(columns: &mut Columns<'_>) -> Result<Client, Failure> {
    Ok(Client {
        id: columns.parse("client id", ClientId::parse)?,
        name: columns.take()?,
        authentication: authentication(columns)?,
        keys: keys(columns)?,
        application_type: columns.parse("application type", |text| {
            by_name(&APPLICATION_TYPES, application_type_name, text)
        })?,
        redirect_uris: columns.json("redirect URIs")?,
        post_logout_redirect_uris: columns.json("post-logout redirect URIs")?,
        grant_types: columns.json("grant types")?,
        scope: columns.parse("scope", Scope::parse)?,
        resources: columns.json("resources")?,
        introspects: columns.json("resources")?,
        id_token_signed_response_alg: columns.parse("algorithm", |text| {
            by_name(&SigningAlg::ALL, SigningAlg::as_str, text)
        })?,
        require_pkce: columns.take()?,
        openid: columns.json("relying party")?,
        presentation: columns.json("presentation")?,
        registration: columns.json_or_none("registration")?,
        oauth1: oauth1(columns)?,
        exchange: exchange(columns)?,
        inspect_until: columns.time_or_none()?,
        created_at: columns.time()?,
    })
}

/// How a client proves who it is, as its three columns.
struct Proof<'a> {
    method: &'static str,
    secret_hash: Option<[u8; 32]>,
    secret_sealed: Option<&'a [u8]>,
}

impl<'a> Proof<'a> {
    fn of(authentication: &'a Authentication) -> Self {
        let none = Self {
            method: "none",
            secret_hash: None,
            secret_sealed: None,
        };
        let hash = |method, secret: &SecretHash| Self {
            method,
            secret_hash: Some(secret.0),
            ..none
        };
        match authentication {
            Authentication::None => none,
            Authentication::ClientSecretBasic { secret } => hash("client_secret_basic", secret),
            Authentication::ClientSecretPost { secret } => hash("client_secret_post", secret),
            Authentication::ClientSecret { secret } => hash("client_secret", secret),
            Authentication::ClientSecretJwt { secret } => Self {
                method: "client_secret_jwt",
                secret_sealed: Some(&secret.0),
                ..none
            },
            Authentication::PrivateKeyJwt => Self {
                method: "private_key_jwt",
                ..none
            },
        }
    }
}

fn authentication(columns: &mut Columns<'_>) -> Result<Authentication, Failure> {
    let method: String = columns.take()?;
    let hash = columns.hash_or_none()?.map(SecretHash);
    let sealed = columns.take::<Option<Vec<u8>>>()?.map(SealedSecret);
    match (method.as_str(), hash, sealed) {
        ("none", None, None) => Ok(Authentication::None),
        ("client_secret_basic", Some(secret), None) => Ok(Authentication::ClientSecretBasic { secret }),
        ("client_secret_post", Some(secret), None) => Ok(Authentication::ClientSecretPost { secret }),
        ("client_secret", Some(secret), None) => Ok(Authentication::ClientSecret { secret }),
        ("client_secret_jwt", None, Some(secret)) => Ok(Authentication::ClientSecretJwt { secret }),
        ("private_key_jwt", None, None) => Ok(Authentication::PrivateKeyJwt),
        (other, ..) => Err(corrupt("client authentication", other)),
    }
}

fn keys(columns: &mut Columns<'_>) -> Result<Option<ClientKeys>, Failure> {
    let jwks = columns.take::<Option<String>>()?.map(ClientKeys::Jwks);
    let jwks_uri = columns.take::<Option<String>>()?.map(ClientKeys::JwksUri);
    Ok(jwks.or(jwks_uri))
}

fn oauth1(columns: &mut Columns<'_>) -> Result<Option<OAuth1>, Failure> {
    let is_on: bool = columns.take()?;
    let oauth1 = OAuth1 {
        secret: columns.take::<Option<Vec<u8>>>()?.map(SealedSecret),
        rsa_public_key: columns.take()?,
        token_ttl_seconds: columns.take()?,
        retires_at: columns.time_or_none()?,
    };
    Ok(is_on.then_some(oauth1))
}

fn exchange(columns: &mut Columns<'_>) -> Result<Option<Exchange>, Failure> {
    let subjects = columns.json_or_none("exchange subjects")?;
    let may_impersonate: Option<bool> = columns.take()?;
    Ok(subjects
        .zip(may_impersonate)
        .map(|(subjects, may_impersonate)| Exchange {
            subjects,
            may_impersonate,
        }))
}

const APPLICATION_TYPES: [ApplicationType; 4] = [
    ApplicationType::Web,
    ApplicationType::SinglePage,
    ApplicationType::Native,
    ApplicationType::Service,
];

const fn application_type_name(application_type: ApplicationType) -> &'static str {
    match application_type {
        ApplicationType::Web => "web",
        ApplicationType::SinglePage => "single_page",
        ApplicationType::Native => "native",
        ApplicationType::Service => "service",
    }
}
