//! Polling with a device code, each check violated first (RFC 8628 §3.4, §3.5).

use super::*;
use crate::samples::{self, CALENDAR, NOW, PHOTOS, resource, scope};
use valetkey_model::client::GrantType;
use valetkey_model::grant::{CodeIssued, GrantedBy, RevokedWhy};
use valetkey_protocol::secret::DeviceCode;

fn tv() -> Client {
    let mut client = samples::native_client();
    client.grant_types.insert(GrantType::DeviceCode);
    client
}

fn waiting() -> DeviceAuthorization {
    DeviceAuthorization {
        id: DeviceId(uuid::Uuid::from_u128(0xd)),
        client: tv().id,
        user_code_key: "key".into(),
        scope: scope("openid photos.read"),
        resources: [resource(PHOTOS)].into(),
        asked_from: "192.0.2.7".into(),
        created_at: NOW.plus_seconds(-60),
        expires_at: NOW.plus_seconds(540),
        polled_at: None,
        state: DeviceState::Pending,
    }
}

/// Alice has said yes.
fn granted_by_alice() -> Grant {
    Grant {
        client: tv().id,
        by: GrantedBy::DeviceCode,
        session: None,
        scope: scope("openid photos.read"),
        state: GrantState::CodeIssued(CodeIssued {
            redirect_uri: String::new(),
            redirect_uri_was_given: false,
            code_challenge: None,
            code_expires_at: waiting().expires_at,
        }),
        ..samples::code_grant()
    }
}

fn approved() -> DeviceAuthorization {
    DeviceAuthorization {
        state: DeviceState::Approved {
            grant: granted_by_alice().id,
        },
        ..waiting()
    }
}

fn polled(client: &Client, device: Option<&DeviceAuthorization>, grant: Option<&Grant>) -> Outcome {
    polled_at(client, device, grant, NOW)
}

fn polled_at(
    client: &Client,
    device: Option<&DeviceAuthorization>,
    grant: Option<&Grant>,
    now: Timestamp,
) -> Outcome {
    let facts = Facts {
        client,
        device,
        grant,
    };
    decide(
        &Request::default(),
        &facts,
        &samples::policy(),
        now,
        &mut Trail::off(),
    )
}

fn refused(outcome: Outcome) -> Rule {
    match outcome {
        Outcome::Refuse(refusal) => refusal.rule,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn a_request_without_a_device_code_or_with_an_invented_one_is_refused() {
    let keys = HandleKeys::new(&[7; 32]);
    let asks = |code: Option<&str>| Request {
        device_code: code.map(DeviceCode::new),
        ..Request::default()
    };
    let rule = |code| read(&asks(code), &keys, &mut Trail::off()).unwrap_err().rule;
    assert_eq!(rule(None), Rule::DeviceCodeMissing);
    let foreign = HandleKeys::new(&[8; 32]).device_code_for(waiting().id);
    for invented in ["", "x", "vkd_", "vkd_AAAA", foreign.expose(), "WDJB-MJHT"] {
        assert_eq!(rule(Some(invented)), Rule::DeviceCodeUnknown, "{invented}");
    }
    let own = keys.device_code_for(waiting().id);
    assert_eq!(
        read(&asks(Some(own.expose())), &keys, &mut Trail::off()),
        Ok(waiting().id)
    );
}

#[test]
fn a_device_code_that_is_forgotten_is_unknown() {
    assert_eq!(refused(polled(&tv(), None, None)), Rule::DeviceCodeUnknown);
}

#[test]
fn a_device_code_of_another_client_is_refused_whatever_the_person_said() {
    let other = Client {
        id: samples::browser_client().id,
        ..tv()
    };
    let grant = granted_by_alice();
    for device in [waiting(), approved()] {
        let facts = Facts {
            client: &other,
            device: Some(&device),
            grant: Some(&grant),
        };
        let outcome = decide(
            &Request::default(),
            &facts,
            &samples::policy(),
            NOW,
            &mut Trail::off(),
        );
        let Outcome::Refuse(refusal) = outcome else {
            panic!("another client got tokens");
        };
        assert_eq!(refusal.rule, Rule::DeviceCodeOtherClient);
        assert!(
            !format!("{refusal:?}").contains("mysweetcli"),
            "whose it is stays untold"
        );
    }
}

#[test]
fn an_expired_device_code_is_refused_even_when_the_person_said_yes() {
    let grant = granted_by_alice();
    for device in [waiting(), approved()] {
        let outcome = polled_at(&tv(), Some(&device), Some(&grant), device.expires_at);
        assert_eq!(refused(outcome), Rule::DeviceCodeExpired);
    }
}

#[test]
fn polling_too_fast_is_told_to_slow_down() {
    let since = |seconds: i64| DeviceAuthorization {
        polled_at: Some(NOW.plus_seconds(-seconds)),
        ..waiting()
    };
    for fast in [0, 1, 3] {
        assert_eq!(
            refused(polled(&tv(), Some(&since(fast)), None)),
            Rule::DeviceSlowDown
        );
    }
    for patient in [4, 5, 60] {
        assert_eq!(
            refused(polled(&tv(), Some(&since(patient)), None)),
            Rule::DeviceAuthorizationPending
        );
    }
    assert_eq!(
        refused(polled(&tv(), Some(&waiting()), None)),
        Rule::DeviceAuthorizationPending
    );
    assert_eq!(Rule::DeviceSlowDown.info().error.as_str(), "slow_down");
    assert_eq!(
        Rule::DeviceAuthorizationPending.info().error.as_str(),
        "authorization_pending"
    );
}

#[test]
fn a_person_who_said_no_is_heard() {
    let denied = DeviceAuthorization {
        state: DeviceState::Denied,
        ..waiting()
    };
    assert_eq!(
        refused(polled(&tv(), Some(&denied), None)),
        Rule::DeviceAccessDenied
    );
    assert_eq!(Rule::DeviceAccessDenied.info().error.as_str(), "access_denied");
    assert_eq!(granted(&denied), None);
    assert_eq!(granted(&waiting()), None);
}

#[test]
fn a_device_code_gives_tokens_once() {
    let grant = granted_by_alice().redeemed(Active {
        generation: 1,
        rotated_at: NOW,
        idle_expires_at: NOW.plus_seconds(60),
    });
    assert_eq!(
        refused(polled(&tv(), Some(&approved()), Some(&grant))),
        Rule::DeviceCodeUsed
    );
    assert_eq!(
        refused(polled(&tv(), Some(&approved()), None)),
        Rule::DeviceCodeUsed
    );
    assert_eq!(lost_race().rule, Rule::DeviceCodeUsed);
    assert_eq!(Rule::DeviceCodeUsed.info().error.as_str(), "invalid_grant");
}

#[test]
fn a_grant_that_was_taken_back_before_the_poll_gives_nothing() {
    let grant = granted_by_alice().revoked(RevokedWhy::ByResourceOwner, NOW);
    assert_eq!(
        refused(polled(&tv(), Some(&approved()), Some(&grant))),
        Rule::GrantRevoked
    );
}

#[test]
fn a_grant_that_is_not_the_approved_one_gives_nothing() {
    let other = Grant {
        id: GrantId(uuid::Uuid::from_u128(99)),
        ..granted_by_alice()
    };
    let foreign = Grant {
        client: samples::web_client().id,
        ..granted_by_alice()
    };
    for grant in [other, foreign] {
        assert_eq!(
            refused(polled(&tv(), Some(&approved()), Some(&grant))),
            Rule::DeviceCodeUsed
        );
    }
}

#[test]
fn a_device_whose_person_said_yes_gets_its_tokens() {
    let (client, device, grant) = (tv(), approved(), granted_by_alice());
    assert_eq!(granted(&device), Some(grant.id));
    let facts = Facts {
        client: &client,
        // However fast it polls: there is nothing to wait for any more.
        device: Some(&DeviceAuthorization {
            polled_at: Some(NOW),
            ..device
        }),
        grant: Some(&grant),
    };
    let mut trail = Trail::recording();
    let outcome = decide(&Request::default(), &facts, &samples::policy(), NOW, &mut trail);
    let Outcome::Redeem { active, issue } = outcome else {
        panic!("no tokens: {outcome:?}");
    };
    assert_eq!(active.generation, 1);
    assert_eq!(issue.audience, Some(resource(PHOTOS)));
    assert_eq!(issue.scope, scope("openid photos.read"));
    assert!(issue.refresh_token && issue.id_token);
    let checks = trail.into_checks();
    assert!(checks.iter().all(|check| check.refused.is_none()));
    for rule in [
        Rule::DeviceCodeUnknown,
        Rule::DeviceCodeOtherClient,
        Rule::DeviceCodeExpired,
        Rule::DeviceAccessDenied,
        Rule::DeviceAuthorizationPending,
        Rule::DeviceSlowDown,
        Rule::DeviceCodeUsed,
    ] {
        assert!(checks.iter().any(|check| check.rule == rule), "{rule}");
    }
}

#[test]
fn a_poll_names_the_api_where_the_grant_is_for_several() {
    let (client, device) = (tv(), approved());
    let grant = Grant {
        scope: scope("photos.read calendar.read"),
        resources: [resource(PHOTOS), resource(CALENDAR)].into(),
        ..granted_by_alice()
    };
    let facts = Facts {
        client: &client,
        device: Some(&device),
        grant: Some(&grant),
    };
    let ask = |named: &[&str]| {
        let request = Request {
            resource: named.iter().map(|&text| text.to_owned()).collect(),
            ..Request::default()
        };
        decide(&request, &facts, &samples::policy(), NOW, &mut Trail::off())
    };
    assert_eq!(refused(ask(&[])), Rule::TokenResourceAmbiguous);
    assert_eq!(
        refused(ask(&["https://gone.example"])),
        Rule::TokenResourceNotGranted
    );
    let Outcome::Redeem { issue, .. } = ask(&[CALENDAR]) else {
        panic!("no tokens");
    };
    assert_eq!(issue.scope, scope("calendar.read"));
}

#[test]
fn what_was_taken_from_the_client_meanwhile_is_not_given() {
    let mut client = tv();
    client.scope = scope("openid");
    let outcome = polled(&client, Some(&approved()), Some(&granted_by_alice()));
    let Outcome::Redeem { issue, .. } = outcome else {
        panic!("no tokens: {outcome:?}");
    };
    assert_eq!(issue.scope, scope("openid"));
}
