//! What left the app in one signed request, to show it beside a bearer token: the header's parameters and the signature
//! base string (RFC 5849 §3.4.1), read back from the request itself.

use http::header::AUTHORIZATION;
use std::sync::{Arc, Mutex, PoisonError};
use valetkey_client::{BoxFuture, HttpClient, HttpError, HttpRequest, HttpResponse};
use valetkey_protocol::oauth1::{Collected, base_string};
use valetkey_protocol::observe::Parameter;

/// An HTTP client that remembers its last request.
pub(super) struct Noting {
    inner: Arc<dyn HttpClient>,
    last: Mutex<Option<HttpRequest>>,
}

impl Noting {
    pub(super) fn new(inner: Arc<dyn HttpClient>) -> Self {
        Self {
            inner,
            last: Mutex::default(),
        }
    }

    /// The last request, if one left.
    pub(super) fn take(&self) -> Option<Sent> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.take().map(|request| Sent { request })
    }
}

impl HttpClient for Noting {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, HttpError>> {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(request.clone());
        self.inner.send(request)
    }
}

/// One signed request as it left. Its signature is good for it alone, and once.
pub(super) struct Sent {
    pub(super) request: HttpRequest,
}

/// A request as the page shows it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct SentView {
    /// `GET /photos`
    pub(super) line: String,
    pub(super) host: String,
    /// The parameters of the header.
    pub(super) parameters: Vec<Parameter>,
    /// Method, address and parameters: the base string, at its two `&`.
    pub(super) base_string: Vec<String>,
}

impl Sent {
    /// For people. A signature that may still be good is masked.
    pub(super) fn view(&self, spent: bool) -> SentView {
        let request = &self.request;
        let uri = request.uri();
        let header = request.headers().get(AUTHORIZATION);
        let read = Collected::read(header.map(http::HeaderValue::as_bytes), uri.query(), None);
        let Ok(read) = read else {
            return SentView::default();
        };
        let parameters = read.protocol.pairs().into_iter().map(|(name, value)| {
            if spent {
                Parameter::plain(name, value)
            } else {
                Parameter::named(name, value)
            }
        });
        let text = base_string(request.method().as_str(), &uri.to_string(), &read.signed);
        let text = text.unwrap_or_default();
        SentView {
            line: format!("{} {}", request.method(), uri.path()),
            host: uri.authority().map(ToString::to_string).unwrap_or_default(),
            parameters: parameters.collect(),
            base_string: text.split('&').map(str::to_owned).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use valetkey_client::Timestamp;
    use valetkey_client::oauth1::{Consumer, Once, Signing, TokenCredentials};
    use valetkey_protocol::secret::OAuth1Secret;

    fn sent() -> Sent {
        let consumer = Consumer {
            key: "mysweetapp".into(),
            signing: Signing::HmacSha256(OAuth1Secret::new("consumer-secret")),
        };
        let token = TokenCredentials {
            token: "vko_1".into(),
            secret: OAuth1Secret::new("token-secret"),
        };
        let once = Once {
            timestamp: Timestamp(7),
            nonce: "n",
        };
        let request = http::Request::get("http://localhost:8081/photos");
        let mut request = request.body(Vec::new()).unwrap();
        consumer.sign(&mut request, Some(&token), once).unwrap();
        Sent { request }
    }

    #[test]
    fn neither_secret_is_shown_and_a_signature_only_when_it_is_spent() {
        for spent in [true, false] {
            let view = sent().view(spent);
            assert!(!format!("{view:?}").contains("secret"));
            let signature = view
                .parameters
                .iter()
                .find(|one| one.name == "oauth_signature")
                .unwrap();
            assert_eq!(signature.masked, !spent);
            assert_eq!(signature.value.len() == 44, spent);
        }
    }

    #[test]
    fn the_base_string_is_shown_in_its_three_parts() {
        let view = sent().view(true);
        assert_eq!(
            (view.line.as_str(), view.host.as_str()),
            ("GET /photos", "localhost:8081")
        );
        assert_eq!(view.base_string.len(), 3);
        assert_eq!(view.base_string[1], "http%3A%2F%2Flocalhost%3A8081%2Fphotos");
        assert!(view.base_string[2].contains("oauth_token%3Dvko_1"));
    }
}
