//! Guessing slowed down: failed sign-ins are counted by username and by address, on every node, across
//! restarts. While a limit is reached the right password is refused too, or it would tell itself. The limits are judged
//! by `rules::throttle`; here the counts are kept.
//!
//! What devices ask for (RFC 8628 §5.1) is counted by address alone: the requests they begin, and the wrong codes
//! that people type.

use crate::address;
use crate::context::Context;
use std::net::IpAddr;
use valetkey_jose::b64;
use valetkey_model::UserId;
use valetkey_model::user::username_key;
use valetkey_protocol::time::Timestamp;
pub(crate) use valetkey_rules::throttle::Verdict;
use valetkey_rules::throttle::{Count, verdict, verdict_counted};
use valetkey_store::{Attempts, StoreError, email_key};

/// The two keys that one sign-in counts on. Hashes: the store learns no name and no address.
pub(crate) struct Keys {
    user: String,
    address: String,
}

impl Keys {
    pub(crate) fn new(app: &Context, username: &str, address: IpAddr) -> Self {
        Self {
            user: hash(app, "user", &username_key(username)),
            address: hash(app, "address", &address::counted(address)),
        }
    }
}

fn hash(app: &Context, kind: &str, value: &str) -> String {
    b64::encode_url(&app.secrets.throttle.tag(&[kind.as_bytes(), value.as_bytes()]))
}

/// What an address may do only so often.
pub(crate) struct OfAddress {
    key: String,
    limit: u32,
}

impl OfAddress {
    /// Beginning device requests.
    pub(crate) fn device_requests(app: &Context, address: IpAddr) -> Self {
        Self {
            key: hash(app, "device request", &address::counted(address)),
            limit: app.policy().device_requests_per_address,
        }
    }

    /// Typing codes that no device shows.
    pub(crate) fn wrong_codes(app: &Context, address: IpAddr) -> Self {
        Self {
            key: hash(app, "wrong device code", &address::counted(address)),
            limit: app.policy().device_wrong_codes_per_address,
        }
    }

    /// Opening accounts, and asking for letters.
    pub(crate) fn accounts(app: &Context, address: IpAddr) -> Self {
        Self {
            key: hash(app, "accounts", &address::counted(address)),
            limit: app.policy().accounts.requests_per_address,
        }
    }

    /// Getting letters with a link, at a mailbox.
    pub(crate) fn letters_to(app: &Context, email: &str) -> Self {
        Self {
            key: hash(app, "letters to", &email_key(email)),
            limit: app.policy().accounts.letters_per_receiver,
        }
    }

    /// Getting letters with a link, whichever the mailbox.
    pub(crate) fn letters_of(app: &Context, user: UserId) -> Self {
        Self {
            key: hash(app, "letters of", &user.to_string()),
            limit: app.policy().accounts.letters_per_receiver,
        }
    }

    /// Registering clients.
    pub(crate) fn registrations(app: &Context, address: IpAddr) -> Self {
        Self {
            key: hash(app, "client registration", &address::counted(address)),
            limit: app.policy().registration.requests_per_address,
        }
    }

    /// Whether it may do it now.
    pub(crate) async fn verdict(&self, app: &Context, now: Timestamp) -> Result<Verdict, StoreError> {
        let before = app.store.attempts(&self.key, now).await?.map(count);
        Ok(verdict(before, self.limit, now))
    }

    /// It did it.
    pub(crate) async fn count(&self, app: &Context, now: Timestamp) -> Result<Verdict, StoreError> {
        let window = app.policy().login_window_seconds;
        let counted = app.store.record_failure(&self.key, now, window).await?;
        Ok(verdict_counted(count(counted), self.limit, now))
    }
}

/// What somebody may get wrong only so often, from wherever they come, and an address with whomever.
pub(crate) struct OfPerson {
    /// The key, the limit, and over which time it is counted.
    person: [(String, u32, i64); 2],
    address: (String, u32),
}

/// A code has a million values, and three of them are right at any time: with so few tries a day it takes decades.
const WRONG_CODES_A_DAY: u32 = 30;
const DAY_SECONDS: i64 = 24 * 60 * 60;

impl OfPerson {
    /// Typing codes of the second step. Whoever gets there knows the password.
    pub(crate) fn second_factor(app: &Context, user: UserId, address: IpAddr) -> Self {
        let (policy, user) = (app.policy(), user.to_string());
        let soon = (policy.login_failures_per_user, policy.login_window_seconds);
        Self {
            person: [
                (hash(app, "second factor", &user), soon.0, soon.1),
                (
                    hash(app, "second factor a day", &user),
                    WRONG_CODES_A_DAY,
                    DAY_SECONDS,
                ),
            ],
            address: (
                hash(app, "second factor address", &address::counted(address)),
                policy.login_failures_per_address,
            ),
        }
    }

    /// Counts the try before it is looked at, as [`admit`] does.
    pub(crate) async fn admit(&self, app: &Context, now: Timestamp) -> Result<Verdict, StoreError> {
        let limits = self.person.iter().map(|(key, limit, _)| (key, *limit));
        for (key, limit) in limits.chain([(&self.address.0, self.address.1)]) {
            let before = app.store.attempts(key, now).await?.map(count);
            let closed @ Verdict::Closed { .. } = verdict(before, limit, now) else {
                continue;
            };
            return Ok(closed);
        }
        let mut open = Verdict::Open;
        for (key, limit, window) in &self.person {
            let counted = app.store.record_failure(key, now, *window).await?;
            let closed @ Verdict::Closed { .. } = verdict_counted(count(counted), *limit, now) else {
                continue;
            };
            open = closed;
        }
        Ok(open)
    }

    /// It was wrong.
    pub(crate) async fn failed(&self, app: &Context, now: Timestamp) -> Result<(), StoreError> {
        let window = app.policy().login_window_seconds;
        app.store
            .record_failure(&self.address.0, now, window)
            .await
            .map(|_| ())
    }

    /// It was right: what the person got wrong is forgotten.
    pub(crate) async fn succeeded(&self, app: &Context) -> Result<(), StoreError> {
        for (key, _, _) in &self.person {
            app.store.clear_attempts(key).await?;
        }
        Ok(())
    }
}

/// Counts the attempt on the username as a failure before the password is looked at, so that parallel
/// guesses cannot outrun the count; [`succeeded`] takes it back.
pub(crate) async fn admit(app: &Context, keys: &Keys, now: Timestamp) -> Result<Verdict, StoreError> {
    let policy = app.policy();
    let limits = [
        (&keys.address, policy.login_failures_per_address),
        (&keys.user, policy.login_failures_per_user),
    ];
    for (key, limit) in limits {
        let before = app.store.attempts(key, now).await?.map(count);
        let closed @ Verdict::Closed { .. } = verdict(before, limit, now) else {
            continue;
        };
        return Ok(closed);
    }
    let window = policy.login_window_seconds;
    let counted = app.store.record_failure(&keys.user, now, window).await?;
    Ok(verdict_counted(
        count(counted),
        policy.login_failures_per_user,
        now,
    ))
}

/// The password was wrong.
pub(crate) async fn failed(app: &Context, keys: &Keys, now: Timestamp) -> Result<(), StoreError> {
    let window = app.policy().login_window_seconds;
    app.store
        .record_failure(&keys.address, now, window)
        .await
        .map(|_| ())
}

/// The password was right. Only the username's count is forgotten: one's own account must not clear the
/// address for guesses at others'.
pub(crate) async fn succeeded(app: &Context, keys: &Keys) -> Result<(), StoreError> {
    app.store.clear_attempts(&keys.user).await
}

fn count(attempts: Attempts) -> Count {
    Count {
        counted: attempts.failures,
        window_ends_at: attempts.window_ends_at,
    }
}
