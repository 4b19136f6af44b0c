//! Who somebody is who comes from a provider: refusals first.

use super::*;
use uuid::Uuid;
use valetkey_protocol::time::Timestamp;

const ALICE: UserId = UserId(Uuid::from_u128(1));
const MALLORY: UserId = UserId(Uuid::from_u128(2));
const BEGAN: Timestamp = Timestamp(1_795_355_010);

fn told() -> Told {
    Told {
        provider: String::from("corner"),
        subject: String::from("42"),
        username: Some(String::from("alice")),
        name: Some(String::from("Alice Liddell")),
        given_name: None,
        family_name: None,
        picture: None,
        email: Some(String::from("alice@example.com")),
        email_verified: true,
    }
}

fn unverified() -> Told {
    Told {
        email_verified: false,
        ..told()
    }
}

fn known_email() -> Facts {
    Facts {
        email_is_known: true,
        ..Facts::default()
    }
}

fn linked_to(user: UserId) -> Facts {
    Facts {
        linked_to: Some(user),
        ..Facts::default()
    }
}

fn invited() -> Facts {
    Facts {
        is_invited: true,
        ..Facts::default()
    }
}

fn domains(names: &[&str]) -> SignUp {
    SignUp::Domains(names.iter().map(|name| (*name).to_owned()).collect())
}

fn refused<T: std::fmt::Debug>(outcome: Result<T, Refusal>) -> Rule {
    outcome.unwrap_err().rule
}

#[test]
fn nobody_new_gets_in_where_the_operator_does_not_let_them() {
    let come = |told: &Told, facts: Facts, sign_up: &SignUp| arrived(told, facts, sign_up, &mut Trail::off());
    let subdomain = Told {
        email: Some(String::from("alice@sub.example.com")),
        ..told()
    };
    let lookalike = Told {
        email: Some(String::from("alice@notexample.com")),
        ..told()
    };
    let nowhere = Told {
        email: None,
        ..told()
    };
    let ours = domains(&["example.com"]);
    for (who, facts, sign_up) in [
        (&told(), Facts::default(), &SignUp::Never),
        (&told(), invited(), &SignUp::Never),
        (&told(), Facts::default(), &domains(&[])),
        (&told(), Facts::default(), &domains(&["example.org"])),
        (&subdomain, Facts::default(), &ours),
        (&lookalike, Facts::default(), &ours),
        (&unverified(), Facts::default(), &ours),
        (&nowhere, Facts::default(), &ours),
        (&told(), Facts::default(), &SignUp::Invited),
        (&unverified(), invited(), &SignUp::Invited),
    ] {
        let rule = refused(come(who, facts, sign_up));
        assert_eq!(rule, Rule::UpstreamSignUpClosed, "{who:?} {sign_up:?}");
    }
}

#[test]
fn somebody_new_opens_an_account_where_they_may() {
    for (who, facts, sign_up) in [
        (&told(), Facts::default(), &SignUp::Anybody),
        (&unverified(), Facts::default(), &SignUp::Anybody),
        (
            &told(),
            Facts::default(),
            &domains(&["other.example", "EXAMPLE.com"]),
        ),
        (&told(), invited(), &SignUp::Invited),
    ] {
        assert_eq!(
            arrived(who, facts, sign_up, &mut Trail::off()),
            Ok(Arrived::OpenAccount),
            "{who:?} {sign_up:?}"
        );
    }
}

#[test]
fn takeover_by_e_mail_the_address_of_somebody_here_signs_nobody_in() {
    for sign_up in [SignUp::Never, SignUp::Anybody, SignUp::Invited] {
        assert_eq!(
            arrived(&told(), known_email(), &sign_up, &mut Trail::off()),
            Ok(Arrived::ProveFirst)
        );
        let chosen = ("alice2", true);
        let opened = open_account(&told(), known_email(), &sign_up, chosen, &mut Trail::off());
        assert_eq!(refused(opened), Rule::UpstreamEmailTaken);
    }
}

#[test]
fn a_linked_account_signs_its_person_in_whatever_its_e_mail_address_says() {
    for sign_up in [SignUp::Never, SignUp::Anybody] {
        let facts = Facts {
            email_is_known: true,
            ..linked_to(ALICE)
        };
        assert_eq!(
            arrived(&unverified(), facts, &sign_up, &mut Trail::off()),
            Ok(Arrived::SignIn(ALICE))
        );
    }
}

#[test]
fn an_account_is_not_opened_twice_nor_under_an_odd_or_taken_name() {
    let open = |facts: Facts, chosen: (&str, bool)| {
        open_account(&told(), facts, &SignUp::Anybody, chosen, &mut Trail::off())
    };
    assert_eq!(
        refused(open(linked_to(ALICE), ("al", true))),
        Rule::UpstreamLinkTaken
    );
    assert_eq!(
        refused(open(Facts::default(), ("alice", false))),
        Rule::UpstreamUsernameUnusable
    );
    let long = "a".repeat(65);
    for odd in [
        "",
        " ",
        "a b",
        " al",
        "al ",
        ".al",
        "al-",
        "a\u{202e}l",
        "a\nl",
        "al@example.com",
        &long,
    ] {
        let rule = refused(open(Facts::default(), (odd, true)));
        assert_eq!(rule, Rule::UpstreamUsernameUnusable, "{odd:?}");
    }
    for good in ["a", "al", "Alice.Liddell-1_2", "élise", "爱丽丝"] {
        assert_eq!(open(Facts::default(), (good, true)), Ok(()), "{good}");
    }
    let closed = open_account(
        &told(),
        Facts::default(),
        &SignUp::Never,
        ("al", true),
        &mut Trail::off(),
    );
    assert_eq!(refused(closed), Rule::UpstreamSignUpClosed);
}

#[test]
fn a_link_needs_proof_and_is_never_taken_from_somebody_else() {
    let mut off = Trail::off();
    assert_eq!(
        refused(link(ALICE, false, None, &mut off)),
        Rule::UpstreamLinkUnproved
    );
    assert_eq!(
        refused(link(ALICE, false, Some(ALICE), &mut off)),
        Rule::UpstreamLinkUnproved
    );
    assert_eq!(
        refused(link(ALICE, true, Some(MALLORY), &mut off)),
        Rule::UpstreamLinkTaken
    );
    assert_eq!(link(ALICE, true, Some(ALICE), &mut off), Ok(Linking::Stands));
    assert_eq!(link(ALICE, true, None, &mut off), Ok(Linking::Make));
}

#[test]
fn the_last_way_to_sign_in_stays() {
    assert_eq!(
        refused(unlink(WaysIn::default(), &mut Trail::off())),
        Rule::UpstreamLastWay
    );
    for ways in [
        WaysIn {
            has_password: true,
            ..WaysIn::default()
        },
        WaysIn {
            passkeys: 1,
            ..WaysIn::default()
        },
        WaysIn {
            links: 1,
            ..WaysIn::default()
        },
    ] {
        assert_eq!(unlink(ways, &mut Trail::off()), Ok(()), "{ways:?}");
    }
}

#[test]
fn a_sign_in_that_the_provider_does_not_show_to_be_fresh_is_refused() {
    let old = Some(BEGAN.plus_seconds(-31));
    for (fresh, auth_time) in [
        (Fresh::Anew, None),
        (Fresh::Anew, old),
        (Fresh::Within(600), None),
    ] {
        let rule = refused(was_fresh(fresh, auth_time, BEGAN, &mut Trail::off()));
        assert_eq!(rule, Rule::UpstreamNotFresh, "{fresh:?}");
    }
    for fresh in [Fresh::Anew, Fresh::Within(600)] {
        let rule = refused(can_tell(fresh, false, &mut Trail::off()));
        assert_eq!(rule, Rule::UpstreamNotFresh, "{fresh:?}");
        assert_eq!(can_tell(fresh, true, &mut Trail::off()), Ok(()));
    }
}

#[test]
fn a_fresh_sign_in_is_taken_and_an_old_one_where_nobody_asked() {
    let (at, old) = (Some(BEGAN), Some(BEGAN.plus_seconds(-500)));
    for (fresh, auth_time) in [
        (Fresh::Any, None),
        (Fresh::Any, old),
        (Fresh::Within(600), old),
        (Fresh::Anew, at),
        (Fresh::Anew, Some(BEGAN.plus_seconds(-30))),
        (Fresh::Anew, Some(BEGAN.plus_seconds(300))),
    ] {
        assert_eq!(
            was_fresh(fresh, auth_time, BEGAN, &mut Trail::off()),
            Ok(()),
            "{fresh:?}"
        );
    }
    assert_eq!(can_tell(Fresh::Any, false, &mut Trail::off()), Ok(()));
}

#[test]
fn prompt_and_max_age_say_how_fresh_a_sign_in_has_to_be() {
    for (prompt_login, max_age, fresh) in [
        (false, None, Fresh::Any),
        (false, Some(3600), Fresh::Within(3600)),
        (false, Some(61), Fresh::Within(61)),
        (false, Some(60), Fresh::Anew),
        (false, Some(0), Fresh::Anew),
        (true, None, Fresh::Anew),
        (true, Some(3600), Fresh::Anew),
    ] {
        assert_eq!(
            Fresh::of(prompt_login, max_age),
            fresh,
            "{prompt_login} {max_age:?}"
        );
    }
}
