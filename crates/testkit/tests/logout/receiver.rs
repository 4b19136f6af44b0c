//! A client's back channel: a real HTTP server on the loopback interface that keeps what was posted to it.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use http::StatusCode;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::{TcpListener, TcpSocket};
use valetkey_server::listen::{self, Serving};
use valetkey_testkit::TestServer;
use valetkey_testkit::cast::Registered;

/// What came, and what is answered.
#[derive(Debug, Clone)]
pub(super) struct Receiver {
    pub(super) address: SocketAddr,
    posted: Arc<Mutex<Vec<Vec<u8>>>>,
    status: Arc<Mutex<StatusCode>>,
}

impl Receiver {
    /// Has a port, and refuses connections.
    pub(super) fn down() -> (Self, TcpSocket) {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let receiver = Self {
            address: socket.local_addr().unwrap(),
            posted: Arc::default(),
            status: Arc::new(Mutex::new(StatusCode::OK)),
        };
        (receiver, socket)
    }

    /// Answers 200 from now on.
    pub(super) fn up(&self, socket: TcpSocket) {
        let listener: TcpListener = socket.listen(64).unwrap();
        let router = Router::new()
            .route("/backchannel", post(take))
            .with_state(self.clone());
        tokio::spawn(listen::serve(
            listener,
            router,
            Serving::default(),
            std::future::pending(),
        ));
    }

    /// One that is up.
    pub(super) fn start() -> Self {
        let (receiver, socket) = Self::down();
        receiver.up(socket);
        receiver
    }

    pub(super) fn answers(&self, status: u16) {
        *self.status.lock().unwrap() = StatusCode::from_u16(status).unwrap();
    }

    /// The forms that came, in their order.
    pub(super) fn posted(&self) -> Vec<Vec<u8>> {
        self.posted.lock().unwrap().clone()
    }

    /// The logout tokens that came.
    pub(super) fn tokens(&self) -> Vec<String> {
        let token = |form: &Vec<u8>| {
            let pairs: Vec<_> = url::form_urlencoded::parse(form).into_owned().collect();
            assert_eq!(pairs.len(), 1, "nothing but the token: {pairs:?}");
            assert_eq!(pairs[0].0, "logout_token");
            pairs[0].1.clone()
        };
        self.posted().iter().map(token).collect()
    }

    /// Lets a client hear of sign-outs here.
    pub(super) async fn is_of(&self, server: &TestServer, client: Registered) {
        let uri = format!("http://{}/backchannel", self.address);
        server
            .changes(client, |client| {
                client.openid.backchannel_logout = Some(valetkey_model::relying_party::LogoutUri {
                    uri,
                    session_required: true,
                });
            })
            .await;
    }
}

async fn take(State(receiver): State<Receiver>, form: Bytes) -> StatusCode {
    receiver.posted.lock().unwrap().push(form.to_vec());
    *receiver.status.lock().unwrap()
}
