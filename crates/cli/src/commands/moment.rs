//! Moments as people write them on the command line: a date, a moment, or so long ago.

use valetkey_protocol::time::Timestamp;

/// Since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Since {
    /// Since that moment.
    At(Timestamp),
    /// Since so many seconds ago.
    Ago(i64),
}

impl Since {
    pub(super) const fn at(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::Ago(seconds) => now.plus_seconds(-seconds),
        }
    }
}

/// The beginning of a day, in UTC.
pub(super) fn date(text: &str) -> Result<Timestamp, String> {
    let refused = |error: &dyn std::fmt::Display| format!("write the day as YYYY-MM-DD: {error}");
    if text.len() != "YYYY-MM-DD".len() {
        return Err("write the day as YYYY-MM-DD".into());
    }
    let day: jiff::civil::Date = text.parse().map_err(|error: jiff::Error| refused(&error))?;
    let begins = day
        .to_zoned(jiff::tz::TimeZone::UTC)
        .map_err(|error| refused(&error))?;
    Ok(Timestamp(begins.timestamp().as_second()))
}

/// A duration, a date or a moment.
pub(super) fn since(text: &str) -> Result<Since, String> {
    if let Some(seconds) = duration(text) {
        return Ok(Since::Ago(seconds));
    }
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Ok(Since::At(Timestamp(at.as_second())));
    }
    date(text).map(Since::At).map_err(|_| {
        "write so long ago (90m, 12h, 7d), a date (YYYY-MM-DD) or a moment (2026-11-20T08:00:00Z)".into()
    })
}

/// A whole number with one unit: seconds, minutes, hours, days, weeks.
fn duration(text: &str) -> Option<i64> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(unit_at)?;
    let seconds: i64 = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 24 * 3600,
        "w" => 7 * 24 * 3600,
        _ => return None,
    };
    number.parse::<i64>().ok()?.checked_mul(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_moment_is_refused() {
        for bad in [
            "",
            "7",
            "d",
            "-7d",
            "7 d",
            "7y",
            "1d2h",
            "2026-02-30",
            "20261120",
            "yesterday",
            "99999999999999999d",
        ] {
            assert!(since(bad).is_err(), "{bad}");
            assert!(date(bad).is_err(), "{bad}");
        }
        assert!(date("2026-11-20T08:00:00Z").is_err());
        assert!(since("2026-11-20T08:00:00").is_err(), "a moment says its zone");
    }

    #[test]
    fn a_day_begins_at_midnight_in_utc() {
        assert_eq!(date("1970-01-02"), Ok(Timestamp(86_400)));
        assert_eq!(since("1970-01-02"), Ok(Since::At(Timestamp(86_400))));
        assert_eq!(
            since("1970-01-02T01:00:00+01:00"),
            Ok(Since::At(Timestamp(86_400)))
        );
    }

    #[test]
    fn so_long_ago_counts_from_now() {
        for (text, seconds) in [
            ("90m", 5400),
            ("12h", 43_200),
            ("7d", 604_800),
            ("1w", 604_800),
            ("5s", 5),
        ] {
            assert_eq!(
                since(text).unwrap().at(Timestamp(1_000_000)),
                Timestamp(1_000_000 - seconds)
            );
        }
    }
}
