//! Whether a name and a password belong together: one throttle and one bounded pool, whichever way the password
//! comes, by the sign-in page or by the password grant (RFC 6749 §4.3). A wrong name and a wrong password look the
//! same, take the same work, and are counted.

use crate::call::{Call, Failure};
use crate::context::Context;
use crate::throttle::{self, Verdict};
use std::net::IpAddr;
use valetkey_model::User;
use valetkey_protocol::rule::{Refusal, Rule};
use valetkey_protocol::secret::Password;

/// What somebody shows.
pub(crate) struct Attempt<'a> {
    pub(crate) username: &'a str,
    pub(crate) password: &'a Password,
    /// Where it came from.
    pub(crate) address: IpAddr,
}

/// The way the password came: each has rules of its own for the same two refusals.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Way {
    /// The person typed it here.
    Page,
    /// The person typed it into the client.
    PasswordGrant,
    /// The person is signed in and typed it to change something.
    Account,
}

impl Way {
    const fn throttled(self) -> Rule {
        match self {
            Self::Page | Self::Account => Rule::LoginThrottled,
            Self::PasswordGrant => Rule::PasswordThrottled,
        }
    }

    const fn wrong(self) -> Rule {
        match self {
            Self::Page => Rule::LoginCredentialsWrong,
            Self::PasswordGrant => Rule::PasswordCredentialsWrong,
            Self::Account => Rule::AccountPasswordWrong,
        }
    }
}

/// How it came out.
pub(crate) enum Outcome {
    /// It is this person.
    Right(Box<User>),
    /// It is nobody.
    Wrong(Refusal),
    /// Nobody looked: too many were wrong before.
    Throttled {
        refusal: Refusal,
        retry_after_seconds: i64,
    },
}

/// Checks the attempt, and counts it; when it was right, the count of the username is forgotten.
pub(crate) async fn check(call: &mut Call<'_>, attempt: &Attempt<'_>, way: Way) -> Result<Outcome, Failure> {
    let outcome = judge(call, attempt, way).await?;
    if let Outcome::Right(_) = &outcome {
        forget(call.app, attempt).await?;
    }
    Ok(outcome)
}

/// What was counted before a password that was right.
pub(crate) async fn forget(app: &Context, attempt: &Attempt<'_>) -> Result<(), Failure> {
    let keys = throttle::Keys::new(app, attempt.username, attempt.address);
    Ok(throttle::succeeded(app, &keys).await?)
}

/// As [`check`], but to [`forget`] is the caller's: together with the session, so that the store writes both at once.
pub(crate) async fn judge(call: &mut Call<'_>, attempt: &Attempt<'_>, way: Way) -> Result<Outcome, Failure> {
    let (app, now) = (call.app, call.now);
    // Before the attempt is counted: that the server is busy is nobody's failure.
    let Ok(place) = app.passwords.place() else {
        let expected = "room in the queue for passwords";
        let refusal = Refusal::new(Rule::ServerBusy, expected, "a full queue");
        return Err(call.trail.refuse(refusal).into());
    };
    call.trail.passed(Rule::ServerBusy);
    let keys = throttle::Keys::new(app, attempt.username, attempt.address);
    if let Verdict::Closed { retry_after_seconds } = throttle::admit(app, &keys, now).await? {
        app.metrics.login("throttled");
        return Ok(Outcome::Throttled {
            refusal: call.trail.refuse(Refusal::plain(way.throttled())),
            retry_after_seconds,
        });
    }
    call.trail.passed(way.throttled());
    let policy = app.policy();
    let fits = attempt.username.len() <= policy.username_max_bytes
        && attempt.password.expose().len() <= policy.password_max_bytes;
    let user = if fits {
        app.store.find_user_by_username(attempt.username).await?
    } else {
        None
    };
    let hash = user.as_ref().and_then(|user| user.password_hash.as_ref());
    // The same work when there is nobody, so that its duration does not tell who exists.
    let is_right = fits && app.passwords.verify(place, attempt.password, hash).await?;
    let Some(user) = user.filter(|_| is_right) else {
        throttle::failed(app, &keys, now).await?;
        app.metrics.login("wrong");
        return Ok(Outcome::Wrong(call.trail.refuse(Refusal::plain(way.wrong()))));
    };
    app.metrics.login("signed_in");
    call.trail.passed(way.wrong());
    Ok(Outcome::Right(Box::new(user)))
}
