//! Every flow beyond the code flow, going well and going wrong, for the test that reads the log.

use super::logs::Secrets;
use http::Method;
use valetkey_protocol::client_auth::JWT_BEARER;
use valetkey_protocol::oauth1::SignatureMethod;
use valetkey_protocol::token::{ACCESS_TOKEN_TYPE, TOKEN_EXCHANGE};
use valetkey_testkit::{App, Browser, Consumer, Site, TestServer, cast};

pub(super) async fn all(server: &TestServer, site: &Site, secrets: &mut Secrets) {
    let alice = Browser::at(site.clone(), cast::ALICE);
    implicit_and_password(&alice, site, secrets).await;
    device(&alice, site, secrets).await;
    assertions(server, site, secrets).await;
    for method in [SignatureMethod::HmacSha1, SignatureMethod::Plaintext] {
        let printer = Consumer::at(site.clone(), server.clock.clone(), cast::PRINTER).by(method);
        oauth1(&alice, &printer, site, secrets).await;
    }
    for client in [cast::OLDMOBILE, cast::HS_BACKUP, cast::SUPPORT, cast::PRINTER] {
        secrets.add("a client's secret", client.secret);
    }
}

async fn implicit_and_password(alice: &Browser, site: &Site, secrets: &mut Secrets) {
    let spa = App::at(site.clone(), cast::OLDSPA);
    let asked = spa.asks_for("photos.read").with("response_type", "token");
    let token = alice.answers(&asked, "allow").await.fragment("access_token");
    secrets.add("a token in the fragment", &token);
    let mobile = App::at(site.clone(), cast::OLDMOBILE);
    for (password, status) in [("wonderland", 200), ("another-wrong-guess", 400)] {
        let pairs = [
            ("grant_type", "password"),
            ("username", "alice"),
            ("password", password),
            ("scope", "photos.read offline_access"),
        ];
        let answer = mobile.posts("/token", &pairs).await;
        assert_eq!(answer.status, status);
        secrets.add("a password", password);
        secrets.add("a token", &answer.member("access_token"));
        secrets.add("a token", &answer.member("refresh_token"));
    }
}

async fn device(alice: &Browser, site: &Site, secrets: &mut Secrets) {
    let tv = App::at(site.clone(), cast::TV);
    let begun = tv.shows_a_code("photos.read").await;
    secrets.add("the device code", &begun.device_code);
    secrets.add("the user code", &begun.user_code);
    let link = begun.json["verification_uri_complete"].as_str().unwrap();
    alice.get(link, &[]).await;
    tv.polls(&begun).await;
    tv.polls(&begun).await;
    secrets.add("a wrong code", "BCDF-GHJK");
    assert_eq!(alice.types_the_code("BCDF-GHJK").await.status, 400);
    alice.answers_the_device(&begun.user_code, "allow").await;
    secrets.add("a token", &tv.polls(&begun).await.tokens().access);
    tv.polls(&begun).await;
    alice.types_the_code(&begun.user_code).await;
}

async fn assertions(server: &TestServer, site: &Site, secrets: &mut Secrets) {
    let mut last = String::new();
    for registered in [cast::HS_BACKUP, cast::KEY_BACKUP] {
        let assertion = server.assertion(registered).signed();
        let bent = crate::bent(&assertion);
        for text in [&bent, &assertion, &assertion] {
            let pairs = [
                ("grant_type", "client_credentials"),
                ("scope", "photos.read"),
                ("client_assertion_type", JWT_BEARER),
                ("client_assertion", text),
            ];
            let token = site.post("/token", &pairs).await.member("access_token");
            secrets.add("a token", &token);
            if !token.is_empty() {
                last = token;
            }
        }
        secrets.add("an assertion", &assertion);
        secrets.add("a forged assertion", &bent);
    }
    let pairs = [
        ("grant_type", TOKEN_EXCHANGE),
        ("subject_token", last.as_str()),
        ("subject_token_type", ACCESS_TOKEN_TYPE),
    ];
    let support = App::at(site.clone(), cast::SUPPORT);
    assert_eq!(support.posts("/token", &pairs).await.status, 400);
}

async fn oauth1(alice: &Browser, printer: &Consumer, site: &Site, secrets: &mut Secrets) {
    let mut forged = printer.initiate("oob", "photos.read");
    forged.secret = "a-wrong-consumer-secret".into();
    let forged = forged.signed();
    secrets.add("a forged signature", &forged.signature);
    assert_eq!(printer.sends(forged).await.status, 401);
    let temporary = printer.begins("photos.read").await;
    let answer = alice.answers_oauth1(&temporary.token, "allow").await;
    let verifier = printer.verifier_from(&temporary, &answer);
    let wrong = "a-wrong-verifier-of-oauth-1";
    assert_eq!(printer.tries(printer.redeem(&temporary, wrong)).await.status, 401);
    let token = printer
        .tries(printer.redeem(&temporary, &verifier))
        .await
        .credentials();
    let url = "https://photos.example/photos?of=a-secret-album";
    let signed = printer.asks(Method::GET, url, &token).signed();
    let api = App::at(site.clone(), cast::PHOTOS_API);
    for _ in 0..2 {
        let answer = api.posts("/oauth1/verify", &signed.to_verify()).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    let moved = printer.tries(printer.migrate(&token, &[])).await.tokens();
    let spoken = printer.begins_with("oob", "photos.read").await;
    let page = alice.answers_oauth1(&spoken.token, "allow").await.text();
    let shown = page
        .split("id=\"verifier\"")
        .nth(1)
        .and_then(|rest| rest.split('>').nth(1));
    let shown = shown.and_then(|rest| rest.split('<').next()).unwrap();
    for (what, secret) in [
        ("a name of temporary credentials", temporary.token.as_str()),
        ("a temporary secret", &temporary.secret),
        ("a verifier", &verifier),
        ("a verifier that is shown", shown),
        ("a wrong verifier", wrong),
        ("a name of token credentials", &token.token),
        ("a token's secret", token.secret.expose()),
        ("a signature", &signed.signature),
        ("a base string", &signed.base_string),
        ("a token", &moved.access),
        ("a token", &moved.refresh),
    ] {
        secrets.add(what, secret);
    }
}
