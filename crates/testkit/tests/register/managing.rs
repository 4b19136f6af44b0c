//! `GET`, `PUT`, `DELETE /register/{client_id}` (RFC 7592).

use super::*;

fn address(client: &Value) -> String {
    format!("/register/{}", text(client, "client_id"))
}

async fn manage(server: &TestServer, method: &str, client: &Value, body: &Value) -> Answer {
    let token = text(client, "registration_access_token");
    send(
        &server.site,
        &format!("{method} {}", address(client)),
        token,
        body,
    )
    .await
}

#[tokio::test]
async fn takeover_nobody_reads_or_changes_a_registration_without_its_own_token() {
    let server = open_server().await;
    let own = registered(&server, json!({"client_name": "Own"})).await;
    let other = registered(&server, json!({"client_name": "Other"})).await;
    let replaced = json!({"client_id": own["client_id"], "redirect_uris": ["https://evil.example/cb"]});
    for (method, body) in [("GET", Value::Null), ("PUT", replaced), ("DELETE", Value::Null)] {
        let line = format!("{method} {}", address(&own));
        let none = send(&server.site, &line, "", &body).await;
        assert_eq!(none.status, 401);
        assert!(none.header("www-authenticate").starts_with("Bearer"));
        let (initial, _) = initial(server.clock.timestamp(), 600);
        for token in [
            text(&other, "registration_access_token"),
            "vkm_x",
            text(&own, "client_secret"),
            &initial,
        ] {
            let answer = send(&server.site, &line, token, &body).await;
            answer.is_refused_by(Rule::RegisterClientTokenInvalid);
        }
        for nobody in ["/register/app-nobody", "/register/mysweetapp", "/register/%00"] {
            let line = format!("{method} {nobody}");
            let answer = send(
                &server.site,
                &line,
                text(&own, "registration_access_token"),
                &body,
            )
            .await;
            answer.is_refused_by(Rule::RegisterClientTokenInvalid);
        }
    }
    let there = manage(&server, "GET", &own, &Value::Null).await;
    assert_eq!(there.json()["redirect_uris"], json!([CALLBACK]));
}

#[tokio::test]
async fn a_client_reads_its_registration_without_its_secret() {
    let server = open_server().await;
    let own = registered(
        &server,
        json!({"client_name": "Own", "contacts": ["a@b.example"]}),
    )
    .await;
    let read = manage(&server, "GET", &own, &Value::Null).await;
    assert_eq!(read.status, 200);
    assert_eq!(read.header("cache-control"), "no-store");
    let mut expected = own.clone();
    for secret in ["client_secret", "client_secret_expires_at"] {
        expected.as_object_mut().unwrap().remove(secret);
    }
    assert_eq!(read.json(), expected);
}

#[tokio::test]
async fn an_update_replaces_everything_or_nothing() {
    let server = open_server().await;
    let own = registered(
        &server,
        json!({"client_name": "Own", "tos_uri": "https://new.example/tos", "grant_types": ["authorization_code", "refresh_token"]}),
    )
    .await;
    let id = own["client_id"].clone();
    for (more, rule) in [
        (json!({"client_id": null}), Rule::RegisterUpdateClientId),
        (json!({"client_id": "mysweetapp"}), Rule::RegisterUpdateClientId),
        (json!({"client_secret": "chosen"}), Rule::RegisterUpdateSecret),
        (
            json!({"registration_access_token": "x"}),
            Rule::RegisterUpdateReserved,
        ),
        (json!({"client_id_issued_at": 7}), Rule::RegisterUpdateReserved),
        (
            json!({"redirect_uris": ["https://new.example/#x"]}),
            Rule::RegisterRedirectUriInvalid,
        ),
        (
            json!({"logo_uri": "http://new.example/l"}),
            Rule::RegisterUriNotHttps,
        ),
    ] {
        let mut body = metadata(json!({"client_id": id}));
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        manage(&server, "PUT", &own, &body).await.is_refused_by(rule);
    }
    let before = manage(&server, "GET", &own, &Value::Null).await.json();
    assert_eq!(before["client_name"], "Own", "nothing was changed");
    let second = "https://new.example/second";
    let body = json!({
        "client_id": id, "client_secret": own["client_secret"], "client_name": "Renamed",
        "redirect_uris": [second], "token_endpoint_auth_method": "client_secret_post",
    });
    let after = manage(&server, "PUT", &own, &body).await;
    assert_eq!(after.status, 200, "{}", after.text());
    let after = after.json();
    assert_eq!(after["client_name"], "Renamed");
    assert!(after.get("tos_uri").is_none(), "what was left out is gone");
    assert_eq!(after["grant_types"], json!(["authorization_code"]));
    assert!(after.get("client_secret").is_none(), "the secret stays");
    // From now on, everywhere.
    let asked = server
        .app(cast::MYSWEETAPP)
        .asks_for("openid")
        .with("client_id", id.as_str().unwrap());
    let alice = server.browser(cast::ALICE);
    let old = asked.clone().with("redirect_uri", CALLBACK);
    is_refused_page(&alice.opens(&old).await);
    let new = asked.with("redirect_uri", second);
    let code = alice.allows(&new).await;
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code.code.as_str()),
        ("redirect_uri", second),
        ("code_verifier", code.verifier.as_str()),
        ("client_id", id.as_str().unwrap()),
        ("client_secret", text(&own, "client_secret")),
    ];
    assert_eq!(server.site.post("/token", &fields).await.status, 200);
}

#[tokio::test]
async fn a_public_client_that_becomes_confidential_gets_a_secret_in_that_answer() {
    let server = open_server().await;
    let own = registered(&server, json!({"token_endpoint_auth_method": "none"})).await;
    let body = metadata(json!({"client_id": own["client_id"]}));
    let after = manage(&server, "PUT", &own, &body).await.json();
    assert_eq!(after["token_endpoint_auth_method"], "client_secret_basic");
    assert_eq!(after["client_secret_expires_at"], 0);
    assert_eq!(text(&after, "client_secret").len(), 43);
}

#[tokio::test]
async fn a_client_that_removes_itself_is_gone_with_its_tokens_and_its_token() {
    let server = open_server().await;
    let own = registered(&server, json!({})).await;
    let removed = manage(&server, "DELETE", &own, &Value::Null).await;
    assert_eq!((removed.status.as_u16(), removed.body.len()), (204, 0));
    for method in ["GET", "DELETE"] {
        let answer = manage(&server, method, &own, &Value::Null).await;
        answer.is_refused_by(Rule::RegisterClientTokenInvalid);
    }
    let secret = basic(&own);
    let fields = [("grant_type", "authorization_code"), ("code", "x")];
    let answer = server
        .site
        .post_with("/token", &fields, &[("authorization", secret.as_str())])
        .await;
    assert_eq!(answer.error(), "invalid_client");
}

#[tokio::test]
async fn where_registration_was_switched_off_clients_may_still_read_and_leave_but_not_change() {
    let server = open_server().await;
    let own = registered(&server, json!({})).await;
    let server = server
        .restart_with(|settings| settings.policy.registration.mode = RegistrationMode::Off)
        .await;
    assert_eq!(manage(&server, "GET", &own, &Value::Null).await.status, 200);
    let body = metadata(json!({"client_id": own["client_id"]}));
    manage(&server, "PUT", &own, &body)
        .await
        .is_refused_by(Rule::RegisterOff);
    assert_eq!(manage(&server, "DELETE", &own, &Value::Null).await.status, 204);
}

#[tokio::test]
async fn correlation_a_pairwise_client_does_not_move_into_the_sector_of_another() {
    let server = open_server().await;
    let own = registered(&server, json!({"subject_type": "pairwise"})).await;
    let elsewhere = json!({
        "client_id": own["client_id"], "subject_type": "pairwise", "redirect_uris": ["https://victim.example/cb"],
    });
    let answer = manage(&server, "PUT", &own, &elsewhere).await;
    answer.is_refused_by(Rule::RegisterSectorMissing);
    let here = json!({
        "client_id": own["client_id"], "subject_type": "pairwise", "redirect_uris": ["https://new.example/other"],
    });
    assert_eq!(manage(&server, "PUT", &own, &here).await.status, 200);
}
