//! The log of a whole flow, at the most talkative level of every crate, holds no secret.

use super::logged_flows;
use super::node::{MASTER_KEY, Node};
use std::fmt::Write as _;
use std::sync::{Mutex, OnceLock, PoisonError};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use valetkey_server::listen::{self, Serving};
use valetkey_testkit::{App, Browser, Code, Site, TestServer, VERIFIER, cast};

/// Everything that anybody in this test process logs, the store's thread included.
static LOG: OnceLock<Mutex<String>> = OnceLock::new();

fn log() -> std::sync::MutexGuard<'static, String> {
    LOG.get_or_init(Mutex::default)
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
}

struct Everything;

struct Fields<'a>(&'a mut String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}

fn note(metadata: &Metadata<'_>, record: impl FnOnce(&mut Fields<'_>)) {
    let mut line = format!("{} {}", metadata.level(), metadata.target());
    record(&mut Fields(&mut line));
    let mut log = log();
    log.push_str(&line);
    log.push('\n');
}

impl Subscriber for Everything {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        note(span.metadata(), |fields| span.record(fields));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        let mut line = String::new();
        values.record(&mut Fields(&mut line));
        let mut log = log();
        log.push_str(&line);
        log.push('\n');
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        note(event.metadata(), |fields| event.record(fields));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn the_log_of_a_whole_flow_holds_no_secret() {
    tracing::subscriber::set_global_default(Everything).expect("no other test listens to the log");
    let first = TestServer::start().await;
    // Seeds of its own: what other tests draw meanwhile is nothing of this flow.
    let node = Node::beside(&first).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = Serving::default();
    let router = node.server.app();
    tokio::spawn(listen::serve(listener, router, serving, std::future::pending()));
    let site = Site::wire(&node.site.issuer, address);

    let mut secrets = Secrets::default();
    everything_goes_well_and_then_wrong(&site, &mut secrets).await;
    somebody_guesses(&site, &mut secrets).await;
    logged_flows::all(&first, &site, &mut secrets).await;
    secrets.add("the verifier", VERIFIER);
    secrets.add("the password", cast::ALICE.password);
    for client in [cast::MYSWEETAPP, cast::PHOTO_BACKUP, cast::PHOTOS_API] {
        secrets.add("a client's secret", client.secret);
        let basic = App::at(site.clone(), client).basic();
        secrets.add(
            "a client's secret, as it is sent",
            basic.strip_prefix("Basic ").unwrap(),
        );
    }
    secrets.add("the master key", &format!("{MASTER_KEY:?}"));

    let log = log().clone();
    for line in ["signed in", "refused", "answered"] {
        assert!(log.contains(line), "the log is listened to: no {line:?}");
    }
    secrets.are_not_in(&log);
}

async fn everything_goes_well_and_then_wrong(site: &Site, secrets: &mut Secrets) {
    let app = App::at(site.clone(), cast::MYSWEETAPP);
    let alice = Browser::at(site.clone(), cast::ALICE);
    let asked = app.asks_for("openid profile photos.read offline_access");
    let login = alice.opens(&asked).await;
    secrets.add("the sealed request", &login.form().hidden[0].1);
    let consent = alice.signs_in(&login).await;
    secrets.add("the sealed request", &consent.form().hidden[0].1);
    let code = asked.code_from(&alice.submits(&consent, &[("answer", "allow")]).await);
    secrets.add("the code", &code.code);
    let wrong = Code {
        verifier: "a-wrong-verifier-that-is-long-enough-to-be-read-as-one".to_owned(),
        ..code.clone()
    };
    secrets.add("a wrong verifier", &wrong.verifier);
    assert_eq!(app.redeems(&wrong).await.status, 400);
    let got = app.redeems(&code).await.tokens();
    let next = app.refreshes(&got).await.tokens();
    let backup = App::at(site.clone(), cast::PHOTO_BACKUP);
    let own = backup
        .asks_for_itself(&[("scope", "calendar.read")])
        .await
        .tokens();
    for tokens in [&got, &next, &own] {
        secrets.add("an access token", &tokens.access);
        secrets.add("a refresh token", &tokens.refresh);
        secrets.add("an ID token", &tokens.id);
    }
    app.reads_userinfo(&next.access).await;
    let api = App::at(site.clone(), cast::PHOTOS_API);
    assert!(api.finds_active(&next.access).await);

    // Failures are where logs grow talkative.
    app.redeems(&code).await;
    app.refreshes(&got).await;
    app.revokes(&next.refresh).await;
    app.reads_userinfo(&next.access).await;
    site.get("/userinfo", &[("access_token", &next.access)]).await;
    site.get("/no-such-page", &[("code", &code.code)]).await;

    let account = alice.get("/account", &[]).await.text();
    let field = account.split("name=\"csrf\" value=\"").nth(1).unwrap();
    secrets.add("the form's field", field.split('"').next().unwrap());
    secrets.add("the session's cookie", &alice.cookie("vk_session"));
    secrets.add("the browser's cookie", &alice.cookie("vk_browser"));
}

async fn somebody_guesses(site: &Site, secrets: &mut Secrets) {
    let guesser = Browser::at(site.clone(), cast::ALICE);
    let app = App::at(site.clone(), cast::MYSWEETAPP);
    let page = guesser.opens(&app.asks_for("openid")).await;
    let guess = [("username", cast::ALICE.username), ("password", "a-wrong-guess")];
    assert_eq!(guesser.submits(&page, &guess).await.status, 400);
    secrets.add("a wrong password", "a-wrong-guess");
    let wrong = [
        ("grant_type", "client_credentials"),
        ("client_id", cast::PHOTO_BACKUP.id),
        ("client_secret", "a-wrong-secret"),
    ];
    assert_eq!(site.post("/token", &wrong).await.status, 401);
    secrets.add("a wrong secret", "a-wrong-secret");
}

#[derive(Default)]
pub(super) struct Secrets(Vec<(&'static str, String)>);

impl Secrets {
    pub(super) fn add(&mut self, what: &'static str, secret: &str) {
        if !secret.is_empty() {
            assert!(secret.len() >= 9, "{what} is too short to look for");
            self.0.push((what, secret.to_owned()));
        }
    }

    /// Without what may be shown where the text goes.
    pub(super) fn but(mut self, what: &[&str]) -> Self {
        self.0.retain(|(name, _)| !what.contains(name));
        self
    }

    pub(super) fn are_not_in(&self, log: &str) {
        for (what, secret) in &self.0 {
            let found = log.lines().find(|line| line.contains(secret.as_str()));
            assert_eq!(found, None, "{what}");
            // The part of a token that makes it one.
            let tail = secret.get(secret.len().saturating_sub(16)..).unwrap_or(secret);
            let found = log.lines().find(|line| tail.len() == 16 && line.contains(tail));
            assert_eq!(found, None, "the end of {what}");
        }
    }
}
