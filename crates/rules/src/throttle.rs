//! Guessing slowed down: who is closed out, and until when. Used for sign-ins (by the page and by the password grant,
//! RFC 6749 §4.3.2), device requests and user codes (RFC 8628 §5.1). Counting is the store's, the limits are the policy's.

use valetkey_protocol::time::Timestamp;

/// How often something was counted, as the store found it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// How often.
    pub counted: u32,
    /// When the count is forgotten.
    pub window_ends_at: Timestamp,
}

/// What the throttle says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Go on.
    Open,
    /// Too many; come back later.
    Closed {
        /// For `Retry-After`.
        retry_after_seconds: i64,
    },
}

/// Whether one more may be tried when `before` were counted before it.
#[must_use]
pub fn verdict(before: Option<Count>, limit: u32, now: Timestamp) -> Verdict {
    match before {
        Some(count) if count.counted >= limit && now < count.window_ends_at => Verdict::Closed {
            retry_after_seconds: count.window_ends_at.seconds_since(now).max(1),
        },
        _ => Verdict::Open,
    }
}

/// The same when this one is among the counted: whoever counts first and looks afterwards cannot be outrun by trying many
/// at once.
#[must_use]
pub fn verdict_counted(with_this_one: Count, limit: u32, now: Timestamp) -> Verdict {
    verdict(Some(with_this_one), limit.saturating_add(1), now)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn count(counted: u32) -> Count {
        Count {
            counted,
            window_ends_at: Timestamp(100),
        }
    }

    const CLOSED: Verdict = Verdict::Closed {
        retry_after_seconds: 60,
    };

    #[test]
    fn the_limit_closes_until_the_window_ends() {
        assert_eq!(verdict(Some(count(10)), 10, Timestamp(40)), CLOSED);
        assert_eq!(verdict(Some(count(u32::MAX)), 10, Timestamp(40)), CLOSED);
        assert_eq!(verdict(Some(count(9)), 10, Timestamp(40)), Verdict::Open);
        assert_eq!(verdict(Some(count(10)), 10, Timestamp(100)), Verdict::Open);
        assert_eq!(verdict(None, 0, Timestamp(40)), Verdict::Open);
    }

    #[test]
    fn the_tenth_of_ten_is_let_through_and_the_eleventh_is_not() {
        assert_eq!(verdict_counted(count(10), 10, Timestamp(40)), Verdict::Open);
        assert_eq!(verdict_counted(count(11), 10, Timestamp(40)), CLOSED);
    }
}
