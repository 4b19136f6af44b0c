//! The cast is whole, and planting it again harms nobody.

use super::people::alice;
use super::*;
use valetkey_model::client::GrantType;
use valetkey_protocol::redirect_uri::RedirectUri;
use valetkey_protocol::secret::{OAuth1Secret, Password};
use valetkey_protocol::time::Timestamp;
use valetkey_rules::Purpose;
use valetkey_server::provision::hash_any_password;
use valetkey_server::random::SystemRandom;
use valetkey_store::{ClientStore as _, UserStore as _};
use valetkey_store_sqlite::{OpenOptions, SqliteStore};

fn secrets() -> SecretKeys {
    SecretKeys::new(&[7; 32])
}

fn named(clients: &[Client], id: &str) -> Client {
    let found = clients.iter().find(|client| client.id.as_str() == id);
    found.unwrap().clone()
}

#[test]
fn all_five_clients_can_be_registered_and_are_told() {
    let addresses = Addresses::at(9000);
    let clients = clients::all(&addresses, &secrets(), Timestamp(0));
    let told = told(&addresses);
    assert_eq!(
        clients
            .iter()
            .map(|client| client.id.as_str())
            .collect::<Vec<_>>(),
        told.clients
            .iter()
            .map(|client| client.client_id.as_str())
            .collect::<Vec<_>>()
    );
    assert_eq!(
        clients[0].redirect_uris[0].as_str(),
        "http://localhost:9002/callback"
    );
    assert_eq!(clients[2].redirect_uris[0].as_str(), "http://localhost:9002/spa");
    assert_eq!(
        clients[4].introspects.iter().next().unwrap().as_str(),
        "http://localhost:9001"
    );
    for (client, told) in clients.iter().zip(&told.clients) {
        assert_eq!(client.is_public(), told.secret.is_none(), "{}", client.id);
    }
}

#[test]
fn alice_has_every_standard_claim() {
    let told = serde_json::to_value(alice()).unwrap();
    let told = told.as_object().unwrap();
    assert_eq!(
        told.len(),
        19,
        "OpenID Connect Core §5.1 names twenty, `sub` among them: {told:?}"
    );
    assert_eq!(told["address"].as_object().unwrap().len(), 6);
}

#[tokio::test]
async fn planting_twice_keeps_what_somebody_changed_and_follows_the_port() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path(), OpenOptions::owner()).unwrap();
    let alice = plant(&store, &Addresses::at(8080), &secrets()).await.unwrap();
    let hash = hash_any_password(&Password::new("looking-glass"), &SystemRandom)
        .await
        .unwrap();
    store
        .set_password(alice, hash.clone(), None, Timestamp(1))
        .await
        .unwrap();
    assert_eq!(
        plant(&store, &Addresses::at(9000), &secrets()).await.unwrap(),
        alice
    );
    let found = store.find_user(alice).await.unwrap().unwrap();
    assert!(found.password_hash == Some(hash), "the new password stays");
    assert_eq!(store.list_users().await.unwrap().len(), 2);
    let clients = store.list_clients().await.unwrap();
    assert_eq!(clients.len(), 5);
    let app = clients
        .iter()
        .find(|client| client.id.as_str() == "mysweetapp")
        .unwrap();
    let uris: Vec<&str> = app.redirect_uris.iter().map(RedirectUri::as_str).collect();
    assert_eq!(
        uris,
        [
            "http://localhost:8082/callback",
            "http://localhost:8082/oauth1/callback",
            "http://localhost:9002/callback",
            "http://localhost:9002/oauth1/callback"
        ]
    );
}

#[tokio::test]
async fn where_mysweetapp_hears_of_a_sign_out_follows_the_port_and_what_somebody_changed_stays() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path(), OpenOptions::owner()).unwrap();
    plant(&store, &Addresses::at(8080), &secrets()).await.unwrap();
    let app = || async { named(&store.list_clients().await.unwrap(), "mysweetapp") };
    let before = app().await;
    assert_eq!(
        before.post_logout_redirect_uris,
        ["http://localhost:8082/signed-out"]
    );
    let mut old = before.clone();
    old.post_logout_redirect_uris.clear();
    old.openid = Default::default();
    store.update_client(old).await.unwrap();
    plant(&store, &Addresses::at(8080), &secrets()).await.unwrap();
    assert_eq!(app().await, before, "a folder from before learns it");
    let mut changed = before.clone();
    changed.openid.backchannel_logout = None;
    changed.openid.initiate_login_uri = Some("https://elsewhere.example/login".into());
    store.update_client(changed).await.unwrap();
    plant(&store, &Addresses::at(9000), &secrets()).await.unwrap();
    let after = app().await;
    assert_eq!(
        after.post_logout_redirect_uris,
        [
            "http://localhost:8082/signed-out",
            "http://localhost:9002/signed-out"
        ]
    );
    let front = after.openid.frontchannel_logout.unwrap();
    assert_eq!(front.uri, "http://localhost:9002/frontchannel-logout");
    assert_eq!(after.openid.backchannel_logout, None, "taken away stays away");
    assert_eq!(
        after.openid.initiate_login_uri.as_deref(),
        Some("https://elsewhere.example/login")
    );
}

#[test]
fn mysweetapps_consumer_secret_is_sealed_and_is_the_documented_one() {
    let clients = clients::all(&Addresses::at(9000), &secrets(), Timestamp(0));
    let app = named(&clients, "mysweetapp");
    let sealed = app.oauth1.unwrap().secret.unwrap();
    let opened: OAuth1Secret = secrets().open(Purpose::OAuth1, &app.id, &sealed).unwrap();
    assert_eq!(opened.expose(), "mysweetapp-oauth1-secret");
    assert!(clients.iter().filter(|client| client.oauth1.is_some()).count() == 1);
}

#[test]
fn the_terminal_app_alone_may_use_device_codes_and_nobody_what_is_advised_against() {
    let clients = clients::all(&Addresses::at(9000), &secrets(), Timestamp(0));
    let with = |grant| {
        let may = clients.iter().filter(|client| client.may_use(grant));
        may.map(|client| client.id.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(with(GrantType::DeviceCode), ["mysweetcli"]);
    assert!(with(GrantType::Implicit).is_empty() && with(GrantType::Password).is_empty());
}

#[tokio::test]
async fn what_somebody_took_away_stays_away_and_a_folder_from_before_learns_what_is_new() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path(), OpenOptions::owner()).unwrap();
    let addresses = Addresses::at(8080);
    plant(&store, &addresses, &secrets()).await.unwrap();
    let mut app = named(&store.list_clients().await.unwrap(), "mysweetapp");
    app.oauth1 = None;
    store.update_client(app.clone()).await.unwrap();
    plant(&store, &addresses, &secrets()).await.unwrap();
    assert!(
        named(&store.list_clients().await.unwrap(), "mysweetapp")
            .oauth1
            .is_none()
    );
    app.redirect_uris.truncate(1);
    store.update_client(app).await.unwrap();
    let mut cli = named(&store.list_clients().await.unwrap(), "mysweetcli");
    cli.grant_types.remove(&GrantType::DeviceCode);
    store.update_client(cli).await.unwrap();
    plant(&store, &addresses, &secrets()).await.unwrap();
    let clients = store.list_clients().await.unwrap();
    assert!(named(&clients, "mysweetapp").oauth1.is_some());
    assert!(named(&clients, "mysweetcli").may_use(GrantType::DeviceCode));
}
