//! What keeps strangers from filling the table: how often, how many, for how long, and no client twice.

use super::*;
use crate::operations::node::Node;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};
use valetkey_model::ClientId;
use valetkey_testkit::history::broken::{BrokenStore, Fault};

/// For what comes at once, or never.
const PATIENCE: Duration = Duration::from_secs(120);

#[tokio::test]
async fn flooding_one_address_registers_only_so_often_and_others_go_on() {
    let server = TestServer::start_with(|settings| {
        open(settings);
        settings.policy.registration.requests_per_address = 2;
    })
    .await;
    registered(&server, json!({})).await;
    let refused = register(&server, json!({"redirect_uris": []})).await;
    refused.is_refused_by(Rule::RegisterRedirectUriMissing);
    let third = register(&server, json!({})).await;
    third.is_refused_by(Rule::RegisterThrottled);
    let window = server.clock.timestamp();
    let wait: i64 = third.header("retry-after").parse().unwrap();
    assert!(wait > 0);
    let elsewhere = server.site.from_address([203, 0, 113, 9]);
    let other = send(&elsewhere, "POST /register", "", &metadata(json!({}))).await;
    assert_eq!(other.status, 201);
    server.clock.advance(wait);
    assert!(server.clock.timestamp() > window);
    registered(&server, json!({})).await;
}

#[tokio::test]
async fn flooding_an_update_counts_like_a_registration() {
    let server = TestServer::start_with(|settings| {
        open(settings);
        settings.policy.registration.requests_per_address = 2;
    })
    .await;
    let own = registered(&server, json!({})).await;
    let line = format!("PUT /register/{}", text(&own, "client_id"));
    let token = text(&own, "registration_access_token");
    let body = metadata(json!({"client_id": own["client_id"]}));
    assert_eq!(send(&server.site, &line, token, &body).await.status, 200);
    send(&server.site, &line, token, &body)
        .await
        .is_refused_by(Rule::RegisterThrottled);
}

#[tokio::test]
async fn flooding_there_are_only_so_many_and_room_is_made_by_forgetting_those_that_nobody_uses() {
    let server = TestServer::start_with(|settings| {
        open(settings);
        settings.policy.registration.clients_most = 2;
        settings.policy.registration.unused_ttl_seconds = 3600;
    })
    .await;
    let used = registered(&server, json!({"client_name": "Used"})).await;
    registered(&server, json!({})).await;
    register(&server, json!({}))
        .await
        .is_refused_by(Rule::RegisterFull);
    let asked = server
        .app(cast::MYSWEETAPP)
        .asks_for("openid")
        .with("client_id", text(&used, "client_id"))
        .with("redirect_uri", CALLBACK);
    server.browser(cast::ALICE).allows(&asked).await;
    server.clock.advance(3599);
    server.forget_expired().await;
    assert_eq!(server.store.count_registered_clients().await.unwrap(), 2);
    server.clock.advance(2);
    server.forget_expired().await;
    assert_eq!(server.store.count_registered_clients().await.unwrap(), 1);
    let uri = format!("GET /register/{}", text(&used, "client_id"));
    let there = send(
        &server.site,
        &uri,
        text(&used, "registration_access_token"),
        &Value::Null,
    )
    .await;
    assert_eq!(there.status, 200, "the one that people use stays");
    registered(&server, json!({})).await;
}

#[tokio::test]
async fn clients_of_the_operator_are_never_forgotten() {
    let server = TestServer::start_with(open).await;
    let before = server.store.list_clients().await.unwrap().len();
    server.clock.advance(400 * 24 * 3600);
    server.forget_expired().await;
    assert_eq!(server.store.list_clients().await.unwrap().len(), before);
}

async fn sharing() -> TestServer {
    TestServer::start_with(|settings| {
        open(settings);
        settings.policy.registration.deduplicate = true;
        settings.policy.registration.unused_ttl_seconds = 3600;
    })
    .await
}

#[tokio::test]
async fn takeover_public_clients_that_register_the_very_same_share_one_that_nobody_can_change() {
    let server = sharing().await;
    let public = json!({"token_endpoint_auth_method": "none", "client_name": "App"});
    let first = registered(&server, public.clone()).await;
    let second = registered(&server, public.clone()).await;
    assert_eq!(first["client_id"], second["client_id"]);
    for answer in [&first, &second] {
        for member in [
            "registration_access_token",
            "registration_client_uri",
            "client_secret",
        ] {
            assert!(answer.get(member).is_none(), "{member}");
        }
    }
    let id = valetkey_model::ClientId::parse(text(&first, "client_id")).unwrap();
    let client = server.store.find_client(&id).await.unwrap().unwrap();
    // Even the token that another client of this id would have is of no use.
    let token = RegistrationKeys::new(&cast::MASTER_KEY).management_token(&id, client.created_at);
    let line = format!("DELETE /register/{id}");
    let answer = send(&server.site, &line, token.expose(), &Value::Null).await;
    answer.is_refused_by(Rule::RegisterClientTokenInvalid);
    let mut evil = public;
    evil["redirect_uris"] = json!(["https://evil.example/cb"]);
    assert_ne!(registered(&server, evil).await["client_id"], first["client_id"]);
    let confidential = json!({"client_name": "App"});
    let (a, b) = (
        registered(&server, confidential.clone()).await,
        registered(&server, confidential).await,
    );
    assert_ne!(a["client_id"], b["client_id"], "a secret is nobody else's");
}

#[tokio::test]
async fn who_registers_a_shared_client_again_keeps_it_from_being_forgotten() {
    let server = sharing().await;
    let public = json!({"token_endpoint_auth_method": "none"});
    registered(&server, public.clone()).await;
    server.clock.advance(2000);
    registered(&server, public.clone()).await;
    server.clock.advance(2000);
    server.forget_expired().await;
    assert_eq!(server.store.count_registered_clients().await.unwrap(), 1);
    server.clock.advance(2000);
    server.forget_expired().await;
    assert_eq!(server.store.count_registered_clients().await.unwrap(), 0);
}

#[tokio::test]
async fn many_who_register_the_same_at_once_get_one_client() {
    let server = sharing().await;
    let body = metadata(json!({"token_endpoint_auth_method": "none"}));
    let all = (0..20).map(|_| {
        let (site, body) = (server.site.clone(), body.clone());
        tokio::spawn(async move { send(&site, "POST /register", "", &body).await })
    });
    for task in all.collect::<Vec<_>>() {
        assert_eq!(task.await.unwrap().status, 201);
    }
    assert_eq!(server.store.count_registered_clients().await.unwrap(), 1);
}

/// Clients that registered themselves may act for themselves, and are forgotten after an hour.
fn acting_for_themselves(settings: &mut Settings) {
    open(settings);
    let given = &mut settings.policy.registration;
    given.grant_types.insert(GrantType::ClientCredentials);
    given.scope = Scope::parse("photos.read").unwrap();
    given.unused_ttl_seconds = 3600;
}

/// Such a client, and its request for a token.
async fn acting_for_itself(server: &TestServer) -> (ClientId, [(&'static str, String); 3]) {
    let asked = json!({
        "scope": "photos.read",
        "grant_types": ["client_credentials"], "response_types": [], "redirect_uris": [],
        "token_endpoint_auth_method": "client_secret_post",
    });
    let own = registered(server, asked).await;
    let fields = [
        ("grant_type", "client_credentials".to_owned()),
        ("client_id", text(&own, "client_id").to_owned()),
        ("client_secret", text(&own, "client_secret").to_owned()),
    ];
    (ClientId::parse(text(&own, "client_id")).unwrap(), fields)
}

/// A token for itself. However slow the machine is, it comes sooner.
async fn gets_a_token(site: &Site, fields: &[(&'static str, String); 3]) {
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    let answer = timeout(PATIENCE, site.post("/token", &fields)).await;
    let answer = answer.expect("a token waits for nothing that is written beside it");
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[tokio::test]
async fn a_client_that_acts_for_itself_is_not_forgotten_while_it_does() {
    let server = TestServer::start_with(acting_for_themselves).await;
    let (id, fields) = acting_for_itself(&server).await;
    for _ in 0..4 {
        server.clock.advance(1800);
        gets_a_token(&server.site, &fields).await;
        used_at(&server, &id, server.clock.timestamp()).await;
        server.forget_expired().await;
        server.refresh().await;
    }
    assert!(server.store.find_client(&id).await.unwrap().is_some());
    server.clock.advance(3601);
    server.forget_expired().await;
    assert!(
        server.store.find_client(&id).await.unwrap().is_none(),
        "unused for long"
    );
}

/// Waits until it is written down that the client was used then.
async fn used_at(server: &TestServer, id: &ClientId, at: Timestamp) {
    let written = async {
        while uses(server, id).await != Some(at) {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, written).await.expect("the use is written down");
}

async fn uses(server: &TestServer, id: &ClientId) -> Option<Timestamp> {
    let client = server.store.find_client(id).await.unwrap().unwrap();
    client.registration.unwrap().used_at
}

/// A node over a store with that fault.
async fn node_over(first: &TestServer, fault: Fault) -> (Node, Arc<BrokenStore>) {
    let store = Arc::new(BrokenStore::new(first.store_beside().await, fault));
    (
        Node::over(first, store.clone(), acting_for_themselves).await,
        store,
    )
}

/// Lets what was begun beside the answers go on as far as it gets.
async fn settled(store: &BrokenStore) {
    let begun = async {
        while store.calls() == 0 {
            yield_now().await;
        }
    };
    timeout(PATIENCE, begun).await.expect("it is begun");
    for _ in 0..100 {
        yield_now().await;
    }
}

#[tokio::test]
async fn a_store_that_hangs_delays_no_token_of_clients_whose_use_is_to_be_written_down() {
    let first = TestServer::start_with(acting_for_themselves).await;
    let (node, store) = node_over(&first, Fault::UseHangs).await;
    let (_, one) = acting_for_itself(&first).await;
    let (_, other) = acting_for_itself(&first).await;
    first.clock.advance(1800);
    for _ in 0..3 {
        gets_a_token(&node.site, &one).await;
        gets_a_token(&node.site, &other).await;
    }
    settled(&store).await;
    assert_eq!(store.calls(), 1, "one waits for all");
}

#[tokio::test]
async fn a_use_that_cannot_be_written_down_is_tried_again_some_seconds_later_and_none_is_lost() {
    let first = TestServer::start_with(acting_for_themselves).await;
    let (node, store) = node_over(&first, Fault::UseUnwritable).await;
    let (one, fields_of_one) = acting_for_itself(&first).await;
    let (other, fields_of_other) = acting_for_itself(&first).await;
    first.clock.advance(1800);
    for _ in 0..3 {
        gets_a_token(&node.site, &fields_of_one).await;
        settled(&store).await;
        gets_a_token(&node.site, &fields_of_other).await;
        settled(&store).await;
    }
    assert_eq!(store.calls(), 1, "not at every token");
    first.clock.advance(9);
    gets_a_token(&node.site, &fields_of_one).await;
    settled(&store).await;
    assert_eq!(store.calls(), 1, "nor so soon");
    let last_of_one = first.clock.timestamp();
    store.turns(Fault::None);
    first.clock.advance(1);
    gets_a_token(&node.site, &fields_of_other).await;
    used_at(&first, &other, first.clock.timestamp()).await;
    used_at(&first, &one, last_of_one).await;
}

#[tokio::test]
async fn the_key_for_a_client_is_published_before_anything_is_signed_with_it() {
    let server = TestServer::start_with(open).await;
    let published = async || {
        let keys = server.site.get("/jwks", &[]).await.json();
        let keys = keys["keys"].as_array().unwrap().clone();
        let algs: Vec<_> = keys.iter().map(|key| key["alg"].clone()).collect();
        algs
    };
    assert!(!published().await.contains(&json!("ES384")));
    let own = registered(&server, json!({"id_token_signed_response_alg": "ES384"})).await;
    assert!(published().await.contains(&json!("ES384")));
    let line = format!("PUT /register/{}", text(&own, "client_id"));
    let token = text(&own, "registration_access_token");
    let body = metadata(json!({"client_id": own["client_id"], "userinfo_signed_response_alg": "PS256"}));
    assert_eq!(send(&server.site, &line, token, &body).await.status, 200);
    assert!(published().await.contains(&json!("PS256")));
}
