//! An app of OAuth 1.0a as the protocol sees it (RFC 5849). It signs by hand, so that every part of a request can be
//! wrong: what is changed before it signs is signed, what is changed afterwards is an attack.

use crate::answer::Answer;
use crate::browser::Browser;
use crate::cast::{self, Registered};
use crate::clock::FakeClock;
use crate::site::{Site, encoded, form_request};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Method, Request};
use std::sync::atomic::{AtomicU64, Ordering};
use valetkey_jose::oauth1::{Digest, hmac};
use valetkey_protocol::oauth1::{
    Place, Protocol, SignatureMethod, TemporaryCredentials, TokenCredentials, authorization_header,
    base_string, signing_key,
};
use valetkey_protocol::token::{OAUTH1_TOKEN_TYPE, TOKEN_EXCHANGE};

/// An app.
#[derive(Debug, Clone)]
pub struct Consumer {
    /// What it registered.
    pub registered: Registered,
    /// How it signs.
    pub method: SignatureMethod,
    site: Site,
    clock: FakeClock,
}

/// Temporary credentials that came back.
#[derive(Debug, Clone)]
pub struct Temporary {
    /// The token.
    pub token: String,
    /// Its secret.
    pub secret: String,
}

/// A request before it is signed.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The HTTP method.
    pub verb: Method,
    /// Where it goes.
    pub url: String,
    /// The query, beside the protocol parameters.
    pub query: Vec<(String, String)>,
    /// The form, beside the protocol parameters.
    pub form: Vec<(String, String)>,
    /// The protocol parameters; the signature comes when it signs.
    pub protocol: Protocol,
    /// Where they stand.
    pub place: Place,
    /// The method that it really signs with.
    pub method: SignatureMethod,
    /// The secret of the app.
    pub secret: String,
    /// The secret of the token.
    pub token_secret: String,
}

/// A request that is signed.
#[derive(Debug, Clone)]
pub struct Signed {
    /// The request.
    pub request: Request<Vec<u8>>,
    /// What the signature covers.
    pub base_string: String,
    /// The signature.
    pub signature: String,
}

impl Consumer {
    /// An app of a server.
    #[must_use]
    pub const fn at(site: Site, clock: FakeClock, registered: Registered) -> Self {
        Self {
            method: if registered.secret.is_empty() {
                SignatureMethod::RsaSha256
            } else {
                SignatureMethod::HmacSha256
            },
            registered,
            site,
            clock,
        }
    }

    /// The same app that signs in another way.
    #[must_use]
    pub fn by(&self, method: SignatureMethod) -> Self {
        Self {
            method,
            ..self.clone()
        }
    }

    /// A request with everything that every request needs, at this time and with a new nonce.
    #[must_use]
    pub fn drafts(&self, verb: Method, url: &str) -> Draft {
        Draft {
            verb,
            url: self.site.url(url, &[]),
            query: Vec::new(),
            form: Vec::new(),
            protocol: Protocol {
                consumer_key: Some(self.registered.id.to_owned()),
                signature_method: Some(self.method.as_str().to_owned()),
                timestamp: Some(self.clock.timestamp().to_string()),
                nonce: Some(new_nonce()),
                version: Some(String::from("1.0")),
                ..Protocol::default()
            },
            place: Place::Header,
            method: self.method,
            secret: self.registered.secret.to_owned(),
            token_secret: String::new(),
        }
    }

    /// The request for temporary credentials (§2.1).
    #[must_use]
    pub fn initiate(&self, callback: &str, scope: &str) -> Draft {
        let mut draft = self.drafts(Method::POST, "/oauth1/initiate");
        draft.protocol.callback = Some(callback.to_owned());
        draft.form = vec![(String::from("scope"), scope.to_owned())];
        draft
    }

    /// The request for token credentials (§2.3).
    #[must_use]
    pub fn redeem(&self, temporary: &Temporary, verifier: &str) -> Draft {
        let mut draft = self.drafts(Method::POST, "/oauth1/token");
        draft.protocol.token = Some(temporary.token.clone());
        draft.protocol.verifier = Some(verifier.to_owned());
        draft.token_secret.clone_from(&temporary.secret);
        draft
    }

    /// A request with token credentials.
    #[must_use]
    pub fn asks(&self, verb: Method, url: &str, token: &TokenCredentials) -> Draft {
        let mut draft = self.drafts(verb, url);
        draft.protocol.token = Some(token.token.clone());
        token.secret.expose().clone_into(&mut draft.token_secret);
        draft
    }

    /// The exchange of token credentials for tokens of OAuth 2 (RFC 8693), with an extra parameter where one is named.
    #[must_use]
    pub fn migrate(&self, token: &TokenCredentials, more: &[(&str, &str)]) -> Draft {
        let mut draft = self.asks(Method::POST, "/token", token);
        let pairs = [
            ("grant_type", TOKEN_EXCHANGE),
            ("subject_token", token.token.as_str()),
            ("subject_token_type", OAUTH1_TOKEN_TYPE),
        ];
        let all = pairs.iter().chain(more);
        draft.form = all
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        draft
    }

    /// Sends a request to the server.
    pub async fn sends(&self, signed: Signed) -> Answer {
        self.site.send(signed.request).await
    }

    /// Signs a request and sends it.
    pub async fn tries(&self, draft: Draft) -> Answer {
        self.sends(draft.signed()).await
    }

    /// Gets temporary credentials.
    ///
    /// # Panics
    /// When there are none.
    pub async fn begins_with(&self, callback: &str, scope: &str) -> Temporary {
        let answer = self.tries(self.initiate(callback, scope)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let credentials = TemporaryCredentials::from_form(&answer.body).expect("they can be read");
        assert!(credentials.callback_confirmed);
        Temporary {
            secret: credentials.secret.expose().to_owned(),
            token: credentials.token,
        }
    }

    /// Gets temporary credentials for its own callback.
    pub async fn begins(&self, scope: &str) -> Temporary {
        self.begins_with(self.registered.redirect_uri, scope).await
    }

    /// The verifier of an answer that came back to the callback.
    ///
    /// # Panics
    /// When it belongs to other credentials, or there is none.
    #[must_use]
    pub fn verifier_from(&self, temporary: &Temporary, answer: &Answer) -> String {
        let callback = answer.callback();
        assert!(callback.as_str().starts_with(self.registered.redirect_uri));
        assert_eq!(answer.parameter("oauth_token"), temporary.token);
        let verifier = answer.parameter("oauth_verifier");
        assert!(!verifier.is_empty(), "{callback}");
        verifier
    }

    /// The whole way: temporary credentials, a person who allows it, token credentials.
    pub async fn is_allowed_by(&self, person: &Browser, scope: &str) -> TokenCredentials {
        let temporary = self.begins(scope).await;
        let answer = person.answers_oauth1(&temporary.token, "allow").await;
        let verifier = self.verifier_from(&temporary, &answer);
        credentials(&self.tries(self.redeem(&temporary, &verifier)).await)
    }
}

/// The token credentials of an answer.
fn credentials(answer: &Answer) -> TokenCredentials {
    assert_eq!(answer.status, 200, "{}", answer.text());
    TokenCredentials::from_form(&answer.body).expect("they can be read")
}

impl Answer {
    /// The token credentials of OAuth 1.0a.
    ///
    /// # Panics
    /// When there are none.
    #[must_use]
    pub fn credentials(&self) -> TokenCredentials {
        credentials(self)
    }
}

/// No two requests of a test process share one.
fn new_nonce() -> String {
    static DRAWN: AtomicU64 = AtomicU64::new(0);
    format!("nonce-{}", DRAWN.fetch_add(1, Ordering::SeqCst))
}

impl Draft {
    /// With another form.
    #[must_use]
    pub fn form(mut self, pairs: &[(&str, &str)]) -> Self {
        self.form = owned(pairs);
        self
    }

    /// With another query.
    #[must_use]
    pub fn query(mut self, pairs: &[(&str, &str)]) -> Self {
        self.query = owned(pairs);
        self
    }

    /// With its protocol parameters elsewhere.
    #[must_use]
    pub const fn at(mut self, place: Place) -> Self {
        self.place = place;
        self
    }

    /// With other protocol parameters.
    #[must_use]
    pub fn but(mut self, change: impl FnOnce(&mut Protocol)) -> Self {
        change(&mut self.protocol);
        self
    }

    /// Signs it.
    ///
    /// # Panics
    /// When it cannot be signed.
    #[must_use]
    pub fn signed(mut self) -> Signed {
        let of_protocol = self.protocol.pairs().into_iter();
        let mut covered: Vec<(String, String)> = of_protocol
            .filter(|(name, _)| *name != "oauth_signature")
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        covered.extend(self.query.iter().chain(&self.form).cloned());
        let text = base_string(self.verb.as_str(), &self.url, &covered).expect("it can be signed");
        let signature = self.signature(&text);
        self.protocol.signature = Some(signature.clone());
        Signed {
            request: self.placed(),
            base_string: text,
            signature,
        }
    }

    fn signature(&self, text: &str) -> String {
        let key = signing_key(&self.secret, &self.token_secret);
        let mac = |digest| STANDARD.encode(hmac(digest, key.expose().as_bytes(), text.as_bytes()));
        match self.method {
            SignatureMethod::Plaintext => key.expose().to_owned(),
            SignatureMethod::HmacSha1 => mac(Digest::Sha1),
            SignatureMethod::HmacSha256 => mac(Digest::Sha256),
            SignatureMethod::RsaSha1 | SignatureMethod::RsaSha256 => {
                let signature = cast::bank_key().sign_sha256(text.as_bytes());
                STANDARD.encode(signature.expect("it signs"))
            }
        }
    }

    fn placed(self) -> Request<Vec<u8>> {
        let (mut query, mut form) = (self.query, self.form);
        let protocol: Vec<(String, String)> = self
            .protocol
            .pairs()
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let mut header = None;
        match self.place {
            Place::Header => header = Some(authorization_header(None, &self.protocol)),
            Place::Form => form.extend(protocol),
            Place::Query => query.extend(protocol),
        }
        let mut url = self.url;
        if !query.is_empty() {
            url = format!("{url}?{}", encoded(&borrowed(&query)));
        }
        let headers: Vec<(&str, &str)> = header
            .iter()
            .map(|value| ("authorization", value.as_str()))
            .collect();
        let mut request = form_request(&url, &borrowed(&form), &headers);
        *request.method_mut() = self.verb;
        if request.body().is_empty() {
            request.headers_mut().remove("content-type");
        }
        request
    }
}

impl Signed {
    /// With something changed that the signature may cover.
    #[must_use]
    pub fn after(mut self, change: impl FnOnce(&mut Request<Vec<u8>>)) -> Self {
        change(&mut self.request);
        self
    }

    /// With another `Authorization` header.
    ///
    /// # Panics
    /// When it can be none.
    #[must_use]
    pub fn with_header(self, change: impl FnOnce(&str) -> String) -> Self {
        self.after(|request| {
            let headers = request.headers_mut();
            let value = headers.get("authorization").expect("it is in the header");
            let value = change(value.to_str().expect("it is ASCII"));
            headers.insert("authorization", value.parse().expect("it is a header"));
        })
    }

    /// The parameters with which an API asks about it.
    #[must_use]
    pub fn to_verify(&self) -> [(&str, &str); 2] {
        [("base_string", &self.base_string), ("signature", &self.signature)]
    }
}

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn borrowed(pairs: &[(String, String)]) -> Vec<(&str, &str)> {
    pairs
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}
