//! What comes next for a valid request: sign-in, consent, the answer, or a refusal (OpenID Connect Core
//! §3.1.2.3, §3.1.2.4).
//!
//! A client that wants a surer sign-in than there was (`acr_values`, §5.5.1.1) gets one when the person is able to; else
//! the answer tells what there is, unless the client has said that nothing else will do.
//!
//! Consent is remembered, with exceptions. A public client whose redirect URI is not https (loopback, or a scheme of its
//! own) can be impersonated by any app on the device, so the person is asked every time (RFC 8252 §8.6, RFC 10017), and
//! `prompt=none` is refused. So is who answers a device, or gives OAuth 1.0a token credentials
//! ([`Respond::always_asks`](super::Respond::always_asks)).

use super::claims::to_be_covered;
use super::{RedirectError, ValidRequest};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use valetkey_model::{Client, Consent, Session};
use valetkey_protocol::acr::Acr;
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
    /// The person of the session as this client knows them (`sub`).
    pub subject: Option<&'a str>,
    /// How surely this person could sign in, with all that they have set up.
    pub best_acr: Acr,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
    /// The client wants a surer sign-in, and the person is able to.
    StepUp,
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
            Self::OtherPerson => "somebody else than the client names is signed in",
            Self::StepUp => "a surer sign-in is asked for",
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
    let refuse = |trail: &mut Trail, refusal: Refusal| {
        Decision::Refuse(Box::new(valid.refused(trail.refuse(refusal))))
    };
    let signed_in = signed_in(valid, situation, now).and_then(|session| surely(valid, situation, session));
    let session = match signed_in {
        Ok(session) => session,
        Err(Short::Login(why)) if silent || cannot_help(why, situation) => {
            let expected = "a person who is signed in";
            let refusal = Refusal::new(Rule::AuthorizeLoginRequired, expected, why.as_str());
            return refuse(trail, refusal);
        }
        Err(Short::Login(why)) => return Decision::Login { why },
        Err(Short::Unmet) => {
            let refusal = Refusal::new(
                Rule::AuthorizeAcrUnmet,
                "a person who can sign in as surely as is asked for",
                "one who cannot, or a value of acr that nobody can meet here",
            );
            return refuse(trail, refusal);
        }
    };
    trail.passed(Rule::AuthorizeLoginRequired);
    trail.passed(Rule::AuthorizeAcrUnmet);
    match why_ask(valid, situation, session) {
        None => {
            trail.passed(Rule::AuthorizeConsentRequired);
            trail.passed(valid.respond.rule_of_the_answer());
            Decision::Issue
        }
        Some(why) if silent => {
            let expected = "consent that is remembered and may be relied on";
            refuse(trail, Refusal::new(Rule::AuthorizeConsentRequired, expected, why))
        }
        Some(_) => Decision::Consent,
    }
}

/// What the session falls short of.
enum Short {
    /// A sign-in would help.
    Login(LoginWhy),
    /// Nothing would.
    Unmet,
}

/// Who has just signed in as somebody else would only be asked on and on.
fn cannot_help(why: LoginWhy, situation: &Situation<'_>) -> bool {
    why == LoginWhy::OtherPerson && situation.signed_in_now
}

/// The session, when the sign-in behind it will do for this request.
fn signed_in<'a>(
    valid: &ValidRequest,
    situation: &Situation<'a>,
    now: Timestamp,
) -> Result<&'a Session, Short> {
    let session = situation
        .session
        .filter(|session| !session.is_expired(now))
        .ok_or(Short::Login(LoginWhy::NoSession))?;
    let is_meant = |named: &BTreeSet<String>| situation.subject.is_some_and(|sub| named.contains(sub));
    if !valid.hinted.as_ref().is_none_or(is_meant) {
        return Err(Short::Login(LoginWhy::OtherPerson));
    }
    // A sign-in for this request satisfies whatever it asked; its age then only grows while the person reads
    // the consent page.
    if is_from_now(situation, session) {
        return Ok(session);
    }
    if valid.prompt.contains(&Prompt::Login) {
        return Err(Short::Login(LoginWhy::PromptLogin));
    }
    if valid.prompt.contains(&Prompt::SelectAccount) {
        return Err(Short::Login(LoginWhy::SelectAccount));
    }
    let too_old = valid.max_age.is_some_and(|max_age| {
        // max_age=0 means the same as prompt=login, also within one second.
        max_age == 0 || now.seconds_since(session.auth_time) > max_age
    });
    if too_old {
        return Err(Short::Login(LoginWhy::MaxAge));
    }
    Ok(session)
}

/// Whether the person signed in for this very request.
fn is_from_now(situation: &Situation<'_>, session: &Session) -> bool {
    situation.signed_in_now && session.auth_time >= situation.started_at
}

/// The session, when the sign-in behind it was as sure as the client asks, or the client takes another too. A voluntary
/// wish is no reason to show a page in a silent request, nor to ask again whoever has just signed in as they like.
fn surely<'a>(
    valid: &ValidRequest,
    situation: &Situation<'a>,
    session: &'a Session,
) -> Result<&'a Session, Short> {
    let wanted = &valid.acr_values;
    let is_met = |by: Acr| wanted.iter().any(|acr| *acr <= by);
    let wants_any = wanted.is_empty() && !valid.acr_is_essential;
    if wants_any || is_met(session.acr) {
        return Ok(session);
    }
    let could = is_met(situation.best_acr) && !is_from_now(situation, session);
    match (valid.acr_is_essential, could) {
        (true, false) => Err(Short::Unmet),
        (true, true) => Err(Short::Login(LoginWhy::StepUp)),
        (false, true) if !valid.prompt.contains(&Prompt::None) => Err(Short::Login(LoginWhy::StepUp)),
        (false, _) => Ok(session),
    }
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
        Some(consent) if !consent.covers(&to_be_covered(valid, consent), &valid.resources) => {
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
