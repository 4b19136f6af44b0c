//! Two servers over the same data: what one process changes, the other honours.

use super::node::Node;
use super::tokens;
use valetkey_model::{ClientId, UserId};
use valetkey_protocol::rule::Rule;
use valetkey_protocol::secret::Password;
use valetkey_server::provision;
use valetkey_testkit::{SeededRandom, TestServer, cast};

fn id(registered: cast::Registered) -> ClientId {
    ClientId::parse(registered.id).unwrap()
}

#[tokio::test]
async fn a_flow_may_begin_at_one_server_and_end_at_the_other() {
    let first = TestServer::start().await;
    let second = Node::beside(&first).await;
    let code = first
        .browser(cast::ALICE)
        .allows(&first.app(cast::MYSWEETAPP).asks_for("openid offline_access"))
        .await;
    let here = first.app(cast::MYSWEETAPP);
    let there = second.app(cast::MYSWEETAPP);

    let got = there.redeems(&code).await.tokens();
    let next = here.refreshes(&got).await.tokens();
    assert_eq!(there.reads_userinfo(&next.access).await.status, 200);
    // A replay is one wherever it is tried.
    here.redeems(&code).await.is_refused_by(Rule::CodeReplayed);
    there.refreshes(&next).await.is_refused_by(Rule::GrantRevoked);
}

#[tokio::test]
async fn a_client_that_another_process_added_is_known_at_once() {
    let first = TestServer::start().await;
    let second = Node::beside(&first).await;
    assert!(second.store.remove_client(&id(cast::OTHERAPP)).await.unwrap());
    first.refresh().await;
    let app = first.app(cast::OTHERAPP);
    let alice = first.browser(cast::ALICE);
    assert_eq!(alice.opens(&app.asks_for("openid")).await.status, 400);

    let record = cast::OTHERAPP.record(first.clock.timestamp());
    second.store.insert_client(record).await.unwrap();
    let got = tokens(&alice, &app, "openid").await;
    assert_eq!(app.reads_userinfo(&got.access).await.status, 200);
}

#[tokio::test]
async fn a_redirect_uri_that_another_process_took_away_is_refused_after_the_next_look() {
    let first = TestServer::start().await;
    let second = Node::beside(&first).await;
    let (alice, app) = (first.browser(cast::ALICE), first.app(cast::MYSWEETAPP));
    alice.allows(&app.asks_for("openid")).await;

    let mut client = second
        .store
        .find_client(&id(cast::MYSWEETAPP))
        .await
        .unwrap()
        .unwrap();
    client.redirect_uris = cast::OTHERAPP.record(client.created_at).redirect_uris;
    assert!(second.store.update_client(client).await.unwrap());
    first.refresh().await;

    let page = alice.opens(&app.asks_for("openid")).await;
    assert_eq!(page.status, 400);
    assert_eq!(page.location(), None);
    assert_eq!(first.refusals(Rule::AuthorizeRedirectUriUnregistered).await, 1);
}

#[tokio::test]
async fn a_password_that_another_process_changed_ends_the_sessions_and_the_old_password() {
    let first = TestServer::start().await;
    let second = Node::beside(&first).await;
    let (alice, app) = (first.browser(cast::ALICE), first.app(cast::MYSWEETAPP));
    let online = tokens(&alice, &app, "openid photos.read").await;
    let offline = tokens(&alice, &app, "openid photos.read offline_access").await;

    let user = second
        .store
        .find_user_by_username(cast::ALICE.username)
        .await
        .unwrap()
        .unwrap();
    let hash = provision::hash_any_password(&Password::new("looking-glass"), &SeededRandom::new(5))
        .await
        .unwrap();
    let now = first.clock.timestamp();
    assert!(second.store.set_password(user.id, hash, None, now).await.unwrap());

    let silent = alice.opens(&app.asks_for("openid").with("prompt", "none")).await;
    assert_eq!(silent.parameter("error"), "login_required");
    assert_eq!(app.reads_userinfo(&online.access).await.status, 401);
    assert_eq!(
        app.reads_userinfo(&offline.access).await.status,
        200,
        "offline access outlives the session"
    );
    let login = alice.opens(&app.asks_for("openid")).await;
    let wrong = alice.signs_in(&login).await;
    assert_eq!(wrong.status, 400, "the old password");
    let fields = [("username", cast::ALICE.username), ("password", "looking-glass")];
    let right = alice.submits(&wrong, &fields).await;
    assert!(right.status.is_redirection(), "{}", right.text());
}

#[tokio::test]
async fn nothing_that_a_removed_client_got_counts_any_more() {
    let first = TestServer::start().await;
    let second = Node::beside(&first).await;
    let (app, backup) = (first.app(cast::MYSWEETAPP), first.app(cast::PHOTO_BACKUP));
    let api = first.app(cast::PHOTOS_API);
    let alice = first.browser(cast::ALICE);
    let got = tokens(&alice, &app, "openid photos.read offline_access").await;
    let open_code = alice.allows(&app.asks_for("openid")).await;
    let own = backup.asks_for_itself(&[("scope", "photos.read")]).await.tokens();
    let own_opaque = backup
        .asks_for_itself(&[("scope", "calendar.read")])
        .await
        .tokens();
    for token in [&got.access, &own.access, &own_opaque.access] {
        assert!(api.finds_active(token).await);
    }

    for gone in [cast::MYSWEETAPP, cast::PHOTO_BACKUP] {
        assert!(second.store.remove_client(&id(gone)).await.unwrap());
    }
    first.refresh().await;

    for token in [&got.access, &own.access, &own_opaque.access] {
        assert!(!api.finds_active(token).await);
    }
    assert_eq!(app.reads_userinfo(&got.access).await.status, 401);
    app.refreshes(&got).await.is_refused_by(Rule::ClientUnknown);
    app.redeems(&open_code).await.is_refused_by(Rule::ClientUnknown);
    backup
        .asks_for_itself(&[])
        .await
        .is_refused_by(Rule::ClientUnknown);
    let page = alice.opens(&app.asks_for("openid")).await;
    assert_eq!(page.status, 400);
}

#[tokio::test]
async fn a_client_that_comes_back_under_its_old_name_does_not_get_its_old_grants_back() {
    let first = TestServer::start().await;
    let second = Node::beside(&first).await;
    let (alice, app) = (first.browser(cast::ALICE), first.app(cast::MYSWEETAPP));
    let got = tokens(&alice, &app, "openid photos.read offline_access").await;
    assert!(second.store.remove_client(&id(cast::MYSWEETAPP)).await.unwrap());
    let record = cast::MYSWEETAPP.record(first.clock.timestamp());
    second.store.insert_client(record).await.unwrap();
    first.refresh().await;

    app.refreshes(&got).await.is_refused_by(Rule::RefreshTokenUnknown);
    assert_eq!(app.reads_userinfo(&got.access).await.status, 401);
    let asked = app.asks_for("openid photos.read").with("prompt", "none");
    let silent = alice.opens(&asked).await;
    assert_eq!(
        silent.parameter("error"),
        "consent_required",
        "consent went with it"
    );
}

#[tokio::test]
async fn nothing_of_a_person_whom_another_process_removed_counts_any_more() {
    let first = TestServer::start().await;
    let second = Node::beside(&first).await;
    let (alice, app) = (first.browser(cast::ALICE), first.app(cast::MYSWEETAPP));
    let got = tokens(&alice, &app, "openid photos.read offline_access").await;
    let user = UserId(cast::ALICE.sub().parse().unwrap());
    assert!(
        second
            .store
            .remove_user(user, second.clock.timestamp())
            .await
            .unwrap()
    );

    assert!(!first.app(cast::PHOTOS_API).finds_active(&got.access).await);
    assert_eq!(app.reads_userinfo(&got.access).await.status, 401);
    app.refreshes(&got).await.is_refused_by(Rule::RefreshTokenUnknown);
    let silent = alice.opens(&app.asks_for("openid").with("prompt", "none")).await;
    assert_eq!(silent.parameter("error"), "login_required");
}

#[tokio::test]
async fn of_many_who_show_one_code_at_two_servers_at_once_exactly_one_gets_tokens() {
    let first = TestServer::start().await;
    let second = Node::beside(&first).await;
    let apps = [first.app(cast::MYSWEETAPP), second.app(cast::MYSWEETAPP)];
    let asked = apps[0].asks_for("openid offline_access");
    let code = first.browser(cast::ALICE).allows(&asked).await;

    let mut crowd = tokio::task::JoinSet::new();
    for app in apps.iter().cycle().take(40) {
        let (app, code) = (app.clone(), code.clone());
        crowd.spawn(async move { app.redeems(&code).await });
    }
    let (won, lost): (Vec<_>, Vec<_>) = crowd
        .join_all()
        .await
        .into_iter()
        .partition(|answer| answer.status == 200);
    assert_eq!(won.len(), 1);
    for answer in lost {
        answer.is_refused_by(Rule::CodeReplayed);
    }
    // And because somebody showed it twice, even those tokens are worth nothing (RFC 6749 §4.1.2).
    let got = won[0].tokens();
    assert_eq!(apps[1].reads_userinfo(&got.access).await.status, 401);
    apps[0].refreshes(&got).await.is_refused_by(Rule::GrantRevoked);
}

#[tokio::test]
async fn a_refresh_token_used_at_two_servers_at_once_has_one_successor() {
    let first = TestServer::start().await;
    let second = Node::beside(&first).await;
    let apps = [first.app(cast::MYSWEETAPP), second.app(cast::MYSWEETAPP)];
    let got = tokens(&first.browser(cast::ALICE), &apps[0], "openid offline_access").await;

    let mut crowd = tokio::task::JoinSet::new();
    for app in apps.iter().cycle().take(20) {
        let (app, got) = (app.clone(), got.clone());
        crowd.spawn(async move { app.refreshes(&got).await.tokens().refresh });
    }
    let successors: std::collections::BTreeSet<String> = crowd.join_all().await.into_iter().collect();
    assert_eq!(successors.len(), 1);
    let only = successors.first().unwrap();
    assert_ne!(*only, got.refresh);
    apps[1].refreshes_with(only, &[]).await.tokens();
}

#[tokio::test]
async fn guessing_at_another_server_does_not_get_around_the_throttle() {
    let first = TestServer::start().await;
    let second = Node::beside(&first).await;
    let guess = [("username", cast::BOB.username), ("password", "not-it")];
    let browsers = [first.browser(cast::BOB), second.browser(cast::BOB)];
    let mut statuses = Vec::new();
    for browser in browsers.iter().cycle().take(12) {
        let page = browser.follows(browser.get("/account", &[]).await).await;
        statuses.push(browser.submits(&page, &guess).await.status.as_u16());
    }
    assert_eq!(statuses, [[400; 10].as_slice(), &[429; 2]].concat());
    let [here, _] = &browsers;
    let page = here.follows(here.get("/account", &[]).await).await;
    assert_eq!(
        here.signs_in(&page).await.status,
        429,
        "the right password would tell itself"
    );
}

#[tokio::test]
async fn a_server_looks_for_changes_by_itself() {
    let first = TestServer::start().await;
    let node = Node::beside(&first).await;
    let (bob, app) = (node.browser(cast::BOB), node.app(cast::MYSWEETAPP));
    let asked = app.asks_for("openid");
    assert!(bob.opens(&asked).await.text().contains("id=\"login\""));

    let background = node.server.spawn_background();
    assert!(first.store.remove_client(&id(cast::MYSWEETAPP)).await.unwrap());
    while bob.opens(&asked).await.status != 400 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    background.abort();
}

#[tokio::test]
async fn a_client_that_is_removed_while_a_person_reads_the_consent_page_gets_nothing() {
    for the_server_has_looked in [false, true] {
        let first = TestServer::start().await;
        let second = Node::beside(&first).await;
        let (alice, app) = (first.browser(cast::ALICE), first.app(cast::MYSWEETAPP));
        let consent = alice
            .signs_in(&alice.opens(&app.asks_for("openid photos.read")).await)
            .await;
        assert!(second.store.remove_client(&id(cast::MYSWEETAPP)).await.unwrap());
        if the_server_has_looked {
            first.refresh().await;
        }
        let answer = alice.submits(&consent, &[("answer", "allow")]).await;
        assert_eq!((answer.status.as_u16(), answer.location()), (400, None));
    }
}

#[tokio::test]
async fn a_person_who_is_removed_on_the_consent_page_has_to_sign_in_and_cannot() {
    let first = TestServer::start().await;
    let second = Node::beside(&first).await;
    let (alice, app) = (first.browser(cast::ALICE), first.app(cast::MYSWEETAPP));
    let consent = alice
        .signs_in(&alice.opens(&app.asks_for("openid photos.read")).await)
        .await;
    let user = UserId(cast::ALICE.sub().parse().unwrap());
    assert!(
        second
            .store
            .remove_user(user, second.clock.timestamp())
            .await
            .unwrap()
    );
    let allowed = alice.submits(&consent, &[("answer", "allow")]).await;
    let login = alice.follows(allowed).await;
    assert!(login.text().contains("id=\"login\""), "{}", login.text());
    assert_eq!(alice.signs_in(&login).await.status, 400);
}
