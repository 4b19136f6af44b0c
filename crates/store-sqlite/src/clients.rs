//! Clients.

use crate::SqliteStore;
use crate::columns::{Columns, by_name, change, corrupt, find, list, to_json};
use crate::failure::{Failure, of_insert};
use crate::pulse::bump_stamp;
use rusqlite::{Connection, params};
use valetkey_model::client::{ApplicationType, Authentication, IdTokenAlg, SecretHash};
use valetkey_model::{Client, ClientId};
use valetkey_protocol::scope::Scope;
use valetkey_store::{Answer, ClientStore};

/// The columns of a client, in the order in which `store` and `client` go through them.
macro_rules! columns {
    () => {
        "id, name, auth_method, secret_hash, application_type, redirect_uris, post_logout_redirect_uris, \
         grant_types, scope, resources, introspects, id_token_signed_response_alg, require_pkce, \
         inspect_until, created_at"
    };
}

pub(crate) const INSERT: &str = concat!(
    "INSERT INTO clients (",
    columns!(),
    ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)"
);
pub(crate) const UPDATE: &str = "UPDATE clients SET name = ?2, auth_method = ?3, secret_hash = ?4, \
     application_type = ?5, redirect_uris = ?6, post_logout_redirect_uris = ?7, grant_types = ?8, scope = ?9, \
     resources = ?10, introspects = ?11, id_token_signed_response_alg = ?12, require_pkce = ?13, \
     inspect_until = ?14, created_at = ?15 WHERE id = ?1";
pub(crate) const FIND: &str = concat!("SELECT ", columns!(), " FROM clients WHERE id = ?1");
pub(crate) const LIST: &str = concat!("SELECT ", columns!(), " FROM clients ORDER BY id");
pub(crate) const REMOVE: &str = "DELETE FROM clients WHERE id = ?1";

impl ClientStore for SqliteStore {
    fn insert_client(&self, client: Client) -> Answer<'_, ()> {
        self.write(move |connection| {
            store(connection, INSERT, &client)?;
            bump_stamp(connection)
        })
    }

    fn update_client(&self, client: Client) -> Answer<'_, bool> {
        self.write(move |connection| {
            let found = store(connection, UPDATE, &client)? == 1;
            if found {
                bump_stamp(connection)?;
            }
            Ok(found)
        })
    }

    fn find_client<'a>(&'a self, id: &'a ClientId) -> Answer<'a, Option<Client>> {
        self.read(move |connection| find(connection, FIND, [id.as_str()], client))
    }

    fn list_clients(&self) -> Answer<'_, Vec<Client>> {
        self.read_all(|connection| list(connection, LIST, [], client))
    }

    fn remove_client<'a>(&'a self, id: &'a ClientId) -> Answer<'a, bool> {
        let id = id.clone();
        self.write(move |connection| {
            let found = change(connection, REMOVE, [id.as_str()])? == 1;
            if found {
                bump_stamp(connection)?;
            }
            Ok(found)
        })
    }
}

fn store(connection: &Connection, sql: &str, client: &Client) -> Result<usize, Failure> {
    let (method, secret) = authentication_columns(&client.authentication);
    let stored = change(
        connection,
        sql,
        params![
            client.id.as_str(),
            client.name,
            method,
            secret,
            application_type_name(client.application_type),
            to_json("redirect URIs", &client.redirect_uris)?,
            to_json("post-logout redirect URIs", &client.post_logout_redirect_uris)?,
            to_json("grant types", &client.grant_types)?,
            client.scope.to_string(),
            to_json("resources", &client.resources)?,
            to_json("resources", &client.introspects)?,
            id_token_alg_name(client.id_token_signed_response_alg),
            client.require_pkce,
            client.inspect_until.map(|until| until.0),
            client.created_at.0,
        ],
    );
    stored.map_err(|error| of_insert(error, "client", &client.id))
}

fn client(columns: &mut Columns<'_, '_>) -> Result<Client, Failure> {
    Ok(Client {
        id: columns.parse("client id", ClientId::parse)?,
        name: columns.take()?,
        authentication: authentication(columns)?,
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
            by_name(&ID_TOKEN_ALGS, id_token_alg_name, text)
        })?,
        require_pkce: columns.take()?,
        inspect_until: columns.time_or_none()?,
        created_at: columns.time()?,
    })
}

fn authentication_columns(authentication: &Authentication) -> (&'static str, Option<[u8; 32]>) {
    match authentication {
        Authentication::None => ("none", None),
        Authentication::ClientSecretBasic { secret } => ("client_secret_basic", Some(secret.0)),
        Authentication::ClientSecretPost { secret } => ("client_secret_post", Some(secret.0)),
        Authentication::ClientSecret { secret } => ("client_secret", Some(secret.0)),
    }
}

fn authentication(columns: &mut Columns<'_, '_>) -> Result<Authentication, Failure> {
    let method: String = columns.take()?;
    let secret = columns.take::<Option<[u8; 32]>>()?.map(SecretHash);
    match (method.as_str(), secret) {
        ("none", None) => Ok(Authentication::None),
        ("client_secret_basic", Some(secret)) => Ok(Authentication::ClientSecretBasic { secret }),
        ("client_secret_post", Some(secret)) => Ok(Authentication::ClientSecretPost { secret }),
        ("client_secret", Some(secret)) => Ok(Authentication::ClientSecret { secret }),
        (other, _) => Err(corrupt("client authentication", other)),
    }
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

const ID_TOKEN_ALGS: [IdTokenAlg; 2] = [IdTokenAlg::RS256, IdTokenAlg::ES256];

const fn id_token_alg_name(alg: IdTokenAlg) -> &'static str {
    match alg {
        IdTokenAlg::RS256 => "RS256",
        IdTokenAlg::ES256 => "ES256",
    }
}
