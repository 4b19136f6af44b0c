//! `/sign-up` and the proof of its address.

use super::{GOOD, can_sign_in, looks, open_server, person, presses, server};
use valetkey_protocol::rule::Rule;
use valetkey_rules::account::SignUp;
use valetkey_testkit::{Answer, Browser, TestServer, cast};

pub(crate) const NEW: [(&str, &str); 3] = [
    ("username", "carol"),
    ("email", "carol@example.com"),
    ("password", GOOD),
];

pub(crate) async fn signs_up(browser: &Browser, fields: &[(&str, &str)]) -> Answer {
    let page = browser.get("/sign-up", &[]).await;
    browser.submits(&page, fields).await
}

/// The form with one field changed.
pub(crate) async fn tries(server: &TestServer, field: &str, value: &str) -> Answer {
    let fields = NEW.map(|(name, text)| (name, if name == field { value } else { text }));
    signs_up(&server.browser(cast::BOB), &fields).await
}

#[tokio::test]
async fn nobody_signs_up_where_the_operator_does_not_want_it() {
    let (server, mailbox) = server(|_| ()).await;
    let browser = server.browser(cast::BOB);
    let page = browser.get("/sign-up", &[]).await;
    assert_eq!(page.status, 403);
    assert!(page.text().contains("Accounts are not opened here"));
    let login = browser.get("/login", &[]).await;
    assert!(!login.text().contains("/sign-up"));
    let flow = login.form().hidden.remove(0).1;
    let mut fields = NEW.to_vec();
    fields.push(("flow", &flow));
    let answer = browser.post("/sign-up", &fields).await;
    assert_eq!(answer.status, 403, "the form without its page");
    assert!(person(&server, "carol").await.is_none() && mailbox.letters().is_empty());
    assert_eq!(server.refusals(Rule::SignUpClosed).await, 2);
}

#[tokio::test]
async fn each_field_says_what_is_wrong_with_it() {
    let (server, mailbox) = open_server().await;
    for (field, value, rule) in [
        ("username", "", Rule::SignUpUsernameMalformed),
        ("username", "ca\u{200b}rol", Rule::SignUpUsernameMalformed),
        ("username", "\u{202e}lorac", Rule::SignUpUsernameMalformed),
        (
            "username",
            "alice@wonderland.example",
            Rule::SignUpUsernameMalformed,
        ),
        ("username", "ALICE", Rule::SignUpUsernameTaken),
        ("email", "carol", Rule::AccountEmailMalformed),
        (
            "email",
            "a@example.com\r\nBcc: b@example.com",
            Rule::AccountEmailMalformed,
        ),
        ("password", "carol-carol", Rule::AccountPasswordWeak),
        ("password", "short", Rule::AccountPasswordWeak),
    ] {
        let before = server.refusals(rule).await;
        let page = tries(&server, field, value).await;
        assert_eq!(page.status, 400, "{field} {value:?}");
        let text = page.text();
        assert!(
            text.contains(&format!("role=\"alert\" id=\"{field}-problem\"")),
            "{value:?} {text}"
        );
        assert!(text.contains(&format!("aria-describedby=\"{field}")) || field == "password");
        assert!(!text.contains(GOOD), "a password is never shown again");
        assert_eq!(server.refusals(rule).await, before + 1, "{value:?}");
    }
    let page = signs_up(&server.browser(cast::BOB), &[]).await;
    for field in ["username", "email", "password"] {
        assert!(
            page.text().contains(&format!("id=\"{field}-problem\"")),
            "all at once"
        );
    }
    assert!(mailbox.letters().is_empty());
}

#[tokio::test]
async fn an_account_does_not_exist_before_its_address_is_proved_and_a_mail_scanner_does_not_prove_it() {
    let (server, mailbox) = open_server().await;
    let browser = server.browser(cast::BOB);
    let sent = signs_up(&browser, &NEW).await;
    assert_eq!(sent.status, 200);
    assert!(sent.text().contains("id=\"sent\""));
    assert!(person(&server, "carol").await.is_none());
    let letter = mailbox.letter(&server, 1).await;
    assert_eq!(letter.to, "carol@example.com");
    assert!(!letter.link().contains("carol"));

    let scanner = server.browser(cast::BOB);
    for _ in 0..2 {
        let page = scanner.get(&letter.link(), &[]).await;
        assert_eq!(page.status, 200);
        assert_eq!(page.header("referrer-policy"), "strict-origin");
    }
    assert!(
        person(&server, "carol").await.is_none(),
        "looking is not pressing"
    );
    assert!(!can_sign_in(&server, "carol", GOOD).await);

    let other = server.browser(cast::ALICE);
    let opened = presses(&other, &letter.link()).await;
    assert!(opened.text().contains("id=\"opened\""), "{}", opened.text());
    assert!(
        other.cookie("vk_session").is_empty(),
        "another browser is not signed in"
    );
    let carol = person(&server, "carol").await.expect("the account is there");
    assert_eq!(carol.claims.email_verified, Some(true));
    assert!(can_sign_in(&server, "carol", GOOD).await);

    let again = other.submits(&other.get(&letter.link(), &[]).await, &[]).await;
    assert_eq!(again.status, 400);
    assert!(again.text().contains("This link was used already"));
}

#[tokio::test]
async fn the_request_of_an_app_goes_on_after_the_proof_in_the_same_browser() {
    let (server, mailbox) = open_server().await;
    let browser = server.browser(cast::BOB);
    let app = server.app(cast::MYSWEETAPP);
    let asked = app.asks_for("openid email");
    let login = browser.opens(&asked).await;
    let text = login.text();
    let href = text
        .split("href=\"")
        .find(|part| part.contains("/sign-up?"))
        .expect("a link");
    let href = href.split('"').next().expect("its end").replace("&#38;", "&");
    let page = browser.get(&href, &[]).await;
    assert!(page.text().contains("The app mysweetapp"), "{}", page.text());
    browser.submits(&page, &NEW).await;
    let letter = mailbox.letter(&server, 1).await;
    let answer = presses(&browser, &letter.link()).await;
    let code = asked.code_from(&browser.goes_on(answer, "allow").await);
    let tokens = app.redeems(&code).await.tokens();
    let told = app.reads_userinfo(&tokens.access).await;
    assert_eq!(told.member("email"), "carol@example.com");
    assert_eq!(told.json()["email_verified"], true);
}

#[tokio::test]
async fn login_csrf_the_link_of_an_attacker_signs_nobody_in_although_a_sign_up_waits_in_the_browser() {
    let (server, mailbox) = open_server().await;
    let (victim, attacker) = (server.browser(cast::ALICE), server.browser(cast::BOB));
    signs_up(&victim, &NEW).await;
    mailbox.letter(&server, 1).await;
    let theirs = [
        ("username", "mallory"),
        ("email", "mallory@example.com"),
        ("password", GOOD),
    ];
    signs_up(&attacker, &theirs).await;
    let link = mailbox.letter(&server, 2).await.link();
    let opened = presses(&victim, &link).await;
    assert!(opened.text().contains("id=\"opened\""));
    assert!(victim.cookie("vk_session").is_empty());
}

#[tokio::test]
async fn a_request_that_is_too_old_does_not_go_on() {
    let (server, mailbox) = open_server().await;
    let browser = server.browser(cast::BOB);
    signs_up(&browser, &NEW).await;
    let letter = mailbox.letter(&server, 1).await;
    server.clock.advance(3600);
    let opened = presses(&browser, &letter.link()).await;
    assert!(opened.text().contains("id=\"opened\"") && browser.cookie("vk_session").is_empty());
    assert!(can_sign_in(&server, "carol", GOOD).await);
}

#[tokio::test]
async fn user_enumeration_an_address_that_has_an_account_gets_the_same_answer_and_its_owner_a_letter() {
    let (server, mailbox) = open_server().await;
    let unknown = tries(&server, "email", "wendy@wonderland.example").await;
    let known = tries(&server, "email", "alice@wonderland.example").await;
    let mut of_unknown = looks(&unknown);
    of_unknown.1 = of_unknown.1.replace("wendy@", "alice@");
    assert_eq!(of_unknown, looks(&known));
    mailbox.letter(&server, 2).await;
    let letters = mailbox.letters();
    let of_alice = letters
        .iter()
        .find(|letter| letter.to.starts_with("alice@"))
        .unwrap();
    assert_eq!(of_alice.subject, "You already have an account");
    assert!(!of_alice.text.contains("token="));

    // A name that is an address is no way round.
    let as_name = [
        ("username", "alice@wonderland.example"),
        ("email", "alice@wonderland.example"),
        ("password", GOOD),
    ];
    let by_name = signs_up(&server.browser(cast::BOB), &as_name).await;
    assert_eq!(looks(&by_name), looks(&known));
}

#[tokio::test]
async fn the_first_to_prove_an_address_or_a_name_has_it() {
    let (server, mailbox) = open_server().await;
    let browser = server.browser(cast::BOB);
    signs_up(&browser, &NEW).await;
    let first = mailbox.letter(&server, 1).await;
    let other = [("username", "carola"), NEW[1], NEW[2]];
    signs_up(&browser, &other).await;
    let second = mailbox.letter(&server, 2).await;
    let same_name = [NEW[0], ("email", "c2@example.com"), NEW[2]];
    signs_up(&browser, &same_name).await;
    let third = mailbox.letter(&server, 3).await;
    presses(&server.browser(cast::BOB), &first.link()).await;
    let taken = presses(&server.browser(cast::BOB), &second.link()).await;
    assert_eq!(taken.status, 403);
    assert_eq!(server.refusals(Rule::AccountEmailTaken).await, 1);
    let taken = presses(&server.browser(cast::BOB), &third.link()).await;
    assert_eq!(taken.status, 400);
    assert_eq!(server.refusals(Rule::SignUpUsernameTaken).await, 1);
}

#[tokio::test]
async fn a_link_that_is_bent_too_old_or_of_another_purpose_proves_nothing() {
    let (server, mailbox) = open_server().await;
    let browser = server.browser(cast::BOB);
    signs_up(&browser, &NEW).await;
    let token = mailbox.letter(&server, 1).await.token();
    for bad in [
        "",
        "nonsense",
        &crate::bent(&format!("a.{token}"))[2..],
        &token[..token.len() - 1],
    ] {
        let page = browser.get("/verify-email", &[("token", bad)]).await;
        assert_eq!(page.status, 400, "{bad}");
        let answer = browser.post("/verify-email", &[("token", bad)]).await;
        assert_eq!(answer.status, 400, "{bad}");
    }
    let as_reset = browser.get("/reset-password", &[("token", &token)]).await;
    assert_eq!(as_reset.status, 400);
    assert!(server.refusals(Rule::AccountLinkInvalid).await >= 9);
    server.clock.advance(24 * 3600);
    let late = browser.post("/verify-email", &[("token", &token)]).await;
    assert_eq!(late.status, 400);
    assert_eq!(server.refusals(Rule::AccountLinkExpired).await, 1);
    assert!(person(&server, "carol").await.is_none());
}

#[tokio::test]
async fn csrf_forms_from_elsewhere_are_refused() {
    let (server, mailbox) = open_server().await;
    let browser = server.browser(cast::BOB);
    let page = browser.get("/sign-up", &[]).await;
    let flow = page.form().hidden.remove(0).1;
    let elsewhere = [
        ("origin", "https://evil.example"),
        ("sec-fetch-site", "cross-site"),
    ];
    let mut fields = NEW.to_vec();
    fields.push(("flow", &flow));
    for (path, fields) in [
        ("/sign-up", fields.as_slice()),
        ("/forgot-password", &[("username", "alice")]),
        ("/verify-email", &[("token", "x")]),
        ("/reset-password", &[("token", "x")]),
    ] {
        let answer = browser.post_with(path, fields, &elsewhere).await;
        assert_eq!(answer.status, 403, "{path}");
    }
    let other = server.browser(cast::ALICE);
    other.get("/login", &[]).await;
    let answer = other.post("/sign-up", &fields).await;
    assert_eq!(answer.status, 400, "the form of another browser");
    server.deliver().await;
    assert!(mailbox.letters().is_empty());
}

#[tokio::test]
async fn only_addresses_at_a_listed_domain_and_only_when_proved() {
    let domains = SignUp::Domains(["example.com".to_owned()].into());
    let (server, mailbox) = server(|accounts| {
        accounts.sign_up = domains;
        accounts.verify_email = false;
    })
    .await;
    for elsewhere in ["carol@example.org", "carol@sub.example.com"] {
        let page = tries(&server, "email", elsewhere).await;
        assert_eq!(page.status, 400);
        assert!(page.text().contains("Use an address at example.com."));
    }
    assert_eq!(server.refusals(Rule::SignUpDomainNotAllowed).await, 2);
    tries(&server, "email", "carol@EXAMPLE.com").await;
    assert!(person(&server, "carol").await.is_none());
    let link = mailbox.letter(&server, 1).await.link();
    presses(&server.browser(cast::BOB), &link).await;
    assert!(person(&server, "carol").await.is_some());
}

#[tokio::test]
async fn without_a_proof_first_an_account_is_there_at_once_and_its_address_is_not_believed() {
    let (server, mailbox) = server(|accounts| {
        accounts.sign_up = SignUp::Open;
        accounts.verify_email = false;
    })
    .await;
    let browser = server.browser(cast::BOB);
    let as_name = [("username", "carol@example.com"), NEW[1], NEW[2]];
    assert_eq!(signs_up(&browser, &as_name).await.status, 400, "nobody proved it");
    let answer = signs_up(&browser, &NEW).await;
    let account = browser.follows(answer).await;
    assert!(account.text().contains("not confirmed"), "{}", account.text());
    let carol = person(&server, "carol").await.expect("she is there");
    assert_eq!(carol.claims.email_verified, Some(false));
    let letter = mailbox.letter(&server, 1).await;
    let done = presses(&server.browser(cast::BOB), &letter.link()).await;
    assert!(done.text().contains("id=\"verified\""));
    let carol = person(&server, "carol").await.expect("she is there");
    assert_eq!(carol.claims.email_verified, Some(true));
    let again = server.browser(cast::BOB);
    let page = again.get(&letter.link(), &[]).await;
    assert_eq!(again.submits(&page, &[]).await.status, 400);
    assert_eq!(server.refusals(Rule::AccountLinkUsed).await, 1);

    // Whoever gives the address of another gets no proof of it, and the other hears of it.
    let fields = [
        ("username", "mallory"),
        ("email", "alice@wonderland.example"),
        NEW[2],
    ];
    signs_up(&server.browser(cast::BOB), &fields).await;
    let letter = mailbox.letter(&server, 2).await;
    assert_eq!(letter.subject, "You already have an account");
    let mallory = person(&server, "mallory").await.expect("the account is there");
    assert_eq!(mallory.claims.email_verified, Some(false));
    let found = server.store.find_users_by_email("alice@wonderland.example").await;
    assert_eq!(found.expect("the store answers").len(), 1);
}

#[tokio::test]
async fn sign_up_by_the_thousand_is_slowed_down_and_no_mailbox_is_flooded() {
    let (server, mailbox) = server(|accounts| {
        accounts.sign_up = SignUp::Open;
        accounts.requests_per_address = 6;
        accounts.letters_per_receiver = 2;
    })
    .await;
    for number in 0..6 {
        let name = format!("carol{number}");
        let page = tries(&server, "username", &name).await;
        assert_eq!(
            page.status, 200,
            "the answer is the same whether a letter goes out"
        );
    }
    mailbox.letter(&server, 2).await;
    let closed = tries(&server, "username", "carol7").await;
    assert_eq!(closed.status, 429);
    assert_eq!(closed.header("retry-after"), "900");
    assert_eq!(server.refusals(Rule::AccountMailThrottled).await, 1);
    server.clock.advance(901);
    assert_eq!(tries(&server, "username", "carol8").await.status, 200);
    mailbox.letter(&server, 3).await;
}

#[tokio::test]
async fn a_server_that_sends_no_letters_opens_no_account_that_needs_one() {
    let server = TestServer::start_with(|settings| {
        settings.policy.accounts.sign_up = SignUp::Open;
    })
    .await;
    let browser = server.browser(cast::BOB);
    assert_eq!(browser.get("/sign-up", &[]).await.status, 503);
    assert_eq!(browser.get("/forgot-password", &[]).await.status, 503);
    let answer = browser.post("/forgot-password", &[("username", "alice")]).await;
    assert_eq!(answer.status, 503);
    assert_eq!(server.refusals(Rule::AccountMailUnavailable).await, 3);
    let login = browser.get("/login", &[]).await.text();
    assert!(!login.contains("/sign-up") && !login.contains("/forgot-password"));
}

#[tokio::test]
async fn a_link_ends_when_the_operator_closes_sign_up() {
    let (server, mailbox) = open_server().await;
    signs_up(&server.browser(cast::BOB), &NEW).await;
    let link = mailbox.letter(&server, 1).await.link();
    let server = server
        .restart_with(|settings| settings.policy.accounts.sign_up = SignUp::Off)
        .await;
    let refused = presses(&server.browser(cast::BOB), &link).await;
    assert_eq!(refused.status, 403);
    assert!(person(&server, "carol").await.is_none());
}
