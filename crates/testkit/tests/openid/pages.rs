//! What people are shown about a client, and which clients hear of the end of a session.

use super::{asks, id_token};
use valetkey_model::relying_party::LogoutUri;
use valetkey_model::{Sid, relying_party::Presentation};
use valetkey_testkit::{TestServer, cast};

#[tokio::test]
async fn links_of_a_client_are_only_followed_and_its_logo_comes_from_here() {
    let server = TestServer::start().await;
    server
        .changes(cast::MYSWEETAPP, |client| {
            client.presentation = Presentation {
                logo_uri: Some(String::from("https://evil.example/pixel.png")),
                policy_uri: Some(String::from("https://app.example/privacy?a=1&b=\"2\"")),
                tos_uri: Some(String::from("javascript:alert(1)")),
                ..Presentation::default()
            };
        })
        .await;
    let alice = server.browser(cast::ALICE);
    let login = alice.opens(&asks(&server, "code", "openid")).await;
    let consent = alice.signs_in(&login).await;
    assert!(consent.text().contains("id=\"allow\""));
    for page in [login.text(), consent.text()] {
        assert!(page.contains("src=\"/logos/mysweetapp\""), "{page}");
        assert!(
            !page.contains("evil.example") && !page.contains("javascript:"),
            "{page}"
        );
        let link = page.split("id=\"app_links\"").nth(1).unwrap();
        assert!(link.contains("rel=\"noopener noreferrer\""), "{link}");
        assert!(!link.contains("b=\"2\""), "{link}");
    }
}

#[tokio::test]
async fn a_client_that_wants_to_hear_of_the_end_of_a_session_takes_part_in_it() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    let app = server.app(cast::MYSWEETAPP);
    let asked = asks(&server, "code", "openid");
    let tokens = app.redeems(&alice.allows(&asked).await).await.tokens();
    let sid = id_token(&server, &tokens.id).await["sid"].clone();
    let sid = Sid(sid.as_str().unwrap().parse().unwrap());
    assert_eq!(server.store.list_participants(sid).await.unwrap(), []);

    server
        .changes(cast::MYSWEETAPP, |client| {
            client.openid.backchannel_logout = Some(LogoutUri {
                uri: String::from("https://app.example/logout"),
                session_required: true,
            });
        })
        .await;
    let plain = asks(&server, "code", "photos.read");
    alice.allows(&plain).await;
    assert_eq!(server.store.list_participants(sid).await.unwrap(), []);
    asked.code_from(&alice.opens(&asked).await);
    let takes_part = server.store.list_participants(sid).await.unwrap();
    assert_eq!(takes_part.len(), 1);
    assert_eq!(takes_part[0].client.as_str(), cast::MYSWEETAPP.id);
    assert_eq!(takes_part[0].sub, cast::ALICE.sub());
}
