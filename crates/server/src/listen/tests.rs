//! Real sockets on the loopback interface; time is short where a wait has to end.

use super::*;
use axum::routing::get;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::oneshot;

struct Running {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: tokio::task::JoinHandle<std::io::Result<()>>,
    gauge: Gauge,
}

async fn start(router: Router, limits: Limits) -> Running {
    start_with(router, limits, None).await
}

async fn start_with(router: Router, limits: Limits, tls: Option<Arc<rustls::ServerConfig>>) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = Serving {
        limits,
        tls,
        ..Serving::default()
    };
    let gauge = serving.connections.clone();
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(serve(listener, router, serving, async {
        let _ = stopped.await;
    }));
    Running {
        address,
        stop: Some(stop),
        task,
        gauge,
    }
}

async fn read_all(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    let _ = stream.read_to_string(&mut text).await;
    text
}

fn hello() -> Router {
    Router::new().route("/", get(|| async { "hello" }))
}

#[tokio::test]
async fn a_client_that_never_finishes_its_headers_is_cut_off() {
    let limits = Limits {
        header_seconds: 1,
        ..Limits::default()
    };
    let running = start(hello(), limits).await;
    let mut slow = TcpStream::connect(running.address).await.unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n").await.unwrap();
    // Ends only because the server closes the connection.
    let answer = read_all(&mut slow).await;
    assert!(!answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn a_client_that_never_says_which_http_it_speaks_is_cut_off() {
    let limits = Limits {
        header_seconds: 1,
        ..Limits::default()
    };
    let running = start(hello(), limits).await;
    for begin in ["", "P", "PRI * HTTP/2.0\r\n"] {
        let mut silent = TcpStream::connect(running.address).await.unwrap();
        silent.write_all(begin.as_bytes()).await.unwrap();
        // Ends only because the server closes the connection.
        assert_eq!(read_all(&mut silent).await, "", "{begin:?}");
    }
}

#[tokio::test]
async fn a_connection_too_many_waits_until_another_ends() {
    let limits = Limits {
        open_connections: 1,
        ..Limits::default()
    };
    let running = start(hello(), limits).await;
    let mut first = TcpStream::connect(running.address).await.unwrap();
    first
        .write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    let mut some = [0; 12];
    first.read_exact(&mut some).await.unwrap();
    assert_eq!(running.gauge.get(), 1);
    let mut second = TcpStream::connect(running.address).await.unwrap();
    second
        .write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    drop(first);
    assert!(read_all(&mut second).await.ends_with("hello"));
}

#[tokio::test]
async fn a_request_that_is_open_at_the_stop_is_answered() {
    let (entered, is_inside) = oneshot::channel();
    let (release, released) = oneshot::channel::<()>();
    let parts = Arc::new(std::sync::Mutex::new(Some((entered, released))));
    let router = Router::new().route(
        "/",
        get(move || {
            let parts = parts.lock().unwrap().take();
            async move {
                let (entered, released) = parts.unwrap();
                let _ = entered.send(());
                let _ = released.await;
                "finished"
            }
        }),
    );
    let mut running = start(router, Limits::default()).await;
    let mut client = TcpStream::connect(running.address).await.unwrap();
    client
        .write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    is_inside.await.unwrap();
    running.stop.take().unwrap().send(()).unwrap();
    // Newcomers are refused as soon as the listener is gone.
    while TcpStream::connect(running.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    release.send(()).unwrap();
    assert!(read_all(&mut client).await.ends_with("finished"));
    running.task.await.unwrap().unwrap();
    assert_eq!(running.gauge.get(), 0);
}

#[tokio::test]
async fn a_head_with_too_many_headers_is_refused() {
    let limits = Limits {
        headers: 5,
        ..Limits::default()
    };
    let running = start(hello(), limits).await;
    let mut client = TcpStream::connect(running.address).await.unwrap();
    let many: String = (0..20).map(|n| format!("x-{n}: 1\r\n")).collect();
    let head = format!("GET / HTTP/1.1\r\nhost: a\r\n{many}\r\n");
    client.write_all(head.as_bytes()).await.unwrap();
    assert!(read_all(&mut client).await.starts_with("HTTP/1.1 431"));
}

/// A certificate for `localhost`, good for a hundred years and trusted by nobody but this client.
fn tls() -> (Arc<rustls::ServerConfig>, tokio_rustls::TlsConnector) {
    let certificate = rustls::pki_types::CertificateDer::from(
        include_bytes!("testdata/localhost-certificate.der").as_slice(),
    );
    let key =
        rustls::pki_types::PrivateKeyDer::try_from(include_bytes!("testdata/localhost-key.der").as_slice())
            .unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let server = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate).unwrap();
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    (Arc::new(server), Arc::new(client).into())
}

#[tokio::test]
async fn with_a_certificate_the_answer_comes_encrypted() {
    let (server, connector) = tls();
    let running = start_with(hello(), Limits::default(), Some(server)).await;
    let stream = TcpStream::connect(running.address).await.unwrap();
    let name = rustls::pki_types::ServerName::try_from("localhost").unwrap();
    let mut stream = connector.connect(name, stream).await.unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer).await;
    assert!(answer.ends_with("hello"), "{answer}");
}

#[tokio::test]
async fn a_handshake_that_never_comes_is_cut_off_and_holds_nobody_up() {
    let (server, connector) = tls();
    let limits = Limits {
        handshake_seconds: 1,
        ..Limits::default()
    };
    let running = start_with(hello(), limits, Some(server)).await;
    let mut silent = TcpStream::connect(running.address).await.unwrap();
    let stream = TcpStream::connect(running.address).await.unwrap();
    let name = rustls::pki_types::ServerName::try_from("localhost").unwrap();
    connector.connect(name, stream).await.unwrap();
    // Ends only because the server closes the connection.
    assert_eq!(read_all(&mut silent).await, "");
}

#[tokio::test]
async fn what_is_no_handshake_gets_no_page_and_half_of_one_is_cut_off() {
    let (server, connector) = tls();
    let limits = Limits {
        handshake_seconds: 1,
        ..Limits::default()
    };
    let running = start_with(hello(), limits, Some(server)).await;
    // A record that promises 512 bytes of a ClientHello and brings the beginning of one.
    let half = [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3];
    for sent in [&b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"[..], &half, &[0x16; 40_000]] {
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        // The server may hang up before it has read everything.
        let _ = stream.write_all(sent).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        assert!(!answer.windows(5).any(|five| five == b"hello"), "{answer:?}");
        assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    }
    let stream = TcpStream::connect(running.address).await.unwrap();
    let name = rustls::pki_types::ServerName::try_from("localhost").unwrap();
    connector.connect(name, stream).await.unwrap();
}

#[tokio::test]
async fn connections_are_counted_by_address_and_those_of_proxies_are_not() {
    for (proxies, expected) in [(vec![], ""), (vec!["127.0.0.0/8".parse().unwrap()], "hello")] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = Serving {
            limits: Limits {
                connections_per_address: 1,
                ..Limits::default()
            },
            proxies,
            ..Serving::default()
        };
        let serving = tokio::spawn(serve(listener, hello(), serving, std::future::pending()));
        let _first = TcpStream::connect(address).await.unwrap();
        let mut second = TcpStream::connect(address).await.unwrap();
        let _ = second
            .write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
            .await;
        let answer = read_all(&mut second).await;
        assert!(
            answer.ends_with(expected) && answer.is_empty() == expected.is_empty(),
            "{answer}"
        );
        serving.abort();
    }
}
