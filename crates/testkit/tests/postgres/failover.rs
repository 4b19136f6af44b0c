//! A primary that dies, and a standby that takes its place: nodes whose URL names both go on, and nothing is restarted.

use super::{binaries, open};
use crate::operations::node::Node;
use std::net::SocketAddr;
use valetkey_testkit::postgres::Cluster;
use valetkey_testkit::{TestServer, cast};

/// A URL that names both, in this order.
fn url_of_both(first: SocketAddr, second: SocketAddr) -> String {
    format!("postgres://valetkey@{first},{second}/valetkey")
}

#[tokio::test]
async fn verbs_go_to_whichever_of_two_hosts_takes_writes_also_after_a_failover() {
    let Some(binaries) = binaries() else { return };
    let mut primary = Cluster::start(&binaries);
    primary.database("valetkey");
    let standby = Cluster::standby_of(&primary);
    // The standby stands first, reads, and is not the one to ask.
    let server = TestServer::start_in_database(&url_of_both(standby.address(), primary.address())).await;
    // Here the one that will be dead does.
    let other = open(&url_of_both(primary.address(), standby.address())).await;
    let other = Node::over(&server, other, |_| ()).await;
    let (alice, app) = (server.browser(cast::ALICE), server.app(cast::MYSWEETAPP));
    let asked = app.asks_for("openid photos.read offline_access");
    let code = alice.allows(&asked).await;
    let got = app.redeems(&alice.allows(&asked).await).await.tokens();

    primary.kill9();
    standby.promote();
    // Each notices first that the connections that it had are lost.
    for node in [&server.site, &other.site] {
        node.get("/readyz", &[]).await;
        assert_eq!(node.get("/readyz", &[]).await.status, 200);
    }
    // Everything that was answered is there, and counts once.
    let next = app.refreshes(&got).await.tokens();
    app.redeems(&code).await.tokens();
    assert_eq!(app.redeems(&code).await.status, 400);
    let elsewhere = other.app(cast::MYSWEETAPP);
    elsewhere.refreshes(&next).await.tokens();
}
