//! How contexts print: `Display` as in Go, `Debug` with the state.

use super::Context;
use super::node::{Counted, Node};
use std::fmt;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

impl fmt::Display for Context {
    /// The chain of derivations, as in Go: `context.Background.WithCancel`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.node().write_names(f)
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Context");
        debug.field("name", &Name(self.node()));
        debug.field("err", &self.err());
        if let Some(cause) = self.cause() {
            debug.field("cause", &cause);
        }
        debug.field("deadline", &self.deadline()).finish()
    }
}

struct Name<'a>(&'a Counted<Node>);

impl fmt::Debug for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write_names(f)
    }
}

/// A deadline and the time left, as Go prints them in the name of a context.
pub(super) struct When {
    pub(super) deadline: Instant,
    pub(super) now: Instant,
    /// The wall clock at `now`.
    pub(super) wall: SystemTime,
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let left = self.deadline.saturating_duration_since(self.now);
        let over = self.now.saturating_duration_since(self.deadline);
        match self.wall.checked_add(left).and_then(|when| when.checked_sub(over)) {
            Some(when) => write_time(f, when)?,
            None => f.write_str("beyond the calendar")?,
        }
        write!(f, " [{}{}]", if over.is_zero() { "" } else { "-" }, Span(left.max(over)))
    }
}

/// Year, month and day of a time in UTC, unless it is later than any calendar goes.
fn calendar(time: Duration) -> Option<(u64, u64, u64)> {
    const LAST_YEAR: u64 = i32::MAX as u64;
    // Years begin in March here, so that the day that some years have more is the last one. An era has 400 of them. 1970
    // begins in the year 1969, which is the 369th of its era.
    const BEFORE_1970: u64 = 719_468;
    const DAYS_OF_ERA: u64 = 146_097;
    let days = time.as_secs() / 86_400 + BEFORE_1970;
    let (era, day) = (days / DAYS_OF_ERA, days % DAYS_OF_ERA);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day_of_month = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = 400 * era + year + u64::from(month <= 2);
    (year <= LAST_YEAR).then_some((year, month, day_of_month))
}

/// Prints as a Go time in UTC does: `2026-11-24 02:30:00.5 +0000 UTC`.
fn write_time(f: &mut fmt::Formatter<'_>, time: SystemTime) -> fmt::Result {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let Some((year, month, day)) = calendar(since) else { return f.write_str("beyond the calendar") };
    let second = since.as_secs() % 86_400;
    write!(f, "{year:04}-{month:02}-{day:02} ")?;
    write!(f, "{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)?;
    if since.subsec_nanos() > 0 {
        let fraction = format!("{:09}", since.subsec_nanos());
        write!(f, ".{}", fraction.trim_end_matches('0'))?;
    }
    f.write_str(" +0000 UTC")
}

/// Prints as a Go duration does: `1h2m3.5s`, `20ms`.
struct Span(Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = self.0.as_secs();
        let (hours, minutes) = (whole / 3600, whole / 60 % 60);
        let seconds = Duration::new(whole % 60, self.0.subsec_nanos());
        match (hours, minutes) {
            (0, 0) if seconds.is_zero() => f.write_str("0s"),
            (0, 0) => write!(f, "{seconds:?}"),
            (0, _) => write!(f, "{minutes}m{}s", seconds.as_secs_f64()),
            _ => write!(f, "{hours}h{minutes}m{}s", seconds.as_secs_f64()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn when(since_epoch: Duration, left: Duration) -> String {
        let now = Instant::now();
        When { deadline: now + left, now, wall: UNIX_EPOCH + since_epoch }.to_string()
    }

    #[test]
    fn deadlines_print_as_in_go() {
        let second = Duration::from_secs(1);
        assert_eq!(when(Duration::ZERO, second), "1970-01-01 00:00:01 +0000 UTC [1s]");
        assert_eq!(when(951_782_399 * second, second), "2000-02-29 00:00:00 +0000 UTC [1s]");
        let half = Duration::from_millis(500);
        assert_eq!(
            when(1_767_225_599 * second, 3723 * second + half),
            "2026-01-01 01:02:02.5 +0000 UTC [1h2m3.5s]"
        );
        assert_eq!(when(4_102_444_800 * second, 60 * second), "2100-01-01 00:01:00 +0000 UTC [1m0s]");
        assert_eq!(when(Duration::ZERO, Duration::ZERO), "1970-01-01 00:00:00 +0000 UTC [0s]");
    }

    #[test]
    fn a_deadline_in_the_past_has_a_negative_span() {
        let deadline = Instant::now();
        let over = Duration::from_millis(20);
        let when = When { deadline, now: deadline + over, wall: UNIX_EPOCH + Duration::from_secs(1) };
        assert_eq!(when.to_string(), "1970-01-01 00:00:00.98 +0000 UTC [-20ms]");
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        const DAY: u64 = 86_400;
        for (days, expected) in [
            (0, (1970, 1, 1)),
            (10956, (1999, 12, 31)),
            (11016, (2000, 2, 29)),
            (20787, (2026, 11, 30)),
            (47540, (2100, 2, 28)),
            (47541, (2100, 3, 1)),
            (157113, (2400, 2, 29)),
            (2932896, (9999, 12, 31)),
        ] {
            let first = Duration::from_secs(days * DAY);
            assert_eq!(calendar(first), Some(expected));
            assert_eq!(calendar(first + Duration::from_secs(DAY - 1)), Some(expected));
        }
        assert_eq!(calendar(Duration::MAX), None);
    }
}
