//! OAuth 1.0a against a provider in process that checks every signature, timestamp and nonce itself.

mod flow;
mod migration;
mod signing;

use std::collections::HashSet;
use std::sync::{Arc, LazyLock, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use valetkey_jose::oauth1::{Digest, RsaPrivateKey, hmac_verify};
use valetkey_jose::{Algorithm, SigningKey};
use valetkey_protocol::oauth1::{
    Collected, Place, SignatureMethod, TemporaryCredentials, base_string, signing_key,
};
use valetkey_protocol::secret::OAuth1Secret;

use super::{NOW, plain};
use crate::oauth1::{Client, Consumer, Provider, Signing, TokenCredentials};
use crate::{HttpError, HttpRequest, HttpResponse};

const SECRET: &str = "consumer & secret";
const CALLBACK: &str = "https://printer.example/ready?room=1";

static RSA: LazyLock<Arc<RsaPrivateKey>> = LazyLock::new(|| {
    let key = SigningKey::generate(Algorithm::RS256).unwrap();
    let body = STANDARD.encode(key.to_pkcs8().as_slice());
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n");
    Arc::new(RsaPrivateKey::from_pem(&pem).unwrap())
});

fn every_signing() -> [Signing; 4] {
    [
        Signing::HmacSha1(OAuth1Secret::new(SECRET)),
        Signing::HmacSha256(OAuth1Secret::new(SECRET)),
        Signing::RsaSha256(Arc::clone(&RSA)),
        Signing::Plaintext(OAuth1Secret::new(SECRET)),
    ]
}

/// Checks a request as RFC 5849 §3.2 says and gives what it says; nothing when the signature is none or not good.
fn verify(request: &HttpRequest, token_secret: &str) -> Option<Collected> {
    let header = request
        .headers()
        .get("authorization")
        .map(|value| value.as_bytes());
    let is_form = request.headers().contains_key("content-type");
    let form = is_form.then_some(request.body().as_slice());
    let read = Collected::read(header, request.uri().query(), form).unwrap();
    let text = base_string(
        request.method().as_str(),
        &request.uri().to_string(),
        &read.signed,
    )?;
    let signature = read.protocol.signature.as_deref()?;
    let key = signing_key(SECRET, token_secret);
    let bytes = STANDARD.decode(signature).unwrap_or_default();
    let mac = |digest| hmac_verify(digest, key.expose().as_bytes(), text.as_bytes(), &bytes);
    let good = match SignatureMethod::parse(read.protocol.signature_method.as_deref()?)? {
        SignatureMethod::Plaintext => signature == key.expose(),
        SignatureMethod::HmacSha1 => mac(Digest::Sha1),
        SignatureMethod::HmacSha256 => mac(Digest::Sha256),
        SignatureMethod::RsaSha1 => panic!("nobody signs with SHA-1 here"),
        SignatureMethod::RsaSha256 => {
            let public = RSA.public_key().unwrap();
            public.verify(Digest::Sha256, text.as_bytes(), &bytes)
        }
    };
    good.then_some(read)
}

fn check(request: &HttpRequest, token_secret: &str) -> Collected {
    let read = verify(request, token_secret).unwrap_or_else(|| panic!("not signed well: {request:?}"));
    assert_eq!(
        (read.place, read.protocol.consumer_key.as_deref()),
        (Place::Header, Some("printer"))
    );
    assert_eq!(read.protocol.timestamp.as_deref(), Some(NOW.to_string().as_str()));
    read
}

/// The provider.
#[derive(Default)]
struct Photos {
    nonces: Mutex<HashSet<String>>,
    asked: Mutex<Vec<Collected>>,
    /// What it answers instead, once.
    instead: Mutex<Option<HttpResponse>>,
}

impl Photos {
    fn client(self: &Arc<Self>, signing: Signing) -> Client {
        let photos = Arc::clone(self);
        let http = move |request: HttpRequest| {
            let answer = photos.answer(&request);
            async move { Ok::<_, HttpError>(answer) }
        };
        let consumer = Consumer {
            key: "printer".to_owned(),
            signing,
        };
        Client::new(
            Arc::new(http),
            Provider::of_issuer("https://photos.example"),
            consumer,
        )
    }

    fn hmac_client(self: &Arc<Self>) -> Client {
        self.client(Signing::HmacSha256(OAuth1Secret::new(SECRET)))
    }

    fn answers(&self, status: u16, body: &str) {
        *self.instead.lock().unwrap() = Some(plain(status, body));
    }

    fn asked(&self) -> Collected {
        self.asked.lock().unwrap().last().unwrap().clone()
    }

    fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let path = request.uri().path();
        let secret = match path {
            "/oauth1/initiate" => "",
            "/oauth1/token" => "s1+",
            _ => "s2/",
        };
        let read = check(request, secret);
        let nonce = read.protocol.nonce.clone().unwrap();
        assert!(
            self.nonces.lock().unwrap().insert(nonce),
            "a nonce was used twice"
        );
        self.asked.lock().unwrap().push(read.clone());
        if let Some(instead) = self.instead.lock().unwrap().take() {
            return instead;
        }
        let sent = read.protocol.token.as_deref();
        match path {
            "/oauth1/initiate" => {
                assert!(read.protocol.callback.is_some() && sent.is_none());
                let credentials = TemporaryCredentials {
                    token: "t1".to_owned(),
                    secret: OAuth1Secret::new("s1+"),
                    callback_confirmed: true,
                };
                plain(200, &credentials.to_form())
            }
            "/oauth1/token" => {
                assert_eq!(
                    (sent, read.protocol.verifier.as_deref()),
                    (Some("t1"), Some("v1"))
                );
                plain(200, &access().to_form())
            }
            _ => {
                assert_eq!(sent, Some("t2"));
                plain(200, "a photo")
            }
        }
    }
}

/// The token credentials that the provider gives.
fn access() -> TokenCredentials {
    TokenCredentials {
        token: "t2".to_owned(),
        secret: OAuth1Secret::new("s2/"),
    }
}
