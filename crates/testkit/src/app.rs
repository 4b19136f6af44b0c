//! An app as the protocol sees it: what it asks for, and how it uses what it gets.

use crate::answer::{Answer, Tokens};
use crate::cast::Registered;
use crate::site::Site;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::io::Error;
use valetkey_jose::{b64, hash};

/// The verifier of RFC 7636 appendix B; every app here uses it, unless a test says otherwise.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// An app.
#[derive(Debug, Clone)]
pub struct App {
    /// What it registered.
    pub registered: Registered,
    site: Site,
}

/// An authorization request.
#[derive(Debug, Clone)]
pub struct Asked {
    pairs: Vec<(String, String)>,
    issuer: String,
}

/// A code that came back, with what is needed to redeem it.
#[derive(Debug, Clone)]
pub struct Code {
    /// The code.
    pub code: String,
    /// The redirect URI it came to; empty when the request named none.
    pub redirect_uri: String,
    /// The verifier; empty when the request had no challenge.
    pub verifier: String,
}

impl Asked {
    /// The request that an authorization URL makes, as another library built it.
    #[must_use]
    pub fn of_url(url: &url::Url, issuer: &str) -> Self {
        Self {
            pairs: url
                .query_pairs()
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect(),
            issuer: issuer.to_owned(),
        }
    }

    /// With this value of a parameter instead.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self = self.without(name);
        self.and(name, value)
    }

    /// With one more pair, even if the parameter is there already.
    #[must_use]
    pub fn and(mut self, name: &str, value: &str) -> Self {
        self.pairs.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Without a parameter.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.pairs.retain(|(key, _)| key != name);
        self
    }

    /// The parameters.
    #[must_use]
    pub fn pairs(&self) -> Vec<(&str, &str)> {
        self.pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect()
    }

    fn value(&self, name: &str) -> String {
        let pair = self.pairs.iter().find(|(key, _)| key == name);
        pair.map(|(_, value)| value.clone()).unwrap_or_default()
    }

    /// The code of an authorization response, checked as a careful client does: `state` and `iss`.
    ///
    /// # Panics
    /// When there is none.
    pub fn code_from(&self, answer: &Answer) -> Code {
        let code = answer.parameter("code");
        assert!(
            !code.is_empty(),
            "no code: {} {:?}",
            answer.status,
            answer.location()
        );
        assert_eq!(answer.parameter("state"), self.value("state"));
        assert_eq!(answer.parameter("iss"), self.issuer);
        Code {
            code,
            redirect_uri: self.value("redirect_uri"),
            verifier: if self.value("code_challenge").is_empty() {
                String::new()
            } else {
                VERIFIER.to_owned()
            },
        }
    }
}

impl App {
    pub(crate) const fn new(site: Site, registered: Registered) -> Self {
        Self { registered, site }
    }

    /// An app of a server that listens.
    #[must_use]
    pub const fn at(site: Site, registered: Registered) -> Self {
        Self::new(site, registered)
    }

    /// A code flow request with PKCE and state.
    #[must_use]
    pub fn asks_for(&self, scope: &str) -> Asked {
        let challenge = b64::encode_url(&hash::sha256(VERIFIER.as_bytes()));
        let pairs = [
            ("response_type", "code"),
            ("client_id", self.registered.id),
            ("redirect_uri", self.registered.redirect_uri),
            ("scope", scope),
            ("state", "the-state"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        Asked {
            pairs: pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            issuer: self.site.issuer.clone(),
        }
    }

    /// The `Authorization` header of this app; empty for a public client.
    #[must_use]
    pub fn basic(&self) -> String {
        if self.registered.secret.is_empty() {
            return String::new();
        }
        let pair = format!("{}:{}", self.registered.id, self.registered.secret);
        format!("Basic {}", STANDARD.encode(pair))
    }

    /// `POST` of a form by this app, authenticated as it registered.
    pub async fn posts(&self, path: &str, pairs: &[(&str, &str)]) -> Answer {
        self.try_post(path, pairs).await.expect("the server answers")
    }

    pub(crate) async fn try_post(&self, path: &str, pairs: &[(&str, &str)]) -> Result<Answer, Error> {
        let basic = self.basic();
        let mut pairs = pairs.to_vec();
        let mut headers = Vec::new();
        if self.registered.id == "twodoors" {
            pairs.extend([
                ("client_id", self.registered.id),
                ("client_secret", self.registered.secret),
            ]);
        } else if basic.is_empty() {
            pairs.push(("client_id", self.registered.id));
        } else {
            headers.push(("authorization", basic.as_str()));
        }
        self.site
            .try_send(crate::site::form_request(
                &self.site.url(path, &[]),
                &pairs,
                &headers,
            ))
            .await
    }

    /// Shows a code to the token endpoint.
    pub async fn redeems(&self, code: &Code) -> Answer {
        self.redeems_with(code, &[]).await
    }

    /// The same with more parameters.
    pub async fn redeems_with(&self, code: &Code, more: &[(&str, &str)]) -> Answer {
        self.try_redeem(code, more).await.expect("the server answers")
    }

    /// The same, where the server may go away in between.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn try_redeem(&self, code: &Code, more: &[(&str, &str)]) -> Result<Answer, Error> {
        let mut pairs = vec![("grant_type", "authorization_code"), ("code", code.code.as_str())];
        if !code.redirect_uri.is_empty() {
            pairs.push(("redirect_uri", &code.redirect_uri));
        }
        if !code.verifier.is_empty() {
            pairs.push(("code_verifier", &code.verifier));
        }
        pairs.extend_from_slice(more);
        self.try_post("/token", &pairs).await
    }

    /// Shows a refresh token.
    pub async fn refreshes(&self, tokens: &Tokens) -> Answer {
        self.refreshes_with(&tokens.refresh, &[]).await
    }

    /// The same with more parameters.
    pub async fn refreshes_with(&self, refresh_token: &str, more: &[(&str, &str)]) -> Answer {
        self.try_refresh(refresh_token, more)
            .await
            .expect("the server answers")
    }

    /// The same, where the server may go away in between.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn try_refresh(&self, refresh_token: &str, more: &[(&str, &str)]) -> Result<Answer, Error> {
        let mut pairs = vec![("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
        pairs.extend_from_slice(more);
        self.try_post("/token", &pairs).await
    }

    /// Asks for a token for itself.
    pub async fn asks_for_itself(&self, more: &[(&str, &str)]) -> Answer {
        let mut pairs = vec![("grant_type", "client_credentials")];
        pairs.extend_from_slice(more);
        self.posts("/token", &pairs).await
    }

    /// Revokes a token.
    pub async fn revokes(&self, token: &str) -> Answer {
        self.posts("/revoke", &[("token", token)]).await
    }

    /// The same, where the server may go away in between.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn try_revoke(&self, token: &str) -> Result<Answer, Error> {
        self.try_post("/revoke", &[("token", token)]).await
    }

    /// Whether a token still counts, as the introspection endpoint says it.
    pub async fn finds_active(&self, token: &str) -> bool {
        let answer = self.posts("/introspect", &[("token", token)]).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer
            .json()
            .get("active")
            .and_then(serde_json::Value::as_bool)
            .expect("active is there")
    }

    /// What userinfo says to an access token.
    pub async fn reads_userinfo(&self, access_token: &str) -> Answer {
        self.site.get_with_token("/userinfo", access_token).await
    }
}
