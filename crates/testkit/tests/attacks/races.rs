//! Signing out and taking access away, at the very moment in which an app asks for more.

use valetkey_testkit::{Answer, App, Browser, Code, TestServer, cast};

/// Enough rounds for the requests to meet in every order.
const ROUNDS: usize = 25;
const SILENT_REQUESTS: usize = 12;

/// A browser with the same cookies: a second tab, or somebody who stole them.
fn twin(server: &TestServer, of: &Browser) -> Browser {
    let twin = server.browser(of.person);
    for name in ["__Host-vk_session", "__Host-vk_browser"] {
        twin.plant_cookie(name, &of.cookie(name));
    }
    twin
}

/// Asks for codes, silently, as fast as it goes.
async fn asks_on_and_on(browser: Browser, app: App, scope: &str) -> Vec<Code> {
    let asked = app.asks_for(scope).with("prompt", "none");
    let mut codes = Vec::new();
    for _ in 0..SILENT_REQUESTS {
        let answer = browser.get("/authorize", &asked.pairs()).await;
        if is_a_code(&answer) {
            codes.push(asked.code_from(&answer));
        }
    }
    codes
}

fn is_a_code(answer: &Answer) -> bool {
    answer
        .location()
        .is_some_and(|location| location.contains("code="))
}

async fn none_is_left_after(page: &'static str, scope: &'static str) {
    let server = TestServer::start().await;
    let app = server.app(cast::MYSWEETAPP);
    for _ in 0..ROUNDS {
        let alice = server.browser(cast::ALICE);
        alice.allows(&app.asks_for(scope)).await;
        let form = alice.get(page, &[]).await;
        let asking: Vec<_> = (0..3)
            .map(|_| tokio::spawn(asks_on_and_on(twin(&server, &alice), app.clone(), scope)))
            .collect();
        tokio::task::yield_now().await;
        alice.submits(&form, &[]).await;
        for codes in asking {
            for code in codes.await.unwrap() {
                let answer = app.redeems(&code).await;
                assert_eq!(answer.error(), "invalid_grant", "{}", answer.text());
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_code_outlives_the_access_that_was_taken_away_while_it_was_made() {
    none_is_left_after("/account", "photos.read offline_access").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_code_outlives_the_session_that_ended_while_it_was_made() {
    none_is_left_after("/logout", "photos.read").await;
}
