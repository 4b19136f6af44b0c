//! HTTP/1.1 as strangers write it: many requests at once, lengths that contradict one another, bytes that are no HTTP, and
//! readers that do not read.

use super::{FOR_EVER, HEALTH, all_that_comes, is_alive, send};
use std::net::SocketAddr;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use valetkey_server::listen::Limits;
use valetkey_testkit::TestServer;

const FORM: &str = "content-type: application/x-www-form-urlencoded";

/// Limits whose end a test can wait for.
fn short() -> Limits {
    Limits {
        header_seconds: 1,
        idle_seconds: 1,
        write_seconds: 1,
        head_bytes: 16 * 1024,
        ..Limits::default()
    }
}

async fn start() -> (TestServer, SocketAddr, JoinHandle<()>) {
    let server = TestServer::start().await;
    let (address, task) = server.listen(short()).await;
    (server, address, task)
}

/// The status of each answer, in order.
fn statuses(answers: &str) -> Vec<u16> {
    let heads = answers.split("HTTP/1.1 ").skip(1);
    heads.filter_map(|head| head.get(..3)?.parse().ok()).collect()
}

/// Waits until the server holds no connection any more.
pub(super) async fn until_all_are_gone(server: &TestServer) {
    let gone = async {
        while !server.metrics().await.contains("valetkey_open_connections 0\n") {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(FOR_EVER, gone)
        .await
        .expect("the server ends them");
}

#[tokio::test]
async fn pipelined_requests_are_answered_all_and_in_order() {
    let (_server, address, task) = start().await;
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: id.example\r\n\r\n");
    let post = format!("POST /token HTTP/1.1\r\nhost: id.example\r\n{FORM}\r\ncontent-length: 3\r\n\r\na=b");
    let some = [get("/healthz"), get("/nowhere"), post, get("/jwks")].concat();
    let answers = send(address, &format!("{}{HEALTH}", some.repeat(30))).await;
    let mut expected = [200, 404, 401, 200].repeat(30);
    expected.push(200);
    assert_eq!(statuses(&answers), expected);
    task.abort();
}

#[tokio::test]
async fn slow_reading_a_client_that_takes_no_answers_does_not_keep_them_waiting_for_ever() {
    let (server, address, task) = start().await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut greedy = socket.connect(address).await.unwrap();
    let asks = tokio::spawn(async move {
        let style = "GET /assets/valetkey.css HTTP/1.1\r\nhost: id.example\r\n\r\n".repeat(100);
        // Until the server has ended it.
        while greedy.write_all(style.as_bytes()).await.is_ok() {}
    });
    asks.await.unwrap();
    until_all_are_gone(&server).await;
    assert!(is_alive(&send(address, HEALTH).await));
    task.abort();
}

#[tokio::test]
async fn an_idle_connection_ends_after_its_requests_and_so_does_one_whose_body_nobody_reads() {
    let (server, address, task) = start().await;
    for end in ["\r\n", "content-length: 100000\r\n\r\nsome"] {
        let answers = send(
            address,
            &format!("GET /healthz HTTP/1.1\r\nhost: id.example\r\n{end}"),
        )
        .await;
        assert_eq!(statuses(&answers), [200], "{answers}");
    }
    until_all_are_gone(&server).await;
    task.abort();
}

#[tokio::test]
async fn what_is_no_http_gets_nothing_but_a_refusal() {
    let (_server, address, task) = start().await;
    let long = "x".repeat(20 * 1024);
    for text in [
        "\0\0\0\0\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\r\n\r\n",
        "GET /\r\n\r\n",
        "GET / HTTP/3.0\r\n\r\n",
        "GET / HTTP/1.1 \r\nhost: id.example\r\n\r\n",
        "get\u{0} / HTTP/1.1\r\nhost: id.example\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: id.example\r\nx: a\0b\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: id.example\r\nx: a\rb\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: id.example\r\nx\0: a\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: id.example\r\n: a\r\n\r\n",
        "GET /\u{fffd}\u{0}x HTTP/1.1\r\nhost: id.example\r\n\r\n",
        "SSH-2.0-OpenSSH_9.2\r\n\r\n",
        "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\nGET / HTTP/1.1\r\nhost: id.example\r\n\r\n",
        &format!("{long} / HTTP/1.1\r\nhost: id.example\r\n\r\n"),
        &format!("GET / HTTP/1.1\r\n{long}: id.example\r\n\r\n"),
    ] {
        let answer = send(address, text).await;
        let refused = statuses(&answer);
        assert!(
            refused.iter().all(|status| (400..500).contains(status)) && refused.len() <= 1,
            "{text:?}: {answer}"
        );
    }
    assert!(is_alive(&send(address, HEALTH).await));
    task.abort();
}

#[tokio::test]
async fn another_host_or_a_tunnel_changes_nothing() {
    let (_server, address, task) = start().await;
    let end = "connection: close\r\n\r\n";
    for head in [
        "GET http://evil.example/.well-known/openid-configuration HTTP/1.1\r\nhost: evil.example\r\n",
        "GET /.well-known/openid-configuration HTTP/1.1\r\nhost: evil.example\r\nforwarded: host=evil.example\r\nx-forwarded-host: evil.example\r\n",
        "GET /.well-known/openid-configuration HTTP/1.0\r\n",
    ] {
        let answer = send(address, &format!("{head}{end}")).await;
        assert!(is_alive(&answer), "{answer}");
        assert!(
            answer.contains("\"issuer\":\"https://id.example\"") && !answer.contains("evil"),
            "{answer}"
        );
    }
    for head in [
        "CONNECT evil.example:443 HTTP/1.1\r\nhost: evil.example:443\r\n",
        "OPTIONS * HTTP/1.1\r\nhost: id.example\r\n",
        "TRACE / HTTP/1.1\r\nhost: id.example\r\ncookie: secret=1\r\n",
    ] {
        let answer = send(address, &format!("{head}{end}")).await;
        assert!(
            statuses(&answer).iter().all(|status| (400..500).contains(status)),
            "{head:?}: {answer}"
        );
        assert!(!answer.contains("secret"), "{answer}");
    }
    task.abort();
}

#[tokio::test]
async fn request_smuggling_after_two_lengths_nothing_more_is_read_from_the_connection() {
    let (_server, address, task) = start().await;
    let post = |lengths: &str, body: &str| {
        format!("POST /token HTTP/1.1\r\nhost: id.example\r\n{FORM}\r\n{lengths}\r\n\r\n{body}{HEALTH}")
    };
    for text in [
        post("content-length: 5\r\ntransfer-encoding: chunked", "0\r\n\r\n"),
        post("transfer-encoding: chunked\r\ncontent-length: 0", "0\r\n\r\n"),
        post("transfer-encoding: chunked", "0\r\n\r\n"),
        post("transfer-encoding:\tchunked\r\ncontent-length: 5", "0\r\n\r\n"),
        post("transfer-encoding: identity\r\ncontent-length: 0", ""),
        post(
            "transfer-encoding: x, chunked\r\ntransfer-encoding: y",
            "0\r\n\r\n",
        ),
        post("content-length: 0\r\ncontent-length: 200", ""),
        post("content-length: 0x0", ""),
        post("content-length: +0", ""),
        post("content-length: 0, 0", ""),
        post("content-length: 18446744073709551616", ""),
        post("transfer-encoding: chunked", "-1\r\n\r\n"),
        post("transfer-encoding: chunked", "fffffffffffffffff\r\n\r\n"),
        post("transfer-encoding: chunked", "1\r\na0\r\n\r\n"),
    ] {
        let answers = send(address, &text).await;
        let got = statuses(&answers);
        assert!(got.len() <= 1 && !got.contains(&200), "{text:?}: {answers}");
    }
    task.abort();
}

#[tokio::test]
async fn chunk_extensions_and_trailers_without_end_are_cut_off() {
    let server = TestServer::start_with(|settings| settings.request_seconds = 5).await;
    let (address, task) = server.listen(short()).await;
    for (start, more) in [("1;x=", "x"), ("1\r\na\r\n0\r\n", "x: y\r\n"), ("", "1\r\na\r\n")] {
        let mut connection = TcpStream::connect(address).await.unwrap();
        let head = format!(
            "POST /token HTTP/1.1\r\nhost: id.example\r\n{FORM}\r\ntransfer-encoding: chunked\r\n\r\n{start}"
        );
        connection.write_all(head.as_bytes()).await.unwrap();
        let more = more.repeat(1000);
        let mut written = 0;
        // The server hangs up long before.
        while written < 64 * 1024 * 1024 && connection.write_all(more.as_bytes()).await.is_ok() {
            written += more.len();
        }
        assert!(written < 64 * 1024 * 1024, "{start:?} is read for ever");
        let answer = all_that_comes(&mut connection).await;
        assert!(
            statuses(&answer).iter().all(|status| (400..500).contains(status)),
            "{answer}"
        );
    }
    assert!(is_alive(&send(address, HEALTH).await));
    task.abort();
}
