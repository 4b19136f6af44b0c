//! Sites to ask: real servers on the loopback interface that count who comes.

use super::super::OutboundSettings;
use crate::listen::{self, Serving};
use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// The authority of the sites.
pub(super) fn ca() -> CertificateDer<'static> {
    CertificateDer::from(include_bytes!("testdata/ca.der").as_slice())
}

/// Settings that reach the sites.
pub(super) fn local() -> OutboundSettings {
    OutboundSettings {
        extra_ca: vec![ca()],
        allow_private: vec!["127.0.0.0/8".parse().unwrap()],
        ..OutboundSettings::default()
    }
}

/// A running site; it ends with the test.
pub(super) struct Site {
    pub(super) address: SocketAddr,
    connections: Arc<AtomicUsize>,
    requests: Arc<AtomicUsize>,
}

impl Site {
    /// With TLS, as `localhost`.
    pub(super) async fn start(router: Router) -> Self {
        Self::serve(router, Some(tls())).await
    }

    /// Without TLS.
    pub(super) async fn start_plain(router: Router) -> Self {
        Self::serve(router, None).await
    }

    /// Two listeners: the outer one counts connections and passes them on, the inner one is the server's own.
    async fn serve(router: Router, tls: Option<Arc<rustls::ServerConfig>>) -> Self {
        let requests = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&requests);
        let router = router.layer(middleware::from_fn(move |request: Request, next: Next| {
            count.fetch_add(1, Ordering::SeqCst);
            next.run(request)
        }));
        let inner = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let inner_address = inner.local_addr().unwrap();
        let serving = Serving {
            tls,
            ..Serving::default()
        };
        tokio::spawn(listen::serve(inner, router, serving, std::future::pending()));

        let outer = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = outer.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((mut from, _)) = outer.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                let mut to = TcpStream::connect(inner_address).await.unwrap();
                tokio::spawn(async move {
                    let _ = tokio::io::copy_bidirectional(&mut from, &mut to).await;
                });
            }
        });
        Self {
            address,
            connections,
            requests,
        }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.address.port())
    }

    /// How many connections were made.
    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// How many requests came.
    pub(super) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

fn tls() -> Arc<rustls::ServerConfig> {
    let certificate = CertificateDer::from(include_bytes!("testdata/localhost-certificate.der").as_slice());
    let key = PrivateKeyDer::try_from(include_bytes!("testdata/localhost-key.der").as_slice()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Arc::new(config)
}

/// The address of a site without TLS that says this much to everybody, and then nothing for ever.
pub(super) async fn silent_after(said: &str) -> String {
    speaks(said, false).await
}

/// The address of a site without TLS that says this much to everybody, and hangs up.
pub(super) async fn ends_after(said: &str) -> String {
    speaks(said, true).await
}

async fn speaks(said: &str, hangs_up: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let said = said.to_owned();
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut some = [0; 1024];
            let _ = stream.read(&mut some).await;
            let _ = stream.write_all(said.as_bytes()).await;
            if !hangs_up {
                open.push(stream);
            }
        }
    });
    format!("http://{address}/")
}
