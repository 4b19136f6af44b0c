//! Device requests and user codes, what is refused first (RFC 8628 §3.1, §3.3, §5, RFC 10027).

use super::*;
use crate::samples::{self, CALENDAR, NOW, PHOTOS, resource, scope};
use proptest::prelude::*;
use valetkey_model::GrantId;
use valetkey_protocol::device::{read_user_code, show_user_code};

/// The command-line app, on a machine without a browser.
fn tv() -> Client {
    let mut client = samples::native_client();
    client.grant_types.insert(GrantType::DeviceCode);
    client
}

fn asks(scope: Option<&str>, resources: &[&str]) -> Request {
    Request {
        scope: scope.map(str::to_owned),
        resource: resources.iter().map(|&text| text.to_owned()).collect(),
    }
}

fn judged(request: &Request, client: &Client) -> Result<Asked, Rule> {
    asked(request, client, &samples::policy(), &mut Trail::off()).map_err(|refusal| refusal.rule)
}

fn waiting() -> DeviceAuthorization {
    let asked = judged(&asks(Some("photos.read"), &[]), &tv()).unwrap();
    let begun = Begun {
        id: DeviceId(uuid::Uuid::from_u128(0xd)),
        user_code_key: "key".into(),
        asked_from: "192.0.2.7".into(),
    };
    new(asked, &tv(), begun, &samples::policy(), NOW)
}

#[test]
fn the_device_flow_is_off_until_it_is_allowed() {
    for client in [
        samples::native_client(),
        samples::web_client(),
        samples::service_client(),
    ] {
        assert_eq!(
            judged(&asks(None, &[]), &client),
            Err(Rule::TokenGrantTypeNotAllowed)
        );
    }
}

#[test]
fn a_device_cannot_ask_for_more_than_its_client_may() {
    for (scope, resources, rule) in [
        (Some("a\"b"), vec![], Rule::TokenScopeMalformed),
        (Some(""), vec![], Rule::TokenScopeMalformed),
        (Some("nonsense"), vec![], Rule::TokenScopeNotAllowed),
        (Some("phone"), vec![], Rule::TokenScopeNotAllowed),
        (Some("photos.read"), vec!["photos"], Rule::TokenResourceMalformed),
        (
            Some("photos.read"),
            vec!["https://gone.example"],
            Rule::TokenResourceNotGranted,
        ),
        (
            Some("photos.read"),
            vec![PHOTOS, "https://gone.example"],
            Rule::TokenResourceNotGranted,
        ),
        (Some("photos.read"), vec![CALENDAR], Rule::TokenScopeNotAllowed),
    ] {
        assert_eq!(judged(&asks(scope, &resources), &tv()), Err(rule), "{scope:?}");
    }
    let mut limited = tv();
    limited.resources = [resource(PHOTOS)].into();
    assert_eq!(
        judged(&asks(Some("calendar.read"), &[]), &limited),
        Err(Rule::TokenScopeNotAllowed)
    );
}

#[test]
fn what_a_device_leaves_out_is_what_its_client_is_registered_for() {
    let all = judged(&asks(None, &[]), &tv()).unwrap();
    assert_eq!(
        all.scope,
        scope("profile email photos.read photos.write calendar.read")
    );
    assert_eq!(all.resources, [resource(CALENDAR), resource(PHOTOS)].into());
    let mut forgetful = tv();
    forgetful.grant_types.remove(&GrantType::RefreshToken);
    let short = judged(&asks(Some("openid offline_access"), &[]), &forgetful).unwrap();
    assert_eq!(short.scope, scope("openid"));
    let both = judged(&asks(Some("openid offline_access"), &[]), &tv()).unwrap();
    assert_eq!(both.scope, scope("openid offline_access"));
}

#[test]
fn device_code_phishing_a_code_is_short_lived_and_answered_once() {
    let rule = |device: Option<&DeviceAuthorization>, now| {
        answerable(device, now, &mut Trail::off())
            .map(|_| ())
            .map_err(|refusal| refusal.rule)
    };
    let unknown = Err(Rule::DeviceUserCodeUnknown);
    assert_eq!(rule(None, NOW), unknown);
    let open = waiting();
    assert_eq!(rule(Some(&open), open.expires_at), unknown, "too late");
    let grant = GrantId(uuid::Uuid::from_u128(1));
    for state in [DeviceState::Approved { grant }, DeviceState::Denied] {
        let over = DeviceAuthorization { state, ..waiting() };
        assert_eq!(rule(Some(&over), NOW), unknown);
    }
    assert_eq!(open.expires_at, NOW.plus_seconds(600));
    let mut trail = Trail::recording();
    assert_eq!(
        answerable(Some(&open), open.expires_at.plus_seconds(-1), &mut trail),
        Ok(&open)
    );
    assert_eq!(trail.into_checks()[0].rule, Rule::DeviceUserCodeUnknown);
}

#[test]
fn a_code_that_never_was_and_one_that_is_over_get_the_same_answer() {
    let refusal = |device| answerable(device, NOW, &mut Trail::off()).unwrap_err();
    let denied = DeviceAuthorization {
        state: DeviceState::Denied,
        ..waiting()
    };
    assert_eq!(refusal(None), refusal(Some(&denied)));
}

#[test]
fn a_request_remembers_who_asked_from_where_and_for_what() {
    let device = waiting();
    assert_eq!(device.client, tv().id);
    assert_eq!(device.asked_from, "192.0.2.7");
    assert_eq!(device.scope, scope("photos.read"));
    assert_eq!(device.resources, [resource(PHOTOS)].into());
    assert_eq!((device.polled_at, device.state), (None, DeviceState::Pending));
}

proptest! {
    #[test]
    fn a_user_code_can_be_typed_as_it_is_shown(random: [u8; 32]) {
        let code = user_code(&random);
        prop_assert_eq!(read_user_code(&show_user_code(&code)), Some(code));
    }
}
