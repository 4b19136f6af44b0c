//! Signing in with another provider (OpenID Connect Core §3.1 from the client's side): who somebody is here whom a provider
//! has signed in, and whether an account may be opened, linked or unlinked.
//!
//! What the provider sent was checked by the client library before; [`told`] reads from it. An account is known by the
//! provider's identifier alone, never by an e-mail address (OpenID Connect Core §5.7): whoever comes with the address of
//! somebody here must show that they are that person, and say yes.

mod fresh;
mod told;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod told_tests;

pub use fresh::{Fresh, can_tell, was_fresh};
pub use told::{Mapping, Told, primary_email, suggested_username, told};

use valetkey_model::{UserId, WaysIn};
use valetkey_protocol::rule::{Refusal, Rule, Trail};

/// No username chosen by its owner is longer.
const MOST_USERNAME_CHARACTERS: usize = 64;

/// Who may open an account by coming from a provider.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum SignUp {
    /// Nobody: accounts come another way, and are linked by their owners.
    #[default]
    Never,
    /// Whoever the provider signs in.
    Anybody,
    /// Whose e-mail address, verified and believed, is in one of these domains.
    Domains(Vec<String>),
    /// Whose e-mail address, verified and believed, was invited.
    Invited,
}

/// What is known here about somebody who comes from a provider.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facts {
    /// To whom the provider's account is linked.
    pub linked_to: Option<UserId>,
    /// Whether somebody here has the same e-mail address, verified.
    pub email_is_known: bool,
    /// Whether the address was invited.
    pub is_invited: bool,
}

/// What follows when a provider has signed somebody in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrived {
    /// It is this person.
    SignIn(UserId),
    /// It may be somebody who is known here: they sign in first, and then are asked whether to link the two.
    ProveFirst,
    /// Nobody yet: they choose a username and get an account.
    OpenAccount,
}

/// Who it is, and what they see next.
pub fn arrived(told: &Told, facts: Facts, sign_up: &SignUp, trail: &mut Trail) -> Result<Arrived, Refusal> {
    if let Some(user) = facts.linked_to {
        return Ok(Arrived::SignIn(user));
    }
    if facts.email_is_known {
        return Ok(Arrived::ProveFirst);
    }
    may_come(told, facts, sign_up, trail)?;
    Ok(Arrived::OpenAccount)
}

/// Whether an account may be opened under this name; `is_free` says that nobody has it.
pub fn open_account(
    told: &Told,
    facts: Facts,
    sign_up: &SignUp,
    (username, is_free): (&str, bool),
    trail: &mut Trail,
) -> Result<(), Refusal> {
    trail.require(Rule::UpstreamLinkTaken, facts.linked_to.is_none(), || {
        linked(String::from("an account that is linked to nobody"))
    })?;
    trail.require(Rule::UpstreamEmailTaken, !facts.email_is_known, || {
        (
            String::from("an address that nobody has"),
            String::from("one that somebody has"),
        )
    })?;
    may_come(told, facts, sign_up, trail)?;
    trail.require(Rule::UpstreamUsernameUnusable, is_username(username), || {
        (
            format!("1 to {MOST_USERNAME_CHARACTERS} letters, digits, dots, hyphens and underscores"),
            String::from("another name"),
        )
    })?;
    trail.require(Rule::UpstreamUsernameUnusable, is_free, || {
        (String::from("a free name"), String::from("one that is taken"))
    })
}

fn may_come(told: &Told, facts: Facts, sign_up: &SignUp, trail: &mut Trail) -> Result<(), Refusal> {
    let (may, expected) = match sign_up {
        SignUp::Anybody => (true, ""),
        SignUp::Never => (false, "an account that exists"),
        SignUp::Domains(domains) => (
            told.verified_email().is_some_and(|email| is_in(email, domains)),
            "a verified e-mail address in one of the domains",
        ),
        SignUp::Invited => (
            told.verified_email().is_some() && facts.is_invited,
            "a verified e-mail address that was invited",
        ),
    };
    trail.require(Rule::UpstreamSignUpClosed, may, || {
        let received = match told.verified_email() {
            Some(_) => "somebody new",
            None => "somebody new without a verified e-mail address",
        };
        (expected.to_owned(), received.to_owned())
    })
}

/// A domain counts by itself; what lies below it is another.
fn is_in(email: &str, domains: &[String]) -> bool {
    email
        .rsplit_once('@')
        .is_some_and(|(_, domain)| domains.iter().any(|allowed| allowed.eq_ignore_ascii_case(domain)))
}

/// Whether the text can be a username that its owner chooses: nothing in it hides, or looks like an e-mail address.
#[must_use]
pub fn is_username(text: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    let ends = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    text.chars().all(plain)
        && ends(text.chars().next())
        && ends(text.chars().next_back())
        && text.chars().count() <= MOST_USERNAME_CHARACTERS
}

/// What is to be done about a link that a person wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Linking {
    /// It is made.
    Make,
    /// It is there already.
    Stands,
}

/// Whether a provider's account may be linked to the person: `proved` says that the person has just shown who they are, in
/// this browser and for this purpose.
pub fn link(
    user: UserId,
    proved: bool,
    linked_to: Option<UserId>,
    trail: &mut Trail,
) -> Result<Linking, Refusal> {
    trail.require(Rule::UpstreamLinkUnproved, proved, || {
        (
            String::from("a sign-in for this very purpose"),
            String::from("none, or one of somebody else"),
        )
    })?;
    let free = linked_to.is_none_or(|other| other == user);
    trail.require(Rule::UpstreamLinkTaken, free, || {
        linked(String::from("an account that is linked to nobody else"))
    })?;
    Ok(if linked_to.is_some() {
        Linking::Stands
    } else {
        Linking::Make
    })
}

fn linked(expected: String) -> (String, String) {
    (expected, String::from("one that is linked"))
}

/// Whether a link may go: nobody locks themselves out. `left` is without it.
pub fn unlink(left: WaysIn, trail: &mut Trail) -> Result<(), Refusal> {
    trail.require(Rule::UpstreamLastWay, left.is_any(), || {
        (
            String::from("a password, a passkey or another provider"),
            String::from("none of these"),
        )
    })
}
