//! What the server fetches for a registration: the document of a sector (Registration §5), and logos.

use super::*;
use axum::Router;
use axum::routing::get;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use valetkey_server::listen::{self, Serving};

const CA: &[u8] = include_bytes!("../../../server/src/outbound/tests/testdata/ca.der");
const CERTIFICATE: &[u8] =
    include_bytes!("../../../server/src/outbound/tests/testdata/localhost-certificate.der");
const KEY: &[u8] = include_bytes!("../../../server/src/outbound/tests/testdata/localhost-key.der");

/// A client's own site, over TLS, which counts who asks.
#[derive(Clone, Default)]
pub(crate) struct ClientSite {
    says: Arc<Mutex<Vec<u8>>>,
    asked: Arc<AtomicUsize>,
}

impl ClientSite {
    async fn start(&self) -> SocketAddr {
        let site = self.clone();
        let router = Router::new().route(
            "/{anything}",
            get(move || {
                site.asked.fetch_add(1, Ordering::SeqCst);
                let says = site.says.lock().unwrap().clone();
                async move { says }
            }),
        );
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![CertificateDer::from(CERTIFICATE)],
                PrivateKeyDer::try_from(KEY).unwrap(),
            );
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = Serving {
            tls: Some(Arc::new(tls.unwrap())),
            ..Serving::default()
        };
        tokio::spawn(listen::serve(listener, router, serving, std::future::pending()));
        address
    }

    pub(crate) fn says(&self, bytes: impl Into<Vec<u8>>) {
        *self.says.lock().unwrap() = bytes.into();
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// A server that may ask this machine, and a client's site.
pub(crate) async fn stage() -> (TestServer, ClientSite, String) {
    let site = ClientSite::default();
    let address = site.start().await;
    let server = TestServer::start_with(|settings| {
        open(settings);
        settings.outbound.allow_private = vec!["127.0.0.0/8".parse().unwrap()];
        settings.outbound.extra_ca = vec![CertificateDer::from(CA)];
    })
    .await;
    (server, site, format!("https://localhost:{}", address.port()))
}

#[tokio::test]
async fn a_sector_is_named_by_a_document_that_lists_every_redirect_uri() {
    let (server, site, url) = stage().await;
    let asked = json!({
        "subject_type": "pairwise", "sector_identifier_uri": format!("{url}/sector.json"),
        "redirect_uris": ["https://a.example/cb", "https://b.example/cb"],
    });
    for bad in [
        "",
        "{}",
        "[\"https://a.example/cb\"]",
        "[\"https://a.example/cb\",7,\"https://b.example/cb\"]",
    ] {
        site.says(bad);
        register(&server, asked.clone())
            .await
            .is_refused_by(Rule::RegisterSectorMismatch);
    }
    site.says("[\"https://b.example/cb\",\"https://a.example/cb\"]");
    let client = registered(&server, asked.clone()).await;
    assert_eq!(client["subject_type"], "pairwise");
    assert_eq!(client["sector_identifier_uri"], asked["sector_identifier_uri"]);
    assert_eq!(
        site.asked(),
        5,
        "each time anew: a document that was set right counts at once"
    );
    // An update is judged by the document of that moment.
    site.says("[\"https://a.example/cb\"]");
    let mut body = metadata(asked);
    body["client_id"] = client["client_id"].clone();
    let line = format!("PUT /register/{}", text(&client, "client_id"));
    let token = text(&client, "registration_access_token");
    send(&server.site, &line, token, &body)
        .await
        .is_refused_by(Rule::RegisterSectorMismatch);
}

#[tokio::test]
async fn inner_network_a_sector_that_cannot_be_fetched_tells_nothing_of_why() {
    let closed = TestServer::start_with(open).await;
    let mut answers = Vec::new();
    for uri in [
        "https://127.0.0.1:1/s.json",
        "https://169.254.169.254/latest",
        "https://localhost/s.json",
        "https://nowhere.invalid/s.json",
    ] {
        let asked = json!({"sector_identifier_uri": uri});
        let answer = register(&closed, asked).await;
        answer.is_refused_by(Rule::RegisterSectorMismatch);
        answers.push(answer.json()["valetkey"]["received"].clone());
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
}

#[tokio::test]
async fn nothing_is_fetched_for_a_registration_that_is_refused_anyway() {
    let (server, site, url) = stage().await;
    let asked = json!({"sector_identifier_uri": format!("{url}/s"), "tos_uri": "ftp://x.example/"});
    register(&server, asked)
        .await
        .is_refused_by(Rule::RegisterUriNotHttps);
    assert_eq!(site.asked(), 0);
}

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and the rest of a picture";

async fn logo(server: &TestServer, client: &Value) -> Answer {
    let path = format!("/logos/{}", text(client, "client_id"));
    server.site.get(&path, &[]).await
}

#[tokio::test]
async fn script_in_a_picture_a_logo_goes_out_only_as_a_picture_that_no_browser_runs() {
    let (server, site, url) = stage().await;
    let logo_of = |name: &str| json!({"logo_uri": format!("{url}/{name}"), "client_name": name});
    let without = registered(&server, json!({})).await;
    assert_eq!(logo(&server, &without).await.status, 404);
    assert_eq!(server.site.get("/logos/nobody", &[]).await.status, 404);
    site.says("<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>");
    let svg = registered(&server, logo_of("svg")).await;
    assert_eq!(logo(&server, &svg).await.status, 404);
    site.says([PNG, &vec![0; 200 * 1024]].concat());
    let large = registered(&server, logo_of("large")).await;
    assert_eq!(logo(&server, &large).await.status, 404);
    let before = site.asked();
    site.says(PNG);
    let good = registered(&server, logo_of("good")).await;
    for _ in 0..3 {
        let picture = logo(&server, &good).await;
        assert_eq!(picture.status, 200);
        assert_eq!(picture.body, PNG);
        assert_eq!(picture.header("content-type"), "image/png");
        assert_eq!(picture.header("x-content-type-options"), "nosniff");
        assert_eq!(
            picture.header("content-security-policy"),
            "default-src 'none'; sandbox"
        );
    }
    assert_eq!(site.asked() - before, 1, "it is kept");
}
