//! The whole flow over real TLS: the server's own listener, and a client that trusts its certificate alone.

use super::node::Node;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use valetkey_server::listen::{self, Limits, Serving};
use valetkey_testkit::{App, Browser, Site, TestServer, cast};

const CERTIFICATE: &[u8] = include_bytes!("../../../server/src/listen/testdata/localhost-certificate.der");
const KEY: &[u8] = include_bytes!("../../../server/src/listen/testdata/localhost-key.der");
const ISSUER: &str = "https://localhost";

fn server_side() -> Arc<rustls::ServerConfig> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from(CERTIFICATE)],
            PrivateKeyDer::try_from(KEY).unwrap(),
        );
    Arc::new(config.unwrap())
}

fn client_side(trusts: &[&'static [u8]]) -> TlsConnector {
    let mut roots = rustls::RootCertStore::empty();
    for certificate in trusts {
        roots.add(CertificateDer::from(*certificate)).unwrap();
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config).into()
}

fn localhost() -> ServerName<'static> {
    ServerName::try_from("localhost").unwrap()
}

/// A test server behind TLS.
async fn listening() -> (TestServer, SocketAddr, SocketAddr) {
    let first = TestServer::start().await;
    let node = Node::with(&first, |settings| {
        settings.policy.issuer = ISSUER.to_owned();
    })
    .await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = Serving {
        limits: Limits::default(),
        tls: Some(server_side()),
        ..Serving::default()
    };
    let app = node.server.app();
    tokio::spawn(listen::serve(listener, app, serving, std::future::pending()));
    (first, address, tunnel(address).await)
}

/// What the actors connect to: it speaks TLS to the server for them, one connection for one.
async fn tunnel(to: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connector = client_side(&[CERTIFICATE]);
    tokio::spawn(async move {
        while let Ok((mut plain, _)) = listener.accept().await {
            let connector = connector.clone();
            tokio::spawn(async move {
                let stream = TcpStream::connect(to).await.unwrap();
                let mut encrypted = connector.connect(localhost(), stream).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut plain, &mut encrypted).await;
                let _ = plain.shutdown().await;
            });
        }
    });
    address
}

#[tokio::test]
async fn the_whole_flow_works_over_tls() {
    let (_server, _, tunnel) = listening().await;
    let site = Site::wire(ISSUER, tunnel);
    let app = App::at(site.clone(), cast::MYSWEETAPP);
    let alice = Browser::at(site.clone(), cast::ALICE);

    let code = alice
        .allows(&app.asks_for("openid photos.read offline_access"))
        .await;
    let got = app.redeems(&code).await.tokens();
    let got = app.refreshes(&got).await.tokens();
    let claims = app.reads_userinfo(&got.access).await;
    assert_eq!(claims.member("sub"), cast::ALICE.sub());
    assert_eq!(app.revokes(&got.access).await.status, 200);
    assert_eq!(app.reads_userinfo(&got.access).await.status, 401);
    assert!(!alice.cookie("__Host-vk_session").is_empty());
    assert!(!alice.cookie("__Host-vk_browser").is_empty());
}

#[tokio::test]
async fn whoever_does_not_trust_the_certificate_sends_nothing() {
    let (_server, address, _) = listening().await;
    let stream = TcpStream::connect(address).await.unwrap();
    let refused = client_side(&[]).connect(localhost(), stream).await;
    assert!(refused.is_err());
    let stream = TcpStream::connect(address).await.unwrap();
    let other = ServerName::try_from("id.example").unwrap();
    assert!(client_side(&[CERTIFICATE]).connect(other, stream).await.is_err());
}

#[tokio::test]
async fn plain_http_to_the_tls_port_is_not_answered_as_http() {
    let (_server, address, _) = listening().await;
    let plain = App::at(Site::wire(ISSUER, address), cast::PHOTO_BACKUP);
    let code = valetkey_testkit::Code {
        code: "x".to_owned(),
        redirect_uri: String::new(),
        verifier: String::new(),
    };
    assert!(plain.try_redeem(&code, &[]).await.is_err());
}
