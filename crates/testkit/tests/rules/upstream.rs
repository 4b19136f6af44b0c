//! Stories of the rules about signing in with other providers. The providers stand in the settings, so that each story has a
//! server of its own.

use super::satisfied::Satisfaction;
use super::stage::Stage;
use super::violated::Story;
use crate::upstream::account::{csrf_of, link_flow, page, signed_in};
use crate::upstream::first_time::{arrives, carol, href};
use crate::upstream::provider::Provider;
use crate::upstream::{
    Begun, SUB, asked, begins, brings, comes_back, flow_of, presses, server_with, signs_in_at, with_corner,
    with_corner_as,
};
use Rule as R;
use serde_json::json;
use std::collections::BTreeMap;
use valetkey_jose::{Algorithm, SigningKey};
use valetkey_protocol::rule::Rule;
use valetkey_rules::upstream::SignUp;
use valetkey_testkit::{Answer, TestServer, cast};

/// What was answered, and by whom.
type Played = (TestServer, Answer);

/// The violation of a rule of this area.
pub(super) fn violation(rule: Rule) -> Story {
    match rule {
        R::UpstreamUnknown => |s| s.elsewhere(R::UpstreamUnknown, unnamed()),
        R::UpstreamUnreachable => |s| s.elsewhere(R::UpstreamUnreachable, down()),
        R::UpstreamAnswerUnusable => |s| s.elsewhere(R::UpstreamAnswerUnusable, state_twice()),
        R::UpstreamStateMismatch => |s| s.elsewhere(R::UpstreamStateMismatch, answers_with("state")),
        R::UpstreamOtherProvider => |s| s.elsewhere(R::UpstreamOtherProvider, mixed_up()),
        R::UpstreamIssuerMismatch => |s| s.elsewhere(R::UpstreamIssuerMismatch, answers_with("iss")),
        R::UpstreamErrorResponse => |s| s.elsewhere(R::UpstreamErrorResponse, code_is_unknown()),
        R::UpstreamIdTokenInvalid => |s| s.elsewhere(R::UpstreamIdTokenInvalid, foreign_key()),
        R::UpstreamSubjectMissing => |s| s.elsewhere(R::UpstreamSubjectMissing, nobody()),
        R::UpstreamNotFresh => |s| s.elsewhere(R::UpstreamNotFresh, never_fresh()),
        R::UpstreamSignUpClosed => |s| s.elsewhere(R::UpstreamSignUpClosed, closed()),
        R::UpstreamEmailTaken => |s| {
            s.elsewhere(
                R::UpstreamEmailTaken,
                knows_alice("sign-up", ("username", "alice2")),
            )
        },
        R::UpstreamUsernameUnusable => |s| s.elsewhere(R::UpstreamUsernameUnusable, signs_up_as(&["bob"])),
        R::UpstreamLinkUnproved => {
            |s| s.elsewhere(R::UpstreamLinkUnproved, knows_alice("link", ("answer", "link")))
        }
        R::UpstreamLinkTaken => |s| s.elsewhere(R::UpstreamLinkTaken, signs_up_as(&["carol", "carol2"])),
        R::UpstreamLastWay => |s| s.elsewhere(R::UpstreamLastWay, last_way()),
        other => panic!("{other:?} has no story"),
    }
}

/// How the satisfaction of a rule of this area shows.
pub(super) fn satisfaction(_: Rule) -> Satisfaction {
    Satisfaction::Recorded
}

/// Requests that keep the rules of this area.
pub(super) async fn good_ways(s: &Stage) {
    let (server, answer) = signs_up_as(&["carol"]).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    s.passed_elsewhere(&server);

    let (server, provider) = with_corner().await;
    let alice = signed_in(&server, cast::ALICE).await;
    let flow = link_flow(&page(&alice).await, "corner");
    let begun = begins(&alice, "corner", &flow).await;
    let linked = comes_back(&server, &alice, &begun, &provider).await;
    let shown = alice.follows(linked).await;
    let elsewhere = server.browser(cast::ALICE);
    let fresh = asked(&server).with("prompt", "login");
    let answer = signs_in_at(&server, &elsewhere, ("corner", &provider), &fresh).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let unlinked = alice.submits(&shown, &[]).await;
    assert_eq!(
        unlinked.location().as_deref(),
        Some("/account/providers?unlinked=corner")
    );
    s.passed_elsewhere(&server);
}

async fn unnamed() -> Played {
    let (server, _provider) = with_corner().await;
    let alice = server.browser(cast::ALICE);
    let flow = flow_of(&alice, &asked(&server)).await;
    let answer = presses(&alice, "elsewhere", &flow).await;
    (server, answer)
}

async fn down() -> Played {
    let (server, provider) = with_corner().await;
    provider.says().is_up = false;
    let alice = server.browser(cast::ALICE);
    let flow = flow_of(&alice, &asked(&server)).await;
    let answer = presses(&alice, "corner", &flow).await;
    (server, answer)
}

/// The answer of the provider says something else here.
async fn answers_with(name: &'static str) -> Played {
    let (server, provider) = with_corner().await;
    let alice = server.browser(cast::ALICE);
    let flow = flow_of(&alice, &asked(&server)).await;
    let begun = begins(&alice, "corner", &flow).await;
    let mut answer = begun.answer(&provider);
    answer.insert(name, String::from("https://evil.example"));
    let answer = brings(&alice, &begun, &answer).await;
    (server, answer)
}

async fn state_twice() -> Played {
    let (server, _provider) = with_corner().await;
    let alice = server.browser(cast::ALICE);
    let flow = flow_of(&alice, &asked(&server)).await;
    let begun = begins(&alice, "corner", &flow).await;
    let state = begun.parameter("state");
    let twice = [("state", state.as_str()), ("state", "guessed"), ("code", "x")];
    let answer = alice.get("/login/with/corner/callback", &twice).await;
    (server, answer)
}

/// The provider that was asked sent the browser on to another one.
async fn mixed_up() -> Played {
    let (honest, evil) = (Provider::start().await, Provider::start().await);
    let server = server_with(vec![honest.openid("honest"), evil.openid("evil")]).await;
    let alice = server.browser(cast::ALICE);
    let flow = flow_of(&alice, &asked(&server)).await;
    let begun = Begun {
        provider: String::from("honest"),
        ..begins(&alice, "evil", &flow).await
    };
    let answer = brings(&alice, &begun, &begun.answer(&honest)).await;
    (server, answer)
}

async fn code_is_unknown() -> Played {
    let (server, provider) = with_corner().await;
    provider.says().token_error = Some((400, json!({"error": "invalid_grant"})));
    let alice = server.browser(cast::ALICE);
    let answer = signs_in_at(&server, &alice, ("corner", &provider), &asked(&server)).await;
    (server, answer)
}

async fn foreign_key() -> Played {
    let (server, provider) = with_corner().await;
    provider.says().other_key = Some(SigningKey::generate(Algorithm::ES256).unwrap());
    let alice = server.browser(cast::ALICE);
    let answer = signs_in_at(&server, &alice, ("corner", &provider), &asked(&server)).await;
    (server, answer)
}

async fn nobody() -> Played {
    let provider = Provider::start().await;
    let server = server_with(vec![provider.github()]).await;
    provider.says().user = json!({"login": "octocat"});
    let alice = server.browser(cast::ALICE);
    let flow = flow_of(&alice, &asked(&server)).await;
    let begun = begins(&alice, "hub", &flow).await;
    let answer = BTreeMap::from([
        ("code", String::from("hub-code")),
        ("state", begun.parameter("state")),
    ]);
    let answer = brings(&alice, &begun, &answer).await;
    (server, answer)
}

/// A provider without ID tokens is to show a new sign-in.
async fn never_fresh() -> Played {
    let provider = Provider::start().await;
    let server = server_with(vec![provider.github()]).await;
    let alice = server.browser(cast::ALICE);
    let flow = flow_of(&alice, &asked(&server).with("prompt", "login")).await;
    let answer = presses(&alice, "hub", &flow).await;
    (server, answer)
}

async fn closed() -> Played {
    let (server, provider) = with_corner_as(|corner| corner.sign_up = SignUp::Never).await;
    provider.tells(carol());
    let browser = server.browser(cast::BOB);
    let answer = arrives(&server, &browser, &provider).await;
    (server, answer)
}

/// Somebody comes with Alice's address and sends a form without having signed in.
async fn knows_alice(form: &str, field: (&str, &str)) -> Played {
    let (server, provider) = with_corner().await;
    provider.tells(json!({"email": "alice@wonderland.example", "email_verified": true}));
    let mallory = server.browser(cast::BOB);
    let page = arrives(&server, &mallory, &provider).await;
    let link = href(&page.text(), "sign-in");
    let flow = link.split("flow=").nth(1).unwrap();
    let path = format!("/login/with/corner/{form}");
    let answer = mallory.post(&path, &[("flow", flow), field]).await;
    (server, answer)
}

/// Somebody new sends the form of the first sign-in, once for each name.
async fn signs_up_as(names: &[&str]) -> Played {
    let (server, provider) = with_corner().await;
    provider.tells(carol());
    let browser = server.browser(cast::BOB);
    let form = arrives(&server, &browser, &provider).await;
    let mut last = None;
    for name in names {
        last = Some(browser.submits(&form, &[("username", name)]).await);
    }
    (server, last.expect("there is a name"))
}

/// Who has no password unlinks the only provider.
async fn last_way() -> Played {
    let (server, provider) = with_corner().await;
    provider.tells(carol());
    let browser = server.browser(cast::BOB);
    let form = arrives(&server, &browser, &provider).await;
    browser.submits(&form, &[("username", "carol")]).await;
    let csrf = csrf_of(&browser).await;
    let pairs = [("provider", "corner"), ("subject", SUB), ("csrf", csrf.as_str())];
    let answer = browser.post("/account/providers", &pairs).await;
    (server, answer)
}
