//! Guessing slowed down: failed sign-ins are counted by username and by address, on every node, across
//! restarts. While a limit is reached the right password is refused too, or it would tell itself.

use crate::address;
use crate::context::Context;
use std::net::IpAddr;
use valetkey_jose::b64;
use valetkey_model::user::username_key;
use valetkey_protocol::time::Timestamp;
use valetkey_store::{Attempts, StoreError};

/// The two keys that one sign-in counts on. Hashes: the store learns no name and no address.
pub(crate) struct Keys {
    user: String,
    address: String,
}

/// What the throttle says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The password may be checked.
    Open,
    /// Too many failures; come back later.
    Closed { retry_after_seconds: i64 },
}

impl Keys {
    pub(crate) fn new(app: &Context, username: &str, address: IpAddr) -> Self {
        let hash = |kind: &str, value: &str| {
            b64::encode_url(&app.secrets.throttle.tag(&[kind.as_bytes(), value.as_bytes()]))
        };
        Self {
            user: hash("user", &username_key(username)),
            address: hash("address", &address::counted(address)),
        }
    }
}

/// Counts the attempt on the username as a failure before the password is looked at, so that parallel
/// guesses cannot outrun the count; [`succeeded`] takes it back.
pub(crate) async fn admit(app: &Context, keys: &Keys, now: Timestamp) -> Result<Verdict, StoreError> {
    let policy = app.policy();
    let of_address = app.store.attempts(&keys.address, now).await?;
    if let Some(closed) = closed(of_address, policy.login_failures_per_address, now) {
        return Ok(closed);
    }
    let of_user = app.store.attempts(&keys.user, now).await?;
    if let Some(closed) = closed(of_user, policy.login_failures_per_user, now) {
        return Ok(closed);
    }
    let counted = app
        .store
        .record_failure(&keys.user, now, policy.login_window_seconds)
        .await?;
    // This attempt is one of the counted ones, so the limit itself is still open.
    let limit = policy.login_failures_per_user.saturating_add(1);
    Ok(closed(Some(counted), limit, now).unwrap_or(Verdict::Open))
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

fn closed(attempts: Option<Attempts>, limit: u32, now: Timestamp) -> Option<Verdict> {
    let attempts = attempts.filter(|attempts| attempts.failures >= limit && now < attempts.window_ends_at)?;
    Some(Verdict::Closed {
        retry_after_seconds: attempts.window_ends_at.seconds_since(now).max(1),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_closes_until_the_window_ends() {
        let attempts = |failures| {
            Some(Attempts {
                failures,
                window_ends_at: Timestamp(100),
            })
        };
        assert_eq!(closed(None, 10, Timestamp(0)), None);
        assert_eq!(closed(attempts(9), 10, Timestamp(0)), None);
        let verdict = Verdict::Closed {
            retry_after_seconds: 60,
        };
        assert_eq!(closed(attempts(10), 10, Timestamp(40)), Some(verdict));
        assert_eq!(closed(attempts(10), 10, Timestamp(100)), None);
    }
}
