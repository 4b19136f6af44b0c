//! Connections: slow, oversized and too many, against the real accept loop.

mod addresses;
mod flood;
mod garbage;
mod http1;
mod http2;

use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use valetkey_server::listen::Limits;
use valetkey_testkit::{Site, TestServer, cast};

/// Far longer than anything here takes; reached only when something hangs.
const FOR_EVER: Duration = Duration::from_secs(60);

async fn all_that_comes(connection: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset is an end as well.
    let read = tokio::time::timeout(FOR_EVER, connection.read_to_end(&mut bytes)).await;
    drop(read.expect("the connection ends"));
    String::from_utf8_lossy(&bytes).into_owned()
}

async fn send(address: SocketAddr, text: &str) -> String {
    let mut connection = TcpStream::connect(address).await.expect("it connects");
    // The server may hang up before it has read everything.
    drop(connection.write_all(text.as_bytes()).await);
    all_that_comes(&mut connection).await
}

fn is_alive(answer: &str) -> bool {
    answer.starts_with("HTTP/1.1 200") || answer.starts_with("HTTP/1.0 200")
}

const HEALTH: &str = "GET /healthz HTTP/1.1\r\nhost: id.example\r\nconnection: close\r\n\r\n";

#[tokio::test]
async fn slowloris_a_client_that_never_ends_its_headers_is_cut_off() {
    let server = TestServer::start().await;
    let limits = Limits {
        header_seconds: 1,
        ..Limits::default()
    };
    let (address, task) = server.listen(limits).await;
    for start in [
        "",
        "GET / HTTP/1.1\r\nhost: id.exam",
        "GET / HTTP/1.1\r\nhost: id.example\r\nx: y\r\n",
    ] {
        let answer = send(address, start).await;
        assert!(!is_alive(&answer), "{answer}");
    }
    assert!(is_alive(&send(address, HEALTH).await));
    task.abort();
}

#[tokio::test]
async fn a_client_that_never_ends_its_body_is_cut_off() {
    let server = TestServer::start_with(|settings| settings.request_seconds = 1).await;
    let (address, task) = server.listen(Limits::default()).await;
    let answer = send(
        address,
        "POST /token HTTP/1.1\r\nhost: id.example\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 1000\r\n\r\ngrant_type=",
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    task.abort();
}

#[tokio::test]
async fn oversized_heads_and_bodies_are_refused() {
    let server = TestServer::start().await;
    let limits = Limits {
        head_bytes: 16 * 1024,
        ..Limits::default()
    };
    let (address, task) = server.listen(limits).await;
    let long = "x".repeat(40 * 1024);
    let many: String = (0..200).map(|number| format!("h{number}: x\r\n")).collect();
    for text in [
        format!("GET /authorize?state={long} HTTP/1.1\r\nhost: id.example\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nhost: id.example\r\nx: {long}\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nhost: id.example\r\n{many}\r\n"),
    ] {
        let answer = send(address, &text).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    let body = "a".repeat(70 * 1024);
    let site = Site::wire(cast::ISSUER, address);
    for path in ["/token", "/revoke", "/introspect"] {
        assert_eq!(site.post(path, &[("x", &body)]).await.status, 413, "{path}");
    }
    assert_eq!(site.post("/login", &[("x", &body)]).await.status, 413);
    assert!(is_alive(&send(address, HEALTH).await));
    task.abort();
}

#[tokio::test]
async fn request_smuggling_shapes_are_refused() {
    let server = TestServer::start().await;
    let (address, task) = server.listen(Limits::default()).await;
    for head in [
        "POST /token HTTP/1.1\r\nhost: id.example\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n",
        "POST /token HTTP/1.1\r\nhost: id.example\r\ncontent-length: -1\r\n\r\n",
        "POST /token HTTP/1.1\r\nhost: id.example\r\ntransfer-encoding: chunked, identity\r\n\r\n",
        "POST /token HTTP/1.1\r\nhost : id.example\r\n\r\n",
        "POST /token HTTP/1.1\r\nhost: id.example\r\n folded: x\r\n\r\n",
    ] {
        let answer = send(address, head).await;
        assert!(
            answer.starts_with("HTTP/1.1 400") || answer.is_empty(),
            "{head:?}: {answer}"
        );
    }
    task.abort();
}

#[tokio::test]
async fn when_all_connections_are_taken_the_next_one_waits_and_then_gets_its_turn() {
    let server = TestServer::start().await;
    let limits = Limits {
        open_connections: 2,
        header_seconds: 2,
        ..Limits::default()
    };
    let (address, task) = server.listen(limits).await;
    let idle = (
        TcpStream::connect(address).await.unwrap(),
        TcpStream::connect(address).await.unwrap(),
    );
    // Both idle connections end by the header limit, then this one is served.
    assert!(is_alive(&send(address, HEALTH).await));
    drop(idle);
    task.abort();
}

#[tokio::test]
async fn no_answer_carries_a_header_that_a_request_smuggled_in() {
    let server = TestServer::start().await;
    let (address, task) = server.listen(Limits::default()).await;
    let site = Site::wire(cast::ISSUER, address);
    let nasty = "x\r\nset-cookie: evil=1\r\n\r\nbody";
    for answer in [
        site.get("/authorize", &[("client_id", nasty), ("redirect_uri", nasty)])
            .await,
        site.get("/login", &[("flow", nasty)]).await,
        site.post("/token", &[("grant_type", nasty), ("client_id", nasty)])
            .await,
        site.get(
            "/authorize",
            &[
                ("client_id", "mysweetapp"),
                ("redirect_uri", "https://app.example/callback"),
                ("state", nasty),
                ("prompt", "none"),
                ("scope", "openid"),
                ("response_type", "code"),
            ],
        )
        .await,
    ] {
        assert!(
            !answer.header("set-cookie").contains("evil"),
            "{:?}",
            answer.headers
        );
    }
    task.abort();
}
