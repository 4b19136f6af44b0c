//! Accounts of people: who may open one, what a username is, and what has to be proved by a letter. The links of letters
//! are [`link`]'s, what people say of themselves [`profile`]'s.
//!
//! Addresses and the strength of passwords are judged where letters are written; sending them is the server's.

pub mod link;
pub mod profile;
#[cfg(test)]
mod tests;
mod username;

pub use username::username;

use link::Invitation;
use std::collections::BTreeSet;
use valetkey_protocol::rule::{Refusal, Rule, Trail};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Who may open an account by themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignUp {
    /// Nobody.
    Off,
    /// Everybody.
    Open,
    /// Whoever has an invitation.
    Invited,
    /// Whoever proves an address at one of these domains (in small letters), or has an invitation.
    Domains(BTreeSet<String>),
}

/// What the operator decided about accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountsPolicy {
    /// Who may open one.
    pub sign_up: SignUp,
    /// Whether an address must be proved before the first sign-in.
    pub verify_email: bool,
    /// How long a link works that proves an address.
    pub verification_ttl_seconds: i64,
    /// How long a link works that lets somebody choose a new password.
    pub reset_ttl_seconds: i64,
    /// How long an invitation works.
    pub invitation_ttl_seconds: i64,
    /// How many accounts and letters one network address may ask for in [`crate::Policy::login_window_seconds`].
    pub requests_per_address: u32,
    /// How many letters with a link one person or one mailbox gets in that time.
    pub letters_per_receiver: u32,
}

impl Default for AccountsPolicy {
    fn default() -> Self {
        Self {
            sign_up: SignUp::Off,
            verify_email: true,
            verification_ttl_seconds: DAY,
            reset_ttl_seconds: 30 * MINUTE,
            invitation_ttl_seconds: 7 * DAY,
            requests_per_address: 30,
            letters_per_receiver: 5,
        }
    }
}

impl AccountsPolicy {
    /// Whether anybody may come without an invitation: only then the sign-in page points to sign-up.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.sign_up, SignUp::Open | SignUp::Domains(_))
    }

    /// What has to be shown about an address before its account exists. A domain says something only of a proved address.
    #[must_use]
    pub fn proof(&self, invited: Option<&Invitation>) -> Proof {
        if invited.is_some() {
            Proof::ByInvitation
        } else if self.verify_email || matches!(self.sign_up, SignUp::Domains(_)) {
            Proof::ByLetter
        } else {
            Proof::Later
        }
    }
}

/// How an address is proved at sign-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// It was: the invitation came by a letter to it.
    ByInvitation,
    /// By a letter; the account exists only afterwards.
    ByLetter,
    /// By a letter, while the account exists already.
    Later,
}

/// Whether somebody may begin to open an account, with the invitation that they brought, if any.
pub fn may_sign_up(
    policy: &AccountsPolicy,
    invited: Option<&Invitation>,
    trail: &mut Trail,
) -> Result<(), Refusal> {
    let is_allowed = match policy.sign_up {
        SignUp::Off => false,
        SignUp::Open | SignUp::Domains(_) => true,
        SignUp::Invited => invited.is_some(),
    };
    trail.require(Rule::SignUpClosed, is_allowed, || {
        let expected = match policy.sign_up {
            SignUp::Invited => "an invitation",
            _ => "an account made by the operator",
        };
        (
            expected.to_owned(),
            String::from("somebody who came by themselves"),
        )
    })
}

/// Whether the address is one with which they may: `domain` is its domain in small ASCII letters.
pub fn may_use_address(
    policy: &AccountsPolicy,
    invited: Option<&Invitation>,
    (email, domain): (&str, &str),
    trail: &mut Trail,
) -> Result<(), Refusal> {
    if let Some(invited) = invited {
        let is_same = invited.email.eq_ignore_ascii_case(email);
        return trail.require(Rule::SignUpInvitationInvalid, is_same, || {
            (
                String::from("the address that was invited"),
                String::from("another one"),
            )
        });
    }
    let SignUp::Domains(domains) = &policy.sign_up else {
        return Ok(());
    };
    trail.require(Rule::SignUpDomainNotAllowed, domains.contains(domain), || {
        let listed: Vec<&str> = domains.iter().map(String::as_str).collect();
        (
            format!("an address at {}", listed.join(" or ")),
            format!("one at {domain}"),
        )
    })
}

/// Whether the person typed what the page asked for before an account is deleted.
pub fn may_delete(username: &str, typed: &str, trail: &mut Trail) -> Result<(), Refusal> {
    let is_same = typed.trim() == username;
    trail.require(Rule::AccountDeleteUnconfirmed, is_same, || {
        (username.to_owned(), typed.chars().take(64).collect())
    })
}
