//! How many connections one address may have open.

use super::{FOR_EVER, HEALTH, all_that_comes, is_alive};
use std::net::{Ipv4Addr, SocketAddr};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpSocket, TcpStream};
use valetkey_server::listen::Limits;
use valetkey_testkit::TestServer;

/// Any address of 127.0.0.0/8 is this machine.
async fn connect_from(last: u8, to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket can be made");
    let from = SocketAddr::from((Ipv4Addr::new(127, 0, 0, last), 0));
    socket.bind(from).expect("the address is this machine's");
    socket.connect(to).await.expect("it connects")
}

async fn asks(mut connection: TcpStream) -> String {
    drop(connection.write_all(HEALTH.as_bytes()).await);
    all_that_comes(&mut connection).await
}

#[tokio::test]
async fn one_address_cannot_take_all_connections_and_gets_more_when_some_of_its_own_end() {
    let server = TestServer::start().await;
    let limits = Limits {
        connections_per_address: 2,
        header_seconds: 3600,
        ..Limits::default()
    };
    let (address, task) = server.listen(limits).await;
    let first = connect_from(2, address).await;
    let _second = connect_from(2, address).await;
    assert_eq!(asks(connect_from(2, address).await).await, "");
    assert!(is_alive(&asks(connect_from(3, address).await).await));
    drop(first);
    let served = async {
        // The server hears of the end in its own time.
        while !is_alive(&asks(connect_from(2, address).await).await) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(FOR_EVER, served)
        .await
        .expect("there is room again");
    task.abort();
}
