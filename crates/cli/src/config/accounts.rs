//! `[accounts]`: who may open an account, and what people do with theirs by letters.

use super::document::Checks;
use super::section::{Key, Preset, Section};
use super::suggest::nearest;
use serde::Deserialize;
use std::collections::BTreeSet;
use valetkey_rules::account::{AccountsPolicy, Proof, SignUp};
use valetkey_rules::policy::Policy;
use valetkey_server::mail::Address;

const NAME: &str = "accounts";
const DAY: i64 = 24 * 3600;
/// The values of `sign_up`.
const WAYS: [&str; 4] = ["off", "open", "invited", "domains"];

/// The keys of `[accounts]`.
pub(super) const SECTION: Section = Section {
    name: NAME,
    repeated: false,
    about: "Accounts that people open and keep by themselves. New passwords and new addresses by letters need only the section mail.",
    keys: &[
        Key {
            name: "sign_up",
            kind: "off, open, invited or domains",
            preset: Preset::Is("\"off\""),
            meaning: "Who may open an account: nobody, anybody, whoever has an invitation of `valetkey user invite`, or whoever has an address at one of `domains` (or an invitation).",
        },
        Key {
            name: "domains",
            kind: "list of texts",
            preset: Preset::Unset("[\"example.com\"]"),
            meaning: "The domains, each as it stands behind the @; a subdomain is another one. They count with `sign_up = \"domains\"`.",
        },
        Key {
            name: "verify_email",
            kind: "true or false",
            preset: Preset::Is("true"),
            meaning: "An account exists only when its address is proved by a letter; with `domains` always. `false` lets people in at once, and a username cannot be an address then.",
        },
        Key {
            name: "verification_ttl_seconds",
            kind: "seconds",
            preset: Preset::Is("86400"),
            meaning: "How long a link works that proves an address.",
        },
        Key {
            name: "reset_ttl_seconds",
            kind: "seconds",
            preset: Preset::Is("1800"),
            meaning: "How long a link works that lets somebody choose a new password.",
        },
        Key {
            name: "invitation_ttl_seconds",
            kind: "seconds",
            preset: Preset::Is("604800"),
            meaning: "How long an invitation works, when `user invite` says nothing else.",
        },
        Key {
            name: "requests_per_address",
            kind: "number",
            preset: Preset::Is("30"),
            meaning: "So many accounts and letters may be asked for from one address in a window of [login] window_seconds.",
        },
        Key {
            name: "letters_per_receiver",
            kind: "number",
            preset: Preset::Is("5"),
            meaning: "So many letters with a link go to one person or one mailbox in that window; more are left out in silence.",
        },
    ],
};

/// `[accounts]` as it was written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Raw {
    sign_up: Option<String>,
    domains: Option<Vec<String>>,
    verify_email: Option<bool>,
    verification_ttl_seconds: Option<i64>,
    reset_ttl_seconds: Option<i64>,
    invitation_ttl_seconds: Option<i64>,
    requests_per_address: Option<u32>,
    letters_per_receiver: Option<u32>,
}

/// Writes `[accounts]` into the policy; `has_mail`: whether letters go out.
pub(super) fn apply(raw: &Raw, has_mail: bool, policy: &mut Policy, checks: &mut Checks) {
    let preset = AccountsPolicy::default();
    let mut ttl = |key, written: Option<i64>, default, longest| {
        checks.within(NAME, key, written.unwrap_or(default), 60..=longest)
    };
    let mut accounts = AccountsPolicy {
        verification_ttl_seconds: ttl(
            "verification_ttl_seconds",
            raw.verification_ttl_seconds,
            preset.verification_ttl_seconds,
            30 * DAY,
        ),
        reset_ttl_seconds: ttl(
            "reset_ttl_seconds",
            raw.reset_ttl_seconds,
            preset.reset_ttl_seconds,
            DAY,
        ),
        invitation_ttl_seconds: ttl(
            "invitation_ttl_seconds",
            raw.invitation_ttl_seconds,
            preset.invitation_ttl_seconds,
            366 * DAY,
        ),
        verify_email: raw.verify_email.unwrap_or(preset.verify_email),
        ..preset
    };
    let mut count = |key, written: Option<u32>, into: &mut u32| {
        *into = written.unwrap_or(*into);
        checks.within(NAME, key, i64::from(*into), 1..=1_000_000);
    };
    count(
        "requests_per_address",
        raw.requests_per_address,
        &mut accounts.requests_per_address,
    );
    count(
        "letters_per_receiver",
        raw.letters_per_receiver,
        &mut accounts.letters_per_receiver,
    );
    accounts.sign_up = sign_up(raw, checks);
    if accounts.is_open() && accounts.proof(None) == Proof::ByLetter && !has_mail {
        let why = "an address is proved by a letter: add the section [mail], or set verify_email = false for \"open\"";
        checks.refuse(NAME, "sign_up", why);
    }
    policy.accounts = accounts;
}

fn sign_up(raw: &Raw, checks: &mut Checks) -> SignUp {
    let domains = domains(raw, checks);
    let way = raw.sign_up.as_deref().unwrap_or("off");
    if way == "open" && raw.domains.is_some() {
        let why = "keeps nobody out of sign_up = \"open\"; write sign_up = \"domains\"";
        checks.refuse(NAME, "domains", why);
    }
    match way {
        "off" => SignUp::Off,
        "open" => SignUp::Open,
        "invited" => SignUp::Invited,
        "domains" => {
            if domains.is_empty() {
                checks.refuse(NAME, "domains", "names no domain; write [\"example.com\"]");
            }
            SignUp::Domains(domains)
        }
        other => {
            let meant = nearest(other, WAYS).map_or_else(
                || format!("write one of {}", WAYS.join(", ")),
                |meant| format!("did you mean {meant:?}?"),
            );
            checks.refuse(NAME, "sign_up", format!("{other:?} is none: {meant}"));
            SignUp::Off
        }
    }
}

/// In the form in which addresses are compared.
fn domains(raw: &Raw, checks: &mut Checks) -> BTreeSet<String> {
    let mut domains = BTreeSet::new();
    for written in raw.domains.iter().flatten() {
        match Address::parse(&format!("somebody@{written}")) {
            Ok(address) if !written.contains('@') => {
                domains.insert(address.domain().to_owned());
            }
            _ => checks.refuse(
                NAME,
                "domains",
                format!("{written:?} is no domain; write \"example.com\""),
            ),
        }
    }
    domains
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Settings, read};
    use std::path::Path;

    const LEAST: &str = "[server]\nissuer = \"https://id.example.com\"\n[store]\nfolder = \"data\"\n";
    const MAIL: &str = "[mail]\nsmtp_host = \"smtp.example.com\"\nfrom = \"no-reply@example.com\"\n";

    fn read_accounts(accounts: &str, mail: &str) -> Result<Settings, String> {
        let text = format!("{LEAST}{mail}[accounts]\n{accounts}");
        read(Path::new("/nowhere/valetkey.toml"), &text).map_err(|problems| problems.to_string())
    }

    #[test]
    fn what_cannot_be_is_told_with_its_key() {
        for (bad, words) in [
            (
                "sign_up = \"opne\"",
                "sign_up: \"opne\" is none: did you mean \"open\"?",
            ),
            ("sign_up = \"domains\"", "domains: names no domain"),
            (
                "sign_up = \"open\"\ndomains = [\"example.com\"]",
                "domains: keeps nobody out",
            ),
            (
                "sign_up = \"domains\"\ndomains = [\"a@example.com\"]",
                "domains: \"a@example.com\" is no domain",
            ),
            (
                "sign_up = \"domains\"\ndomains = [\"*.example.com\"]",
                "is no domain",
            ),
            ("reset_ttl_seconds = 5", "reset_ttl_seconds"),
            ("reset_ttl_seconds = 100000", "reset_ttl_seconds"),
            ("requests_per_address = 0", "requests_per_address"),
        ] {
            let said = read_accounts(bad, MAIL).expect_err(bad);
            assert!(
                said.contains("[accounts] ") && said.contains(words),
                "{bad}: {said}"
            );
        }
        assert!(
            read_accounts("verify = true", MAIL)
                .expect_err("unknown")
                .contains("verify_email")
        );
    }

    #[test]
    fn accounts_that_need_a_letter_need_a_mail_server() {
        for needs in [
            "sign_up = \"open\"",
            "sign_up = \"domains\"\ndomains = [\"a.example\"]\nverify_email = false",
        ] {
            let said = read_accounts(needs, "").expect_err(needs);
            assert!(
                said.contains("[accounts] sign_up: an address is proved by a letter"),
                "{said}"
            );
        }
        assert!(read_accounts("sign_up = \"open\"\nverify_email = false", "").is_ok());
        assert!(
            read_accounts("sign_up = \"invited\"", "").is_ok(),
            "its link may be handed over"
        );
    }

    #[test]
    fn an_absent_section_lets_nobody_in() {
        let settings = read_accounts("", "").unwrap();
        assert_eq!(settings.policy.accounts, AccountsPolicy::default());
        assert_eq!(settings.policy.accounts.sign_up, SignUp::Off);
    }

    #[test]
    fn a_whole_section_is_read() {
        let whole = "sign_up = \"domains\"\ndomains = [\"Example.com\", \"bücher.example\"]\nreset_ttl_seconds = 600\n\
                     letters_per_receiver = 2\n";
        let accounts = read_accounts(whole, MAIL).unwrap().policy.accounts;
        let domains = ["example.com", "xn--bcher-kva.example"].map(String::from);
        assert_eq!(accounts.sign_up, SignUp::Domains(domains.into()));
        assert_eq!(
            (accounts.reset_ttl_seconds, accounts.letters_per_receiver),
            (600, 2)
        );
    }
}
