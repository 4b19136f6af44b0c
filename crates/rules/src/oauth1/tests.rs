//! OAuth 1.0a with requests that are really signed: the actors, and one file for each step.

use super::{Facts, Message, read, verify};
use crate::handle::{HandleKeys, Temporary};
use crate::once::Once;
use crate::policy::Policy;
use crate::samples::{self, NOW, PHOTOS, resource, scope};
use crate::sealed::{Purpose, SecretKeys};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::sync::LazyLock;
use uuid::Uuid;
use valetkey_jose::oauth1::{Digest, RsaPrivateKey, hmac};
use valetkey_jose::{Algorithm, SigningKey};
use valetkey_model::client::{GrantType, OAuth1};
use valetkey_model::grant::{Active, CodeIssued, GrantState, GrantedBy};
use valetkey_model::{Client, ClientId, Grant, GrantId};
use valetkey_protocol::oauth1::{
    Collected, Protocol, SignatureMethod, authorization_header, base_string, signing_key,
};
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::secret::OAuth1Secret;
use valetkey_protocol::time::Timestamp;

mod authorize;
mod initiate;
mod migration;
mod requests;
mod resource_requests;
mod token;

const CONSUMER_SECRET: &str = "kd94hf93k423kf44&%";
const INITIATE: &str = "https://as.example/oauth1/initiate";

/// Made once: an RSA key takes its time.
static RSA: LazyLock<RsaPrivateKey> = LazyLock::new(|| {
    let key = SigningKey::generate(Algorithm::RS256).unwrap();
    let pem = STANDARD.encode(key.to_pkcs8().as_slice());
    RsaPrivateKey::from_pem(&format!(
        "-----BEGIN PRIVATE KEY-----\n{pem}\n-----END PRIVATE KEY-----"
    ))
    .unwrap()
});

fn secrets() -> SecretKeys {
    SecretKeys::new(&[7; 32])
}

fn handles() -> HandleKeys {
    HandleKeys::new(&[7; 32])
}

fn sealed_secret(client: &ClientId) -> OAuth1 {
    OAuth1 {
        secret: Some(secrets().seal(Purpose::OAuth1, client, CONSUMER_SECRET)),
        ..OAuth1::default()
    }
}

/// MySweetApp with a consumer secret.
fn printer() -> Client {
    let client = samples::web_client();
    Client {
        oauth1: Some(sealed_secret(&client.id)),
        ..client
    }
}

/// Another consumer, with the same secret: nothing but its name sets it apart.
fn stranger() -> Client {
    let id = ClientId::parse("stranger").unwrap();
    Client {
        oauth1: Some(sealed_secret(&id)),
        id,
        ..printer()
    }
}

/// MySweetApp with a public key and no secret.
fn rsa_printer() -> Client {
    Client {
        oauth1: Some(OAuth1 {
            rsa_public_key: Some(RSA.public_key().unwrap().as_der().to_vec()),
            ..OAuth1::default()
        }),
        ..samples::web_client()
    }
}

fn retired(client: Client) -> Client {
    let oauth1 = client.oauth1.map(|oauth1| OAuth1 {
        retires_at: Some(NOW),
        ..oauth1
    });
    Client { oauth1, ..client }
}

fn grant_id() -> GrantId {
    GrantId(Uuid::from_u128(0x0a47))
}

fn temporary() -> Temporary {
    Temporary {
        id: grant_id(),
        client: printer().id,
        callback: Some(samples::REDIRECT.into()),
        scope: scope("photos.read"),
        resources: [resource(PHOTOS)].into(),
        expires_at: NOW.plus_seconds(600),
    }
}

/// Alice has allowed the temporary credentials; they were not redeemed yet.
fn allowed_grant() -> Grant {
    Grant {
        id: grant_id(),
        by: GrantedBy::OAuth1,
        scope: scope("photos.read"),
        offline: true,
        expires_at: crate::NEVER,
        state: GrantState::CodeIssued(CodeIssued {
            redirect_uri: samples::REDIRECT.into(),
            redirect_uri_was_given: true,
            code_challenge: None,
            code_expires_at: NOW.plus_seconds(600),
        }),
        ..samples::code_grant()
    }
}

/// Token credentials are out.
fn oauth1_grant() -> Grant {
    allowed_grant().redeemed(Active {
        generation: 1,
        rotated_at: NOW,
        idle_expires_at: crate::NEVER,
    })
}

/// A request of a client that signs as it should.
#[derive(Clone)]
struct Request {
    method: &'static str,
    uri: String,
    query: Option<String>,
    protocol: Protocol,
    consumer_secret: String,
    token_secret: Option<OAuth1Secret>,
}

fn request(client: &Client) -> Request {
    Request {
        method: "POST",
        uri: INITIATE.into(),
        query: None,
        protocol: Protocol {
            consumer_key: Some(client.id.to_string()),
            signature_method: Some("HMAC-SHA256".into()),
            timestamp: Some(NOW.to_string()),
            nonce: Some("n-1".into()),
            version: Some("1.0".into()),
            callback: Some(samples::REDIRECT.into()),
            ..Protocol::default()
        },
        consumer_secret: CONSUMER_SECRET.into(),
        token_secret: None,
    }
}

impl Request {
    fn by(mut self, method: SignatureMethod) -> Self {
        self.protocol.signature_method = Some(method.as_str().into());
        self
    }

    fn with_token(mut self, token: String, secret: OAuth1Secret) -> Self {
        self.protocol.token = Some(token);
        self.token_secret = Some(secret);
        self
    }

    fn change(mut self, change: impl FnOnce(&mut Protocol)) -> Self {
        change(&mut self.protocol);
        self
    }

    /// What arrives when the client signs it.
    fn signed(&self) -> Collected {
        let mut protocol = self.protocol.clone();
        protocol.signature = Some(self.signature());
        self.arrives(&protocol)
    }

    fn arrives(&self, protocol: &Protocol) -> Collected {
        let header = authorization_header(Some("Photos"), protocol);
        read(
            Some(header.as_bytes()),
            self.query.as_deref(),
            None,
            &mut Trail::off(),
        )
        .unwrap()
    }

    fn signature(&self) -> String {
        let unsigned = self.arrives(&self.protocol);
        let text = base_string(self.method, &self.uri, &unsigned.signed).unwrap();
        let token_secret = self.token_secret.as_ref().map_or("", OAuth1Secret::expose);
        let key = signing_key(&self.consumer_secret, token_secret);
        let hmac = |digest| STANDARD.encode(hmac(digest, key.expose().as_bytes(), text.as_bytes()));
        match self.protocol.signature_method.as_deref() {
            Some("HMAC-SHA1") => hmac(Digest::Sha1),
            Some("HMAC-SHA256") => hmac(Digest::Sha256),
            Some("RSA-SHA256") => STANDARD.encode(RSA.sign_sha256(text.as_bytes()).unwrap()),
            _ => key.expose().to_owned(),
        }
    }

    fn verified(&self, client: Option<&Client>) -> Result<Once, Refusal> {
        self.verify_arrived(&self.signed(), client, NOW)
    }

    fn verify_arrived(
        &self,
        collected: &Collected,
        client: Option<&Client>,
        now: Timestamp,
    ) -> Result<Once, Refusal> {
        self.verify_under(&samples::policy(), collected, client, now)
    }

    fn verify_under(
        &self,
        policy: &Policy,
        collected: &Collected,
        client: Option<&Client>,
        now: Timestamp,
    ) -> Result<Once, Refusal> {
        let message = Message {
            method: self.method,
            uri: &self.uri,
            collected,
        };
        let facts = Facts {
            client,
            secrets: &secrets(),
            policy,
            now,
        };
        let text = message.base_string(&mut Trail::off())?;
        verify(
            &message.signed(&text),
            self.token_secret.as_ref(),
            &facts,
            &mut Trail::off(),
        )
    }

    fn refused(&self, client: Option<&Client>) -> Rule {
        self.verified(client).unwrap_err().rule
    }
}
