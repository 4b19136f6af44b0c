//! An authorization server in process that verifies signatures by the letter: it takes the base string apart, finds the
//! secrets, computes the signature, and takes each nonce once.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Response;
use serde_json::{Value, json};
use valetkey_jose::oauth1::{Digest, hmac_verify};
use valetkey_protocol::client_auth::Presented;
use valetkey_protocol::oauth1::{BaseString, Protocol, signing_key};
use valetkey_protocol::params::Params;
use valetkey_protocol::rule::Rule;

use super::super::{API, ISSUER, SECRET, World, merge};
use crate::{Builder, HttpError, HttpRequest, HttpResponse};

pub(super) struct Provider {
    /// The part that bearer tokens need, and the clock.
    pub(super) world: Arc<World>,
    /// Changes the answer about a good signature.
    pub(super) says: Mutex<Value>,
    /// Answers instead of the truth.
    pub(super) lies: Mutex<Option<Value>>,
    pub(super) down: AtomicBool,
    /// Every question is too long for it.
    pub(super) reads_little: AtomicBool,
    nonces: Mutex<HashSet<(String, String)>>,
    asked: Mutex<Vec<String>>,
}

impl Provider {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            world: World::new(),
            says: Mutex::new(json!({})),
            lies: Mutex::default(),
            down: AtomicBool::new(false),
            reads_little: AtomicBool::new(false),
            nonces: Mutex::default(),
            asked: Mutex::default(),
        })
    }

    pub(super) fn builder(self: &Arc<Self>) -> Builder {
        let provider = Arc::clone(self);
        self.world
            .introspecting()
            .oauth1()
            .http(Arc::new(move |request: HttpRequest| {
                let answer = match request.uri().path() {
                    "/oauth1/verify" => provider.verify(&request),
                    _ => provider.world.answer(&request),
                };
                async move {
                    tokio::task::yield_now().await;
                    answer
                }
            }))
    }

    /// How often a signature was asked about.
    pub(super) fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    /// What was asked last.
    pub(super) fn last_asked(&self) -> String {
        self.asked.lock().unwrap().last().cloned().unwrap()
    }

    fn verify(&self, request: &HttpRequest) -> Result<HttpResponse, HttpError> {
        let form = String::from_utf8(request.body().clone()).unwrap();
        self.asked.lock().unwrap().push(form);
        if self.down.load(Ordering::SeqCst) {
            return Err(HttpError::Unreachable("down".into()));
        }
        if self.reads_little.load(Ordering::SeqCst) {
            return Ok(super::super::status(413));
        }
        assert_eq!(request.uri().to_string(), format!("{ISSUER}/oauth1/verify"));
        let params = Params::parse(request.body()).unwrap();
        let header = request.headers()["authorization"].as_bytes();
        let basic = Presented::read(Some(header), &params).basic.unwrap();
        assert_eq!((basic.id.as_str(), basic.secret.expose()), ("photos:api", SECRET));
        let (text, signature) = (
            params.get("base_string").unwrap(),
            params.get("signature").unwrap(),
        );
        let answer = match self.lies.lock().unwrap().clone() {
            Some(lie) => lie,
            None => self.judge(text, signature),
        };
        Ok(Response::new(answer.to_string().into_bytes()))
    }

    fn judge(&self, text: &str, signature: &str) -> Value {
        let parsed = BaseString::parse(text).expect("the base string is composed by the letter");
        let protocol = parsed.protocol().unwrap();
        let refused = |rule: Rule| json!({"active": false, "rule": rule.id()});
        if let Err(rule) = check_signature(text, signature, &protocol) {
            return refused(rule);
        }
        let once = (protocol.timestamp.unwrap(), protocol.nonce.unwrap());
        if !self.nonces.lock().unwrap().insert(once) {
            return refused(Rule::OAuth1NonceUsed);
        }
        if protocol.consumer_key.as_deref() != Some("mysweetapp") {
            return refused(Rule::OAuth1TokenOtherConsumer);
        }
        let mut answer = json!({
            "active": true, "scope": "photos.read", "client_id": "mysweetapp", "sub": "alice", "aud": API,
            "iss": ISSUER, "grant_id": "g1", "token_type": "oauth1", "iat": super::NOW,
        });
        merge(&mut answer, self.says.lock().unwrap().clone());
        answer
    }
}

fn check_signature(text: &str, signature: &str, protocol: &Protocol) -> Result<(), Rule> {
    let consumer_secret = match protocol.consumer_key.as_deref() {
        Some("mysweetapp") => "consumer-secret",
        Some("evil") => "evil-secret",
        _ => return Err(Rule::OAuth1ConsumerUnknown),
    };
    let token_secret = match protocol.token.as_deref() {
        Some("vko_alice") => "token-secret",
        _ => return Err(Rule::OAuth1TokenUnknown),
    };
    let key = signing_key(consumer_secret, token_secret);
    let hmac = |digest| {
        let tag = STANDARD.decode(signature).unwrap_or_default();
        hmac_verify(digest, key.expose().as_bytes(), text.as_bytes(), &tag)
    };
    let good = match protocol.signature_method.as_deref() {
        Some("HMAC-SHA1") => hmac(Digest::Sha1),
        Some("HMAC-SHA256") => hmac(Digest::Sha256),
        Some("PLAINTEXT") => key.expose() == signature,
        _ => return Err(Rule::OAuth1SignatureMethodUnsupported),
    };
    if good {
        Ok(())
    } else {
        Err(Rule::OAuth1SignatureInvalid)
    }
}
