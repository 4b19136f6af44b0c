//! The apps and APIs that `dev` knows.

use super::{APP_OAUTH1_SECRET, APP_SECRET, Addresses, BACKUP_SECRET, PHOTOS_SECRET, policy, resource};
use std::collections::BTreeSet;
use valetkey_model::client::{ApplicationType, Authentication, GrantType, OAuth1, SigningAlg};
use valetkey_model::relying_party::{LogoutUri, Presentation, RelyingParty};
use valetkey_model::{Client, ClientId};
use valetkey_protocol::redirect_uri::RedirectUri;
use valetkey_protocol::scope::Scope;
use valetkey_protocol::secret::ClientSecret;
use valetkey_protocol::time::Timestamp;
use valetkey_rules::{Purpose, SecretKeys};
use valetkey_server::pages::home;
use valetkey_server::provision::hash_client_secret;

/// Where MySweetApp's OAuth 1.0a flow comes back to, below its address.
pub(super) const OAUTH1_CALLBACK: &str = "/oauth1/callback";

/// A client of the cast, before its texts are parsed.
struct Plan<'a> {
    id: &'a str,
    name: &'a str,
    secret: Option<&'a str>,
    oauth1_secret: Option<&'a str>,
    kind: ApplicationType,
    redirect_uris: Vec<String>,
    grants: &'a [GrantType],
    scope: Scope,
}

/// The five clients. A text that cannot be parsed would leave its client out; a test counts them.
pub(super) fn all(addresses: &Addresses, secrets: &SecretKeys, now: Timestamp) -> Vec<Client> {
    apps(addresses)
        .into_iter()
        .chain(services())
        .filter_map(|plan| plan.client(addresses, secrets, now))
        .collect()
}

fn apps(addresses: &Addresses) -> [Plan<'static>; 3] {
    let everything = policy(addresses).known_scope();
    let app = &addresses.app;
    [
        Plan {
            id: "mysweetapp",
            name: "MySweetApp",
            secret: Some(APP_SECRET),
            oauth1_secret: Some(APP_OAUTH1_SECRET),
            kind: ApplicationType::Web,
            redirect_uris: vec![format!("{app}/callback"), format!("{app}{OAUTH1_CALLBACK}")],
            grants: &[GrantType::AuthorizationCode, GrantType::RefreshToken],
            scope: everything.clone(),
        },
        Plan {
            id: "mysweetcli",
            name: "MySweetApp for the terminal",
            secret: None,
            oauth1_secret: None,
            kind: ApplicationType::Native,
            redirect_uris: vec!["http://127.0.0.1/callback".into()],
            grants: &[
                GrantType::AuthorizationCode,
                GrantType::DeviceCode,
                GrantType::RefreshToken,
            ],
            scope: everything.clone(),
        },
        Plan {
            id: "mysweetspa",
            name: "MySweetApp in the browser",
            secret: None,
            oauth1_secret: None,
            kind: ApplicationType::SinglePage,
            redirect_uris: vec![format!("{app}/spa")],
            grants: &[GrantType::AuthorizationCode, GrantType::RefreshToken],
            scope: everything,
        },
    ]
}

fn services() -> [Plan<'static>; 2] {
    [
        Plan {
            id: "photo-backup",
            name: "Photo backup",
            secret: Some(BACKUP_SECRET),
            oauth1_secret: None,
            kind: ApplicationType::Service,
            redirect_uris: Vec::new(),
            grants: &[GrantType::ClientCredentials],
            scope: Scope::parse("photos.read photos.write").unwrap_or_default(),
        },
        Plan {
            id: "photos-api",
            name: "Photos API",
            secret: Some(PHOTOS_SECRET),
            oauth1_secret: None,
            kind: ApplicationType::Service,
            redirect_uris: Vec::new(),
            grants: &[],
            scope: Scope::default(),
        },
    ]
}

impl Plan<'_> {
    fn client(self, addresses: &Addresses, secrets: &SecretKeys, now: Timestamp) -> Option<Client> {
        let id = ClientId::parse(self.id).ok()?;
        let secret = self
            .secret
            .map(|secret| hash_client_secret(&ClientSecret::new(secret)));
        let is_the_api = self.id == "photos-api";
        let oauth1 = self.oauth1_secret.map(|secret| OAuth1 {
            secret: Some(secrets.seal(Purpose::OAuth1, &id, secret)),
            ..OAuth1::default()
        });
        let uris = self.redirect_uris.iter();
        let app = (self.id == "mysweetapp").then_some(&addresses.app);
        let logout = |path: &str| {
            app.map(|app| LogoutUri {
                uri: format!("{app}{path}"),
                session_required: true,
            })
        };
        Some(Client {
            name: self.name.into(),
            authentication: secret.map_or(Authentication::None, |secret| Authentication::ClientSecret {
                secret,
            }),
            application_type: self.kind,
            redirect_uris: uris.filter_map(|uri| RedirectUri::parse(uri).ok()).collect(),
            post_logout_redirect_uris: app.map(|app| format!("{app}/signed-out")).into_iter().collect(),
            grant_types: self.grants.iter().copied().collect(),
            scope: self.scope,
            resources: BTreeSet::new(),
            introspects: resource(addresses).filter(|_| is_the_api).into_iter().collect(),
            id_token_signed_response_alg: SigningAlg::RS256,
            require_pkce: true,
            keys: None,
            openid: RelyingParty {
                initiate_login_uri: app.map(|app| format!("{app}/login")),
                frontchannel_logout: logout("/frontchannel-logout"),
                backchannel_logout: logout("/backchannel-logout"),
                ..RelyingParty::default()
            },
            presentation: Presentation::default(),
            registration: None,
            oauth1,
            exchange: None,
            inspect_until: None,
            created_at: now,
            id,
        })
    }
}

/// The clients as the start page and the terminal tell them.
pub(super) fn told(addresses: &Addresses) -> Vec<home::DevClient> {
    let client = |id: &str, secret: Option<&str>, says: String| home::DevClient {
        client_id: id.into(),
        secret: secret.map(Into::into),
        says,
    };
    let app = &addresses.app;
    vec![
        client(
            "mysweetapp",
            Some(APP_SECRET),
            format!(
                "web app; code and refresh, OAuth 1.0a ({APP_OAUTH1_SECRET}); {app}/callback, {OAUTH1_CALLBACK}"
            ),
        ),
        client(
            "mysweetcli",
            None,
            "native app; code, refresh and device code; http://127.0.0.1/callback, any port".into(),
        ),
        client(
            "mysweetspa",
            None,
            format!("single-page app; code and refresh; {app}/spa"),
        ),
        client(
            "photo-backup",
            Some(BACKUP_SECRET),
            "service; client credentials".into(),
        ),
        client(
            "photos-api",
            Some(PHOTOS_SECRET),
            format!(
                "may introspect tokens and verify OAuth 1.0a signatures for {}",
                addresses.photos
            ),
        ),
    ]
}
