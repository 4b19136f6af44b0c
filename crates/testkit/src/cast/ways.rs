//! The apps that use more than the code flow: each may do one thing more, as an operator would have allowed it.

use super::{
    ApplicationType, Authentication, Client, ClientId, GrantType, MASTER_KEY, MYSWEETAPP, MYSWEETCLI,
    MYSWEETSPA, PHOTO_BACKUP, PHOTOS, Registered, resource,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::sync::{Arc, OnceLock};
use valetkey_jose::oauth1::RsaPrivateKey;
use valetkey_jose::{Algorithm, SigningKey};
use valetkey_model::client::ClientKeys;
use valetkey_model::client::{Exchange, OAuth1};
use valetkey_rules::{Purpose, SecretKeys};

/// Public, in the browser: may use the implicit grant (RFC 6749 §4.2).
pub const OLDSPA: Registered = Registered {
    id: "oldspa",
    redirect_uri: "https://oldspa.example/callback",
    ..MYSWEETSPA
};
/// Confidential: may use the password grant (RFC 6749 §4.3).
pub const OLDMOBILE: Registered = Registered {
    id: "oldmobile",
    secret: "oldmobile-secret",
    redirect_uri: "",
    ..MYSWEETCLI
};
/// Public, without a browser: may use the device grant (RFC 8628).
pub const TV: Registered = Registered {
    id: "tv",
    redirect_uri: "",
    ..MYSWEETCLI
};
/// Confidential, without a browser: may use the device grant too.
pub const KIOSK: Registered = Registered {
    id: "kiosk",
    secret: "kiosk-secret",
    ..TV
};
/// Acts for itself; proves itself by `client_secret_jwt` (RFC 7523).
pub const HS_BACKUP: Registered = Registered {
    id: "hs-backup",
    secret: "hs-backup-secret-of-32-bytes-or-more",
    redirect_uri: "",
    ..PHOTO_BACKUP
};
/// Acts for itself; proves itself by `private_key_jwt` (RFC 7523) with [`key_backup_key`].
pub const KEY_BACKUP: Registered = Registered {
    id: "key-backup",
    secret: "",
    redirect_uri: "",
    ..PHOTO_BACKUP
};
/// An API that calls the next one: exchanges tokens for the Photos API, and says that it acts (RFC 8693).
pub const GALLERY: Registered = Registered {
    id: "gallery",
    secret: "gallery-secret",
    redirect_uri: "",
    scope: "photos.read photos.write calendar.read",
    ..PHOTO_BACKUP
};
/// May stand in for the people of `mysweetapp` (RFC 8693 §1.1).
pub const SUPPORT: Registered = Registered {
    id: "support",
    secret: "support-secret",
    ..GALLERY
};
/// From before OAuth 2: signs with a secret (RFC 5849), and may move to OAuth 2.
pub const PRINTER: Registered = Registered {
    id: "printer",
    secret: "printer-secret",
    redirect_uri: "https://printer.example/ready",
    ..MYSWEETAPP
};
/// Another one, of somebody else.
pub const OTHERPRINTER: Registered = Registered {
    id: "otherprinter",
    secret: "otherprinter-secret",
    redirect_uri: "https://otherprinter.example/ready",
    ..MYSWEETAPP
};
/// Signs by OAuth 1.0a with [`bank_key`]; may not move to OAuth 2.
pub const BANK: Registered = Registered {
    id: "bank",
    secret: "",
    redirect_uri: "https://bank.example/ready",
    ..MYSWEETAPP
};

/// The private key of [`KEY_BACKUP`].
///
/// # Panics
/// When no key can be made.
pub fn key_backup_key() -> Arc<SigningKey> {
    static KEY: OnceLock<Arc<SigningKey>> = OnceLock::new();
    Arc::clone(
        KEY.get_or_init(|| Arc::new(SigningKey::generate(Algorithm::ES256).expect("a key can be made"))),
    )
}

/// The private key of [`BANK`].
///
/// # Panics
/// When no key can be made.
pub fn bank_key() -> Arc<RsaPrivateKey> {
    static KEY: OnceLock<Arc<RsaPrivateKey>> = OnceLock::new();
    Arc::clone(KEY.get_or_init(|| {
        let key = SigningKey::generate(Algorithm::RS256).expect("a key can be made");
        let body = STANDARD.encode(key.to_pkcs8());
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n");
        Arc::new(RsaPrivateKey::from_pem(&pem).expect("it is an RSA key"))
    }))
}

/// The record of a client with what it may do beyond the others.
pub(super) fn as_it_may(registered: &Registered, client: Client) -> Client {
    match registered.id {
        "oldspa" => with_grant_types(client, &[GrantType::Implicit]),
        "oldmobile" => with_grant_types(client, &[GrantType::Password]),
        "tv" | "kiosk" => with_grant_types(client, &[GrantType::DeviceCode]),
        "hs-backup" => {
            let secret = sealed(Purpose::ClientSecretJwt, registered);
            Client {
                authentication: Authentication::ClientSecretJwt { secret },
                ..client
            }
        }
        "key-backup" => {
            let jwks = serde_json::json!({ "keys": [key_backup_key().public_jwk()] }).to_string();
            Client {
                authentication: Authentication::PrivateKeyJwt,
                keys: Some(ClientKeys::Jwks(jwks)),
                ..client
            }
        }
        "gallery" => Client {
            introspects: [resource(PHOTOS)].into(),
            exchange: Some(Exchange::default()),
            ..with_grant_types(client, &[GrantType::TokenExchange])
        },
        "support" => Client {
            exchange: Some(Exchange {
                subjects: [ClientId::parse(MYSWEETAPP.id).expect("it is an id")].into(),
                may_impersonate: true,
            }),
            ..with_grant_types(client, &[GrantType::TokenExchange])
        },
        "printer" | "otherprinter" => Client {
            oauth1: Some(OAuth1 {
                secret: Some(sealed(Purpose::OAuth1, registered)),
                ..OAuth1::default()
            }),
            ..client
        },
        "bank" => Client {
            oauth1: Some(OAuth1 {
                rsa_public_key: Some(bank_key().public_key().expect("it has one").as_der().to_vec()),
                ..OAuth1::default()
            }),
            grant_types: [].into(),
            ..client
        },
        _ => client,
    }
}

fn with_grant_types(mut client: Client, more: &[GrantType]) -> Client {
    client.grant_types.extend(more);
    if client.application_type != ApplicationType::Service && client.redirect_uris.is_empty() {
        client.grant_types.remove(&GrantType::AuthorizationCode);
    }
    client
}

fn sealed(purpose: Purpose, registered: &Registered) -> valetkey_model::SealedSecret {
    let id = ClientId::parse(registered.id).expect("it is an id");
    SecretKeys::new(&MASTER_KEY).seal(purpose, &id, registered.secret)
}
