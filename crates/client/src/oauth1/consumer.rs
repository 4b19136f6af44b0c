//! A signed request (RFC 5849 §3): what the signature covers, the signature, and the `Authorization` header.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use valetkey_jose::oauth1::{Digest, RsaPrivateKey, hmac};
use valetkey_protocol::oauth1::{
    Collected, Protocol, SignatureMethod, TokenCredentials, authorization_header, base_string, signing_key,
};
use valetkey_protocol::params::is_form;
use valetkey_protocol::secret::OAuth1Secret;
use valetkey_protocol::time::Timestamp;

use crate::discovery::secure_url;
use crate::{Error, HttpRequest, random};

/// An app as its provider knows it.
#[derive(Debug, Clone)]
pub struct Consumer {
    /// `oauth_consumer_key`: the app's name there.
    pub key: String,
    /// How it signs.
    pub signing: Signing,
}

/// A signature method (RFC 5849 §3.4) with what it needs.
#[derive(Debug, Clone)]
pub enum Signing {
    /// `HMAC-SHA1`.
    HmacSha1(OAuth1Secret),
    /// `HMAC-SHA256`.
    HmacSha256(OAuth1Secret),
    /// `RSA-SHA256`.
    RsaSha256(Arc<RsaPrivateKey>),
    /// `PLAINTEXT`: the secrets themselves, over https or to this machine.
    Plaintext(OAuth1Secret),
}

impl Signing {
    /// The method.
    #[must_use]
    pub const fn method(&self) -> SignatureMethod {
        match self {
            Self::HmacSha1(_) => SignatureMethod::HmacSha1,
            Self::HmacSha256(_) => SignatureMethod::HmacSha256,
            Self::RsaSha256(_) => SignatureMethod::RsaSha256,
            Self::Plaintext(_) => SignatureMethod::Plaintext,
        }
    }

    fn sign(&self, text: &str, token_secret: &str) -> Result<String, Error> {
        let mac = |digest, secret: &OAuth1Secret| {
            let key = signing_key(secret.expose(), token_secret);
            STANDARD.encode(hmac(digest, key.expose().as_bytes(), text.as_bytes()))
        };
        Ok(match self {
            Self::HmacSha1(secret) => mac(Digest::Sha1, secret),
            Self::HmacSha256(secret) => mac(Digest::Sha256, secret),
            Self::RsaSha256(key) => {
                let signature = key.sign_sha256(text.as_bytes());
                STANDARD.encode(signature.map_err(|error| Error::Config(error.to_string()))?)
            }
            Self::Plaintext(secret) => signing_key(secret.expose(), token_secret).expose().to_owned(),
        })
    }
}

/// What tells one request from every other of the same app (§3.3).
#[derive(Debug, Clone, Copy)]
pub struct Once<'a> {
    /// `oauth_timestamp`.
    pub timestamp: Timestamp,
    /// `oauth_nonce`: never used before with this timestamp.
    pub nonce: &'a str,
}

/// What was signed. To compare with a server that refuses the signature: base string against base string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The protocol parameters of the header.
    pub protocol: Protocol,
    /// The signature base string (§3.4.1).
    pub base_string: String,
}

impl Consumer {
    /// Signs `request`, for the person whom `token` stands for or for the app alone, and sets its `Authorization` header.
    /// The signature covers the method, the whole URI and, when the body is a form, its parameters: change none of them
    /// afterwards.
    ///
    /// # Errors
    /// [`Error::Config`] for a URI that is not absolute, parameters that cannot be read or are `oauth_` parameters already,
    /// or a `PLAINTEXT` signature that would leave in clear; [`Error::Random`].
    pub fn sign_request(
        &self,
        request: &mut HttpRequest,
        token: Option<&TokenCredentials>,
        now: Timestamp,
    ) -> Result<Signed, Error> {
        let nonce = random::text()?;
        let once = Once {
            timestamp: now,
            nonce: &nonce,
        };
        self.sign(request, token, once)
    }

    /// [`Consumer::sign_request`] with a nonce of your own.
    ///
    /// ```
    /// use valetkey_client::Timestamp;
    /// use valetkey_client::oauth1::{Consumer, Once, Signing, TokenCredentials};
    ///
    /// // The signed request of RFC 5849 §1.2.
    /// let consumer = Consumer { key: "dpf43f3p2l4k3l03".into(), signing: Signing::HmacSha1("kd94hf93k423kf44".to_owned().into()) };
    /// let token = TokenCredentials { token: "nnch734d00sl2jdk".into(), secret: "pfkkdhi9sl3r4s00".to_owned().into() };
    /// let mut request = http::Request::get("http://photos.example.net/photos?file=vacation.jpg&size=original").body(Vec::new())?;
    /// let signed = consumer.sign(&mut request, Some(&token), Once { timestamp: Timestamp(137131202), nonce: "chapoH" })?;
    /// assert_eq!(signed.protocol.signature.as_deref(), Some("MdpQcU8iPSUjWoN/UDMsK2sui9I="));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`Consumer::sign_request`].
    pub fn sign(
        &self,
        request: &mut HttpRequest,
        token: Option<&TokenCredentials>,
        once: Once<'_>,
    ) -> Result<Signed, Error> {
        self.sign_with(request, token, once, Protocol::default())
    }

    /// `more` brings what only one step of the flow sends: the callback, or the verifier.
    pub(super) fn sign_with(
        &self,
        request: &mut HttpRequest,
        token: Option<&TokenCredentials>,
        once: Once<'_>,
        more: Protocol,
    ) -> Result<Signed, Error> {
        let uri = request.uri().to_string();
        if matches!(self.signing, Signing::Plaintext(_)) {
            // The signature is the secrets themselves.
            secure_url("address of a PLAINTEXT request", &uri)?;
        }
        let mut protocol = Protocol {
            consumer_key: Some(self.key.clone()),
            token: token.map(|token| token.token.clone()),
            signature_method: Some(self.signing.method().as_str().to_owned()),
            timestamp: Some(once.timestamp.to_string()),
            nonce: Some(once.nonce.to_owned()),
            ..more
        };
        let mut covered = parameters(request)?;
        let of_header = protocol.pairs().into_iter();
        covered.extend(of_header.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let text = base_string(request.method().as_str(), &uri, &covered)
            .ok_or_else(|| Error::Config(format!("{uri:?} is no absolute http or https URI")))?;
        let token_secret = token.map(|token| token.secret.expose()).unwrap_or_default();
        protocol.signature = Some(self.signing.sign(&text, token_secret)?);
        let header = HeaderValue::try_from(authorization_header(None, &protocol));
        let mut header = header.map_err(|error| Error::Config(error.to_string()))?;
        header.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, header);
        Ok(Signed {
            protocol,
            base_string: text,
        })
    }
}

/// The parameters of the query, and of the body where that is a form (§3.4.1.3.1).
fn parameters(request: &HttpRequest) -> Result<Vec<(String, String)>, Error> {
    let content_type = request.headers().get(CONTENT_TYPE);
    let form = content_type
        .is_some_and(|kind| is_form(kind.as_bytes()))
        .then_some(request.body().as_slice());
    let read = Collected::read(None, request.uri().query(), form);
    let read = read.map_err(|error| Error::Config(error.to_string()))?;
    if Collected::is_oauth1(None, request.uri().query(), form) || read.protocol != Protocol::default() {
        return Err(Error::Config(
            "the request has oauth_ parameters already".to_owned(),
        ));
    }
    Ok(read.signed)
}
