//! Sign-out: what is refused, when the person is asked, and where the browser goes.

use super::*;
use crate::samples;
use valetkey_jose::SigningKey;

const OUT: &str = "https://mysweetapp.example/signed-out";
const ISSUER: &str = "https://as.example";

fn client() -> Client {
    Client {
        post_logout_redirect_uris: vec![OUT.into()],
        ..samples::web_client()
    }
}

fn request() -> Request {
    Request {
        post_logout_redirect_uri: Some(OUT.into()),
        state: Some("s p&a".into()),
        ..Request::default()
    }
}

fn hint_of(session: &Session) -> Hint {
    Hint {
        audience: "mysweetapp".into(),
        subject: session.user.to_string(),
        sid: Some(session.sid.to_string()),
        is_proved: true,
    }
}

fn decided(request: &Request, hint: Option<&Hint>, session: Option<&Session>) -> Result<Decision, Rule> {
    let (client, subject) = (client(), session.map(|session| session.user.to_string()));
    let facts = Facts {
        hint,
        client: Some(&client),
        session,
        subject: subject.as_deref(),
        sid: session.map(|session| session.sid),
    };
    decide(request, &facts, &mut Trail::off()).map_err(|refusal| refusal.rule)
}

fn token(key: &SigningKey, change: impl FnOnce(&mut serde_json::Value)) -> String {
    let mut claims = serde_json::json!({
        "iss": ISSUER, "sub": "alice", "aud": "mysweetapp", "exp": 1, "sid": "s-1",
    });
    change(&mut claims);
    key.sign_jwt("JWT", &claims).unwrap()
}

fn read(text: &str, keys: &KeySet) -> Result<Option<Hint>, Rule> {
    let request = Request {
        id_token_hint: Some(text.into()),
        ..Request::default()
    };
    read_hint(&request, ISSUER, keys, &mut Trail::off()).map_err(|refusal| refusal.rule)
}

fn keys(key: &SigningKey) -> KeySet {
    [key.verifying_key()].into_iter().collect()
}

#[test]
fn a_hint_that_was_changed_or_is_not_ours_is_refused() {
    let key = SigningKey::generate(Algorithm::ES256).unwrap();
    let good = token(&key, |_| {});
    let mut changed = good.clone();
    let last = if changed.pop() == Some('A') { 'B' } else { 'A' };
    changed.insert(changed.len() / 2, last);
    let access = key.sign_jwt(
        "at+jwt",
        &serde_json::json!({"iss": ISSUER, "sub": "a", "aud": "b", "exp": 1}),
    );
    let userinfo = key.sign_jwt("JWT", &serde_json::json!({"iss": ISSUER, "sub": "a", "aud": "b"}));
    for bad in [
        String::new(),
        String::from("x.y.z"),
        changed,
        access.unwrap(),
        userinfo.unwrap(),
        token(&key, |claims| claims["iss"] = "https://evil.example".into()),
        token(&key, |claims| claims["aud"] = serde_json::json!([])),
    ] {
        assert_eq!(read(&bad, &keys(&key)), Err(Rule::LogoutHintInvalid), "{bad}");
    }
}

#[test]
fn an_expired_hint_is_read_and_one_whose_key_is_gone_proves_nothing() {
    let (key, other) = (
        SigningKey::generate(Algorithm::ES256).unwrap(),
        SigningKey::generate(Algorithm::ES256).unwrap(),
    );
    let text = token(&key, |_| {});
    let hint = read(&text, &keys(&key)).unwrap().unwrap();
    assert!(hint.is_proved);
    assert_eq!(
        (hint.audience.as_str(), hint.sid.as_deref()),
        ("mysweetapp", Some("s-1"))
    );
    assert!(!read(&text, &keys(&other)).unwrap().unwrap().is_proved);
    let session = samples::session();
    let unproved = Hint {
        is_proved: false,
        ..hint_of(&session)
    };
    let asks = decided(&request(), Some(&unproved), Some(&session));
    assert!(matches!(asks, Ok(Decision::Ask(Some(_)))), "{asks:?}");
}

#[test]
fn two_clients_or_a_repeated_parameter_are_refused() {
    let session = samples::session();
    let hint = hint_of(&session);
    let of = |request: &Request| {
        client_of(request, Some(&hint), &mut Trail::off())
            .map(|id| id.map(str::to_owned))
            .map_err(|refusal| refusal.rule)
    };
    let other = Request {
        client_id: Some("other".into()),
        ..request()
    };
    assert_eq!(of(&other), Err(Rule::LogoutClientMismatch));
    let twice = Request {
        repeated: Some("state".into()),
        ..request()
    };
    assert_eq!(of(&twice), Err(Rule::LogoutParameterRepeated));
    assert_eq!(of(&request()), Ok(Some("mysweetapp".into())));
}

#[test]
fn nobody_is_sent_to_an_address_that_is_not_registered() {
    let session = samples::session();
    let hint = hint_of(&session);
    for bad in [
        "https://evil.example/",
        "https://mysweetapp.example/signed-out/",
        "https://mysweetapp.example/signed-out?x=1",
        "",
    ] {
        let request = Request {
            post_logout_redirect_uri: Some(bad.into()),
            ..request()
        };
        let refused = decided(&request, Some(&hint), Some(&session));
        assert_eq!(refused, Err(Rule::LogoutRedirectUriUnregistered), "{bad}");
    }
    let facts = Facts {
        hint: None,
        client: None,
        session: Some(&session),
        subject: None,
        sid: None,
    };
    let refused = decide(&request(), &facts, &mut Trail::off()).unwrap_err();
    assert_eq!(refused.rule, Rule::LogoutClientUnknown);
}

#[test]
fn a_link_from_anywhere_asks_before_it_signs_anybody_out() {
    let session = samples::session();
    assert_eq!(
        decided(&Request::default(), None, Some(&session)),
        Ok(Decision::Ask(None))
    );
    let somebody_else = Hint {
        subject: "bob".into(),
        ..hint_of(&session)
    };
    let other_session = Hint {
        sid: Some("another".into()),
        ..hint_of(&session)
    };
    for hint in [somebody_else, other_session] {
        let asks = decided(&request(), Some(&hint), Some(&session));
        assert!(matches!(asks, Ok(Decision::Ask(Some(_)))), "{hint:?}");
    }
}

#[test]
fn an_id_token_of_the_session_signs_out_at_once_and_state_goes_back_as_it_came() {
    let session = samples::session();
    let back = Back {
        client: "mysweetapp".into(),
        uri: OUT.into(),
        state: Some("s p&a".into()),
    };
    for sid in [Some(session.sid.to_string()), None] {
        let hint = Hint {
            sid,
            ..hint_of(&session)
        };
        assert_eq!(
            decided(&request(), Some(&hint), Some(&session)),
            Ok(Decision::SignOut(Some(back.clone())))
        );
    }
}

#[test]
fn where_nobody_is_signed_in_only_an_id_token_sends_the_browser_on() {
    let session = samples::session();
    assert_eq!(decided(&request(), None, None), Ok(Decision::Nobody(None)));
    let made_up = Hint {
        is_proved: false,
        ..hint_of(&session)
    };
    assert_eq!(
        decided(&request(), Some(&made_up), None),
        Ok(Decision::Nobody(None))
    );
    let gone = decided(&request(), Some(&hint_of(&session)), None);
    assert!(matches!(gone, Ok(Decision::Nobody(Some(_)))), "{gone:?}");
}

#[test]
fn state_goes_back_as_it_came_and_the_address_stays_as_it_is() {
    let at = |uri: &str, state: Option<&str>| {
        let back = Back {
            client: "mysweetapp".into(),
            uri: uri.into(),
            state: state.map(str::to_owned),
        };
        back.location()
    };
    assert_eq!(at(OUT, None), OUT);
    assert_eq!(at(OUT, Some("")), format!("{OUT}?state="));
    assert_eq!(at(OUT, Some("s p&a")), format!("{OUT}?state=s+p%26a"));
    assert_eq!(
        at("https://a.example/?x=1#top", Some("s")),
        "https://a.example/?x=1&state=s#top"
    );
    assert_eq!(at("com.example:/out", Some("s")), "com.example:/out?state=s");
}

#[test]
fn an_address_that_was_taken_from_the_client_meanwhile_is_not_gone_to() {
    let back = Back {
        client: "mysweetapp".into(),
        uri: OUT.into(),
        state: None,
    };
    let judged = |client: Option<&Client>| {
        registered_still(&back, client, &mut Trail::off()).map_err(|refusal| refusal.rule)
    };
    assert_eq!(judged(Some(&client())), Ok(()));
    assert_eq!(
        judged(Some(&samples::web_client())),
        Err(Rule::LogoutRedirectUriUnregistered)
    );
    assert_eq!(judged(None), Err(Rule::LogoutClientUnknown));
}
