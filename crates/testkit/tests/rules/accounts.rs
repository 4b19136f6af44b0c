//! Stories of the rules about accounts of people. Those that need letters have a server of their own that sends them.

use super::satisfied::Satisfaction;
use super::stage::{Stage, Told};
use super::violated::Story;
use crate::accounts::changes::{alice, fills_in};
use crate::accounts::invitations::{comes, invitation};
use crate::accounts::sign_up::{NEW, signs_up, tries};
use crate::accounts::{GOOD, open_server, person, presses, server};
use Rule as R;
use valetkey_protocol::rule::Rule;
use valetkey_rules::account::{AccountsPolicy, SignUp};
use valetkey_server::Settings;
use valetkey_testkit::{Answer, TestServer, cast};

/// What was answered, and by whom.
type Played = (TestServer, Answer);

/// How the server is set up for a rule: the fields of sign-up are looked at without letters.
pub(super) fn prepare(settings: &mut Settings, rule: Rule) {
    let by_form = [
        R::SignUpUsernameMalformed,
        R::SignUpUsernameTaken,
        R::AccountEmailMalformed,
        R::AccountPasswordWeak,
    ];
    if by_form.contains(&rule) {
        open(&mut settings.policy.accounts);
        settings.policy.accounts.verify_email = false;
    }
}

/// The violation of a rule of this area.
pub(super) fn violation(rule: Rule) -> Story {
    match rule {
        R::SignUpClosed => |s| s.elsewhere(R::SignUpClosed, opens(|_| (), "/sign-up")),
        R::SignUpInvitationInvalid => |s| {
            let path = "/sign-up?invitation=nonsense";
            s.elsewhere(R::SignUpInvitationInvalid, opens(invited, path))
        },
        R::SignUpDomainNotAllowed => |s| s.elsewhere(R::SignUpDomainNotAllowed, domain_closed_later()),
        R::SignUpUsernameMalformed => |s| form(s, "username", "\u{202e}lorac"),
        R::SignUpUsernameTaken => |s| form(s, "username", "ALICE"),
        R::AccountEmailMalformed => |s| form(s, "email", "carol"),
        R::AccountPasswordWeak => |s| form(s, "password", "short"),
        R::AccountEmailTaken => |s| s.elsewhere(R::AccountEmailTaken, invited_twice()),
        R::AccountPasswordWrong => |s| {
            let fields = &[("password", "guess"), ("new_password", GOOD)];
            s.elsewhere(R::AccountPasswordWrong, changes("/account/password", fields))
        },
        R::AccountProfileMalformed => |s| {
            let fields = &[("picture", "javascript:alert(1)")];
            s.elsewhere(R::AccountProfileMalformed, changes("/account/profile", fields))
        },
        R::AccountLinkInvalid => |s| {
            let path = "/verify-email?token=nonsense";
            s.elsewhere(R::AccountLinkInvalid, opens(open, path))
        },
        R::AccountLinkExpired => |s| s.elsewhere(R::AccountLinkExpired, late_link()),
        R::AccountLinkUsed => |s| s.elsewhere(R::AccountLinkUsed, link_pressed_twice()),
        R::AccountMailThrottled => |s| s.elsewhere(R::AccountMailThrottled, two_sign_ups()),
        R::AccountMailUnavailable => |s| s.elsewhere(R::AccountMailUnavailable, without_letters()),
        R::AccountDeleteUnconfirmed => |s| {
            let fields = &[("username", "bob")];
            s.elsewhere(R::AccountDeleteUnconfirmed, changes("/account/delete", fields))
        },
        other => panic!("{other:?} has no story"),
    }
}

/// How the satisfaction of a rule of this area shows.
pub(super) fn satisfaction(_: Rule) -> Satisfaction {
    Satisfaction::Recorded
}

/// Requests that keep the rules of this area.
pub(super) async fn good_ways(s: &Stage) {
    let (server, mailbox) = self::server(at_example_com).await;
    signs_up(&server.browser(cast::BOB), &NEW).await;
    let letter = mailbox.letter(&server, 1).await;
    presses(&server.browser(cast::BOB), &letter.link()).await;
    assert!(person(&server, "carol").await.is_some());

    let alice = alice(&server).await;
    fills_in(&alice, "/account/email", &[("email", "alice@new.example")]).await;
    let letter = mailbox.letter(&server, 2).await;
    let proved = presses(&alice, &letter.link()).await;
    assert!(proved.text().contains("id=\"verified\""));
    for (path, fields, status) in [
        ("/account/profile", vec![("name", "Alice P. Liddell")], 303),
        (
            "/account/password",
            vec![("password", cast::ALICE.password), ("new_password", GOOD)],
            303,
        ),
        ("/account/delete", vec![("username", "alice")], 200),
    ] {
        let answer = fills_in(&alice, path, &fields).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
    }
    s.passed_elsewhere(&server);

    let (server, _mailbox) = self::server(invited).await;
    let good = invitation(&server, "carol@example.com", "1");
    let answer = comes(&server.browser(cast::BOB), &good, "carol").await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    s.passed_elsewhere(&server);
}

fn open(accounts: &mut AccountsPolicy) {
    accounts.sign_up = SignUp::Open;
}

fn invited(accounts: &mut AccountsPolicy) {
    accounts.sign_up = SignUp::Invited;
}

fn at_example_com(accounts: &mut AccountsPolicy) {
    accounts.sign_up = SignUp::Domains(["example.com".to_owned()].into());
}

/// Somebody who is not signed in opens an address.
async fn opens(policy: fn(&mut AccountsPolicy), path: &str) -> Played {
    let (server, _mailbox) = server(policy).await;
    let answer = server.browser(cast::BOB).get(path, &[]).await;
    (server, answer)
}

/// The form of sign-up, with one field changed.
fn form<'a>(s: &'a Stage, field: &'static str, value: &'static str) -> Told<'a> {
    Box::pin(async move { Some(tries(&s.server, field, value).await) })
}

/// Alice fills in a form of her account.
async fn changes(path: &str, fields: &[(&str, &str)]) -> Played {
    let (server, _mailbox) = open_server().await;
    let answer = fills_in(&alice(&server).await, path, fields).await;
    (server, answer)
}

/// The operator lists domains after the letter went out.
async fn domain_closed_later() -> Played {
    let (server, mailbox) = open_server().await;
    let elsewhere = [NEW[0], ("email", "carol@example.org"), NEW[2]];
    signs_up(&server.browser(cast::BOB), &elsewhere).await;
    let link = mailbox.letter(&server, 1).await.link();
    let server = server
        .restart_with(|settings| at_example_com(&mut settings.policy.accounts))
        .await;
    let answer = presses(&server.browser(cast::BOB), &link).await;
    (server, answer)
}

/// The address got its account by the invitation before.
async fn invited_twice() -> Played {
    let (server, _mailbox) = server(invited).await;
    let first = invitation(&server, "carol@example.com", "1");
    comes(&server.browser(cast::BOB), &first, "carol").await;
    let second = invitation(&server, "carol@example.com", "2");
    let answer = comes(&server.browser(cast::BOB), &second, "carol2").await;
    (server, answer)
}

async fn late_link() -> Played {
    let (server, mailbox) = open_server().await;
    let browser = server.browser(cast::BOB);
    signs_up(&browser, &NEW).await;
    let token = mailbox.letter(&server, 1).await.token();
    server.clock.advance(24 * 3600);
    let answer = browser.post("/verify-email", &[("token", &token)]).await;
    (server, answer)
}

async fn link_pressed_twice() -> Played {
    let (server, mailbox) = open_server().await;
    signs_up(&server.browser(cast::BOB), &NEW).await;
    let letter = mailbox.letter(&server, 1).await;
    let browser = server.browser(cast::BOB);
    presses(&browser, &letter.link()).await;
    let answer = browser.post("/verify-email", &[("token", &letter.token())]).await;
    (server, answer)
}

async fn two_sign_ups() -> Played {
    let (server, _mailbox) = server(|accounts| {
        open(accounts);
        accounts.requests_per_address = 1;
    })
    .await;
    tries(&server, "username", "carol1").await;
    let answer = tries(&server, "username", "carol2").await;
    (server, answer)
}

async fn without_letters() -> Played {
    let server = TestServer::start().await;
    let answer = server.browser(cast::BOB).get("/forgot-password", &[]).await;
    (server, answer)
}
