//! Signed requests to APIs, each check violated first (RFC 5849 §3).

use super::super::resource::{Facts as ResourceFacts, decide, inactive, may_ask, read as read_token};
use super::*;
use crate::samples::CALENDAR;
use crate::subject::SubjectKeys;
use valetkey_model::grant::RevokedWhy;
use valetkey_model::relying_party::SubjectType;
use valetkey_protocol::introspect::Response;

fn photos_api() -> Client {
    Client {
        introspects: [resource(PHOTOS)].into(),
        ..samples::service_client()
    }
}

fn at(
    uri: &str,
    grant: Option<&Grant>,
    client: &Client,
    caller: &Client,
    now: Timestamp,
) -> Result<Response, Rule> {
    let facts = ResourceFacts {
        grant,
        client,
        caller,
        subjects: &SubjectKeys::new(&[7; 32]),
    };
    decide(&facts, uri, &samples::policy(), now, &mut Trail::off()).map_err(|refusal| refusal.rule)
}

fn of(grant: Option<&Grant>, client: &Client, now: Timestamp) -> Result<Response, Rule> {
    at("https://photos.example/photos", grant, client, &photos_api(), now)
}

#[test]
fn temporary_credentials_sign_no_request_to_an_api() {
    let shown = |token: Option<String>| Protocol {
        token,
        ..Protocol::default()
    };
    for (token, rule) in [
        (None, Rule::OAuth1ParameterMissing),
        (
            Some(handles().seal_temporary(&temporary())),
            Rule::OAuth1TokenUnknown,
        ),
        (
            Some(HandleKeys::new(&[8; 32]).oauth1_token_for(grant_id())),
            Rule::OAuth1TokenUnknown,
        ),
        (
            Some(handles().code_for(grant_id()).expose().into()),
            Rule::OAuth1TokenUnknown,
        ),
    ] {
        let refusal = read_token(&shown(token), &handles(), &mut Trail::off()).unwrap_err();
        assert_eq!(refusal.rule, rule);
    }
    let good = shown(Some(handles().oauth1_token_for(grant_id())));
    let id = read_token(&good, &handles(), &mut Trail::off());
    assert_eq!(id, Ok(grant_id()));
}

#[test]
fn a_grant_that_was_never_redeemed_opens_nothing() {
    assert_eq!(
        of(Some(&allowed_grant()), &printer(), NOW),
        Err(Rule::OAuth1TokenUnknown)
    );
    assert_eq!(of(None, &printer(), NOW), Err(Rule::OAuth1TokenUnknown));
}

#[test]
fn a_grant_of_oauth_2_opens_nothing_to_a_signature() {
    for by in GrantedBy::ALL.into_iter().filter(|by| *by != GrantedBy::OAuth1) {
        let grant = Grant { by, ..oauth1_grant() };
        assert_eq!(
            of(Some(&grant), &printer(), NOW),
            Err(Rule::OAuth1TokenUnknown),
            "{by:?}"
        );
    }
}

#[test]
fn a_token_of_another_consumer_is_refused() {
    assert_eq!(
        of(Some(&oauth1_grant()), &stranger(), NOW),
        Err(Rule::OAuth1TokenOtherConsumer)
    );
}

#[test]
fn token_credentials_end_when_they_are_revoked_when_they_expire_and_when_the_client_retires() {
    let revoked = oauth1_grant().revoked(RevokedWhy::ByResourceOwner, NOW);
    assert_eq!(of(Some(&revoked), &printer(), NOW), Err(Rule::OAuth1TokenRevoked));
    let short = Grant {
        expires_at: NOW.plus_seconds(60),
        ..oauth1_grant()
    };
    let answer = of(Some(&short), &printer(), NOW.plus_seconds(59)).unwrap();
    assert_eq!(answer.exp, Some(short.expires_at.0));
    assert_eq!(
        of(Some(&short), &printer(), short.expires_at),
        Err(Rule::OAuth1TokenExpired)
    );
    for client in [retired(printer()), samples::web_client()] {
        assert_eq!(
            of(Some(&oauth1_grant()), &client, NOW),
            Err(Rule::OAuth1TokenExpired)
        );
    }
}

#[test]
fn audience_confusion_a_request_to_another_place_than_the_callers_api_is_refused() {
    for uri in [
        "https://calendar.example/photos",
        "https://photos.example.evil.example/photos",
        "https://photos.examples/photos",
        "https://photos.example:8443/photos",
        "http://photos.example/photos",
        "https://photos.example/a/../../b",
        "https://photos.example/%2E%2e/b",
        "https://photos.example/./b",
        "https://photos.example/..%2Fb",
        "https://photos.example/a%5c..%5Cb",
        "https://photos.example/a\\..\\b",
        "https://photos.example/..;x=1/b",
        "https://photos.example/%2e%2E%3Bx/b",
        "photos",
        "",
    ] {
        assert_eq!(
            at(uri, Some(&oauth1_grant()), &printer(), &photos_api(), NOW),
            Err(Rule::OAuth1OtherResource),
            "{uri}"
        );
    }
}

#[test]
fn audience_confusion_an_api_that_the_person_did_not_allow_learns_nothing() {
    let calendar = Client {
        introspects: [resource(CALENDAR)].into(),
        ..samples::service_client()
    };
    for caller in [calendar, samples::service_client()] {
        assert_eq!(
            at(
                "https://calendar.example/events",
                Some(&oauth1_grant()),
                &printer(),
                &caller,
                NOW
            ),
            Err(Rule::OAuth1OtherResource)
        );
    }
    // Allowed, and gone since.
    let mut gone = oauth1_grant();
    gone.resources.insert(resource("https://gone.example"));
    let caller = Client {
        introspects: [resource("https://gone.example")].into(),
        ..samples::service_client()
    };
    assert_eq!(
        at("https://gone.example/x", Some(&gone), &printer(), &caller, NOW),
        Err(Rule::OAuth1OtherResource)
    );
}

#[test]
fn an_api_below_a_path_is_found_segment_by_segment() {
    let root = "https://API.example/v1";
    let mut policy = samples::policy();
    policy.resources[0].indicator = resource(root);
    let mut grant = oauth1_grant();
    grant.resources = [resource(root)].into();
    let caller = Client {
        introspects: [resource(root)].into(),
        ..samples::service_client()
    };
    let facts = ResourceFacts {
        grant: Some(&grant),
        client: &printer(),
        caller: &caller,
        subjects: &SubjectKeys::new(&[7; 32]),
    };
    for (uri, below) in [
        ("https://api.example/v1", true),
        ("https://api.example/v1/", true),
        ("https://api.example/v1/photos", true),
        ("https://api.example/v10", false),
        ("https://api.example/v1-old/photos", false),
        ("https://api.example/V1", false),
        ("https://api.example/", false),
    ] {
        let outcome = decide(&facts, uri, &policy, NOW, &mut Trail::off());
        assert_eq!(outcome.is_ok(), below, "{uri}");
    }
}

#[test]
fn audience_confusion_an_api_is_not_told_about_requests_to_the_api_below_it() {
    let (above, below) = ("https://photos.example", "https://photos.example/admin");
    let mut policy = samples::policy();
    policy.resources[1].indicator = resource(below);
    let mut grant = oauth1_grant();
    grant.resources = [resource(above), resource(below)].into();
    let asks = |api: &str, uri: &str| {
        let caller = Client {
            introspects: [resource(api)].into(),
            ..samples::service_client()
        };
        let facts = ResourceFacts {
            grant: Some(&grant),
            client: &printer(),
            caller: &caller,
            subjects: &SubjectKeys::new(&[7; 32]),
        };
        let answer = decide(&facts, uri, &policy, NOW, &mut Trail::off());
        answer.map(|answer| answer.aud).map_err(|refusal| refusal.rule)
    };
    let other = Err(Rule::OAuth1OtherResource);
    assert_eq!(asks(above, "https://photos.example/admin/x"), other);
    assert_eq!(asks(above, "https://photos.example/admin"), other);
    assert_eq!(asks(below, "https://photos.example/x"), other);
    assert_eq!(
        asks(below, "https://photos.example/admin/x"),
        Ok(Some(below.to_owned()))
    );
    assert_eq!(
        asks(above, "https://photos.example/admins"),
        Ok(Some(above.to_owned()))
    );
}

#[test]
fn a_public_client_may_not_ask_about_signatures() {
    let refusal = may_ask(&samples::native_client(), &mut Trail::off()).unwrap_err();
    assert_eq!(refusal.rule, Rule::IntrospectNotAllowed);
    assert_eq!(may_ask(&photos_api(), &mut Trail::off()), Ok(()));
}

#[test]
fn the_answer_to_a_refused_request_tells_the_rule_and_nothing_else() {
    let refusal = Refusal::new(Rule::OAuth1TokenRevoked, "expected", "received");
    assert_eq!(
        serde_json::to_string(&inactive(&refusal)).unwrap(),
        r#"{"active":false,"rule":"VK-OAUTH1-TOKEN-REVOKED"}"#
    );
}

#[test]
fn the_api_learns_who_allowed_what_to_whom() {
    let mut grant = oauth1_grant();
    grant.scope = scope("photos.read photos.write calendar.read");
    grant.resources.insert(resource(CALENDAR));
    let narrowed = Client {
        scope: scope("openid photos.read calendar.read"),
        ..printer()
    };
    let answer = of(Some(&grant), &narrowed, NOW).unwrap();
    assert_eq!(
        answer.scope,
        Some(scope("photos.read")),
        "of this API, and what the client still has"
    );
    assert_eq!(
        serde_json::to_value(answer).unwrap(),
        serde_json::json!({
            "active": true,
            "scope": "photos.read",
            "client_id": "mysweetapp",
            "token_type": "oauth1",
            "iat": NOW.0,
            "sub": samples::user().to_string(),
            "aud": PHOTOS,
            "iss": samples::ISSUER,
            "grant_id": grant_id().to_string(),
        })
    );
}

#[test]
fn an_api_learns_the_person_as_the_consumer_knows_them() {
    let grant = oauth1_grant();
    let sub = |client: &Client| of(Some(&grant), client, NOW).unwrap().sub.unwrap();
    assert_eq!(sub(&printer()), grant.user.to_string());
    let mut pairwise = printer();
    pairwise.openid.subject_type = SubjectType::Pairwise;
    assert_eq!(
        sub(&pairwise),
        SubjectKeys::new(&[7; 32]).subject(&pairwise, grant.user)
    );
}
