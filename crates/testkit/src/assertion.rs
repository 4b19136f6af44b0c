//! Client assertions (RFC 7523): good ones, which a test may bend before they are signed.

use crate::cast::{self, Registered};
use crate::server::TestServer;
use serde_json::Value;
use std::sync::atomic::{AtomicU64, Ordering};
use valetkey_jose::SigningKey;
use valetkey_jose::hs256::HmacKey;
use valetkey_protocol::client_auth::JWT_BEARER;

/// An assertion before it is signed.
#[derive(Debug, Clone)]
pub struct Assertion {
    /// Its claims.
    pub claims: Value,
    registered: Registered,
}

impl TestServer {
    /// A good assertion of a client that proves itself by them: for the issuer, for a minute, never used.
    #[must_use]
    pub fn assertion(&self, registered: Registered) -> Assertion {
        static DRAWN: AtomicU64 = AtomicU64::new(0);
        let now = self.clock.timestamp().0;
        Assertion {
            claims: serde_json::json!({
                "iss": registered.id, "sub": registered.id, "aud": self.site.issuer, "iat": now, "exp": now + 60,
                "jti": format!("jti-{}", DRAWN.fetch_add(1, Ordering::SeqCst)),
            }),
            registered,
        }
    }
}

impl Assertion {
    /// With another claim.
    ///
    /// # Panics
    /// Never: the claims are an object.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        let claims = self.claims.as_object_mut().expect("claims are an object");
        claims.insert(name.to_owned(), value.into());
        self
    }

    /// Without a claim.
    ///
    /// # Panics
    /// Never: the claims are an object.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        let claims = self.claims.as_object_mut().expect("claims are an object");
        claims.remove(name);
        self
    }

    /// Signed as its client signs.
    #[must_use]
    pub fn signed(&self) -> String {
        if self.registered.secret.is_empty() {
            self.signed_by(&cast::key_backup_key())
        } else {
            self.signed_with(self.registered.secret)
        }
    }

    /// Signed with a key.
    ///
    /// # Panics
    /// When it cannot sign.
    #[must_use]
    pub fn signed_by(&self, key: &SigningKey) -> String {
        key.sign_jwt("JWT", &self.claims).expect("it signs")
    }

    /// Signed with a secret.
    ///
    /// # Panics
    /// When it is too short.
    #[must_use]
    pub fn signed_with(&self, secret: &str) -> String {
        let key = HmacKey::new(secret.as_bytes()).expect("it is long enough");
        key.sign_jwt("JWT", &self.claims).expect("it signs")
    }
}

impl TestServer {
    /// Asks for a token for the client itself, with an assertion.
    pub async fn asserts(&self, assertion: &str) -> crate::Answer {
        self.asserts_with(assertion, &[]).await
    }

    /// The same with more parameters.
    pub async fn asserts_with(&self, assertion: &str, more: &[(&str, &str)]) -> crate::Answer {
        let mut pairs = vec![
            ("grant_type", "client_credentials"),
            ("scope", "photos.read"),
            ("client_assertion_type", JWT_BEARER),
            ("client_assertion", assertion),
        ];
        pairs.extend_from_slice(more);
        self.site.post("/token", &pairs).await
    }
}
