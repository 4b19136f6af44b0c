//! The letters that people get. Each is written twice from the same facts, as text and as HTML: no picture, nothing fetched
//! from elsewhere, one link. What a person or an app chose to be called stands only in the notice about a linked provider.
//!
//! Decides nothing: whoever asks for a letter knows that it may be sent, and made the link.

use super::Letter;
use super::address::Address;
use crate::pages::{Brand, text, when};
use askama::Template;
use url::Url;
use valetkey_protocol::redirect_uri::is_loopback_host;
use valetkey_protocol::time::Timestamp;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;

/// The letter was not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LetterError {
    /// The link is neither https nor on this machine.
    #[error("the link of a letter is https, or http on loopback")]
    Link,
    /// The receiver's address is none.
    #[error("the receiver's address is none")]
    Address,
    /// A template failed.
    #[error("a letter's template failed")]
    Template,
}

/// A way to sign in that a person can add and remove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignInMethod {
    /// Codes from an authenticator app.
    Totp,
    /// The codes to use when the authenticator is lost, made anew.
    RecoveryCodes,
    /// A passkey, by the name that the person gave it.
    Passkey(String),
    /// An account at another provider, by the name of its button.
    Provider(String),
}

/// What happened to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It can be used from now on.
    Added,
    /// It cannot be used any more.
    Removed,
}

/// Asks the owner of an address whether it is theirs, and the address of the account with that username: whoever presses
/// the button gives the account this address, so the letter says which one. The link works for `valid_hours`.
pub fn verify_email(
    brand: &Brand,
    (to, username): (&str, &str),
    link: &str,
    valid_hours: u32,
) -> Result<Letter, LetterError> {
    let username = &text::short(username);
    let asked = Asked::new(brand, to, link, i64::from(valid_hours) * HOUR)?;
    let subject = String::from("Confirm your e-mail address");
    let Asked {
        brand,
        to,
        link,
        wait,
    } = &asked;
    let plain = VerifyEmailText {
        brand,
        to,
        username,
        link,
        wait,
    };
    let rich = VerifyEmailHtml {
        subject: &subject,
        brand,
        to,
        username,
        link,
        wait,
    };
    letter(to, &subject, &plain, &rich)
}

/// Lets a person choose a new password. The link works for `valid_minutes`.
pub fn reset_password(
    brand: &Brand,
    to: &str,
    link: &str,
    valid_minutes: u32,
) -> Result<Letter, LetterError> {
    let asked = Asked::new(brand, to, link, i64::from(valid_minutes) * MINUTE)?;
    let subject = String::from("Choose a new password");
    let Asked {
        brand,
        to,
        link,
        wait,
    } = &asked;
    let plain = ResetPasswordText {
        brand,
        to,
        link,
        wait,
    };
    let rich = ResetPasswordHtml {
        subject: &subject,
        brand,
        to,
        link,
        wait,
    };
    letter(to, &subject, &plain, &rich)
}

/// Invites somebody to open an account. The link works for `valid_hours`.
pub fn invitation(brand: &Brand, to: &str, link: &str, valid_hours: u32) -> Result<Letter, LetterError> {
    let asked = Asked::new(brand, to, link, i64::from(valid_hours) * HOUR)?;
    let Asked {
        brand,
        to,
        link,
        wait,
    } = &asked;
    let subject = format!("You are invited to {brand}");
    let plain = InvitationText {
        brand,
        to,
        link,
        wait,
    };
    let rich = InvitationHtml {
        subject: &subject,
        brand,
        to,
        link,
        wait,
    };
    letter(to, &subject, &plain, &rich)
}

/// Tells the owner of an address that somebody wanted to open an account with it, or give it to one, and that it has an
/// account already. `link` leads to where a new password can be asked for.
pub fn account_exists(brand: &Brand, to: &str, link: &str) -> Result<Letter, LetterError> {
    let (name, to, link) = (text::short(&brand.name), address(to)?, safe_link(link)?);
    let subject = String::from("You already have an account");
    let (brand, to, link) = (&name, &to, &link);
    let plain = AccountExistsText { brand, to, link };
    let rich = AccountExistsHtml {
        subject: &subject,
        brand,
        to,
        link,
    };
    letter(to, &subject, &plain, &rich)
}

/// Tells that the account is gone. `link` leads to the operator's start page.
pub fn account_deleted(brand: &Brand, to: &str, link: &str, at: Timestamp) -> Result<Letter, LetterError> {
    let name = text::short(&brand.name);
    Notice {
        subject: String::from("Your account was deleted"),
        what: format!("Your account at {name} was deleted, with everything in it."),
        remedy: "Somebody else was in your account. Tell the people who run this service; what was deleted cannot be brought back.",
    }
    .written(brand, to, link, at)
}

/// Tells that the password is another now. `link` leads to where a new one can be asked for.
pub fn password_changed(brand: &Brand, to: &str, link: &str, at: Timestamp) -> Result<Letter, LetterError> {
    let name = text::short(&brand.name);
    Notice {
        subject: String::from("Your password was changed"),
        what: format!("The password of your account at {name} was changed."),
        remedy: "Somebody else may be in your account. Ask for a new password at once, then look through your account for \
                 sessions and ways to sign in that are not yours.",
    }
    .written(brand, to, link, at)
}

/// Tells the owner of the old address that the account has another one. `link` leads to the operator's start page.
pub fn email_changed(
    brand: &Brand,
    old: &str,
    new: &str,
    link: &str,
    at: Timestamp,
) -> Result<Letter, LetterError> {
    let name = text::short(&brand.name);
    let new = Address::parse(new).map_err(|_| LetterError::Address)?;
    Notice {
        subject: String::from("Your e-mail address was changed"),
        what: format!(
            "Your account at {name} had this e-mail address. Now it has another one: {}",
            hidden(&new)
        ),
        remedy: "Somebody else may be in your account, and this address cannot take it back any more. Sign in while you still \
                 can, set the address right and choose a new password; if that fails, tell the people who run this service.",
    }
    .written(brand, old, link, at)
}

/// Tells that a way to sign in was added or removed. `link` leads to the account page.
pub fn sign_in_method_changed(
    brand: &Brand,
    to: &str,
    link: &str,
    (method, change): (&SignInMethod, Change),
    at: Timestamp,
) -> Result<Letter, LetterError> {
    let name = text::short(&brand.name);
    let method = match method {
        SignInMethod::Totp => String::from("An authenticator app"),
        SignInMethod::RecoveryCodes => String::from("A set of recovery codes"),
        SignInMethod::Passkey(called) => format!("The passkey \u{201c}{}\u{201d}", text::headline(called)),
        SignInMethod::Provider(called) => format!("Signing in with {}", text::headline(called)),
    };
    let (subject, what) = match change {
        Change::Added => ("A new way to sign in", "was added to"),
        Change::Removed => ("A way to sign in was removed", "was removed from"),
    };
    Notice {
        subject: subject.to_owned(),
        what: format!("{method} {what} your account at {name}."),
        remedy: "Somebody else may be in your account. Choose a new password at once, and look through your account for sessions \
                 and ways to sign in that are not yours.",
    }
    .written(brand, to, link, at)
}

/// What every letter with a task says.
struct Asked {
    brand: String,
    to: String,
    link: String,
    wait: String,
}

impl Asked {
    fn new(brand: &Brand, to: &str, link: &str, seconds: i64) -> Result<Self, LetterError> {
        Ok(Self {
            brand: text::short(&brand.name),
            to: address(to)?,
            link: safe_link(link)?,
            wait: when::wait(seconds),
        })
    }
}

/// What every letter about a change says.
struct Notice {
    subject: String,
    what: String,
    remedy: &'static str,
}

impl Notice {
    fn written(&self, brand: &Brand, to: &str, link: &str, at: Timestamp) -> Result<Letter, LetterError> {
        let (brand, to, link) = (text::short(&brand.name), address(to)?, safe_link(link)?);
        let when = format!("{} at {} UTC", when::day(at), when::clock(at));
        let plain = NoticeText {
            brand: &brand,
            to: &to,
            link: &link,
            what: &self.what,
            when: &when,
            remedy: self.remedy,
        };
        let rich = NoticeHtml {
            subject: &self.subject,
            brand: &brand,
            to: &to,
            link: &link,
            what: &self.what,
            when: &when,
            remedy: self.remedy,
        };
        letter(&to, &self.subject, &plain, &rich)
    }
}

fn letter(
    to: &str,
    subject: &str,
    plain: &impl Template,
    rich: &impl Template,
) -> Result<Letter, LetterError> {
    Ok(Letter {
        to: to.to_owned(),
        subject: subject.to_owned(),
        text: plain.render().map_err(|_| LetterError::Template)?,
        html: Some(rich.render().map_err(|_| LetterError::Template)?),
    })
}

fn address(to: &str) -> Result<String, LetterError> {
    Address::parse(to)
        .map(|address| address.to_string())
        .map_err(|_| LetterError::Address)
}

/// The link as the URL reader writes it: without spaces, line breaks or quotes.
fn safe_link(link: &str) -> Result<String, LetterError> {
    let url = Url::parse(link).map_err(|_| LetterError::Link)?;
    let is_way = url.scheme() == "https" || url.scheme() == "http" && is_loopback_host(&url);
    if !is_way || !url.username().is_empty() || url.password().is_some() {
        return Err(LetterError::Link);
    }
    Ok(url.into())
}

/// Enough to know one's own address by, too little for the owner of the old one to write to a stranger.
fn hidden(address: &Address) -> String {
    let first = address.local().chars().next().unwrap_or('*');
    format!("{first}***@{}", address.domain())
}

macro_rules! templates {
    ($($plain:ident $rich:ident $text:literal $html:literal { $($field:ident),* })*) => {$(
        #[derive(Template)]
        #[template(path = $text, whitespace = "preserve")]
        struct $plain<'a> { $($field: &'a str),* }

        #[derive(Template)]
        #[template(path = $html)]
        struct $rich<'a> { subject: &'a str, $($field: &'a str),* }
    )*};
}

templates! {
    VerifyEmailText VerifyEmailHtml "mail_verify_email.txt" "mail_verify_email.html" { brand, to, username, link, wait }
    ResetPasswordText ResetPasswordHtml "mail_reset_password.txt" "mail_reset_password.html" { brand, to, link, wait }
    InvitationText InvitationHtml "mail_invitation.txt" "mail_invitation.html" { brand, to, link, wait }
    AccountExistsText AccountExistsHtml "mail_account_exists.txt" "mail_account_exists.html" { brand, to, link }
    NoticeText NoticeHtml "mail_notice.txt" "mail_notice.html" { brand, to, link, what, when, remedy }
}
