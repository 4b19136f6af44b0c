//! OpenID Connect Front-Channel Logout: the frames of the last page.

use super::{OUT, claim, server, signs_in};
use valetkey_model::relying_party::LogoutUri;
use valetkey_testkit::cast::Registered;
use valetkey_testkit::{Answer, TestServer, cast};

/// Lets a client be told at this address.
async fn hears(server: &TestServer, client: Registered, uri: &str) {
    server
        .changes(client, |client| {
            client.openid.frontchannel_logout = Some(LogoutUri {
                uri: uri.to_owned(),
                session_required: true,
            });
        })
        .await;
}

/// The addresses of the frames.
fn frames(page: &Answer) -> Vec<String> {
    let text = page.text();
    let source = |tag: &str| {
        let (_, rest) = tag.split_once("src=\"").unwrap();
        rest.split('"').next().unwrap().replace("&#38;", "&")
    };
    text.split("<iframe").skip(1).map(source).collect()
}

fn with_session(uri: &str, sid: &str) -> String {
    let separator = if uri.contains('?') { '&' } else { '?' };
    format!("{uri}{separator}iss=https%3A%2F%2Fid.example&sid={sid}")
}

const FIRST: &str = "https://app.example/frontchannel?keep=1";
const SECOND: &str = "https://other.example:8443/out";

#[tokio::test]
async fn the_last_page_holds_one_frame_for_each_app_and_allows_those_origins_alone() {
    let server = server().await;
    hears(&server, cast::MYSWEETAPP, FIRST).await;
    hears(&server, cast::OTHERAPP, SECOND).await;
    hears(&server, cast::TWODOORS, "https://two.example/out").await;
    let alice = server.browser(cast::ALICE);
    let hint = signs_in(&server, &alice, cast::MYSWEETAPP).await.id;
    for app in [cast::OTHERAPP, cast::OTHERAPP, cast::OLDAPP] {
        signs_in(&server, &alice, app).await;
    }
    let query = [
        ("id_token_hint", hint.as_str()),
        ("post_logout_redirect_uri", OUT),
        ("state", "s"),
    ];
    let page = alice.get("/end_session", &query).await;
    assert_eq!(page.status, 200);
    let sid = claim(&hint, "sid");
    assert_eq!(
        frames(&page),
        [with_session(FIRST, &sid), with_session(SECOND, &sid)]
    );
    let policy = page.header("content-security-policy");
    assert!(
        policy.contains("; frame-src https://app.example https://other.example:8443;"),
        "{policy}"
    );
    assert!(policy.contains("frame-ancestors 'none'") && policy.contains("script-src 'self'"));
    let text = page.text();
    // The way on, for browsers without a script.
    let onward = format!("id=\"continue\" href=\"{OUT}&#38;state=s\"");
    assert!(text.contains(&onward), "{text}");
    assert!(
        text.contains("The app mysweetapp") && text.contains("The app otherapp"),
        "{text}"
    );
    assert!(!text.contains("two.example"), "it took no part");
    assert!(alice.cookie("vk_session").is_empty());

    // Once told, they are not told again.
    let again = alice.get("/end_session", &query).await;
    assert_eq!(again.location().unwrap(), format!("{OUT}&state=s"));
}

#[tokio::test]
async fn the_persons_own_sign_out_tells_the_apps_too() {
    let server = server().await;
    hears(&server, cast::MYSWEETAPP, FIRST).await;
    let alice = server.browser(cast::ALICE);
    let hint = signs_in(&server, &alice, cast::MYSWEETAPP).await.id;
    let page = alice.get("/logout", &[]).await;
    let last = alice.submits(&page, &[]).await;
    assert_eq!(last.status, 200);
    assert_eq!(frames(&last), [with_session(FIRST, &claim(&hint, "sid"))]);
    assert!(last.text().contains("You are signed out") && !last.text().contains("id=\"continue\""));
}

#[tokio::test]
async fn the_script_of_the_last_page_is_a_file_of_the_server() {
    let server = server().await;
    hears(&server, cast::MYSWEETAPP, FIRST).await;
    let alice = server.browser(cast::ALICE);
    signs_in(&server, &alice, cast::MYSWEETAPP).await;
    let page = alice.get("/logout", &[]).await;
    let last = alice.submits(&page, &[]).await.text();
    let (_, script) = last.split_once("<script src=\"").unwrap();
    let answer = server.site.get(script.split('"').next().unwrap(), &[]).await;
    assert_eq!(answer.status, 200);
    assert!(answer.header("content-type").starts_with("text/javascript"));
}
