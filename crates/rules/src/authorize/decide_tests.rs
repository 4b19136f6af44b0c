//! Sign-in, consent, code or refusal: every case of a valid request.

use super::super::Respond;
use super::*;
use crate::samples::{self, CALENDAR, NOW, PHOTOS, REDIRECT, remembered, resource, scope};
use std::collections::BTreeSet;
use valetkey_model::client::Authentication;
use valetkey_model::{ClientId, UserId};
use valetkey_protocol::claims_request::ClaimsRequest;

fn valid(prompt: &[Prompt], max_age: Option<i64>) -> ValidRequest {
    ValidRequest {
        client_id: ClientId::parse("mysweetapp").unwrap(),
        redirect_uri: REDIRECT.into(),
        redirect_uri_was_given: true,
        scope: scope("openid photos.read"),
        resources: [resource(PHOTOS)].into(),
        state: Some("s-1".into()),
        nonce: None,
        prompt: prompt.iter().copied().collect::<BTreeSet<_>>(),
        claims: ClaimsRequest::default(),
        acr_values: Vec::new(),
        acr_is_essential: false,
        max_age,
        code_challenge: None,
        login_hint: None,
        hinted: None,
        grant_ttl_seconds: 60,
        respond: Respond::CODE,
    }
}

/// Alice, signed in ten minutes ago, who has allowed this before.
struct Alice {
    client: Client,
    session: Option<Session>,
    consent: Option<Consent>,
    best_acr: Acr,
    signed_in_now: bool,
    consented_now: bool,
}

fn alice() -> Alice {
    Alice {
        client: samples::web_client(),
        session: Some(samples::session()),
        consent: Some(remembered("openid profile photos.read", &[PHOTOS])),
        best_acr: Acr::OneFactor,
        signed_in_now: false,
        consented_now: false,
    }
}

impl Alice {
    fn decides(&self, valid: &ValidRequest) -> Decision {
        let situation = Situation {
            client: &self.client,
            session: self.session.as_ref(),
            subject: self.session.as_ref().map(|_| "alice"),
            best_acr: self.best_acr,
            consent: self.consent.as_ref(),
            started_at: NOW.plus_seconds(-5),
            signed_in_now: self.signed_in_now,
            consented_now: self.consented_now,
        };
        decide(valid, &situation, NOW, &mut Trail::off())
    }

    fn after_sign_in(mut self) -> Self {
        self.signed_in_now = true;
        if let Some(session) = &mut self.session {
            session.auth_time = NOW.plus_seconds(-2);
        }
        self
    }
}

fn refused(decision: Decision) -> Rule {
    match decision {
        Decision::Refuse(error) => {
            assert_eq!(error.state.as_deref(), Some("s-1"));
            error.refusal.rule
        }
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn a_silent_request_without_a_session_or_with_an_old_one_is_login_required() {
    let silent = valid(&[Prompt::None], None);
    let mut nobody = alice();
    nobody.session = None;
    assert_eq!(refused(nobody.decides(&silent)), Rule::AuthorizeLoginRequired);
    let mut expired = alice();
    expired.session.as_mut().unwrap().expires_at = NOW;
    assert_eq!(refused(expired.decides(&silent)), Rule::AuthorizeLoginRequired);
    assert_eq!(
        refused(alice().decides(&valid(&[Prompt::None], Some(599)))),
        Rule::AuthorizeLoginRequired
    );
}

#[test]
fn a_silent_request_without_consent_that_covers_it_is_consent_required() {
    let silent = valid(&[Prompt::None], None);
    for consent in [
        None,
        Some(remembered("openid", &[PHOTOS])),
        Some(remembered("openid photos.read", &[CALENDAR])),
        Some(Consent {
            user: UserId(uuid::Uuid::from_u128(0xb0b)),
            ..remembered("openid photos.read", &[PHOTOS])
        }),
        Some(Consent {
            client: samples::native_client().id,
            ..remembered("openid photos.read", &[PHOTOS])
        }),
    ] {
        let asked = Alice { consent, ..alice() };
        assert_eq!(refused(asked.decides(&silent)), Rule::AuthorizeConsentRequired);
        assert_eq!(asked.decides(&valid(&[], None)), Decision::Consent);
    }
}

#[test]
fn a_silent_request_that_may_be_answered_silently_is() {
    assert_eq!(
        alice().decides(&valid(&[Prompt::None], Some(600))),
        Decision::Issue
    );
    assert_eq!(alice().decides(&valid(&[], None)), Decision::Issue);
}

#[test]
fn impersonation_a_public_client_at_a_claimable_address_is_never_approved_silently() {
    for claimable in [
        "http://127.0.0.1:5000/callback",
        "http://localhost:8082/spa",
        "com.example.app:/callback",
    ] {
        let asks = |prompt: &[Prompt]| ValidRequest {
            redirect_uri: claimable.into(),
            ..valid(prompt, None)
        };
        let mut public = alice();
        public.client.authentication = Authentication::None;
        assert_eq!(public.decides(&asks(&[])), Decision::Consent);
        assert_eq!(
            refused(public.decides(&asks(&[Prompt::None]))),
            Rule::AuthorizeConsentRequired
        );
        public.consented_now = true;
        assert_eq!(public.decides(&asks(&[])), Decision::Issue);
        // A client with a secret proves itself when it redeems the code.
        assert_eq!(alice().decides(&asks(&[])), Decision::Issue);
    }
}

#[test]
fn a_public_client_at_its_own_https_address_is_remembered() {
    let mut public = alice();
    public.client.authentication = Authentication::None;
    assert_eq!(public.decides(&valid(&[Prompt::None], None)), Decision::Issue);
}

#[test]
fn an_answer_has_passed_the_last_rules() {
    let alice = alice();
    let situation = Situation {
        client: &alice.client,
        session: alice.session.as_ref(),
        subject: None,
        best_acr: Acr::OneFactor,
        consent: alice.consent.as_ref(),
        started_at: NOW,
        signed_in_now: false,
        consented_now: false,
    };
    let mut trail = Trail::recording();
    let _ = decide(&valid(&[], None), &situation, NOW, &mut trail);
    let rules: Vec<Rule> = trail.into_checks().into_iter().map(|check| check.rule).collect();
    assert_eq!(
        rules,
        [
            Rule::AuthorizeLoginRequired,
            Rule::AuthorizeAcrUnmet,
            Rule::AuthorizeConsentRequired,
            Rule::AuthorizeAccessDenied
        ]
    );
}

#[test]
fn nobody_signed_in_means_the_sign_in_page() {
    let mut nobody = alice();
    nobody.session = None;
    let why = LoginWhy::NoSession;
    assert_eq!(nobody.decides(&valid(&[], None)), Decision::Login { why });
}

#[test]
fn prompt_login_is_satisfied_only_by_a_sign_in_for_this_request() {
    let asks = valid(&[Prompt::Login], None);
    let why = LoginWhy::PromptLogin;
    assert_eq!(alice().decides(&asks), Decision::Login { why });
    // A sign-in in the very second of the request, but not for it.
    let mut same_second = alice();
    same_second.session.as_mut().unwrap().auth_time = NOW;
    assert_eq!(same_second.decides(&asks), Decision::Login { why });
    // The mark of a sign-in without a sign-in since the request began.
    let mut stale = alice();
    stale.signed_in_now = true;
    assert_eq!(stale.decides(&asks), Decision::Login { why });
    assert_eq!(alice().after_sign_in().decides(&asks), Decision::Issue);
}

#[test]
fn select_account_asks_who_it_is() {
    let asks = valid(&[Prompt::SelectAccount], None);
    let why = LoginWhy::SelectAccount;
    assert_eq!(alice().decides(&asks), Decision::Login { why });
    assert_eq!(alice().after_sign_in().decides(&asks), Decision::Issue);
}

#[test]
fn a_sign_in_older_than_max_age_is_not_enough_and_zero_means_now() {
    let why = LoginWhy::MaxAge;
    assert_eq!(alice().decides(&valid(&[], Some(599))), Decision::Login { why });
    assert_eq!(alice().decides(&valid(&[], Some(600))), Decision::Issue);
    let mut this_second = alice();
    this_second.session.as_mut().unwrap().auth_time = NOW;
    assert_eq!(this_second.decides(&valid(&[], Some(0))), Decision::Login { why });
    // Two seconds on the consent page do not send the person back to the sign-in page.
    assert_eq!(
        alice().after_sign_in().decides(&valid(&[], Some(0))),
        Decision::Issue
    );
}

#[test]
fn prompt_consent_asks_again_once() {
    let asks = valid(&[Prompt::Consent], None);
    assert_eq!(alice().decides(&asks), Decision::Consent);
    let mut allowed = alice();
    allowed.consented_now = true;
    assert_eq!(allowed.decides(&asks), Decision::Issue);
}

#[test]
fn consent_given_now_does_not_replace_a_sign_in() {
    let mut gone = alice();
    gone.session = None;
    gone.consented_now = true;
    let why = LoginWhy::NoSession;
    assert_eq!(gone.decides(&valid(&[], None)), Decision::Login { why });
}

#[test]
fn a_hinted_person_is_answered_about_and_nobody_else() {
    let about = |subs: &[&str], prompt: &[Prompt]| ValidRequest {
        hinted: Some(subs.iter().map(|sub| (*sub).to_owned()).collect()),
        ..valid(prompt, None)
    };
    let silent = [Prompt::None];
    for nobody_here in [&["bob"][..], &[], &["Alice"], &["bob", "carol"]] {
        assert_eq!(
            refused(alice().decides(&about(nobody_here, &silent))),
            Rule::AuthorizeLoginRequired,
            "{nobody_here:?}"
        );
    }
    assert_eq!(alice().decides(&about(&["alice"], &silent)), Decision::Issue);
    assert_eq!(
        alice().decides(&about(&["alice", "bob"], &silent)),
        Decision::Issue
    );

    let shown = about(&["bob"], &[]);
    let why = LoginWhy::OtherPerson;
    assert_eq!(alice().decides(&shown), Decision::Login { why });
    assert_eq!(
        refused(alice().after_sign_in().decides(&shown)),
        Rule::AuthorizeLoginRequired,
        "Alice signed in instead of Bob"
    );
}

fn surely(values: &[Acr], essential: bool, prompt: &[Prompt]) -> ValidRequest {
    ValidRequest {
        acr_values: values.to_vec(),
        acr_is_essential: essential,
        ..valid(prompt, None)
    }
}

#[test]
fn an_essential_acr_that_nobody_can_meet_is_refused() {
    let two = surely(&[Acr::TwoFactors], true, &[]);
    assert_eq!(refused(alice().decides(&two)), Rule::AuthorizeAcrUnmet);
    let unknown_here = surely(&[], true, &[]);
    let mut able = alice();
    able.best_acr = Acr::TwoFactors;
    assert_eq!(refused(able.decides(&unknown_here)), Rule::AuthorizeAcrUnmet);
    // Somebody who could have shown more and did not, when asked for just that.
    assert_eq!(
        refused(able.after_sign_in().decides(&two)),
        Rule::AuthorizeAcrUnmet
    );
    let code = Rule::AuthorizeAcrUnmet.info().error;
    assert_eq!(code.as_str(), "unmet_authentication_requirements");
}

#[test]
fn a_surer_sign_in_is_asked_of_those_who_are_able_to() {
    let why = LoginWhy::StepUp;
    for essential in [false, true] {
        let asks = surely(&[Acr::TwoFactors], essential, &[]);
        let mut able = alice();
        able.best_acr = Acr::TwoFactors;
        assert_eq!(able.decides(&asks), Decision::Login { why });
        able.session.as_mut().unwrap().acr = Acr::TwoFactors;
        assert_eq!(able.decides(&asks), Decision::Issue);
    }
    // Any of the values will do, and a surer sign-in meets a lesser wish.
    let either = surely(&[Acr::TwoFactors, Acr::OneFactor], true, &[]);
    assert_eq!(alice().decides(&either), Decision::Issue);
    let mut surer = alice();
    surer.session.as_mut().unwrap().acr = Acr::TwoFactors;
    assert_eq!(
        surer.decides(&surely(&[Acr::OneFactor], true, &[])),
        Decision::Issue
    );
}

#[test]
fn a_voluntary_acr_never_stops_a_request() {
    let two = |prompt| surely(&[Acr::TwoFactors], false, prompt);
    assert_eq!(alice().decides(&two(&[])), Decision::Issue);
    let mut able = alice();
    able.best_acr = Acr::TwoFactors;
    assert_eq!(able.decides(&two(&[Prompt::None])), Decision::Issue);
    assert_eq!(able.after_sign_in().decides(&two(&[])), Decision::Issue);
}

#[test]
fn a_silent_request_for_an_essential_acr_that_a_page_could_meet_is_login_required() {
    let asks = surely(&[Acr::TwoFactors], true, &[Prompt::None]);
    assert_eq!(refused(alice().decides(&asks)), Rule::AuthorizeAcrUnmet);
    let mut able = alice();
    able.best_acr = Acr::TwoFactors;
    assert_eq!(refused(able.decides(&asks)), Rule::AuthorizeLoginRequired);
}

fn asking_for(claims: &str, prompt: &[Prompt]) -> ValidRequest {
    ValidRequest {
        scope: scope("openid photos.read"),
        claims: ClaimsRequest::parse(claims).unwrap(),
        ..valid(prompt, None)
    }
}

#[test]
fn a_single_claim_that_was_never_allowed_is_asked_about() {
    for claims in [
        r#"{"userinfo":{"email":null}}"#,
        r#"{"id_token":{"phone_number":{"essential":true}}}"#,
    ] {
        let silent = asking_for(claims, &[Prompt::None]);
        assert_eq!(refused(alice().decides(&silent)), Rule::AuthorizeConsentRequired);
        assert_eq!(alice().decides(&asking_for(claims, &[])), Decision::Consent);
    }
}

#[test]
fn a_single_claim_is_remembered_once_allowed_and_one_of_an_allowed_scope_at_once() {
    let silent = &[Prompt::None];
    let email = asking_for(
        r#"{"userinfo":{"email":null,"sub":null,"shoe_size":null}}"#,
        silent,
    );
    let mut allowed = alice();
    let given = crate::authorize::consent(&email, samples::user(), NOW);
    assert_eq!(given.scope, scope("openid photos.read claim:email"));
    allowed.consent = Some(given);
    assert_eq!(allowed.decides(&email), Decision::Issue);
    // The remembered scope profile opens the name.
    let name = asking_for(r#"{"id_token":{"name":null}}"#, silent);
    assert_eq!(alice().decides(&name), Decision::Issue);
    // What says nothing about the person needs no word of theirs.
    let technical = asking_for(
        r#"{"id_token":{"auth_time":{"essential":true},"acr":null}}"#,
        silent,
    );
    assert_eq!(alice().decides(&technical), Decision::Issue);
}
