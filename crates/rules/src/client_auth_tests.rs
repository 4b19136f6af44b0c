//! Client authentication, each check violated first (RFC 6749 §2.3).

use super::*;
use crate::samples::{self, NOW, SECRET};
use valetkey_protocol::client_auth::Basic;

const TOKEN: &str = "https://as.example/token";

/// Asks the second step about a client.
fn judged(presented: &Presented, client: Option<&Client>, trail: &mut Trail) -> Result<(), Refusal> {
    let (secrets, policy) = (SecretKeys::new(&[7; 32]), samples::policy());
    let facts = Facts {
        client,
        token_endpoint: TOKEN,
        endpoint: TOKEN,
        keys: None,
        secrets: &secrets,
        policy: &policy,
        now: NOW,
    };
    authenticate(presented, &facts, trail).map(|once| assert_eq!(once, None, "a secret has no jti"))
}

fn basic(id: &str, secret: &str) -> Presented {
    Presented {
        basic: Some(Basic {
            id: id.into(),
            secret: ClientSecret::new(secret),
        }),
        ..Presented::default()
    }
}

fn body(id: Option<&str>, secret: Option<&str>) -> Presented {
    Presented {
        body_id: id.map(str::to_owned),
        body_secret: secret.map(ClientSecret::new),
        ..Presented::default()
    }
}

fn unclaimed(presented: &Presented) -> Refusal {
    claimed_id(presented, &mut Trail::off()).unwrap_err()
}

fn refused(presented: &Presented, client: Option<&Client>) -> Rule {
    let refusal = judged(presented, client, &mut Trail::off()).unwrap_err();
    for side in [&refusal.expected, &refusal.received] {
        assert!(!side.contains(SECRET) && !side.contains("wrong-secret"), "{side}");
    }
    refusal.rule
}

fn accepts(presented: &Presented, client: &Client) -> bool {
    judged(presented, Some(client), &mut Trail::off()).is_ok()
}

#[test]
fn a_request_that_names_no_client_is_refused() {
    assert_eq!(unclaimed(&Presented::default()).rule, Rule::ClientAuthMissing);
    assert_eq!(unclaimed(&body(None, Some("x"))).rule, Rule::ClientAuthMissing);
}

#[test]
fn an_authorization_header_that_cannot_be_read_is_refused_even_beside_a_good_body() {
    let presented = Presented {
        unreadable_header: true,
        ..body(Some("photo-backup"), Some(SECRET))
    };
    assert_eq!(unclaimed(&presented).rule, Rule::ClientAuthHeaderUnreadable);
}

#[test]
fn two_methods_at_once_are_refused() {
    let presented = Presented {
        body_secret: Some(ClientSecret::new(SECRET)),
        ..basic("mysweetapp", SECRET)
    };
    assert_eq!(unclaimed(&presented).rule, Rule::ClientAuthTwoMethods);
}

#[test]
fn two_different_client_ids_are_refused() {
    let presented = Presented {
        body_id: Some("photo-backup".into()),
        ..basic("mysweetapp", SECRET)
    };
    assert_eq!(unclaimed(&presented).rule, Rule::ClientAuthIdsDiffer);
}

#[test]
fn a_text_that_can_be_no_client_id_is_an_unknown_client() {
    for text in ["a b", "ä", "0192f0c1-2345-7890-abcd-ef0123456789"] {
        assert_eq!(unclaimed(&body(Some(text), None)).rule, Rule::ClientUnknown);
    }
}

#[test]
fn the_claimed_client_is_the_one_in_the_header_or_the_body() {
    let same = Presented {
        body_id: Some("mysweetapp".into()),
        ..basic("mysweetapp", SECRET)
    };
    for presented in [same, basic("mysweetapp", SECRET), body(Some("mysweetapp"), None)] {
        let mut trail = Trail::recording();
        assert_eq!(claimed_id(&presented, &mut trail).unwrap().as_str(), "mysweetapp");
        let checks = trail.into_checks();
        assert!(
            checks
                .iter()
                .any(|check| check.rule == Rule::ClientAuthTwoMethods)
        );
    }
}

#[test]
fn an_unknown_client_is_refused_whatever_it_shows() {
    for presented in [
        basic("x", SECRET),
        body(Some("x"), None),
        body(Some("x"), Some("")),
    ] {
        assert_eq!(refused(&presented, None), Rule::ClientUnknown);
    }
}

#[test]
fn a_wrong_secret_is_refused_and_never_repeated() {
    let client = samples::web_client();
    for wrong in ["wrong-secret", "", &format!("{SECRET} "), &SECRET.to_uppercase()] {
        assert_eq!(
            refused(&basic("mysweetapp", wrong), Some(&client)),
            Rule::ClientSecretWrong
        );
    }
}

#[test]
fn a_secret_by_another_method_than_the_registered_one_is_refused() {
    let (by_basic, by_post) = (samples::web_client(), samples::service_client());
    assert_eq!(
        refused(&body(Some("mysweetapp"), Some(SECRET)), Some(&by_basic)),
        Rule::ClientAuthMethodNotRegistered
    );
    assert_eq!(
        refused(&basic("photo-backup", SECRET), Some(&by_post)),
        Rule::ClientAuthMethodNotRegistered
    );
}

#[test]
fn a_confidential_client_that_only_names_itself_is_refused() {
    for client in [samples::web_client(), samples::service_client()] {
        assert_eq!(
            refused(&body(Some(client.id.as_str()), None), Some(&client)),
            Rule::ClientAuthMissing
        );
    }
}

#[test]
fn a_public_client_that_sends_a_secret_is_refused() {
    let client = samples::native_client();
    for presented in [
        basic("mysweetcli", ""),
        basic("mysweetcli", "x"),
        body(Some("mysweetcli"), Some("x")),
    ] {
        assert_eq!(
            refused(&presented, Some(&client)),
            Rule::ClientAuthMethodNotRegistered
        );
    }
}

#[test]
fn each_registered_method_is_accepted_with_the_right_secret() {
    assert!(accepts(&basic("mysweetapp", SECRET), &samples::web_client()));
    assert!(accepts(
        &body(Some("photo-backup"), Some(SECRET)),
        &samples::service_client()
    ));
    assert!(accepts(
        &body(Some("mysweetcli"), None),
        &samples::native_client()
    ));
    let mut either = samples::web_client();
    either.authentication = Authentication::ClientSecret {
        secret: SecretHash(sha256(SECRET.as_bytes())),
    };
    assert!(accepts(&basic("mysweetapp", SECRET), &either));
    assert!(accepts(&body(Some("mysweetapp"), Some(SECRET)), &either));
    assert!(!accepts(&basic("mysweetapp", "wrong-secret"), &either));
}

#[test]
fn a_proven_client_has_passed_every_check_of_the_second_step() {
    let mut trail = Trail::recording();
    judged(
        &basic("mysweetapp", SECRET),
        Some(&samples::web_client()),
        &mut trail,
    )
    .unwrap();
    let rules: Vec<Rule> = trail.into_checks().into_iter().map(|check| check.rule).collect();
    assert_eq!(
        rules,
        [
            Rule::ClientUnknown,
            Rule::ClientAuthMissing,
            Rule::ClientAuthMethodNotRegistered,
            Rule::ClientSecretWrong
        ]
    );
}
