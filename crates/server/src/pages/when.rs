//! Moments as people read them, in UTC.

use valetkey_protocol::time::Timestamp;

/// `22 November 2026`.
#[must_use]
pub fn day(at: Timestamp) -> String {
    written(at, "%-d %B %Y")
}

/// `14:03:09`.
#[must_use]
pub fn clock(at: Timestamp) -> String {
    written(at, "%H:%M:%S")
}

/// `2026-11-22T14:03:09Z`, for `datetime` attributes.
#[must_use]
pub fn machine(at: Timestamp) -> String {
    written(at, "%Y-%m-%dT%H:%M:%SZ")
}

/// `4 minutes`, rounded up, never `0`.
#[must_use]
pub fn wait(seconds: i64) -> String {
    let (count, unit) = match seconds {
        i64::MIN..=59 => (seconds.max(1), "second"),
        60..=3599 => (seconds.saturating_add(59) / 60, "minute"),
        _ => (seconds.saturating_add(3599) / 3600, "hour"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// `4 minutes ago`, rounded down.
#[must_use]
pub fn ago(seconds: i64) -> String {
    match seconds {
        i64::MIN..=59 => String::from("less than a minute ago"),
        60..=119 => String::from("a minute ago"),
        120..=3599 => format!("{} minutes ago", seconds / 60),
        _ => String::from("more than an hour ago"),
    }
}

fn written(at: Timestamp, format: &str) -> String {
    jiff::Timestamp::from_second(at.0).map_or_else(
        |_| String::from("unknown"),
        |moment| moment.strftime(format).to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_rounded_up_and_never_nothing() {
        assert_eq!(wait(-5), "1 second");
        assert_eq!(wait(59), "59 seconds");
        assert_eq!(wait(61), "2 minutes");
        assert_eq!(wait(3600), "1 hour");
    }

    #[test]
    fn what_was_is_never_said_to_be_older_than_it_is() {
        assert_eq!(ago(-5), "less than a minute ago");
        assert_eq!(ago(60), "a minute ago");
        assert_eq!(ago(179), "2 minutes ago");
        assert_eq!(ago(3600), "more than an hour ago");
    }

    #[test]
    fn moments_read_as_people_write_them() {
        let at = Timestamp(1_795_355_010);
        assert_eq!(day(at), "22 November 2026");
        assert_eq!(machine(at), "2026-11-22T13:43:30Z");
        assert_eq!(day(Timestamp(i64::MAX)), "unknown");
    }
}
