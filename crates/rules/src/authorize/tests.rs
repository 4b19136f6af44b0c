//! Each check of the authorization endpoint, violated first; then what valid requests come to.

use super::*;
use crate::samples::{self, CALENDAR, CHALLENGE, NOW, PHOTOS, REDIRECT, VERIFIER, resource, scope};
use std::sync::LazyLock;
use valetkey_model::client::GrantType;
use valetkey_model::grant::GrantState;
use valetkey_protocol::redirect_uri::RedirectUri;
use valetkey_protocol::rule::{Answer, Rule};

static POLICY: LazyLock<Policy> = LazyLock::new(samples::policy);
static SECRETS: LazyLock<SecretKeys> = LazyLock::new(|| SecretKeys::new(&[7; 32]));

/// What a request of the client is judged by when nothing was fetched.
pub(super) fn facts(client: Option<&Client>) -> Facts<'_> {
    Facts {
        client,
        loaded: Loaded::default(),
        secrets: &SECRETS,
        policy: &POLICY,
        now: NOW,
    }
}

pub(super) fn text(value: &str) -> Option<String> {
    Some(value.to_owned())
}

/// A request of MySweetApp that nothing is wrong with.
pub(super) fn good() -> Request {
    Request {
        response_type: text("code"),
        client_id: text("mysweetapp"),
        redirect_uri: text(REDIRECT),
        scope: text("openid profile photos.read"),
        state: text("s-1"),
        nonce: text("n-1"),
        code_challenge: text(CHALLENGE),
        code_challenge_method: text("S256"),
        ..Request::default()
    }
}

pub(super) fn with(change: impl FnOnce(&mut Request)) -> Request {
    let mut request = good();
    change(&mut request);
    request
}

pub(super) fn checked(request: &Request, client: &Client) -> Result<ValidRequest, Denied> {
    validate(request, &facts(Some(client)), &mut Trail::off())
}

fn accepted(request: &Request) -> ValidRequest {
    checked(request, &samples::web_client()).unwrap()
}

pub(super) fn on_a_page(request: &Request, client: &Client) -> Refusal {
    match checked(request, client) {
        Err(Denied::ShowPage(refusal)) => refusal,
        other => panic!("not a page: {other:?}"),
    }
}

pub(super) fn redirected(request: &Request, client: &Client) -> RedirectError {
    match checked(request, client) {
        Err(Denied::Redirect(error)) => *error,
        other => panic!("not a redirect: {other:?}"),
    }
}

#[test]
fn what_stands_before_a_trusted_redirect_uri_is_refused_on_a_page_and_never_redirected() {
    let client = samples::web_client();
    for (request, rule) in [
        (
            with(|r| r.repeated = text("state")),
            Rule::AuthorizeParameterRepeated,
        ),
        (with(|r| r.client_id = None), Rule::AuthorizeClientIdMissing),
        (
            with(|r| r.client_id = text("another")),
            Rule::AuthorizeClientUnknown,
        ),
        (with(|r| r.redirect_uri = None), Rule::AuthorizeRedirectUriMissing),
        (
            with(|r| r.redirect_uri = text("https://evil.example/callback")),
            Rule::AuthorizeRedirectUriUnregistered,
        ),
    ] {
        assert_eq!(on_a_page(&request, &client).rule, rule);
        assert_eq!(rule.info().answer, Answer::Page);
    }
    let nobody = validate(&good(), &facts(None), &mut Trail::off());
    let Err(Denied::ShowPage(refusal)) = nobody else {
        panic!("an unknown client was let through");
    };
    assert_eq!(refusal.rule, Rule::AuthorizeClientUnknown);
}

/// A refusal after the redirect URI is trusted: it goes there, with the state, and says what was expected.
fn goes_to_the_client(rule: Rule, change: impl FnOnce(&mut Request)) {
    let error = redirected(&with(change), &samples::web_client());
    assert_eq!(error.refusal.rule, rule);
    assert_eq!(rule.info().answer, Answer::Redirect);
    assert_eq!(error.redirect_uri, REDIRECT);
    assert_eq!(error.state.as_deref(), Some("s-1"));
    assert!(!error.refusal.expected.is_empty() && !error.refusal.received.is_empty());
}

#[test]
fn a_response_type_or_mode_that_there_is_not_is_refused() {
    goes_to_the_client(Rule::AuthorizeResponseTypeMissing, |r| r.response_type = None);
    for other in ["none", "Code", "code ", "code code", "id token", "code,token"] {
        goes_to_the_client(Rule::AuthorizeResponseTypeUnsupported, |r| {
            r.response_type = text(other);
        });
    }
    for other in ["query.jwt", "web_message", "Query", "fragment form_post"] {
        goes_to_the_client(Rule::AuthorizeResponseModeUnsupported, |r| {
            r.response_mode = text(other);
        });
    }
    assert_eq!(
        accepted(&with(|r| r.response_mode = text("query"))),
        accepted(&good())
    );
}

#[test]
fn a_scope_that_is_malformed_unknown_or_not_registered_is_refused() {
    for bad in ["openid \"x\"", "a\\b", "ä", " "] {
        goes_to_the_client(Rule::AuthorizeScopeMalformed, |r| r.scope = text(bad));
    }
    for bad in ["openid admin", "openid phone", "OPENID"] {
        goes_to_the_client(Rule::AuthorizeScopeNotAllowed, |r| r.scope = text(bad));
    }
}

#[test]
fn a_resource_that_is_malformed_unknown_or_does_not_go_with_the_scope_is_refused() {
    goes_to_the_client(Rule::AuthorizeResourceMalformed, |r| {
        r.resource = vec!["photos".into()];
    });
    goes_to_the_client(Rule::AuthorizeResourceUnknown, |r| {
        r.resource = vec![PHOTOS.into(), "https://other.example".into()];
    });
    goes_to_the_client(Rule::AuthorizeScopeNotAllowed, |r| {
        r.resource = vec![CALENDAR.into()];
    });
}

#[test]
fn pkce_downgrade_no_challenge_or_another_method_than_s256_is_refused() {
    goes_to_the_client(Rule::PkceChallengeMissing, |r| r.code_challenge = None);
    for method in [None, Some("plain"), Some("s256"), Some("S512")] {
        goes_to_the_client(Rule::PkceMethodNotS256, |r| {
            r.code_challenge_method = method.map(str::to_owned);
        });
    }
    for bad in [format!("{CHALLENGE}="), "x".into(), CHALLENGE.replace('-', "+")] {
        goes_to_the_client(Rule::PkceChallengeMalformed, |r| r.code_challenge = text(&bad));
    }
}

#[test]
fn a_prompt_or_max_age_without_meaning_is_refused() {
    for bad in ["create", "Login", "none,login"] {
        goes_to_the_client(Rule::AuthorizePromptUnknown, |r| r.prompt = text(bad));
    }
    for bad in ["none login", "consent none"] {
        goes_to_the_client(Rule::AuthorizePromptNoneAlone, |r| r.prompt = text(bad));
    }
    for bad in ["-1", "+1", "1.5", " 1", "x", "99999999999999999999"] {
        goes_to_the_client(Rule::AuthorizeMaxAgeMalformed, |r| r.max_age = text(bad));
    }
}

#[test]
fn a_client_that_is_not_registered_for_codes_gets_none() {
    let mut client = samples::web_client();
    client.grant_types = [GrantType::ClientCredentials].into();
    let error = redirected(&good(), &client);
    assert_eq!(error.refusal.rule, Rule::AuthorizeGrantTypeNotAllowed);
}

#[test]
fn a_valid_request_satisfies_every_rule_of_validation() {
    let request = with(|r| {
        r.resource = vec![PHOTOS.into()];
        r.prompt = text("login consent");
        r.max_age = text("60");
        r.claims = text("{}");
    });
    let mut trail = Trail::recording();
    let client = samples::web_client();
    validate(&request, &facts(Some(&client)), &mut trail).unwrap();
    let checks = trail.into_checks();
    assert!(checks.iter().all(|check| check.refused.is_none()));
    let (_, rules) = Rule::GROUPS[0];
    for rule in rules {
        let decided_later = [
            Rule::AuthorizeLoginRequired,
            Rule::AuthorizeAcrUnmet,
            Rule::AuthorizeConsentRequired,
            Rule::AuthorizeAccessDenied,
        ]
        .contains(rule);
        let satisfied = checks.iter().any(|check| check.rule == *rule);
        assert_eq!(satisfied, !decided_later, "{rule}");
    }
}

#[test]
fn open_redirect_no_variation_of_a_registered_redirect_uri_is_taken() {
    for near in [
        "https://app.example/callback/",
        "https://app.example/callback?x=1",
        "https://app.example/callback#x",
        "https://app.example/Callback",
        "https://app.example:443/callback",
        "https://APP.example/callback",
        "https://app.example//callback",
        "https://app.example/./callback",
        "https://app.example/callback/../callback",
        "https://app.example/callback%2f",
        "https://app.example.evil.example/callback",
        "https://app.example@evil.example/callback",
        "https://evil.example/?https://app.example/callback",
        "http://app.example/callback",
        "//app.example/callback",
        "/callback",
        " https://app.example/callback",
        "https://app.example/callback\r\n",
        "javascript:alert(1)//https://app.example/callback",
    ] {
        let refusal = on_a_page(&with(|r| r.redirect_uri = text(near)), &samples::web_client());
        assert_eq!(refusal.rule, Rule::AuthorizeRedirectUriUnregistered, "{near}");
        assert_eq!(refusal.expected, REDIRECT);
        assert!(!refusal.received.contains(['\r', '\n']));
    }
}

#[test]
fn an_engineer_sees_what_sets_the_redirect_uri_apart() {
    let refusal = on_a_page(
        &with(|r| r.redirect_uri = text("https://app.example/callback/")),
        &samples::web_client(),
    );
    assert_eq!(
        refusal.received,
        "https://app.example/callback/, which differs from https://app.example/callback by a slash at the end"
    );
}

#[test]
fn only_a_native_app_may_choose_its_loopback_port() {
    let asks = |uri: &str, client: &str| {
        with(|r| {
            r.redirect_uri = text(uri);
            r.client_id = text(client);
        })
    };
    let native = samples::native_client();
    let request = asks("http://127.0.0.1:49152/callback", "mysweetcli");
    assert_eq!(
        checked(&request, &native).unwrap().redirect_uri,
        "http://127.0.0.1:49152/callback"
    );
    for other in ["http://localhost:49152/callback", "http://127.0.0.1:49152/other"] {
        assert_eq!(
            on_a_page(&asks(other, "mysweetcli"), &native).rule,
            Rule::AuthorizeRedirectUriUnregistered
        );
    }
    let mut web = samples::web_client();
    web.redirect_uris = native.redirect_uris;
    assert_eq!(
        on_a_page(&asks("http://127.0.0.1:49152/callback", "mysweetapp"), &web).rule,
        Rule::AuthorizeRedirectUriUnregistered
    );
}

#[test]
fn the_redirect_uri_may_be_left_out_only_when_it_is_clear_and_not_in_openid_connect() {
    let without = |scope: &str| {
        with(|r| {
            r.redirect_uri = None;
            r.scope = text(scope);
        })
    };
    let one = samples::web_client();
    let mut two = samples::web_client();
    two.redirect_uris
        .push(RedirectUri::parse("https://app.example/other").unwrap());
    for (request, client) in [
        (without("openid photos.read"), &one),
        (without("photos.read"), &two),
    ] {
        assert_eq!(
            on_a_page(&request, client).rule,
            Rule::AuthorizeRedirectUriMissing
        );
    }
    let valid = checked(&without("photos.read"), &one).unwrap();
    assert_eq!(valid.redirect_uri, REDIRECT);
    assert!(!valid.redirect_uri_was_given);
    assert!(accepted(&good()).redirect_uri_was_given);
}

#[test]
fn public_clients_must_use_pkce_whatever_their_registration_says() {
    let without = |client: &str, uri: &str| {
        with(|r| {
            r.client_id = text(client);
            r.redirect_uri = text(uri);
            r.code_challenge = None;
            r.code_challenge_method = None;
        })
    };
    let mut public = samples::native_client();
    public.require_pkce = false;
    let error = redirected(&without("mysweetcli", "http://127.0.0.1:1/callback"), &public);
    assert_eq!(error.refusal.rule, Rule::PkceChallengeMissing);

    let mut confidential = samples::web_client();
    confidential.require_pkce = false;
    let request = without("mysweetapp", REDIRECT);
    assert_eq!(checked(&request, &confidential).unwrap().code_challenge, None);
}

#[test]
fn a_client_that_need_not_use_pkce_still_may_not_use_it_badly() {
    let mut client = samples::web_client();
    client.require_pkce = false;
    let half = with(|r| r.code_challenge = None);
    assert_eq!(
        redirected(&half, &client).refusal.rule,
        Rule::PkceChallengeMissing
    );
    let plain = with(|r| {
        r.code_challenge = text(VERIFIER);
        r.code_challenge_method = text("plain");
    });
    assert_eq!(redirected(&plain, &client).refusal.rule, Rule::PkceMethodNotS256);
}

#[test]
fn a_request_without_scope_means_all_but_openid_and_offline_access() {
    let valid = accepted(&with(|r| r.scope = None));
    assert_eq!(
        valid.scope,
        scope("profile email photos.read photos.write calendar.read")
    );
    let mut client = samples::web_client();
    client.scope = scope("openid");
    assert_eq!(
        redirected(&with(|r| r.scope = None), &client).refusal.rule,
        Rule::AuthorizeScopeNotAllowed
    );
}

#[test]
fn a_scope_that_the_server_no_longer_knows_is_refused_though_registered() {
    let mut client = samples::web_client();
    client.scope = scope("openid gone");
    let error = redirected(&with(|r| r.scope = text("gone")), &client);
    assert_eq!(error.refusal.rule, Rule::AuthorizeScopeNotAllowed);
}

#[test]
fn offline_access_is_ignored_for_a_client_that_may_not_refresh() {
    let asks = with(|r| r.scope = text("openid offline_access"));
    assert!(accepted(&asks).scope.contains("offline_access"));
    let mut client = samples::web_client();
    client.grant_types = [GrantType::AuthorizationCode].into();
    assert_eq!(checked(&asks, &client).unwrap().scope, scope("openid"));
}

#[test]
fn without_a_resource_the_scope_says_which_apis_are_meant() {
    let resources = |scope: &str| {
        let valid = accepted(&with(|r| r.scope = text(scope)));
        valid.resources.into_iter().collect::<Vec<_>>()
    };
    assert_eq!(resources("openid profile"), []);
    assert_eq!(resources("openid photos.read"), [resource(PHOTOS)]);
    assert_eq!(
        resources("photos.read calendar.read"),
        [resource(CALENDAR), resource(PHOTOS)]
    );
}

#[test]
fn a_client_registered_for_one_api_cannot_ask_for_another() {
    let mut client = samples::web_client();
    client.resources = [resource(PHOTOS)].into();
    let named = with(|r| r.resource = vec![CALENDAR.into()]);
    assert_eq!(
        redirected(&named, &client).refusal.rule,
        Rule::AuthorizeResourceUnknown
    );
    let implied = with(|r| r.scope = text("calendar.read"));
    assert_eq!(
        redirected(&implied, &client).refusal.rule,
        Rule::AuthorizeScopeNotAllowed
    );
}

#[test]
fn a_valid_request_survives_its_way_through_the_browser() {
    let valid = accepted(&with(|r| {
        r.prompt = text("login consent");
        r.max_age = text("0");
        r.login_hint = text("alice");
    }));
    let json = serde_json::to_string(&valid).unwrap();
    assert_eq!(serde_json::from_str::<ValidRequest>(&json).unwrap(), valid);
    let error = declined(&valid);
    let json = serde_json::to_string(&error).unwrap();
    assert_eq!(serde_json::from_str::<RedirectError>(&json).unwrap(), error);
}

#[test]
fn a_silent_request_is_answered_silently_also_when_it_is_refused() {
    let silent = with(|r| {
        r.prompt = text("none");
        r.scope = text("admin");
    });
    assert!(redirected(&silent, &samples::web_client()).silent);
    let spoken = with(|r| r.scope = text("admin"));
    assert!(!redirected(&spoken, &samples::web_client()).silent);
}

#[test]
fn the_grant_carries_what_was_asked_and_who_gave_it() {
    let valid = accepted(&good());
    let id = valetkey_model::GrantId(uuid::Uuid::from_u128(1));
    let made = grant(&valid, &samples::session(), &samples::policy(), id, NOW);
    assert_eq!(made.user, samples::user());
    assert_eq!(made.client.as_str(), "mysweetapp");
    assert!(!made.offline);
    assert_eq!(made.auth_time, samples::session().auth_time);
    assert_eq!(
        made.expires_at.seconds_since(NOW),
        samples::policy().grant_ttl_seconds
    );
    let GrantState::CodeIssued(issued) = &made.state else {
        panic!("no code");
    };
    assert_eq!(issued.redirect_uri, REDIRECT);
    assert_eq!(issued.code_expires_at, NOW.plus_seconds(60));
    assert_eq!(
        issued.code_challenge.as_ref().map(CodeChallenge::as_str),
        Some(CHALLENGE)
    );

    let offline = accepted(&with(|r| r.scope = text("openid offline_access")));
    assert!(grant(&offline, &samples::session(), &samples::policy(), id, NOW).offline);
}

#[test]
fn a_single_page_apps_grant_is_short_however_it_is_refreshed() {
    let request = with(|r| {
        r.client_id = text("mysweetspa");
        r.redirect_uri = text("https://spa.example/");
    });
    let valid = checked(&request, &samples::browser_client()).unwrap();
    assert_eq!(
        valid.grant_ttl_seconds,
        samples::policy().single_page_grant_ttl_seconds
    );
}

#[test]
fn cancel_answers_the_client_with_access_denied() {
    let error = declined(&accepted(&good()));
    assert_eq!(error.refusal.rule, Rule::AuthorizeAccessDenied);
    assert_eq!(error.refusal.rule.info().error.as_str(), "access_denied");
    assert_eq!(error.state.as_deref(), Some("s-1"));
    assert!(!error.silent);
}

#[test]
fn allow_remembers_just_what_was_asked() {
    let valid = accepted(&good());
    let given = consent(&valid, samples::user(), NOW);
    assert!(given.covers(&valid.scope, &valid.resources));
    assert!(!given.covers(&scope("photos.write"), &valid.resources));
    assert_eq!((given.user, given.client), (samples::user(), valid.client_id));
}
