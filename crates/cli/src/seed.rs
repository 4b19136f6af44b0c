//! The people, clients, scopes and the API that `dev` starts with: the explainer's cast. All of it is documented, so
//! that people can script against it; none of it is secret.

use crate::failure::Outcome;
use valetkey_model::client::{ApplicationType, Authentication, GrantType, IdTokenAlg};
use valetkey_model::{Client, ClientId, User, UserId};
use valetkey_protocol::claims::{Address, StandardClaims};
use valetkey_protocol::redirect_uri::RedirectUri;
use valetkey_protocol::resource::ResourceIndicator;
use valetkey_protocol::scope::Scope;
use valetkey_protocol::secret::{ClientSecret, Password};
use valetkey_protocol::time::Timestamp;
use valetkey_rules::policy::{Policy, Resource, TokenFormat};
use valetkey_server::clock::{Clock as _, SystemClock};
use valetkey_server::pages::home;
use valetkey_server::provision::{hash_any_password, hash_client_secret};
use valetkey_server::random::{self, SystemRandom};
use valetkey_store::{Store, StoreError};

/// Where `dev` is without `--port`.
pub(crate) const DEFAULT_PORT: u16 = 8080;

/// MySweetApp's secret.
pub(crate) const APP_SECRET: &str = "mysweetapp-secret";
/// The Photos API's secret.
pub(crate) const PHOTOS_SECRET: &str = "photos-api-secret";
const BACKUP_SECRET: &str = "photo-backup-secret";

/// Where the parts of `dev` are.
#[derive(Debug, Clone)]
pub(crate) struct Addresses {
    /// The authorization server, which is also its issuer.
    pub(crate) issuer: String,
    /// The Photos API, which is also its resource indicator.
    pub(crate) photos: String,
    /// MySweetApp.
    pub(crate) app: String,
}

impl Addresses {
    /// The three at this port and the two after it.
    pub(crate) fn at(port: u16) -> Self {
        let address = |after: u16| format!("http://localhost:{}", port.saturating_add(after));
        Self {
            issuer: address(0),
            photos: address(1),
            app: address(2),
        }
    }
}

/// A person of the cast.
struct Role {
    username: &'static str,
    password: &'static str,
    claims: fn() -> StandardClaims,
}

const PEOPLE: [Role; 2] = [
    Role {
        username: "alice",
        password: "wonderland",
        claims: alice,
    },
    Role {
        username: "bob",
        password: "builder",
        claims: bob,
    },
];

/// What `dev` decides by: everybody may see why something was refused.
pub(crate) fn policy(addresses: &Addresses) -> Policy {
    let mut policy = Policy::new(addresses.issuer.clone());
    policy.show_details = true;
    policy.resources = resource(addresses)
        .map(|indicator| Resource {
            indicator,
            name: "Photos".into(),
            token_format: TokenFormat::Jwt,
            scopes: [
                ("photos.read", "See your photos"),
                ("photos.write", "Add photos to your album"),
            ]
            .map(|(word, says)| (word.to_owned(), says.to_owned()))
            .into(),
            access_token_ttl_seconds: None,
        })
        .into_iter()
        .collect();
    policy
}

fn resource(addresses: &Addresses) -> Option<ResourceIndicator> {
    ResourceIndicator::parse(&addresses.photos).ok()
}

/// Adds whoever is not there yet. Passwords and settings that somebody changed stay as they are; addresses that follow
/// `--port` are added. Answers Alice's `sub`.
pub(crate) async fn plant(store: &dyn Store, addresses: &Addresses) -> Outcome<UserId> {
    let [alice, bob] = &PEOPLE;
    // Two hashes at once: they are most of what a first start costs.
    let (alice, bob) = tokio::join!(person(store, alice), person(store, bob));
    bob?;
    for client in clients(addresses, SystemClock.now()) {
        register(store, client).await?;
    }
    alice
}

async fn person(store: &dyn Store, role: &Role) -> Outcome<UserId> {
    if let Some(there) = store.find_user_by_username(role.username).await? {
        return Ok(there.id);
    }
    let id = UserId(random::uuid(&SystemClock, &SystemRandom));
    let hash = hash_any_password(&Password::new(role.password), &SystemRandom).await?;
    let user = User {
        id,
        username: role.username.into(),
        password_hash: Some(hash),
        claims: (role.claims)(),
        created_at: SystemClock.now(),
    };
    store.insert_user(user).await?;
    Ok(id)
}

async fn register(store: &dyn Store, client: Client) -> Result<(), StoreError> {
    let Some(mut there) = store.find_client(&client.id).await? else {
        return store.insert_client(client).await;
    };
    let before = there.clone();
    for uri in client.redirect_uris {
        if !there.redirect_uris.contains(&uri) {
            there.redirect_uris.push(uri);
        }
    }
    there.introspects.extend(client.introspects);
    if there != before {
        store.update_client(there).await?;
    }
    Ok(())
}

/// The five clients. A text that cannot be parsed would leave its client out; a test counts them.
fn clients(addresses: &Addresses, now: Timestamp) -> Vec<Client> {
    let everything = policy(addresses).known_scope();
    let person = [GrantType::AuthorizationCode, GrantType::RefreshToken];
    let plans = [
        Plan {
            id: "mysweetapp",
            name: "MySweetApp",
            secret: Some(APP_SECRET),
            kind: ApplicationType::Web,
            redirect_uri: Some(format!("{}/callback", addresses.app)),
            grants: &person,
            scope: everything.clone(),
        },
        Plan {
            id: "mysweetcli",
            name: "MySweetApp for the terminal",
            secret: None,
            kind: ApplicationType::Native,
            redirect_uri: Some("http://127.0.0.1/callback".into()),
            grants: &person,
            scope: everything.clone(),
        },
        Plan {
            id: "mysweetspa",
            name: "MySweetApp in the browser",
            secret: None,
            kind: ApplicationType::SinglePage,
            redirect_uri: Some(format!("{}/spa", addresses.app)),
            grants: &person,
            scope: everything,
        },
        Plan {
            id: "photo-backup",
            name: "Photo backup",
            secret: Some(BACKUP_SECRET),
            kind: ApplicationType::Service,
            redirect_uri: None,
            grants: &[GrantType::ClientCredentials],
            scope: Scope::parse("photos.read photos.write").unwrap_or_default(),
        },
        Plan {
            id: "photos-api",
            name: "Photos API",
            secret: Some(PHOTOS_SECRET),
            kind: ApplicationType::Service,
            redirect_uri: None,
            grants: &[],
            scope: Scope::default(),
        },
    ];
    plans
        .into_iter()
        .filter_map(|plan| plan.client(addresses, now))
        .collect()
}

/// A client of the cast, before its texts are parsed.
struct Plan<'a> {
    id: &'a str,
    name: &'a str,
    secret: Option<&'a str>,
    kind: ApplicationType,
    redirect_uri: Option<String>,
    grants: &'a [GrantType],
    scope: Scope,
}

impl Plan<'_> {
    fn client(self, addresses: &Addresses, now: Timestamp) -> Option<Client> {
        let secret = self
            .secret
            .map(|secret| hash_client_secret(&ClientSecret::new(secret)));
        let is_the_api = self.id == "photos-api";
        Some(Client {
            id: ClientId::parse(self.id).ok()?,
            name: self.name.into(),
            authentication: secret.map_or(Authentication::None, |secret| Authentication::ClientSecret {
                secret,
            }),
            application_type: self.kind,
            redirect_uris: self
                .redirect_uri
                .iter()
                .filter_map(|uri| RedirectUri::parse(uri).ok())
                .collect(),
            post_logout_redirect_uris: Vec::new(),
            grant_types: self.grants.iter().copied().collect(),
            scope: self.scope,
            resources: std::collections::BTreeSet::new(),
            introspects: resource(addresses).filter(|_| is_the_api).into_iter().collect(),
            id_token_signed_response_alg: IdTokenAlg::RS256,
            require_pkce: true,
            inspect_until: None,
            created_at: now,
        })
    }
}

/// The cast as the start page and the terminal tell it.
pub(crate) fn told(addresses: &Addresses) -> home::Dev {
    let client = |id: &str, secret: Option<&str>, says: String| home::DevClient {
        client_id: id.into(),
        secret: secret.map(Into::into),
        says,
    };
    home::Dev {
        app_url: addresses.app.clone(),
        photos_url: addresses.photos.clone(),
        people: PEOPLE
            .iter()
            .map(|role| home::Person {
                username: role.username.into(),
                password: role.password.into(),
            })
            .collect(),
        clients: vec![
            client(
                "mysweetapp",
                Some(APP_SECRET),
                format!("web app; code and refresh; {}/callback", addresses.app),
            ),
            client(
                "mysweetcli",
                None,
                "native app; code and refresh; http://127.0.0.1/callback, any port".into(),
            ),
            client(
                "mysweetspa",
                None,
                format!("single-page app; code and refresh; {}/spa", addresses.app),
            ),
            client(
                "photo-backup",
                Some(BACKUP_SECRET),
                "service; client credentials".into(),
            ),
            client(
                "photos-api",
                Some(PHOTOS_SECRET),
                format!("may introspect tokens for {}", addresses.photos),
            ),
        ],
    }
}

/// Every standard claim (OpenID Connect Core §5.1).
fn alice() -> StandardClaims {
    let text = |text: &str| Some(text.to_owned());
    StandardClaims {
        name: text("Alice Pleasance Liddell"),
        given_name: text("Alice"),
        family_name: text("Liddell"),
        middle_name: text("Pleasance"),
        nickname: text("Al"),
        preferred_username: text("alice"),
        profile: text("https://alice.example/about"),
        picture: text("https://alice.example/alice.png"),
        website: text("https://alice.example/"),
        gender: text("female"),
        birthdate: text("1852-05-04"),
        zoneinfo: text("Europe/London"),
        locale: text("en-GB"),
        updated_at: Some(1_762_300_800),
        email: text("alice@wonderland.example"),
        email_verified: Some(true),
        phone_number: text("+44 20 7946 0958"),
        phone_number_verified: Some(true),
        address: Some(Address {
            formatted: text("1 Rabbit Hole Lane\nOxford\nOxfordshire\nOX1 1AA\nUnited Kingdom"),
            street_address: text("1 Rabbit Hole Lane"),
            locality: text("Oxford"),
            region: text("Oxfordshire"),
            postal_code: text("OX1 1AA"),
            country: text("United Kingdom"),
        }),
    }
}

fn bob() -> StandardClaims {
    StandardClaims {
        name: Some("Bob Builder".into()),
        given_name: Some("Bob".into()),
        family_name: Some("Builder".into()),
        preferred_username: Some("bob".into()),
        email: Some("bob@builder.example".into()),
        email_verified: Some(false),
        updated_at: Some(1_762_300_800),
        ..StandardClaims::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use valetkey_store_sqlite::{OpenOptions, SqliteStore};

    #[test]
    fn all_five_clients_can_be_registered_and_are_told() {
        let addresses = Addresses::at(9000);
        let clients = clients(&addresses, Timestamp(0));
        let told = told(&addresses);
        assert_eq!(
            clients
                .iter()
                .map(|client| client.id.as_str())
                .collect::<Vec<_>>(),
            told.clients
                .iter()
                .map(|client| client.client_id.as_str())
                .collect::<Vec<_>>()
        );
        assert_eq!(
            clients[0].redirect_uris[0].as_str(),
            "http://localhost:9002/callback"
        );
        assert_eq!(clients[2].redirect_uris[0].as_str(), "http://localhost:9002/spa");
        assert_eq!(
            clients[4].introspects.iter().next().unwrap().as_str(),
            "http://localhost:9001"
        );
        for (client, told) in clients.iter().zip(&told.clients) {
            assert_eq!(client.is_public(), told.secret.is_none(), "{}", client.id);
        }
    }

    #[test]
    fn alice_has_every_standard_claim() {
        let told = serde_json::to_value(alice()).unwrap();
        let told = told.as_object().unwrap();
        assert_eq!(
            told.len(),
            19,
            "OpenID Connect Core §5.1 names twenty, `sub` among them: {told:?}"
        );
        assert_eq!(told["address"].as_object().unwrap().len(), 6);
    }

    #[tokio::test]
    async fn planting_twice_keeps_what_somebody_changed_and_follows_the_port() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path(), OpenOptions::owner()).unwrap();
        let alice = plant(&store, &Addresses::at(8080)).await.unwrap();
        let hash = hash_any_password(&Password::new("looking-glass"), &SystemRandom)
            .await
            .unwrap();
        use valetkey_store::{ClientStore as _, UserStore as _};
        store
            .set_password(alice, hash.clone(), Timestamp(1))
            .await
            .unwrap();
        assert_eq!(plant(&store, &Addresses::at(9000)).await.unwrap(), alice);
        let found = store.find_user(alice).await.unwrap().unwrap();
        assert!(found.password_hash == Some(hash), "the new password stays");
        assert_eq!(store.list_users().await.unwrap().len(), 2);
        let clients = store.list_clients().await.unwrap();
        assert_eq!(clients.len(), 5);
        let app = clients
            .iter()
            .find(|client| client.id.as_str() == "mysweetapp")
            .unwrap();
        let uris: Vec<&str> = app.redirect_uris.iter().map(RedirectUri::as_str).collect();
        assert_eq!(
            uris,
            ["http://localhost:8082/callback", "http://localhost:9002/callback"]
        );
    }
}
