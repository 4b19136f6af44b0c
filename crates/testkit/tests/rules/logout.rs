//! Stories of the rules about sign-out that clients ask for.

use super::satisfied::Satisfaction;
use super::stage::{Stage, Told};
use super::violated::Story;
use Rule as R;
use valetkey_protocol::rule::Rule;
use valetkey_testkit::cast;

const END_SESSION: &str = "/end_session";
const OUT: &str = "https://app.example/signed-out";

/// The violation of a rule of this area.
pub(super) fn violation(rule: Rule) -> Story {
    match rule {
        R::LogoutParameterRepeated => |s| asks(s, &[("state", "1"), ("state", "2")]),
        R::LogoutHintInvalid => |s| asks(s, &[("id_token_hint", "x.y.z")]),
        R::LogoutClientMismatch => |s| {
            Box::pin(async move {
                let hint = s.tokens().await.id;
                let pairs = [("id_token_hint", hint.as_str()), ("client_id", cast::OTHERAPP.id)];
                Some(s.alice.get(END_SESSION, &pairs).await)
            })
        },
        R::LogoutClientUnknown => |s| asks(s, &[("post_logout_redirect_uri", OUT)]),
        R::LogoutRedirectUriUnregistered => |s| {
            asks(
                s,
                &[
                    ("client_id", "mysweetapp"),
                    ("post_logout_redirect_uri", "https://evil.example/"),
                ],
            )
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
    s.server
        .changes(cast::MYSWEETAPP, |client| {
            client.post_logout_redirect_uris = vec![OUT.into()];
        })
        .await;
    let hint = s.tokens().await.id;
    let pairs = [
        ("id_token_hint", hint.as_str()),
        ("client_id", cast::MYSWEETAPP.id),
        ("post_logout_redirect_uri", OUT),
        ("state", "s"),
    ];
    let answer = s.alice.get(END_SESSION, &pairs).await;
    assert_eq!(
        answer.location().as_deref(),
        Some("https://app.example/signed-out?state=s")
    );
}

fn asks<'a>(s: &'a Stage, pairs: &'static [(&'static str, &'static str)]) -> Told<'a> {
    Box::pin(async move { Some(s.alice.get(END_SESSION, pairs).await) })
}
