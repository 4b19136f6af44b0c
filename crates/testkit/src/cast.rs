//! Who takes part: the people, the apps and the APIs that every test server knows. The apps of the flows beyond the code
//! flow stand in [`ways`].

mod ways;

pub use ways::{
    BANK, GALLERY, HS_BACKUP, KEY_BACKUP, KIOSK, OLDMOBILE, OLDSPA, OTHERPRINTER, PRINTER, SUPPORT, TV,
    bank_key, key_backup_key,
};

use uuid::Uuid;
use valetkey_jose::hash::sha256;
use valetkey_model::client::{ApplicationType, Authentication, GrantType, SecretHash, SigningAlg};
use valetkey_model::relying_party::{Presentation, RelyingParty};
use valetkey_model::user::PasswordHash;
use valetkey_model::{Client, ClientId, User, UserId};
use valetkey_protocol::claims::{Address, StandardClaims};
use valetkey_protocol::redirect_uri::RedirectUri;
use valetkey_protocol::resource::ResourceIndicator;
use valetkey_protocol::scope::Scope;
use valetkey_protocol::time::Timestamp;
use valetkey_rules::{Policy, Resource, TokenFormat};

/// The master key of every test server.
pub const MASTER_KEY: [u8; 32] = [42; 32];
/// The issuer of every test server, unless a test says otherwise.
pub const ISSUER: &str = "https://id.example";
/// An API with JWT access tokens.
pub const PHOTOS: &str = "https://photos.example";
/// An API with opaque access tokens.
pub const CALENDAR: &str = "https://calendar.example";

/// Somebody with a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Person {
    /// The user name.
    pub username: &'static str,
    /// The password.
    pub password: &'static str,
    id: u128,
}

/// Alice has every claim.
pub const ALICE: Person = Person {
    username: "alice",
    password: "wonderland",
    id: 0xa11ce,
};
/// Bob has no claims.
pub const BOB: Person = Person {
    username: "bob",
    password: "builder-1",
    id: 0xb0b,
};

impl Person {
    /// The `sub` of this person.
    #[must_use]
    pub fn sub(&self) -> String {
        Uuid::from_u128(self.id).to_string()
    }

    /// The record.
    #[must_use]
    pub fn record(&self, password_hash: PasswordHash, now: Timestamp) -> User {
        User {
            id: UserId(Uuid::from_u128(self.id)),
            username: self.username.to_owned(),
            password_hash: Some(password_hash),
            claims: if *self == ALICE {
                every_claim()
            } else {
                StandardClaims::default()
            },
            created_at: now,
        }
    }
}

fn every_claim() -> StandardClaims {
    let some = |text: &str| Some(text.to_owned());
    StandardClaims {
        name: some("Alice Liddell"),
        given_name: some("Alice"),
        family_name: some("Liddell"),
        email: some("alice@wonderland.example"),
        email_verified: Some(true),
        phone_number: some("+44 1865 000000"),
        phone_number_verified: Some(false),
        address: Some(Address::default()),
        ..StandardClaims::default()
    }
}

/// An app that registered.
#[derive(Debug, Clone, Copy)]
pub struct Registered {
    /// The client id.
    pub id: &'static str,
    /// The secret; empty for a public client.
    pub secret: &'static str,
    /// The first redirect URI; empty when there is none.
    pub redirect_uri: &'static str,
    kind: ApplicationType,
    scope: &'static str,
}

const EVERY_SCOPE: &str =
    "openid profile email address phone offline_access photos.read photos.write calendar.read";

/// Confidential; the secret in the header or in the form.
pub const MYSWEETAPP: Registered = Registered {
    id: "mysweetapp",
    secret: "mysweetapp-secret",
    redirect_uri: "https://app.example/callback",
    kind: ApplicationType::Web,
    scope: EVERY_SCOPE,
};
/// Another confidential client, of somebody else.
pub const OTHERAPP: Registered = Registered {
    id: "otherapp",
    secret: "otherapp-secret",
    redirect_uri: "https://other.example/callback",
    ..MYSWEETAPP
};
/// Public, on a person's device.
pub const MYSWEETCLI: Registered = Registered {
    id: "mysweetcli",
    secret: "",
    redirect_uri: "http://127.0.0.1/callback",
    kind: ApplicationType::Native,
    ..MYSWEETAPP
};
/// Public, in the browser.
pub const MYSWEETSPA: Registered = Registered {
    id: "mysweetspa",
    redirect_uri: "https://spa.example/",
    kind: ApplicationType::SinglePage,
    ..MYSWEETCLI
};
/// Confidential, from before PKCE: it need not send a challenge.
pub const OLDAPP: Registered = Registered {
    id: "oldapp",
    secret: "oldapp-secret",
    redirect_uri: "https://old.example/callback",
    ..MYSWEETAPP
};
/// Confidential, with two redirect URIs, and the secret only in the form.
pub const TWODOORS: Registered = Registered {
    id: "twodoors",
    secret: "twodoors-secret",
    redirect_uri: "https://two.example/front",
    ..MYSWEETAPP
};
/// Acts for itself alone; registered a redirect URI that it may not use.
pub const PHOTO_BACKUP: Registered = Registered {
    id: "photo-backup",
    secret: "photo-backup-secret",
    redirect_uri: "https://backup.example/callback",
    kind: ApplicationType::Service,
    scope: "photos.read calendar.read",
};
/// The Photos API itself: may introspect tokens for it.
pub const PHOTOS_API: Registered = Registered {
    id: "photos-api",
    secret: "photos-api-secret",
    redirect_uri: "",
    kind: ApplicationType::Service,
    scope: "openid",
};

const EVERYBODY: [Registered; 19] = [
    MYSWEETAPP,
    OTHERAPP,
    MYSWEETCLI,
    MYSWEETSPA,
    OLDAPP,
    TWODOORS,
    PHOTO_BACKUP,
    PHOTOS_API,
    OLDSPA,
    OLDMOBILE,
    TV,
    KIOSK,
    HS_BACKUP,
    KEY_BACKUP,
    GALLERY,
    SUPPORT,
    PRINTER,
    OTHERPRINTER,
    BANK,
];

fn resource(text: &str) -> ResourceIndicator {
    ResourceIndicator::parse(text).expect("it is a resource")
}

impl Registered {
    /// The same app with another redirect URI.
    #[must_use]
    pub const fn at(self, redirect_uri: &'static str) -> Self {
        Self { redirect_uri, ..self }
    }

    fn authentication(&self) -> Authentication {
        let secret = SecretHash(sha256(self.secret.as_bytes()));
        match self.id {
            _ if self.secret.is_empty() => Authentication::None,
            "twodoors" => Authentication::ClientSecretPost { secret },
            _ => Authentication::ClientSecret { secret },
        }
    }

    /// The record.
    #[must_use]
    pub fn record(&self, now: Timestamp) -> Client {
        let second = (self.id == "twodoors").then_some("https://two.example/back");
        let redirect_uris = [self.redirect_uri]
            .into_iter()
            .filter(|uri| !uri.is_empty())
            .chain(second);
        let mut grant_types = match self.kind {
            ApplicationType::Service => vec![GrantType::ClientCredentials],
            _ => vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
        };
        grant_types.retain(|_| self.id != "photos-api");
        ways::as_it_may(
            self,
            Client {
                id: ClientId::parse(self.id).expect("it is an id"),
                name: format!("The app {}", self.id),
                authentication: self.authentication(),
                application_type: self.kind,
                redirect_uris: redirect_uris
                    .map(|uri| RedirectUri::parse(uri).expect("it is a URI"))
                    .collect(),
                post_logout_redirect_uris: Vec::new(),
                grant_types: grant_types.into_iter().collect(),
                scope: Scope::parse(self.scope).expect("it is a scope"),
                resources: [].into(),
                introspects: if self.id == "photos-api" {
                    [resource(PHOTOS), resource(CALENDAR)].into()
                } else {
                    [].into()
                },
                id_token_signed_response_alg: SigningAlg::RS256,
                require_pkce: self.id != "oldapp",
                keys: None,
                openid: RelyingParty::default(),
                presentation: Presentation::default(),
                registration: None,
                oauth1: None,
                exchange: None,
                inspect_until: None,
                created_at: now,
            },
        )
    }
}

/// The records of all clients.
#[must_use]
pub fn clients(now: Timestamp) -> Vec<Client> {
    EVERYBODY.iter().map(|client| client.record(now)).collect()
}

/// The policy: defaults, with the two APIs.
#[must_use]
pub fn policy() -> Policy {
    let api = |indicator: &str, token_format, scopes: &[&str]| Resource {
        indicator: resource(indicator),
        name: indicator.to_owned(),
        token_format,
        scopes: scopes
            .iter()
            .map(|word| ((*word).to_owned(), format!("Use {word}")))
            .collect(),
        access_token_ttl_seconds: None,
    };
    Policy {
        resources: vec![
            api(PHOTOS, TokenFormat::USUAL, &["photos.read", "photos.write"]),
            api(CALENDAR, TokenFormat::Opaque, &["calendar.read"]),
        ],
        ..Policy::new(ISSUER)
    }
}
