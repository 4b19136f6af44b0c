//! The real binary, killed with SIGKILL in the middle of load and started again: whatever it had acknowledged holds.

mod binary;
mod credentials;
#[cfg(target_os = "linux")]
mod disk;
#[cfg(target_os = "linux")]
mod read_only;

use binary::Dev;
#[cfg(target_os = "linux")]
use std::io::Write as _;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use tokio::task::JoinSet;
use valetkey_protocol::rule::Rule;
use valetkey_testkit::{App, Browser, Code, Site, Tokens, cast};

const ROUNDS: usize = 5;
const CLIENTS: usize = 8;
/// How many acknowledged steps make a round.
const STEPS: usize = 60;

/// Says that a test did not run, past the harness, which keeps what a test that passes has said. Not every machine lets
/// tests mount anything, and nothing that could be installed would change that.
#[cfg(target_os = "linux")]
fn skipped(why: &str) {
    // Nobody can be told that nobody can be told.
    let _ = writeln!(std::io::stderr(), "SKIPPED: {why}");
}

/// What the server said yes to, each thing once, by the last state it acknowledged.
#[derive(Default)]
struct Acknowledged {
    /// Codes that nobody has shown yet.
    codes: Vec<Code>,
    /// Codes that were redeemed, with what they gave.
    redeemed: Vec<(Code, Tokens)>,
    /// A refresh token and the one that replaced it.
    rotated: Vec<(Tokens, Tokens)>,
    /// Tokens of a grant that was revoked.
    revoked: Vec<Tokens>,
    steps: usize,
}

type Ledger = Arc<Mutex<Acknowledged>>;

/// One client's work until the server goes away. What was under way then is uncertain, and is not written down.
async fn work(app: App, browser: Browser, ledger: Ledger, number: usize) -> Result<(), std::io::Error> {
    let asked = app.asks_for("openid photos.read offline_access");
    for turn in number.. {
        let answer = browser.try_answer(&asked, "allow").await?;
        let code = asked.code_from(&answer);
        note(&ledger, |ledger| ledger.codes.push(code.clone()));
        if turn % 4 == 0 {
            continue;
        }
        take_back(&ledger, |ledger| {
            ledger.codes.retain(|kept| kept.code != code.code)
        });
        let tokens = app.try_redeem(&code, &[]).await?.tokens();
        note(&ledger, |ledger| {
            ledger.redeemed.push((code.clone(), tokens.clone()))
        });
        if turn % 4 == 1 {
            continue;
        }
        take_back(&ledger, |ledger| {
            ledger.redeemed.retain(|(kept, _)| kept.code != code.code)
        });
        if turn % 4 == 2 {
            let next = app.try_refresh(&tokens.refresh, &[]).await?.tokens();
            note(&ledger, |ledger| ledger.rotated.push((tokens, next)));
        } else {
            assert_eq!(app.try_revoke(&tokens.refresh).await?.status, 200);
            note(&ledger, |ledger| ledger.revoked.push(tokens));
        }
    }
    Ok(())
}

fn note(ledger: &Ledger, change: impl FnOnce(&mut Acknowledged)) {
    let mut ledger = ledger.lock().unwrap();
    change(&mut ledger);
    ledger.steps += 1;
}

fn take_back(ledger: &Ledger, change: impl FnOnce(&mut Acknowledged)) {
    change(&mut ledger.lock().unwrap());
}

async fn load_until_killed(server: Dev) -> Acknowledged {
    let ledger = Ledger::default();
    let mut workers = JoinSet::new();
    for number in 0..CLIENTS {
        let browser = Browser::at(server.site(), cast::ALICE);
        workers.spawn(work(server.app(), browser, ledger.clone(), number));
    }
    while ledger.lock().unwrap().steps < STEPS {
        tokio::task::yield_now().await;
        assert!(!workers.is_empty());
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    server.kill();
    while let Some(ended) = workers.join_next().await {
        // A worker ends because its connection broke; a refused request would be a panic.
        assert!(ended.expect("no worker was refused").is_err());
    }
    Arc::into_inner(ledger)
        .expect("the workers are gone")
        .into_inner()
        .unwrap()
}

async fn everything_holds(acknowledged: Acknowledged, app: &App, api: &App) -> [usize; 4] {
    let Acknowledged {
        codes,
        redeemed,
        rotated,
        revoked,
        ..
    } = acknowledged;
    for code in &codes {
        app.redeems(code).await.tokens();
    }
    for (code, tokens) in &redeemed {
        assert!(api.finds_active(&tokens.access).await);
        app.refreshes(tokens).await.tokens();
        app.redeems(code).await.is_refused_by(Rule::CodeReplayed);
    }
    for (old, new) in &rotated {
        assert!(!app.finds_active(&old.refresh).await && app.finds_active(&new.refresh).await);
        app.refreshes(new).await.tokens();
        app.refreshes(old).await.is_refused_by(Rule::RefreshTokenReused);
    }
    for tokens in &revoked {
        assert!(!api.finds_active(&tokens.access).await);
        app.refreshes(tokens).await.is_refused_by(Rule::GrantRevoked);
    }
    [codes.len(), redeemed.len(), rotated.len(), revoked.len()]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_in_the_middle_of_load_keeps_every_code_rotation_and_revocation_it_acknowledged() {
    let data = TempDir::new().expect("a folder can be made");
    let port = binary::free_ports();
    let mut seen = [0; 4];
    for _ in 0..ROUNDS {
        let acknowledged = load_until_killed(Dev::start(port, data.path()).await).await;
        let server = Dev::start(port, data.path()).await;
        let held = everything_holds(acknowledged, &server.app(), &server.api()).await;
        for (sum, count) in seen.iter_mut().zip(held) {
            *sum += count;
        }
        server.stop();
    }
    assert!(
        seen.iter().all(|count| *count > 0),
        "every kind was tried: {seen:?}"
    );
}

#[tokio::test]
async fn a_server_that_is_asked_to_stop_stops_with_success() {
    let data = TempDir::new().expect("a folder can be made");
    let server = Dev::start(binary::free_ports(), data.path()).await;
    let site: Site = server.site();
    assert_eq!(site.get("/healthz", &[]).await.status, 200);
    server.stop();
}
