//! What comes next for a valid request: sign-in, consent, a code, or a refusal (OpenID Connect Core
//! §3.1.2.3, §3.1.2.4).
//!
//! Consent is remembered, with exceptions. A public client whose redirect URI is not https (loopback, or a scheme of its
//! own) can be impersonated by any app on the device, so the person is asked every time (RFC 8252 §8.6, RFC 10017), and
//! `prompt=none` is refused. So is who answers a device, or gives OAuth 1.0a token credentials
//! ([`Respond::always_asks`](super::Respond::always_asks)).

use super::{RedirectError, ValidRequest};
use valetkey_model::{Client, Consent, Session};
use valetkey_protocol::authorize::Prompt;
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::time::Timestamp;

/// Where the person stands with this request.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// The client that asks.
    pub client: &'a Client,
    /// The session of the browser, when it has one.
    pub session: Option<&'a Session>,
    /// What this person allowed this client before.
    pub consent: Option<&'a Consent>,
    /// When this request came in first.
    pub started_at: Timestamp,
    /// Whether the person signed in on the way of this very request. A time alone cannot tell: a sign-in in
    /// the second before looks the same.
    pub signed_in_now: bool,
    /// Whether the person has just pressed "allow" for this very request.
    pub consented_now: bool,
}

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Show the sign-in page.
    Login {
        /// Why.
        why: LoginWhy,
    },
    /// Show the consent page.
    Consent,
    /// Issue the code, or what else was asked for.
    Issue,
    /// Answer the client with an error.
    Refuse(Box<RedirectError>),
}

/// Why the person must sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginWhy {
    /// Nobody is signed in.
    NoSession,
    /// The client asked for it (`prompt=login`).
    PromptLogin,
    /// The client wants the person to choose an account.
    SelectAccount,
    /// The sign-in is older than `max_age`.
    MaxAge,
    /// Somebody else than the client means is signed in.
    OtherPerson,
}

impl LoginWhy {
    /// In a few words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoSession => "nobody is signed in",
            Self::PromptLogin => "prompt=login",
            Self::SelectAccount => "prompt=select_account",
            Self::MaxAge => "the sign-in is older than max_age",
            Self::OtherPerson => "somebody else than id_token_hint names is signed in",
        }
    }
}

/// Decides what comes next. Called again after each page, with the situation as it is then.
#[must_use]
pub fn decide(
    valid: &ValidRequest,
    situation: &Situation<'_>,
    now: Timestamp,
    trail: &mut Trail,
) -> Decision {
    let silent = valid.prompt.contains(&Prompt::None);
    let session = match signed_in(valid, situation, now) {
        Ok(session) => session,
        // Who has just signed in as somebody else would only be asked on and on.
        Err(why) if silent || (why == LoginWhy::OtherPerson && situation.signed_in_now) => {
            let refusal = Refusal::new(
                Rule::AuthorizeLoginRequired,
                "a person who is signed in",
                why.as_str(),
            );
            return Decision::Refuse(Box::new(valid.refused(trail.refuse(refusal))));
        }
        Err(why) => return Decision::Login { why },
    };
    trail.passed(Rule::AuthorizeLoginRequired);
    match why_ask(valid, situation, session) {
        None => {
            trail.passed(Rule::AuthorizeConsentRequired);
            trail.passed(valid.respond.rule_of_the_answer());
            Decision::Issue
        }
        Some(why) if silent => {
            let refusal = Refusal::new(
                Rule::AuthorizeConsentRequired,
                "consent that is remembered and may be relied on",
                why,
            );
            Decision::Refuse(Box::new(valid.refused(trail.refuse(refusal))))
        }
        Some(_) => Decision::Consent,
    }
}

/// The session, when the sign-in behind it will do for this request.
fn signed_in<'a>(
    valid: &ValidRequest,
    situation: &Situation<'a>,
    now: Timestamp,
) -> Result<&'a Session, LoginWhy> {
    let session = situation
        .session
        .filter(|session| !session.is_expired(now))
        .ok_or(LoginWhy::NoSession)?;
    if valid.hinted.is_some_and(|user| user != session.user) {
        return Err(LoginWhy::OtherPerson);
    }
    // A sign-in for this request satisfies whatever it asked; its age then only grows while the person reads
    // the consent page.
    if situation.signed_in_now && session.auth_time >= situation.started_at {
        return Ok(session);
    }
    if valid.prompt.contains(&Prompt::Login) {
        return Err(LoginWhy::PromptLogin);
    }
    if valid.prompt.contains(&Prompt::SelectAccount) {
        return Err(LoginWhy::SelectAccount);
    }
    let too_old = valid.max_age.is_some_and(|max_age| {
        // max_age=0 means the same as prompt=login, also within one second.
        max_age == 0 || now.seconds_since(session.auth_time) > max_age
    });
    if too_old {
        return Err(LoginWhy::MaxAge);
    }
    Ok(session)
}

/// Whether another app could pass itself off as the client: it has no secret, and any app on the device may
/// listen at its address (RFC 8252 §8.6).
fn is_impersonable(client: &Client, redirect_uri: &str) -> bool {
    client.is_public() && !redirect_uri.starts_with("https://")
}

/// Why the person must be asked; `None` when they need not be.
fn why_ask(valid: &ValidRequest, situation: &Situation<'_>, session: &Session) -> Option<&'static str> {
    if situation.consented_now {
        return None;
    }
    if valid.prompt.contains(&Prompt::Consent) {
        return Some("prompt=consent");
    }
    if valid.respond.always_asks() {
        return Some("a request that is asked about each time");
    }
    if is_impersonable(situation.client, &valid.redirect_uri) {
        return Some("a public client at a redirect URI that another app can claim");
    }
    let consent = situation
        .consent
        .filter(|consent| consent.user == session.user && consent.client == valid.client_id);
    match consent {
        None => Some("no consent of this person to this client"),
        Some(consent) if !consent.covers(&valid.scope, &valid.resources) => {
            Some("a remembered consent that covers less")
        }
        Some(_) => None,
    }
}

impl ValidRequest {
    /// An error response to this request.
    #[must_use]
    pub fn refused(&self, refusal: Refusal) -> RedirectError {
        RedirectError {
            refusal,
            client_id: self.client_id.clone(),
            redirect_uri: self.redirect_uri.clone(),
            state: self.state.clone(),
            mode: self.respond.mode(),
            silent: self.prompt.contains(&Prompt::None),
        }
    }
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
