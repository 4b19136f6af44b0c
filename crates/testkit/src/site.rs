//! The server as others reach it: in this process through its router, or over TCP.

use crate::answer::Answer;
use axum::Router;
use axum::body::Body;
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode};
use http_body_util::BodyExt as _;
use std::io::{Error, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tower::ServiceExt as _;
use url::{Url, form_urlencoded};
use valetkey_server::address::Peer;

/// Where requests go.
#[derive(Debug, Clone)]
pub struct Site {
    /// The issuer.
    pub issuer: String,
    via: Via,
    /// Where requests come from.
    from: Ipv4Addr,
}

#[derive(Debug, Clone)]
enum Via {
    Router(Router),
    Wire(SocketAddr),
}

/// The form encoding of pairs.
pub(crate) fn encoded(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

impl Site {
    /// A router in this process.
    #[must_use]
    pub fn router(issuer: &str, router: Router) -> Self {
        Self {
            issuer: issuer.to_owned(),
            via: Via::Router(router),
            from: Ipv4Addr::LOCALHOST,
        }
    }

    /// A server that listens.
    #[must_use]
    pub fn wire(issuer: &str, address: SocketAddr) -> Self {
        Self {
            issuer: issuer.to_owned(),
            via: Via::Wire(address),
            from: Ipv4Addr::LOCALHOST,
        }
    }

    /// The same place, called from another address. Only a router in this process can be told.
    #[must_use]
    pub fn from_address(&self, address: [u8; 4]) -> Self {
        Self {
            from: address.into(),
            ..self.clone()
        }
    }

    /// Sends a request.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn send(&self, request: Request<Vec<u8>>) -> Answer {
        self.try_send(request).await.expect("the server answers")
    }

    /// Sends a request that may get no answer.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn try_send(&self, request: Request<Vec<u8>>) -> Result<Answer, Error> {
        match &self.via {
            Via::Router(router) => Ok(through(router.clone(), request, self.from).await),
            Via::Wire(address) => over_tcp(*address, request).await,
        }
    }

    /// `GET`, with a query.
    pub async fn get(&self, path: &str, query: &[(&str, &str)]) -> Answer {
        let request = Request::get(self.url(path, query)).body(Vec::new());
        self.send(request.expect("it is a request")).await
    }

    /// `POST` of a form.
    pub async fn post(&self, path: &str, pairs: &[(&str, &str)]) -> Answer {
        self.post_with(path, pairs, &[]).await
    }

    /// `POST` of a form with more headers.
    pub async fn post_with(&self, path: &str, pairs: &[(&str, &str)], headers: &[(&str, &str)]) -> Answer {
        self.send(form_request(&self.url(path, &[]), pairs, headers))
            .await
    }

    /// `GET` with an access token.
    pub async fn get_with_token(&self, path: &str, token: &str) -> Answer {
        let request = Request::get(self.url(path, &[])).header("authorization", format!("Bearer {token}"));
        self.send(request.body(Vec::new()).expect("it is a request"))
            .await
    }

    /// The origin of its pages.
    #[must_use]
    pub fn origin(&self) -> String {
        Url::parse(&self.issuer)
            .expect("an issuer is a URL")
            .origin()
            .ascii_serialization()
    }

    /// What a link or a redirect means on a page of this site.
    #[must_use]
    pub fn resolved(&self, link: &str) -> String {
        let base = Url::parse(&self.issuer).expect("an issuer is a URL");
        base.join(link).map_or_else(|_| link.to_owned(), String::from)
    }

    /// The URL of a path below the issuer, or an absolute URL as it is.
    #[must_use]
    pub fn url(&self, path: &str, query: &[(&str, &str)]) -> String {
        let start = if path.starts_with('/') {
            self.issuer.as_str()
        } else {
            ""
        };
        if query.is_empty() {
            format!("{start}{path}")
        } else {
            format!("{start}{path}?{}", encoded(query))
        }
    }
}

/// A request with a form.
pub(crate) fn form_request(url: &str, pairs: &[(&str, &str)], headers: &[(&str, &str)]) -> Request<Vec<u8>> {
    let mut request = Request::post(url).header("content-type", "application/x-www-form-urlencoded");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request
        .body(encoded(pairs).into_bytes())
        .expect("it is a request")
}

async fn through(router: Router, request: Request<Vec<u8>>, from: Ipv4Addr) -> Answer {
    let host = request
        .uri()
        .authority()
        .map(ToString::to_string)
        .unwrap_or_default();
    let path = request
        .uri()
        .path_and_query()
        .map_or_else(|| "/".to_owned(), ToString::to_string);
    let mut request = request.map(Body::from);
    *request.uri_mut() = path.parse().expect("a path is a URI");
    if !request.headers().contains_key("host") {
        request
            .headers_mut()
            .insert("host", HeaderValue::from_str(&host).expect("a host is a header"));
    }
    request
        .extensions_mut()
        .insert(Peer(SocketAddr::from((from, 50_000))));
    let (parts, body) = router
        .oneshot(request)
        .await
        .expect("a router does not fail")
        .into_parts();
    let body = body
        .collect()
        .await
        .expect("a body can be read")
        .to_bytes()
        .to_vec();
    Answer {
        status: parts.status,
        headers: parts.headers,
        body,
    }
}

/// HTTP/1.0, one request a connection, so that the answer ends where the connection does.
async fn over_tcp(address: SocketAddr, request: Request<Vec<u8>>) -> Result<Answer, Error> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let host = parts.uri.authority().map(ToString::to_string).unwrap_or_default();
    let mut head = format!(
        "{} {path} HTTP/1.0\r\nhost: {host}\r\ncontent-length: {}\r\n",
        parts.method,
        body.len()
    );
    for (name, value) in &parts.headers {
        head.push_str(&format!(
            "{name}: {}\r\n",
            String::from_utf8_lossy(value.as_bytes())
        ));
    }
    head.push_str("\r\n");
    let mut connection = TcpStream::connect(address).await?;
    connection.write_all(head.as_bytes()).await?;
    connection.write_all(&body).await?;
    let mut bytes = Vec::new();
    connection.read_to_end(&mut bytes).await?;
    parsed(&bytes).ok_or_else(|| Error::new(ErrorKind::UnexpectedEof, "no whole answer"))
}

fn parsed(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let (head, body) = (bytes.get(..end)?, bytes.get(end + 4..)?);
    let head = String::from_utf8_lossy(head);
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?;
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        headers.append(
            HeaderName::from_bytes(name.as_bytes()).ok()?,
            HeaderValue::from_str(value.trim()).ok()?,
        );
    }
    let promised: Option<usize> = headers
        .get("content-length")
        .and_then(|value| value.to_str().ok()?.parse().ok());
    (promised.is_none_or(|length| length == body.len())).then_some(())?;
    Some(Answer {
        status: StatusCode::from_bytes(status.as_bytes()).ok()?,
        headers,
        body: body.to_vec(),
    })
}

impl valetkey_client::HttpClient for Site {
    fn send(
        &self,
        request: Request<Vec<u8>>,
    ) -> valetkey_client::BoxFuture<'_, Result<http::Response<Vec<u8>>, valetkey_client::HttpError>> {
        Box::pin(async {
            let answer = self.try_send(request).await;
            let answer =
                answer.map_err(|error| valetkey_client::HttpError::Unreachable(error.to_string()))?;
            Ok(answer.into())
        })
    }
}

impl From<Answer> for http::Response<Vec<u8>> {
    fn from(answer: Answer) -> Self {
        let mut response = Self::new(answer.body);
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        response
    }
}
