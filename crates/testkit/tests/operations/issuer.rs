//! Issuers of other forms: with a path, and what their cookies say.

use valetkey_testkit::{Answer, App, Browser, Site, TestServer, cast};

const ORIGIN: &str = "https://id.example";
const ISSUER: &str = "https://id.example/auth";

/// A server below a path, and the whole host as a browser sees it.
async fn below_a_path() -> (TestServer, Site, Site) {
    let server = TestServer::start_with(|settings| settings.policy.issuer = ISSUER.to_owned()).await;
    let (address, _task) = server.listen(valetkey_server::listen::Limits::default()).await;
    let (host, issuer) = (Site::wire(ORIGIN, address), Site::wire(ISSUER, address));
    (server, host, issuer)
}

fn cookies(answer: &Answer) -> Vec<String> {
    let lines = answer.headers.get_all("set-cookie").iter();
    lines.map(|line| line.to_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_whole_flow_works_below_the_path_of_the_issuer() {
    let (server, host, issuer) = below_a_path().await;
    let app = App::at(issuer, cast::MYSWEETAPP);
    let alice = Browser::at(host, cast::ALICE);
    let asked = app.asks_for("openid photos.read offline_access");

    let to_login = alice.get("/auth/authorize", &asked.pairs()).await;
    assert!(to_login.location().unwrap().starts_with("/auth/login?flow="));
    let login = alice.follows(to_login.clone()).await;
    let signed_in = alice
        .submits(
            &login,
            &[
                ("username", cast::ALICE.username),
                ("password", cast::ALICE.password),
            ],
        )
        .await;
    for line in cookies(&to_login).iter().chain(&cookies(&signed_in)) {
        assert!(line.starts_with("__Secure-vk_"), "{line}");
        for attribute in ["; Path=/auth;", "; Secure"] {
            assert!(format!("{line};").contains(attribute), "{line}");
        }
        assert!(!line.contains("Domain"), "{line}");
        // The page in clients' frames reads that one (OpenID Connect Session Management §3.2), and nothing is signed in by it.
        if !line.starts_with("__Secure-vk_state=") {
            assert!(
                line.contains("; HttpOnly") && line.contains("; SameSite=Lax"),
                "{line}"
            );
        }
    }
    assert_eq!(cookies(&signed_in).len(), 2);
    let consent = alice.follows(signed_in).await;
    assert_eq!(consent.form().action, "/auth/consent");
    let back = alice.submits(&consent, &[("answer", "allow")]).await;

    // Checks `iss` too.
    let code = asked.code_from(&back);
    let tokens = app.redeems(&code).await.tokens();
    let tokens = app.refreshes(&tokens).await.tokens();
    let claims = app.reads_userinfo(&tokens.access).await;
    assert_eq!(claims.member("sub"), cast::ALICE.sub());
    assert!(server.app(cast::PHOTOS_API).finds_active(&tokens.access).await);

    let account = alice.get("/auth/account", &[]).await;
    assert_eq!(account.status, 200);
    let text = account.text();
    for link in text
        .split("href=\"")
        .skip(1)
        .chain(text.split("action=\"").skip(1))
    {
        let link = link.split('"').next().unwrap();
        assert!(
            !link.starts_with('/') || link == "/auth" || link.starts_with("/auth/"),
            "{link} leads out of the issuer"
        );
    }
    assert_eq!(alice.get("/authorize", &asked.pairs()).await.status, 404);
}

#[tokio::test]
async fn metadata_of_an_issuer_with_a_path_stands_at_each_address_where_clients_look() {
    let (_server, host, _issuer) = below_a_path().await;
    let addresses = [
        // RFC 8414 §3.1: inserted before the path.
        "/.well-known/oauth-authorization-server/auth",
        "/.well-known/openid-configuration/auth",
        // OpenID Connect Discovery §4.1: appended to it.
        "/auth/.well-known/openid-configuration",
    ];
    let mut seen = Vec::new();
    for path in addresses {
        let answer = host.get(path, &[]).await;
        assert_eq!(answer.status, 200, "{path}");
        seen.push(answer.json());
    }
    assert!(seen.iter().all(|document| *document == seen[0]));
    let document = seen[0].as_object().unwrap();
    assert_eq!(document["issuer"], ISSUER);
    let endpoints = document
        .iter()
        .filter(|(name, _)| name.ends_with("_endpoint") || *name == "jwks_uri");
    let mut count = 0;
    for (name, value) in endpoints {
        let url = value.as_str().unwrap();
        assert!(url.starts_with("https://id.example/auth/"), "{name}: {url}");
        let there = host.get(url.strip_prefix(ORIGIN).unwrap(), &[]).await;
        assert_ne!(there.status, 404, "{name}");
        count += 1;
    }
    assert!(count >= 6, "{document:?}");
    assert_eq!(host.get("/jwks", &[]).await.status, 404);
}

#[tokio::test]
async fn the_client_library_discovers_an_issuer_with_a_path() {
    let (_server, _host, issuer) = below_a_path().await;
    let registration = valetkey_client::Registration {
        issuer: ISSUER.to_owned(),
        client_id: cast::PHOTO_BACKUP.id.to_owned(),
        authentication: valetkey_client::ClientAuthentication::SecretBasic(
            valetkey_protocol::secret::ClientSecret::new(cast::PHOTO_BACKUP.secret),
        ),
        redirect_uri: None,
    };
    valetkey_client::Client::discover(std::sync::Arc::new(issuer), registration)
        .await
        .unwrap();
}

#[tokio::test]
async fn cookies_of_an_https_issuer_belong_to_its_host_alone() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    let app = server.app(cast::MYSWEETAPP);
    let to_login = alice.get("/authorize", &app.asks_for("openid").pairs()).await;
    let login = alice.follows(to_login.clone()).await;
    let fields = [
        ("username", cast::ALICE.username),
        ("password", cast::ALICE.password),
    ];
    let signed_in = alice.submits(&login, &fields).await;
    for (answer, name) in [(to_login, "__Host-vk_browser"), (signed_in, "__Host-vk_session")] {
        let lines = cookies(&answer);
        let line = lines
            .iter()
            .find(|line| line.starts_with(&format!("{name}=")))
            .unwrap();
        // What the prefix demands (RFC 6265bis §4.1.3.2).
        assert!(format!("{line};").contains("; Path=/;"), "{line}");
        assert!(line.contains("; Secure"), "{line}");
        assert!(!line.contains("Domain"), "{line}");
        for attribute in ["; HttpOnly", "; SameSite=Lax"] {
            assert!(line.contains(attribute), "{line}");
        }
    }
}

#[tokio::test]
async fn an_http_issuer_for_development_sets_cookies_that_a_browser_keeps() {
    let server =
        TestServer::start_with(|settings| settings.policy.issuer = "http://localhost:8080".to_owned()).await;
    let alice = server.browser(cast::ALICE);
    alice
        .allows(&server.app(cast::MYSWEETAPP).asks_for("openid"))
        .await;
    let page = server
        .browser(cast::BOB)
        .get(
            "/authorize",
            &server.app(cast::MYSWEETAPP).asks_for("openid").pairs(),
        )
        .await;
    let [line] = cookies(&page).try_into().unwrap();
    assert!(line.starts_with("vk_browser="), "{line}");
    assert!(!line.contains("Secure"), "{line}");
}

/// The paths on this host that a page names.
fn links(page: &Answer) -> Vec<String> {
    let text = page.text();
    let mut found = Vec::new();
    for attribute in ["href=\"", "src=\"", "action=\""] {
        for rest in text.split(attribute).skip(1) {
            let link = rest.split(['"', '#', '?']).next().unwrap();
            let link = link.strip_prefix(ORIGIN).unwrap_or(link);
            if link.starts_with('/') {
                found.push(link.to_owned());
            }
        }
    }
    found
}

#[tokio::test]
async fn no_link_of_any_page_leads_out_of_the_issuers_path_or_nowhere() {
    let (_server, host, issuer) = below_a_path().await;
    let app = App::at(issuer, cast::MYSWEETAPP);
    let alice = Browser::at(host, cast::ALICE);
    let asked = app.asks_for("openid photos.read");
    let first = alice.get("/auth/authorize", &asked.pairs()).await;
    let login = alice.follows(first).await;
    let consent = alice.signs_in(&login).await;
    let refused = alice
        .get("/auth/authorize", &asked.with("client_id", "nobody").pairs())
        .await;
    assert_eq!((consent.status.as_u16(), refused.status.as_u16()), (200, 400));
    let nowhere = alice.get("/auth/nowhere", &[]).await;
    assert_eq!(nowhere.status, 404);

    let mut open: Vec<String> = [&login, &consent, &refused, &nowhere]
        .into_iter()
        .flat_map(links)
        .collect();
    open.extend(
        [
            "/auth",
            "/auth/",
            "/auth/account",
            "/auth/inspector",
            "/auth/rules",
        ]
        .map(str::to_owned),
    );
    let mut seen = std::collections::BTreeSet::new();
    while let Some(path) = open.pop() {
        // An address that only takes forms answers 405.
        if seen.insert(path.clone()) {
            // The metadata alone stands before the path (RFC 8414 §3.1).
            let is_metadata = path.starts_with("/.well-known/") && path.ends_with("/auth");
            assert!(
                is_metadata || path == "/auth" || path.starts_with("/auth/"),
                "{path}"
            );
            let page = alice.get(&path, &[]).await;
            assert!(
                page.status != 404 && page.status.as_u16() < 500,
                "{path}: {}",
                page.status
            );
            if page.header("content-type").starts_with("text/html") {
                open.extend(links(&page));
            }
        }
    }
    assert!(seen.len() > 100, "the rules link to one another: {seen:?}");
}

#[tokio::test]
async fn signing_out_removes_the_cookie_where_it_was_set() {
    let (_server, host, _issuer) = below_a_path().await;
    let alice = Browser::at(host, cast::ALICE);
    let login = alice.follows(alice.get("/auth/account", &[]).await).await;
    alice.signs_in(&login).await;
    assert!(!alice.cookie("vk_session").is_empty());
    let page = alice.get("/auth/logout", &[]).await;
    let signed_out = alice.submits(&page, &[]).await;
    for name in ["__Secure-vk_session=;", "__Secure-vk_state=;"] {
        let lines = cookies(&signed_out);
        let line = lines.iter().find(|line| line.starts_with(name)).unwrap();
        for part in ["; Path=/auth;", "; Max-Age=0"] {
            assert!(line.contains(part), "{line}");
        }
    }
    let account = alice.follows(alice.get("/auth/account", &[]).await).await;
    assert!(account.text().contains("id=\"login\""), "{}", account.text());
}
