//! Trusted proxies: whose word on the client's address counts. Seen through the throttle, which counts by address.

use valetkey_server::Settings;
use valetkey_server::listen::Limits;
use valetkey_testkit::{Answer, Browser, Site, TestServer, cast};

/// Failures that one address may have here.
const FAILURES: u32 = 3;

fn few_failures(settings: &mut Settings) {
    settings.policy.login_failures_per_address = FAILURES;
}

/// Behind a proxy at the address from which the tests come.
fn behind_a_proxy(settings: &mut Settings) {
    few_failures(settings);
    settings.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap(), "10.0.0.0/8".parse().unwrap()];
}

/// Guesses the password of somebody new, so that only the address is counted.
async fn guess(site: &Site, nobody: usize, forwarded_for: &[&str]) -> Answer {
    let browser = Browser::at(site.clone(), cast::BOB);
    let page = browser.follows(browser.get("/account", &[]).await).await;
    let form = page.form();
    let name = format!("nobody-{nobody}");
    let mut pairs: Vec<(&str, &str)> = form
        .hidden
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    pairs.extend([("username", name.as_str()), ("password", "guess")]);
    let mut headers = vec![
        ("origin", site.issuer.as_str()),
        ("sec-fetch-site", "same-origin"),
    ];
    headers.extend(forwarded_for.iter().map(|line| ("x-forwarded-for", *line)));
    browser.post_with(&form.action, &pairs, &headers).await
}

/// The statuses of one guess more than one address may make.
async fn guesses(site: &Site, forwarded_for: impl Fn(usize) -> String) -> Vec<u16> {
    let mut statuses = Vec::new();
    for number in 0..=FAILURES as usize {
        let line = forwarded_for(number);
        statuses.push(guess(site, number, &[&line]).await.status.as_u16());
    }
    statuses
}

#[tokio::test]
async fn a_forged_x_forwarded_for_does_not_get_around_the_throttle() {
    let server = TestServer::start_with(few_failures).await;
    // Through the real accept loop: the peer is the one of the socket.
    let (address, _task) = server.listen(Limits::default()).await;
    let site = Site::wire(&server.site.issuer, address);
    let statuses = guesses(&site, |number| format!("203.0.113.{number}")).await;
    assert_eq!(statuses, [400, 400, 400, 429]);
    let throttled = guess(&site, 9, &["198.51.100.1"]).await;
    assert!(
        throttled.header("retry-after").parse::<u32>().unwrap() > 0,
        "{throttled:?}"
    );
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_client_is_counted_by_itself() {
    let server = TestServer::start_with(behind_a_proxy).await;
    let (address, _task) = server.listen(Limits::default()).await;
    let site = Site::wire(&server.site.issuer, address);
    let statuses = guesses(&site, |number| format!("203.0.113.{number}")).await;
    assert_eq!(statuses, [400; 4]);
}

#[tokio::test]
async fn behind_a_trusted_proxy_only_the_right_most_untrusted_address_counts() {
    let forged: [fn(usize) -> String; 4] = [
        |number| format!("203.0.113.{number}, 198.51.100.7"),
        |number| format!("10.0.0.{number}, 198.51.100.7, 10.1.2.3"),
        |number| format!("junk {number}, 198.51.100.7,127.0.0.1"),
        |number| format!("203.0.113.{number}, 198.51.100.7:{}", 40_000 + number),
    ];
    for chain in forged {
        let server = TestServer::start_with(behind_a_proxy).await;
        assert_eq!(
            guesses(&server.site, chain).await,
            [400, 400, 400, 429],
            "{}",
            chain(1)
        );
        let somebody_else = guess(&server.site, 9, &["198.51.100.8"]).await;
        assert_eq!(somebody_else.status, 400);
    }
}

#[tokio::test]
async fn several_x_forwarded_for_lines_are_read_as_one_list() {
    let server = TestServer::start_with(behind_a_proxy).await;
    for number in 0..FAILURES as usize {
        let line = format!("203.0.113.{number}");
        assert_eq!(
            guess(&server.site, number, &[&line, "198.51.100.7"]).await.status,
            400
        );
    }
    assert_eq!(
        guess(&server.site, 9, &["203.0.113.9", "198.51.100.7"])
            .await
            .status,
        429
    );
}
