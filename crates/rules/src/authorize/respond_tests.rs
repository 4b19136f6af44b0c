//! Requests that come from a device or by OAuth 1.0a, and where their answers may go.

use super::super::{Decision, Situation, consent, decide, declined, grant};
use super::*;
use crate::samples::{self, NOW, PHOTOS, REDIRECT, remembered, resource, scope};
use valetkey_model::client::OAuth1;
use valetkey_model::device::DeviceState;
use valetkey_model::grant::{GrantState, GrantedBy};
use valetkey_model::{Grant, Session};
use valetkey_protocol::acr::Acr;
use valetkey_protocol::redirect_uri::RedirectUri;

fn device() -> DeviceAuthorization {
    DeviceAuthorization {
        id: DeviceId(uuid::Uuid::from_u128(0xd)),
        client: samples::native_client().id,
        user_code_key: "key".into(),
        scope: scope("photos.read"),
        resources: [resource(PHOTOS)].into(),
        asked_from: "192.0.2.7".into(),
        created_at: NOW.plus_seconds(-60),
        expires_at: NOW.plus_seconds(540),
        polled_at: None,
        state: DeviceState::Pending,
    }
}

fn temporary(callback: Option<&str>) -> Temporary {
    Temporary {
        id: GrantId(uuid::Uuid::from_u128(0x1a)),
        client: samples::web_client().id,
        callback: callback.map(str::to_owned),
        scope: scope("photos.read"),
        resources: [resource(PHOTOS)].into(),
        expires_at: NOW.plus_seconds(600),
    }
}

fn printer() -> Client {
    Client {
        oauth1: Some(OAuth1::default()),
        ..samples::web_client()
    }
}

fn of_device() -> ValidRequest {
    device_request(
        &device(),
        "WDJB-MJHT",
        &samples::native_client(),
        &samples::policy(),
    )
}

fn of_oauth1(callback: Option<&str>) -> ValidRequest {
    oauth1_request(&temporary(callback), "vkt_x", &printer())
}

fn granted(valid: &ValidRequest) -> Grant {
    let id = GrantId(uuid::Uuid::from_u128(1));
    grant(valid, &samples::session(), &samples::policy(), id, NOW)
}

fn decided(valid: &ValidRequest, client: &Client, session: &Session, consented_now: bool) -> Decision {
    let everything = consent(valid, samples::user(), NOW);
    let situation = Situation {
        client,
        session: Some(session),
        subject: Some("alice"),
        best_acr: Acr::OneFactor,
        consent: Some(&everything),
        started_at: NOW,
        signed_in_now: false,
        consented_now,
    };
    decide(valid, &situation, NOW, &mut Trail::off())
}

#[test]
fn device_code_phishing_a_remembered_consent_never_answers_for_the_person() {
    for (valid, client) in [
        (of_device(), samples::native_client()),
        (of_oauth1(Some(REDIRECT)), printer()),
        (of_oauth1(None), printer()),
    ] {
        let session = samples::session();
        assert_eq!(decided(&valid, &client, &session, false), Decision::Consent);
        assert_eq!(decided(&valid, &client, &session, true), Decision::Issue);
    }
    // An https redirect URI and a secret: remembered.
    let known = ValidRequest {
        respond: Respond::CODE,
        ..of_oauth1(Some(REDIRECT))
    };
    assert_eq!(
        decided(&known, &printer(), &samples::session(), false),
        Decision::Issue
    );
}

#[test]
fn an_answer_goes_only_where_the_client_is_still_registered() {
    let rule = |client: &Client, valid: &ValidRequest| {
        answer_may_go(client, valid, NOW, &mut Trail::off()).map_err(|refusal| refusal.rule)
    };
    let unregistered = Err(Rule::AuthorizeRedirectUriUnregistered);
    let mut client = printer();
    assert_eq!(
        rule(&client, &of_oauth1(Some("https://evil.example/cb"))),
        unregistered
    );
    assert_eq!(rule(&client, &of_oauth1(Some(""))), unregistered);
    assert_eq!(rule(&client, &of_oauth1(Some(REDIRECT))), Ok(()));
    assert_eq!(
        rule(&client, &of_oauth1(None)),
        Ok(()),
        "the person carries it over"
    );

    let answers = |respond| ValidRequest {
        respond,
        ..of_oauth1(Some(REDIRECT))
    };
    assert_eq!(rule(&client, &answers(Respond::CODE)), Ok(()));
    assert_eq!(
        rule(&client, &answers(Respond::TOKEN)),
        Err(Rule::AuthorizeGrantTypeNotAllowed),
        "implicit was taken from it meanwhile"
    );
    client.grant_types.insert(GrantType::Implicit);
    assert_eq!(rule(&client, &answers(Respond::TOKEN)), Ok(()));

    client.redirect_uris = vec![RedirectUri::parse("https://app.example/other").unwrap()];
    for respond in [Respond::CODE, Respond::TOKEN] {
        assert_eq!(rule(&client, &answers(respond)), unregistered);
    }
    assert_eq!(rule(&client, &of_oauth1(Some(REDIRECT))), unregistered);
    client.grant_types.insert(GrantType::DeviceCode);
    assert_eq!(
        rule(&client, &of_device()),
        Ok(()),
        "nothing goes through this browser"
    );
}

#[test]
fn nobody_is_asked_for_a_way_that_was_taken_from_the_client_meanwhile() {
    let rule = |client: &Client, valid: &ValidRequest| {
        answer_may_go(client, valid, NOW, &mut Trail::off()).map_err(|refusal| refusal.rule)
    };
    let client = Client {
        oauth1: None,
        ..printer()
    };
    assert_eq!(rule(&client, &of_device()), Err(Rule::DeviceUserCodeUnknown));
    let mut retired = printer();
    if let Some(oauth1) = &mut retired.oauth1 {
        oauth1.retires_at = Some(NOW);
    }
    for callback in [Some(REDIRECT), None] {
        let refused = Err(Rule::OAuth1AuthorizeTokenUnknown);
        assert_eq!(rule(&client, &of_oauth1(callback)), refused);
        assert_eq!(rule(&retired, &of_oauth1(callback)), refused);
    }
}

#[test]
fn the_person_is_shown_what_the_device_shows_and_from_where_it_asked() {
    let valid = of_device();
    let Respond::Device(shown) = &valid.respond else {
        panic!("{:?}", valid.respond);
    };
    assert_eq!(shown.user_code, "WDJB-MJHT");
    assert_eq!(shown.asked_from, "192.0.2.7");
    assert_eq!(shown.asked_at, NOW.plus_seconds(-60));
    assert_eq!(valid.respond.too_late_at(), Some(device().expires_at));
    assert_eq!(Respond::CODE.too_late_at(), None);
    assert_eq!(valid.redirect_uri, "");
}

#[test]
fn the_grant_of_a_device_waits_for_the_poll_and_hangs_on_no_session() {
    let made = granted(&of_device());
    assert_eq!((made.by, made.session), (GrantedBy::DeviceCode, None));
    assert!(!made.offline, "offline_access was not asked for");
    let GrantState::CodeIssued(issued) = &made.state else {
        panic!("{:?}", made.state);
    };
    assert_eq!(issued.code_expires_at, device().expires_at);
    assert_eq!(issued.redirect_uri, "");
    assert!(!made.is_active(NOW), "nothing works before the poll");
    assert_eq!(
        made.expires_at,
        NOW.plus_seconds(samples::policy().grant_ttl_seconds)
    );
}

#[test]
fn token_credentials_last_until_they_are_taken_back_or_as_long_as_the_client_is_given() {
    let made = granted(&of_oauth1(Some(REDIRECT)));
    assert_eq!((made.by, made.offline), (GrantedBy::OAuth1, true));
    assert_eq!(made.expires_at, NEVER);
    assert_eq!(made.id, temporary(None).id, "so that it is answered once");
    let mut client = printer();
    client.oauth1 = Some(OAuth1 {
        token_ttl_seconds: Some(3600),
        ..OAuth1::default()
    });
    let short = oauth1_request(&temporary(None), "vkt_x", &client);
    assert_eq!(granted(&short).expires_at, NOW.plus_seconds(3600));
}

#[test]
fn the_grant_of_oauth1_remembers_where_the_verifier_went() {
    for (callback, remembered) in [(Some(REDIRECT), REDIRECT), (None, "oob")] {
        let GrantState::CodeIssued(issued) = granted(&of_oauth1(callback)).state else {
            panic!("no verifier is out");
        };
        assert_eq!(issued.redirect_uri, remembered);
        assert_eq!(issued.code_expires_at, temporary(None).expires_at);
    }
}

#[test]
fn cancel_is_said_in_the_words_of_the_protocol() {
    assert_eq!(
        declined(&of_oauth1(Some(REDIRECT))).refusal.rule,
        Rule::OAuth1AuthorizeDeclined
    );
    let error = declined(&of_device());
    assert_eq!(error.refusal.rule, Rule::AuthorizeAccessDenied);
    assert_eq!(error.redirect_uri, "");
}

#[test]
fn every_kind_of_request_survives_its_way_through_the_browser() {
    for valid in [of_device(), of_oauth1(None), of_oauth1(Some(REDIRECT))] {
        let json = serde_json::to_string(&valid).unwrap();
        assert_eq!(serde_json::from_str::<ValidRequest>(&json).unwrap(), valid);
    }
}

#[test]
fn a_request_sealed_before_there_were_other_answers_is_one_for_a_code() {
    let mut json = serde_json::to_value(of_device()).unwrap();
    json.as_object_mut().unwrap().remove("respond");
    let valid: ValidRequest = serde_json::from_value(json).unwrap();
    assert_eq!(valid.respond, Respond::CODE);
    let mut json = serde_json::to_value(declined(&valid)).unwrap();
    json.as_object_mut().unwrap().remove("mode");
    let error: super::super::RedirectError = serde_json::from_value(json).unwrap();
    assert_eq!(error.mode, ResponseMode::Query);
    assert!(remembered("photos.read", &[PHOTOS]).covers(&valid.scope, &valid.resources));
}
