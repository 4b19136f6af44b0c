//! A flood of requests that prove nothing: whoever is signed in already, and whoever has a good secret, goes on as if there
//! were none. Counted by requests, never by time.

use super::{FOR_EVER, HEALTH, is_alive, send};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tokio::task::JoinSet;
use valetkey_server::listen::Limits;
use valetkey_testkit::{App, Browser, Site, TestServer, Tokens, cast};

/// What strangers send, all at once and for as long as it lasts.
const KINDS: usize = 9;
const STRANGERS: usize = 3 * KINDS;
/// How often each good client asks.
const ROUNDS: usize = 40;
/// How much of the flood must have been answered while they did.
const AT_LEAST: usize = 50;

/// How many requests of each kind were answered.
type Answered = Arc<[AtomicUsize; KINDS]>;

async fn asks(site: &Site, kind: usize, number: usize) -> u16 {
    let text = format!("nobody{number}");
    let app = cast::MYSWEETAPP.id;
    let answer = match kind {
        // Each of these costs a whole Argon2id hash: another name every time, so that no throttle of a name helps.
        0 => {
            let pairs = [
                ("grant_type", "password"),
                ("client_id", cast::OLDMOBILE.id),
                ("client_secret", cast::OLDMOBILE.secret),
                ("username", &text),
                ("password", &text),
            ];
            site.post("/token", &pairs).await
        }
        // Bad secrets of a good client: they must not lock it out.
        1 => {
            let pairs = [
                ("grant_type", "refresh_token"),
                ("refresh_token", text.as_str()),
                ("client_id", cast::TWODOORS.id),
                ("client_secret", &text),
            ];
            site.post("/token", &pairs).await
        }
        2 => {
            let wrong = [("authorization", "Basic bXlzd2VldGFwcDp3cm9uZw==")];
            site.post_with("/introspect", &[("token", &text)], &wrong).await
        }
        3 => site.get_with_token("/userinfo", &text).await,
        4 => {
            let pairs = [("client_id", app), ("response_type", "code"), ("scope", "openid")];
            site.get("/authorize", &pairs).await
        }
        5 => {
            site.post("/sign_up", &[("username", &text), ("password", &text)])
                .await
        }
        6 => site.post("/forgot_password", &[("email", "a@b.example")]).await,
        7 => {
            site.post("/device_authorization", &[("client_id", cast::TV.id)])
                .await
        }
        _ => {
            let garbage = [("authorization", "OAuth oauth_consumer_key=\"mysweetapp\"")];
            site.post_with("/oauth1/initiate", &[], &garbage).await
        }
    };
    answer.status.as_u16()
}

async fn flood(site: Site, kind: usize, answered: Answered, over: Arc<AtomicBool>) {
    for number in (kind..).step_by(KINDS) {
        if over.load(Ordering::Acquire) {
            return;
        }
        let status = asks(&site, kind, number).await;
        assert!(status < 500 || status == 503, "kind {kind}: {status}");
        answered[kind].fetch_add(1, Ordering::AcqRel);
    }
}

/// Refreshes and asks about its tokens; every answer must be the good one.
async fn goes_on(app: App, api: App, mut tokens: Tokens, answered: Answered) -> usize {
    let mut rounds = 0;
    let enough = |answered: &Answered| {
        answered
            .iter()
            .all(|kind| kind.load(Ordering::Acquire) >= AT_LEAST)
    };
    while rounds < ROUNDS || !enough(&answered) {
        tokens = app.refreshes(&tokens).await.tokens();
        assert!(api.finds_active(&tokens.access).await);
        assert_eq!(app.reads_userinfo(&tokens.access).await.status, 200);
        rounds += 1;
    }
    rounds
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_requests_that_prove_nothing_stops_no_client_that_proves_itself() {
    let server = TestServer::start_with(|settings| {
        // No throttle saves the password pool here: it has to hold by itself.
        settings.policy.login_failures_per_address = u32::MAX;
        settings.password_queue = 8;
    })
    .await;
    let (address, task) = server.listen(Limits::default()).await;
    let site = Site::wire(cast::ISSUER, address);
    let mut good = Vec::new();
    for registered in [cast::MYSWEETAPP, cast::TWODOORS] {
        let app = App::at(site.clone(), registered);
        let alice = Browser::at(site.clone(), cast::ALICE);
        let code = alice
            .allows(&app.asks_for("openid photos.read offline_access"))
            .await;
        good.push((app.clone(), app.redeems(&code).await.tokens()));
    }
    let (answered, over) = (Answered::default(), Arc::new(AtomicBool::new(false)));
    let mut strangers = JoinSet::new();
    for number in 0..STRANGERS {
        strangers.spawn(flood(
            site.clone(),
            number % KINDS,
            answered.clone(),
            over.clone(),
        ));
    }
    let mut clients = JoinSet::new();
    for (app, tokens) in good {
        let api = App::at(site.clone(), cast::PHOTOS_API);
        clients.spawn(goes_on(app, api, tokens, answered.clone()));
    }
    // A refused or broken request is a panic in there.
    let rounds = tokio::time::timeout(FOR_EVER * 5, clients.join_all());
    let rounds = rounds.await.expect("they go on");
    over.store(true, Ordering::Release);
    while let Some(ended) = strangers.join_next().await {
        ended.expect("no request made the server fail");
    }
    assert!(rounds.iter().all(|rounds| *rounds >= ROUNDS), "{rounds:?}");
    assert!(is_alive(&send(address, HEALTH).await));
    task.abort();
}
