//! Writes spans of time and moments for people, in UTC.

use std::time::{SystemTime, UNIX_EPOCH};

/// Writes a span of time with its two largest units.
pub fn span(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match () {
        () if days > 0 => format!("{days} d {} h", hours % 24),
        () if hours > 0 => format!("{hours} h {} min", minutes % 60),
        () if minutes > 0 => format!("{minutes} min {} s", seconds % 60),
        () => format!("{seconds} s"),
    }
}

/// Writes how long ago a moment was, which is in seconds since 1970.
pub fn ago(moment: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |now| now.as_secs());
    span(now.saturating_sub(moment))
}

/// Writes a moment, in seconds since 1970, as `2026-11-28 07:06:05 UTC`.
pub fn moment(seconds: u64) -> String {
    let (days, time) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

/// Turns days since 1970-01-01 into a date (year, month, day) of the Gregorian calendar.
///
/// Years are counted from March, so that a leap day is the last day of its year; 400 years are one cycle.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (cycle, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (cycle * 400 + year + next, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected texts are those of `date -u -d @N`.
    #[test]
    fn moments() {
        for (seconds, text) in [
            (0, "1970-01-01 00:00:00 UTC"),
            (951_782_399, "2000-02-28 23:59:59 UTC"),
            (951_782_400, "2000-02-29 00:00:00 UTC"),
            (951_868_800, "2000-03-01 00:00:00 UTC"),
            (1_795_849_565, "2026-11-28 07:06:05 UTC"),
            (4_107_542_400, "2100-03-01 00:00:00 UTC"),
        ] {
            assert_eq!(moment(seconds), text);
        }
    }

    #[test]
    fn spans_have_two_units() {
        assert_eq!(span(59), "59 s");
        assert_eq!(span(63), "1 min 3 s");
        assert_eq!(span(3 * 86_400 + 7200), "3 d 2 h");
    }
}
