//! The HTTP client that comes along, against a real server on this machine.

use axum::Router;
use axum::response::Redirect;
use axum::routing::{get, post};

use crate::{HttpClient, HttpError, HttpResponse, HyperClient};

async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

async fn send(url: &str) -> Result<HttpResponse, HttpError> {
    let request = http::Request::post(url).body(b"a=1".to_vec()).unwrap();
    HyperClient::new().unwrap().send(request).await
}

#[tokio::test]
async fn plain_http_to_another_machine_is_never_tried() {
    for url in [
        "http://login.example/token",
        "http://192.0.2.1/token",
        "http://localhost.evil.example/",
        "ftp://localhost/",
    ] {
        assert_eq!(send(url).await.unwrap_err(), HttpError::NotSecure(url.into()));
    }
    assert!(matches!(send("/token").await, Err(HttpError::NotSecure(_))));
}

#[tokio::test]
async fn a_redirect_is_handed_back_and_not_followed() {
    let router = Router::new()
        .route("/token", post(|| async { Redirect::temporary("/elsewhere") }))
        .route(
            "/elsewhere",
            get(|| async { "followed" }).post(|| async { "followed" }),
        );
    let base = serve(router).await;
    let answer = send(&format!("{base}/token")).await.unwrap();
    assert_eq!(answer.status(), 307);
    assert_ne!(answer.body(), b"followed");
}

#[tokio::test]
async fn an_answer_of_more_than_a_mebibyte_is_given_up() {
    let router = Router::new()
        .route("/fits", post(|| async { vec![b'x'; 1024 * 1024] }))
        .route("/flood", post(|| async { vec![b'x'; 1024 * 1024 + 1] }));
    let base = serve(router).await;
    assert_eq!(
        send(&format!("{base}/flood")).await.unwrap_err(),
        HttpError::TooLarge
    );
    assert_eq!(
        send(&format!("{base}/fits")).await.unwrap().body().len(),
        1024 * 1024
    );
}

#[tokio::test]
async fn the_body_arrives_and_a_closed_port_is_unreachable() {
    let base = serve(Router::new().route("/echo", post(|body: String| async move { body }))).await;
    assert_eq!(send(&format!("{base}/echo")).await.unwrap().body(), b"a=1");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    assert!(matches!(send(&closed).await, Err(HttpError::Unreachable(_))));
}
