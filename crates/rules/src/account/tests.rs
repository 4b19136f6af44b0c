//! Accounts by table: what is refused first.

use super::link::{self, Confirmation, LinkKeys, Purpose, ResetPassword, SignUp as SignUpLink, VerifyEmail};
use super::*;
use crate::samples::NOW;
use uuid::Uuid;
use valetkey_model::user::PasswordHash;
use valetkey_model::{User, UserId};
use valetkey_protocol::claims::{Address, StandardClaims};

fn alice() -> User {
    User {
        id: UserId(Uuid::from_u128(1)),
        username: String::from("alice"),
        password_hash: Some(PasswordHash(String::from("$argon2id$one"))),
        claims: StandardClaims {
            email: Some(String::from("alice@example.com")),
            email_verified: Some(true),
            ..StandardClaims::default()
        },
        created_at: NOW,
    }
}

fn keys() -> LinkKeys {
    LinkKeys::new(&[7; 32])
}

fn invitation() -> link::Invitation {
    link::Invitation {
        email: String::from("new@example.com"),
        serial: String::from("1"),
        expires_at: NOW.plus_seconds(60),
    }
}

fn refused_by<T: std::fmt::Debug>(outcome: Result<T, Refusal>) -> Rule {
    outcome.unwrap_err().rule
}

fn policy(sign_up: SignUp) -> AccountsPolicy {
    AccountsPolicy {
        sign_up,
        ..AccountsPolicy::default()
    }
}

#[test]
fn a_username_that_could_be_taken_for_another_is_refused() {
    let long = "x".repeat(65);
    for bad in [
        "",
        " ",
        " alice",
        "alice ",
        "\u{a0}alice",
        "al  ice",
        "al\tice",
        "al\nice",
        "al\u{0}ice",
        "ali\u{200b}ce",
        "\u{202e}ecila",
        "alice\u{2066}",
        "ali\u{ad}ce",
        "alice\u{fe0f}",
        "\u{feff}alice",
        "al\u{2028}ice",
        "\u{3164}",
        "alice\u{e0061}",
        "\u{e000}lice",
        "alice\u{ffff}",
        "ali\u{3000}ce",
        "jose\u{301}",
        "...",
        "@",
        "😀",
        &long,
        "bob@example.com",
        "alice\u{301}@example.com",
    ] {
        let refused = username(bad, Some("alice@example.com"), &mut Trail::off());
        assert_eq!(refused_by(refused), Rule::SignUpUsernameMalformed, "{bad:?}");
    }
    assert!(
        username("alice@example.com", None, &mut Trail::off()).is_err(),
        "an address that nobody proves"
    );
}

#[test]
fn a_username_is_what_people_can_read() {
    let longest = "é".repeat(64);
    for good in [
        "alice",
        "Alice B.",
        "josé",
        "王小明",
        "a",
        "o'neil",
        "नमस्ते",
        "x_1-2",
        &longest,
    ] {
        assert_eq!(username(good, None, &mut Trail::off()), Ok(()), "{good:?}");
    }
    let own = username("Alice@Example.com", Some("alice@example.com"), &mut Trail::off());
    assert_eq!(own, Ok(()));
}

#[test]
fn nobody_signs_up_where_the_operator_does_not_want_it() {
    let may = |sign_up, invited: Option<&link::Invitation>| {
        may_sign_up(&policy(sign_up), invited, &mut Trail::off())
    };
    let invited = invitation();
    assert_eq!(refused_by(may(SignUp::Off, None)), Rule::SignUpClosed);
    assert_eq!(refused_by(may(SignUp::Off, Some(&invited))), Rule::SignUpClosed);
    assert_eq!(refused_by(may(SignUp::Invited, None)), Rule::SignUpClosed);
    assert_eq!(may(SignUp::Invited, Some(&invited)), Ok(()));
    assert_eq!(may(SignUp::Open, None), Ok(()));
    assert_eq!(may(SignUp::Open, Some(&invited)), Ok(()));
    assert_eq!(AccountsPolicy::default().sign_up, SignUp::Off);
    assert!(!policy(SignUp::Invited).is_open() && policy(SignUp::Open).is_open());
}

#[test]
fn an_address_elsewhere_or_a_subdomain_or_another_than_the_invited_one_is_refused() {
    let domains = policy(SignUp::Domains(["example.com".to_owned()].into()));
    let may = |policy: &AccountsPolicy, invited: Option<&link::Invitation>, email: &str| {
        let domain = email.rsplit('@').next().unwrap_or_default();
        may_use_address(policy, invited, (email, domain), &mut Trail::off())
    };
    for elsewhere in [
        "a@example.org",
        "a@evil.example.com",
        "a@notexample.com",
        "a@example.com.evil.org",
    ] {
        let refused = may(&domains, None, elsewhere);
        assert_eq!(refused_by(refused), Rule::SignUpDomainNotAllowed, "{elsewhere}");
    }
    assert_eq!(may(&domains, None, "a@example.com"), Ok(()));
    let invited = invitation();
    let refused = may(&domains, Some(&invited), "a@example.com");
    assert_eq!(refused_by(refused), Rule::SignUpInvitationInvalid);
    assert_eq!(may(&domains, Some(&invited), "New@example.com"), Ok(()));
    assert_eq!(may(&policy(SignUp::Open), None, "a@anywhere.org"), Ok(()));
}

#[test]
fn a_domain_says_nothing_of_an_address_that_is_not_proved_first() {
    let lax = |sign_up| AccountsPolicy {
        verify_email: false,
        ..policy(sign_up)
    };
    assert_eq!(lax(SignUp::Domains([].into())).proof(None), Proof::ByLetter);
    assert_eq!(lax(SignUp::Open).proof(None), Proof::Later);
    assert_eq!(policy(SignUp::Open).proof(None), Proof::ByLetter);
    assert_eq!(
        policy(SignUp::Open).proof(Some(&invitation())),
        Proof::ByInvitation
    );
}

#[test]
fn a_link_of_another_purpose_another_server_or_bent_does_not_open() {
    let keys = keys();
    let trail = &mut Trail::off();
    let user = alice();
    let verify = keys.seal(&link::verify_email(
        &user,
        "alice@example.com",
        NOW.plus_seconds(60),
    ));
    let reset = keys.seal(&link::reset_password(&user, NOW.plus_seconds(60)).unwrap());
    let as_reset = verify.replace(VerifyEmail::PREFIX, ResetPassword::PREFIX);
    for bad in [
        "",
        "vkp_",
        "vkp_AAAA",
        &verify,
        &as_reset,
        &reset[..reset.len() - 1],
    ] {
        let opened = keys.open::<ResetPassword>(bad, NOW, trail);
        assert_eq!(refused_by(opened), Rule::AccountLinkInvalid, "{bad}");
    }
    let other = LinkKeys::new(&[8; 32]);
    assert!(other.open::<ResetPassword>(&reset, NOW, trail).is_err());
    assert!(keys.open::<ResetPassword>(&reset, NOW, trail).is_ok());
    assert!(!reset.contains("alice"));
}

#[test]
fn a_link_opens_until_its_last_second_and_not_longer() {
    let (keys, trail) = (keys(), &mut Trail::off());
    let text = keys.seal(&link::reset_password(&alice(), NOW.plus_seconds(60)).unwrap());
    assert!(
        keys.open::<ResetPassword>(&text, NOW.plus_seconds(59), trail)
            .is_ok()
    );
    let late = keys.open::<ResetPassword>(&text, NOW.plus_seconds(60), trail);
    assert_eq!(refused_by(late), Rule::AccountLinkExpired);
    let invited = keys.seal(&invitation());
    let late = keys.open_invitation(&invited, NOW.plus_seconds(60), trail);
    assert_eq!(refused_by(late), Rule::SignUpInvitationInvalid);
    let none = keys.open_invitation(&text, NOW, trail);
    assert_eq!(refused_by(none), Rule::SignUpInvitationInvalid);
}

#[test]
fn a_reset_does_not_count_twice_or_after_another_change_or_for_an_address_of_before() {
    let trail = &mut Trail::off();
    let user = alice();
    let link = link::reset_password(&user, NOW).unwrap();
    assert_eq!(link::may_reset(&link, Some(&user), trail), Ok(()));
    let mut reset = user.clone();
    reset.password_hash = Some(PasswordHash(String::from("$argon2id$two")));
    let mut moved = user.clone();
    moved.claims.email = Some(String::from("alice@elsewhere.example"));
    let mut doubted = user.clone();
    doubted.claims.email_verified = Some(false);
    for (changed, why) in [(&reset, "password"), (&moved, "address"), (&doubted, "proof")] {
        let refused = link::may_reset(&link, Some(changed), trail);
        assert_eq!(refused_by(refused), Rule::AccountLinkUsed, "{why}");
    }
    assert_eq!(
        refused_by(link::may_reset(&link, None, trail)),
        Rule::AccountLinkUsed
    );
    assert_eq!(
        link::reset_password(&doubted, NOW),
        None,
        "nobody reads there for sure"
    );
}

#[test]
fn a_change_of_address_ends_with_the_password_it_was_asked_under() {
    let trail = &mut Trail::off();
    let user = alice();
    let link = link::change_email(&user, "thief@example.org", NOW);
    let mut reset = user.clone();
    reset.password_hash = Some(PasswordHash(String::from("$argon2id$two")));
    let refused = link::may_change(&link, Some(&reset), None, trail);
    assert_eq!(refused_by(refused), Rule::AccountLinkUsed);
    let mut changed = user.clone();
    changed.claims.email = Some(String::from("thief@example.org"));
    let refused = link::may_change(&link, Some(&changed), None, trail);
    assert_eq!(refused_by(refused), Rule::AccountLinkUsed, "twice");
    let other = Some(UserId(Uuid::from_u128(2)));
    let refused = link::may_change(&link, Some(&user), other, trail);
    assert_eq!(refused_by(refused), Rule::AccountEmailTaken);
    assert_eq!(link::may_change(&link, Some(&user), Some(user.id), trail), Ok(()));
}

#[test]
fn an_address_is_proved_once_and_for_its_own_account() {
    let trail = &mut Trail::off();
    let proved = alice();
    let mut user = proved.clone();
    user.claims.email_verified = Some(false);
    let link = link::verify_email(&user, "alice@example.com", NOW);
    let refused = link::may_verify(&link, Some(&proved), None, trail);
    assert_eq!(refused_by(refused), Rule::AccountLinkUsed);
    assert_eq!(
        refused_by(link::may_verify(&link, None, None, trail)),
        Rule::AccountLinkUsed
    );
    let stale = link::verify_email(&user, "old@example.com", NOW);
    assert!(link::may_verify(&stale, Some(&user), None, trail).is_err());
    let other = Some(UserId(Uuid::from_u128(2)));
    let refused = link::may_verify(&link, Some(&user), other, trail);
    assert_eq!(refused_by(refused), Rule::AccountEmailTaken);
    assert_eq!(link::may_verify(&link, Some(&user), None, trail), Ok(()));
}

#[test]
fn every_purpose_comes_back_as_what_it_was() {
    let (keys, trail) = (keys(), &mut Trail::off());
    let sign_up = SignUpLink {
        username: String::from("new"),
        email: String::from("new@example.com"),
        password_hash: PasswordHash(String::from("$argon2id$new")),
        interaction: String::from("i"),
        expires_at: NOW.plus_seconds(60),
    };
    assert!(!format!("{sign_up:?}").contains("argon2id"));
    let opened = keys.open_confirmation(&keys.seal(&sign_up), NOW, trail);
    assert_eq!(opened, Ok(Confirmation::SignUp(sign_up.clone())));
    let user = alice();
    let later = NOW.plus_seconds(60);
    let change = link::change_email(&user, "b@example.com", later);
    let opened = keys.open_confirmation(&keys.seal(&change), NOW, trail);
    assert_eq!(opened, Ok(Confirmation::Change(change)));
    let verify = link::verify_email(&user, "b@example.com", later);
    let opened = keys.open_confirmation(&keys.seal(&verify), NOW, trail);
    assert_eq!(opened, Ok(Confirmation::Verify(verify)));
    assert_eq!(
        keys.open_invitation(&keys.seal(&invitation()), NOW, trail),
        Ok(invitation())
    );
    assert_ne!(sign_up.once().key, invitation().once().key);
    assert!(!sign_up.once().key.contains("new"));
}

#[test]
fn an_account_is_not_deleted_by_another_name() {
    let may = |typed| may_delete("alice", typed, &mut Trail::off());
    for bad in ["", "bob", "ALICE", "alice2"] {
        assert_eq!(refused_by(may(bad)), Rule::AccountDeleteUnconfirmed, "{bad}");
    }
    assert_eq!(may("alice "), Ok(()));
}

fn typed(field: &'static str, text: &'static str) -> impl Fn(&str) -> Option<String> {
    move |name| (name == field).then(|| text.to_owned())
}

#[test]
fn what_a_claim_cannot_hold_is_refused_beside_its_field() {
    for (field, bad) in [
        ("name", "a\u{0}b"),
        ("name", "a\nb"),
        ("picture", "javascript:alert(1)"),
        ("picture", "https://user:secret@example.com/"),
        ("website", "example.com"),
        ("profile", "ftp://example.com"),
        ("birthdate", "31.12.1990"),
        ("birthdate", "1990-02-29"),
        ("birthdate", "1990-13-01"),
        ("birthdate", "0000"),
        ("birthdate", "1990-1-1"),
        ("birthdate", "1990-12-31-1"),
        ("zoneinfo", "Europe/"),
        ("zoneinfo", "../etc"),
        ("locale", "e"),
        ("locale", "en-"),
        ("locale", "deutsch (de)"),
        ("phone_number", "0049"),
        ("phone_number", "+1<script>"),
        ("phone_number", "+12"),
    ] {
        let outcome = profile::changed(&alice().claims, typed(field, bad), NOW, &mut Trail::off());
        let (refusal, problems) = outcome.unwrap_err();
        assert_eq!(refusal.rule, Rule::AccountProfileMalformed, "{field} {bad}");
        let fields: Vec<&str> = problems.iter().map(|problem| problem.field).collect();
        assert_eq!(fields, [field], "{bad}");
    }
    let long = "x".repeat(201);
    let too_long = |name: &str| (name == "name").then(|| long.clone());
    assert!(profile::changed(&alice().claims, too_long, NOW, &mut Trail::off()).is_err());
}

#[test]
fn nobody_vouches_for_themselves() {
    let mut before = alice().claims;
    before.phone_number = Some(String::from("+44 1865 000000"));
    before.phone_number_verified = Some(true);
    let same = profile::changed(
        &before,
        |name| Some(profile::value(&before, name).to_owned()),
        NOW,
        &mut Trail::off(),
    );
    assert_eq!(
        same.unwrap(),
        before,
        "nothing changed, and so neither did updated_at"
    );
    let moved = profile::changed(
        &before,
        typed("phone_number", "+44 1865 111111"),
        NOW,
        &mut Trail::off(),
    );
    let moved = moved.unwrap();
    assert_eq!(moved.phone_number_verified, Some(false));
    assert_eq!(moved.updated_at, Some(NOW.0));
    assert_eq!(
        (moved.email, moved.email_verified),
        (before.email, before.email_verified)
    );
    let attempted = |name: &str| match name {
        "email" | "email_verified" | "phone_number_verified" | "sub" => Some(String::from("true")),
        _ => None,
    };
    let after = profile::changed(&alice().claims, attempted, NOW, &mut Trail::off()).unwrap();
    assert_eq!(after, alice().claims);
}

#[test]
fn every_field_is_written_and_taken_back() {
    let example = |name: &str| {
        Some(String::from(match name {
            "birthdate" => "0000-02-29",
            "picture" | "profile" | "website" => "https://example.com/me",
            "locale" => "pt-BR",
            "zoneinfo" => "America/Argentina/Buenos_Aires",
            "phone_number" => "+44 1865 000000",
            "street_address" => "1 Broad Street\r\nFlat 2",
            other => other,
        }))
    };
    let full = profile::changed(&StandardClaims::default(), example, NOW, &mut Trail::off()).unwrap();
    for field in profile::FIELDS {
        assert!(!profile::value(&full, field.name).is_empty(), "{}", field.name);
    }
    let address = full.address.clone().unwrap();
    assert_eq!(address.street_address.as_deref(), Some("1 Broad Street\nFlat 2"));
    assert_eq!(full.email, None);
    let later = NOW.plus_seconds(9);
    let empty = profile::changed(&full, |_| None, later, &mut Trail::off()).unwrap();
    let expected = StandardClaims {
        updated_at: Some(later.0),
        ..StandardClaims::default()
    };
    assert_eq!(empty, expected);
}

#[test]
fn an_address_written_out_by_somebody_else_goes_when_its_parts_change() {
    let before = StandardClaims {
        address: Some(Address {
            formatted: Some(String::from("1 Old Street")),
            ..Address::default()
        }),
        ..StandardClaims::default()
    };
    let kept = profile::changed(&before, typed("name", "A"), NOW, &mut Trail::off()).unwrap();
    assert_eq!(kept.address, before.address);
    let moved = profile::changed(&before, typed("country", "GB"), NOW, &mut Trail::off()).unwrap();
    assert_eq!(moved.address.unwrap().formatted, None);
}
