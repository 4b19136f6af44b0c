//! `[store] url_file`: nodes over one PostgreSQL database, and commands beside them. Skipped without a server for tests.

use crate::database::Database;
use crate::http::{Browser, get};
use crate::serve::{authorization_request, redeem, refresh, text};
use crate::support::{Home, done, refused};
use authority::Authority;
use postgres::{Cluster, Setup, blocking};
use std::time::Duration;

#[path = "../../../testkit/tests/postgres/authority.rs"]
mod authority;
#[expect(
    dead_code,
    unreachable_pub,
    unused_imports,
    clippy::duplicate_mod,
    reason = "the test kit has this, too, and shows it to others"
)]
#[path = "../../../testkit/src/postgres/mod.rs"]
mod postgres;

const ISSUER: &str = "http://localhost:8080";
const PASSWORD: &str = "hush-hush";

/// A node's own folder: its configuration and the file with the URL.
fn node(database: &Database) -> Home {
    // The server for tests asks nobody for it.
    let url = database.url().replacen('@', &format!(":{PASSWORD}@"), 1);
    node_with(&url, "pool_size = 4\n")
}

/// The same, with more about the store.
fn node_with(url: &str, store: &str) -> Home {
    use std::os::unix::fs::PermissionsExt as _;
    let home = Home::empty();
    std::fs::write(home.path("url"), url).unwrap();
    std::fs::set_permissions(home.path("url"), std::fs::Permissions::from_mode(0o600)).unwrap();
    home.write(&format!(
        "[server]\nissuer = \"http://localhost:8080\"\nlisten = \"127.0.0.1:0\"\nmanagement_listen = \"127.0.0.1:0\"\n\
         [store]\nurl_file = \"url\"\n{store}\
         [[resource]]\nindicator = \"https://photos.example\"\nname = \"Photos\"\nscopes = {{ \"photos.read\" = \"See your photos\" }}\n",
    ));
    home
}

/// A server of the test's own, which asks for the password; none where there is no server for tests.
fn cluster(tls: Option<(String, String)>) -> Option<Cluster> {
    postgres::server()?;
    let binaries = postgres::binaries().expect("PostgreSQL is installed");
    let setup = Setup {
        password: Some(PASSWORD),
        only_tls: tls.is_some(),
        tls,
        without_fsync: true,
        ..Setup::default()
    };
    Some(Cluster::start_with(&binaries, setup))
}

/// What the commands say that open the store, none of which may; the same of all.
fn cannot_open(home: &Home) -> String {
    let commands = [&["serve"][..], &["serve", "--check"], &["user", "list"]];
    let all = commands.map(|arguments| refused(home.admin(arguments)));
    for said in &all {
        assert!(said.contains("the database cannot be opened"), "{said}");
        assert!(!said.contains(PASSWORD), "{said}");
    }
    all.concat()
}

fn check(home: &Home) -> std::process::Output {
    home.admin(&["serve", "--check"])
}

#[test]
fn two_nodes_over_one_database_are_one_server() {
    let Some(database) = Database::for_one_test() else {
        return;
    };
    let (here, there) = (node(&database), node(&database));
    assert!(done(check(&here)).contains("the first start makes it"));
    let first = here.serve();
    assert!(!done(check(&here)).contains("the first start makes it"));
    let missing = refused(check(&there));
    assert!(missing.contains("the master key is missing"), "{missing}");
    std::fs::copy(here.path("master.key"), there.path("master.key")).unwrap();
    done(check(&there));
    let second = there.serve();
    assert_eq!(
        get(first.address, "/jwks").body,
        get(second.address, "/jwks").body
    );

    there.add_person("alice", "wonderland");
    here.add_app("app");
    let mut browser = Browser::new(first.address, ISSUER);
    let back = browser.authorize(&authorization_request(), "alice", "wonderland");
    let tokens = redeem(second.address, &back);
    let next = refresh(first.address, &text(&tokens, "refresh_token"));
    let mut elsewhere = Browser::new(second.address, ISSUER);
    elsewhere.cookies.clone_from(&browser.cookies);
    assert!(
        elsewhere.open("/account").body.contains("alice"),
        "the session is everywhere"
    );
    assert_eq!(redeem(first.address, &back).json()["error"], "invalid_grant");
    let ended = refresh(second.address, &text(&next, "refresh_token"));
    assert_eq!(
        ended.json()["error"],
        "invalid_grant",
        "a replay at one node counts at the other"
    );

    let log = [first.stop(), second.stop()].concat().join("\n");
    assert!(!log.contains(PASSWORD), "{log}");
}

#[test]
fn a_node_without_the_master_key_or_with_another_one_does_not_start() {
    let Some(database) = Database::for_one_test() else {
        return;
    };
    let (here, there) = (node(&database), node(&database));
    here.serve().stop();
    let missing = refused(there.admin(&["serve"]));
    assert!(missing.contains("the master key is missing"), "{missing}");
    assert!(!there.path("master.key").exists());
    let own = Home::new();
    own.serve().stop();
    std::fs::copy(own.path("master.key"), there.path("master.key")).unwrap();
    let wrong = refused(there.admin(&["serve"]));
    assert!(
        wrong.contains("master key") && !wrong.contains(PASSWORD),
        "{wrong}"
    );
}

#[test]
fn a_database_that_cannot_be_reached_is_told_without_its_password() {
    let home = Home::empty();
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    home.write(&format!(
        "[server]\nissuer = \"http://localhost:8080\"\n[store]\nurl = \"postgres://valetkey:{PASSWORD}@127.0.0.1:{port}/valetkey\"\n"
    ));
    cannot_open(&home);
}

#[test]
fn a_database_that_refuses_the_password_or_is_not_there_is_told_without_its_password() {
    let Some(cluster) = cluster(None) else { return };
    let right = cluster.url();
    let wrong = right.replacen(PASSWORD, &format!("not-{PASSWORD}"), 1);
    let said = cannot_open(&node_with(&wrong, ""));
    let because = "password authentication failed for user \"valetkey\" (28P01)";
    assert_eq!(said.matches(because).count(), 3, "{said}");
    let nowhere = right.replacen("/postgres", "/nowhere", 1);
    let said = cannot_open(&node_with(&nowhere, ""));
    let because = "database \"nowhere\" does not exist (3D000)";
    assert_eq!(said.matches(because).count(), 3, "{said}");
    done(check(&node_with(&right, "")));
}

#[test]
fn a_node_trusts_the_database_that_the_authority_in_ca_file_signed_and_no_other() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let Some(cluster) = cluster(Some(ours.signs("localhost"))) else {
        return;
    };
    let url = cluster.url().replacen("127.0.0.1", "localhost", 1) + "?sslmode=verify-full";
    let with = |authority: &Authority| {
        let home = node_with(&url, "ca_file = \"database-ca.pem\"\n");
        std::fs::write(home.path("database-ca.pem"), authority.certificate()).unwrap();
        home
    };
    let home = with(&ours);
    done(check(&home));
    let served = home.serve();
    home.add_person("alice", "wonderland");
    assert_eq!(get(served.address, "/readyz").status, 200);
    served.stop();
    cannot_open(&with(&theirs));
    // The authorities that browsers trust did not sign it, either.
    cannot_open(&node_with(&url, ""));
}

/// What is left on each connection of the server that the pooler has for a database: how many prepared statements, and how
/// long to wait for a row.
async fn left_on_connections(url: &str) -> Vec<String> {
    let mut clients = Vec::new();
    let mut left = Vec::new();
    // As many transactions at once as the pooler has connections, so that each is on another one.
    for _ in 0..4 {
        let (client, connection) = postgres::connected(url).await.unwrap();
        client.batch_execute("BEGIN").await.unwrap();
        let asked = "SELECT count(*) || ' ' || current_setting('lock_timeout') FROM pg_prepared_statements";
        let row = client.query_typed_one(asked, &[]).await.unwrap();
        left.push(row.get(0));
        clients.push((client, connection));
    }
    left
}

#[test]
fn a_node_behind_a_transaction_pooler_leaves_nothing_on_the_connections_that_others_get() {
    let Some((database, pooled)) = Database::for_one_test().zip(postgres::pooled()) else {
        return;
    };
    let config: tokio_postgres::Config = database.url().parse().unwrap();
    let url = pooled.replace("{database}", config.get_dbname().unwrap());
    let home = node_with(&url, "transaction_pooling = true\npool_size = 4\n");
    done(check(&home));
    let served = home.serve();
    home.add_person("alice", "wonderland");
    home.add_app("app");
    let mut browser = Browser::new(served.address, ISSUER);
    let back = browser.authorize(&authorization_request(), "alice", "wonderland");
    let tokens = redeem(served.address, &back);
    assert_eq!(
        refresh(served.address, &text(&tokens, "refresh_token")).status,
        200
    );
    let left = blocking(left_on_connections(&url));
    assert_eq!(left, ["0 0"; 4]);
    served.stop();
}

/// How many connections of the node there are that listen, and how many others.
async fn connections(database: &str) -> String {
    let listens = "count(*) FILTER (WHERE query LIKE 'LISTEN%')";
    let question = format!(
        "SELECT {listens} || ' ' || count(*) - {listens} FROM pg_stat_activity \
         WHERE datname = current_database() AND application_name = 'valetkey'"
    );
    postgres::ask(database, &question).await
}

#[test]
fn a_node_opens_as_many_connections_as_pool_size_says_and_one_that_listens() {
    let Some(database) = Database::for_one_test() else {
        return;
    };
    let home = node_with(&database.url(), "pool_size = 2\n");
    let served = home.serve();
    home.add_person("alice", "wonderland");
    home.add_app("app");
    let (address, url) = (served.address, database.url());
    let back = Browser::new(address, ISSUER).authorize(&authorization_request(), "alice", "wonderland");
    let token = text(&redeem(address, &back), "refresh_token");
    let opened = blocking(async move {
        let (locker, _connection) = postgres::connected(&url).await.unwrap();
        let lock = "BEGIN; LOCK TABLE grants IN ACCESS EXCLUSIVE MODE";
        locker.batch_execute(lock).await.unwrap();
        // More at once than there may be connections; each wants the grant.
        let ask = || {
            let token = token.clone();
            tokio::task::spawn_blocking(move || refresh(address, &token))
        };
        let asked: Vec<_> = std::iter::repeat_with(ask).take(8).collect();
        // They come to an end, because they do not wait for ever.
        while connections(&url).await != "1 2" && asked.iter().any(|asked| !asked.is_finished()) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        // Time enough to open the others, too.
        tokio::time::sleep(Duration::from_millis(500)).await;
        locker.batch_execute("ROLLBACK").await.unwrap();
        for asked in asked {
            asked.await.unwrap();
        }
        // The database takes a moment to forget a command's connection.
        for _ in 0..500 {
            if connections(&url).await == "1 2" {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        connections(&url).await
    });
    assert_eq!(opened, "1 2");
    served.stop();
}
