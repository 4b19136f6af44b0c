//! What people show beside a password: one-time codes and recovery codes, looked up, checked and counted. Whether a code is
//! right say `valetkey_rules::{totp, recovery}`; that each counts once the store sees to.
//!
//! Not here: the pages ([`crate::endpoints`]) and passkeys ([`crate::passkeys`]).

use crate::call::{Call, Failure};
use crate::context::Context;
use crate::mail::letters::{Change, SignInMethod, sign_in_method_changed};
use crate::throttle::{OfPerson, Verdict};
use crate::{outbox, routes};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use valetkey_jose::{b64, hash};
use valetkey_model::{Session, Totp, User, UserId};
use valetkey_protocol::acr::Acr;
use valetkey_protocol::rule::{Refusal, Rule};
use valetkey_protocol::time::Timestamp;
use valetkey_rules::second_factor::{self, Typed};
use valetkey_rules::totp::{self, TotpSecret};
use valetkey_store::{Leaving, StoreError};

/// A recovery code with blanks and hyphens wherever somebody puts them.
const MOST_TYPED_BYTES: usize = 64;

/// Somebody has taken the first of two steps; it travels with the request. It counts for a while, and while the password is
/// the one that was shown.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct FirstStep {
    user: UserId,
    at: Timestamp,
    /// How (RFC 8176).
    pub(crate) amr: Vec<String>,
    password: String,
}

impl FirstStep {
    pub(crate) fn of(user: &User, amr: Vec<String>, at: Timestamp) -> Self {
        Self {
            user: user.id,
            at,
            amr,
            password: password_mark(user),
        }
    }
}

fn password_mark(user: &User) -> String {
    let hash = user
        .password_hash
        .as_ref()
        .map_or("", |password| password.0.as_str());
    b64::encode_url(&hash::sha256(hash.as_bytes()))
}

/// Who took the first step, while it counts.
pub(crate) async fn who_began(call: &mut Call<'_>, step: Option<&FirstStep>) -> Result<User, Failure> {
    let user = match step {
        None => None,
        Some(step) => call.app.store.find_user(step.user).await?,
    };
    let step = step.filter(|step| {
        user.as_ref()
            .is_some_and(|user| password_mark(user) == step.password)
    });
    second_factor::first_step_counts(step.map(|step| step.at), call.now, &mut call.trail)?;
    user.ok_or_else(|| Refusal::plain(Rule::SecondFactorExpired).into())
}

/// Whether somebody is asked for more than a password, or could show more: one-time codes, or a passkey.
pub(crate) async fn has_second_factor(app: &Context, user: UserId) -> Result<bool, StoreError> {
    Ok(app.store.find_totp(user).await?.is_some() || !app.store.list_passkeys(user).await?.is_empty())
}

/// How surely somebody could sign in, with all that they have set up.
pub(crate) async fn best_acr(app: &Context, user: UserId) -> Result<Acr, StoreError> {
    let has_two = has_second_factor(app, user).await?;
    Ok(if has_two { Acr::TwoFactors } else { Acr::OneFactor })
}

/// How a code came out.
pub(crate) enum Outcome {
    /// It was right, and is used up now.
    Right,
    /// It was not.
    Wrong(Refusal),
    /// Nobody looked: too many were wrong before.
    Throttled {
        refusal: Refusal,
        retry_after_seconds: i64,
    },
}

/// Checks what was typed, and counts it.
pub(crate) async fn check(
    call: &mut Call<'_>,
    totp: &Totp,
    typed: &str,
    address: IpAddr,
) -> Result<Outcome, Failure> {
    let (app, now) = (call.app, call.now);
    let guesses = OfPerson::second_factor(app, totp.user, address);
    if let Verdict::Closed { retry_after_seconds } = guesses.admit(app, now).await? {
        app.metrics.login("throttled");
        return Ok(Outcome::Throttled {
            refusal: call.trail.refuse(Refusal::plain(Rule::SecondFactorThrottled)),
            retry_after_seconds,
        });
    }
    call.trail.passed(Rule::SecondFactorThrottled);
    if !use_up(app, totp, typed, now).await? {
        guesses.failed(app, now).await?;
        app.metrics.login("wrong_code");
        return Ok(Outcome::Wrong(wrong(call)));
    }
    guesses.succeeded(app).await?;
    call.trail.passed(Rule::SecondFactorWrong);
    Ok(Outcome::Right)
}

/// The refusal of a code. It does not say what would have been right.
pub(crate) fn wrong(call: &mut Call<'_>) -> Refusal {
    call.trail.refuse(Refusal::plain(Rule::SecondFactorWrong))
}

async fn use_up(app: &Context, totp: &Totp, typed: &str, now: Timestamp) -> Result<bool, Failure> {
    if typed.len() > MOST_TYPED_BYTES {
        return Ok(false);
    }
    match Typed::of(typed) {
        Typed::RecoveryCode => {
            let hash = app.recovery.hash(totp.user, typed);
            Ok(app.store.use_recovery_code(totp.user, hash).await?)
        }
        Typed::OneTimeCode => {
            let Some(secret) = app.totp.open(totp.user, &totp.secret) else {
                let problem = "the secret of one-time codes does not open with this master key";
                return Err(Failure::Broken(String::from(problem)));
            };
            match totp::verify(&secret, typed, now, Some(totp.last_step)) {
                Some(step) => Ok(app.store.use_totp_step(totp.user, step).await?),
                None => Ok(false),
            }
        }
    }
}

/// A secret that a page shows, until a code of it is typed there: it travels sealed with the form and belongs to a session.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SetUp {
    secret: String,
    at: Timestamp,
}

impl SetUp {
    pub(crate) fn new(secret: &TotpSecret, at: Timestamp) -> Self {
        Self {
            secret: secret.shown().to_string(),
            at,
        }
    }

    pub(crate) fn seal(&self, app: &Context, session: &Session) -> String {
        seal(app, "one-time codes", session, self)
    }

    /// The secret that the form brings back.
    pub(crate) fn open(
        call: &mut Call<'_>,
        session: &Session,
        text: Option<&str>,
    ) -> Result<TotpSecret, Refusal> {
        let opened: Option<Self> = open(call.app, "one-time codes", session, text);
        let at = opened.as_ref().map(|set_up| set_up.at);
        second_factor::set_up_counts(at, call.now, &mut call.trail)?;
        opened
            .and_then(|set_up| TotpSecret::from_shown(&set_up.secret))
            .ok_or_else(|| Refusal::plain(Rule::SecondFactorSetUpExpired))
    }
}

/// Seals what a form of an account page brings back, for this session and this purpose.
pub(crate) fn seal(app: &Context, purpose: &str, session: &Session, value: &impl Serialize) -> String {
    let plain = serde_json::to_vec(value).unwrap_or_default();
    app.secrets
        .interaction
        .seal_to_text(bound_to(purpose, session).as_bytes(), &plain)
}

/// Opens it again.
pub(crate) fn open<T: serde::de::DeserializeOwned>(
    app: &Context,
    purpose: &str,
    session: &Session,
    text: Option<&str>,
) -> Option<T> {
    let plain = app
        .secrets
        .interaction
        .open_from_text(bound_to(purpose, session).as_bytes(), text?);
    serde_json::from_slice(&plain.ok()?).ok()
}

fn bound_to(purpose: &str, session: &Session) -> String {
    format!("{purpose} of session {}", session.id)
}

/// What must be left of the ways by which somebody signs in.
pub(crate) fn a_way_in(app: &Context) -> Leaving {
    Leaving::AWayIn {
        providers: app.upstream.iter().map(|provider| provider.id.clone()).collect(),
    }
}

/// Tells the person at their verified address that a way to sign in was added or removed, where letters go out. It stands
/// already, so that the letter cannot be sent is for the log.
pub(crate) async fn tell_of_change(app: &Context, user: &User, method: SignInMethod, change: Change) {
    let is_verified = user.claims.email_verified == Some(true);
    let to = user.claims.email.as_deref();
    let Some(to) = to.filter(|_| is_verified && app.mailer.is_some()) else {
        return;
    };
    let (brand, link) = (&app.settings.brand, app.url(routes::ACCOUNT));
    let letter = sign_in_method_changed(brand, to, &link, (&method, change), app.now());
    let posted = match letter {
        Ok(letter) => outbox::post(app, &letter)
            .await
            .map_err(|failure| format!("{failure:?}")),
        Err(error) => Err(error.to_string()),
    };
    if let Err(error) = posted {
        tracing::error!(user = %user.id, error, "the letter about a way to sign in was not sent");
    }
}
