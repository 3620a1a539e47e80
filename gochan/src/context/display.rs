//! How contexts print: `Display` as in Go, `Debug` with the state besides.

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

/// A deadline and how far away it is, as Go prints them in the name of a context.
pub(super) struct When {
    pub(super) deadline: Instant,
    pub(super) now: Instant,
    /// The clock on the wall, at `now`.
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

/// Prints as a Go time in UTC does: `2026-11-24 02:30:00.5 +0000 UTC`.
fn write_time(f: &mut fmt::Formatter<'_>, time: SystemTime) -> fmt::Result {
    const DAY: u64 = 24 * 60 * 60;
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (year, month, day) = date(since.as_secs() / DAY);
    let (hour, minute, second) = clock(since.as_secs() % DAY);
    write!(f, "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")?;
    if since.subsec_nanos() > 0 {
        let fraction = format!("{:09}", since.subsec_nanos());
        write!(f, ".{}", fraction.trim_end_matches('0'))?;
    }
    f.write_str(" +0000 UTC")
}

/// Hours, minutes and seconds.
fn clock(seconds: u64) -> (u64, u64, u64) {
    (seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// Year, month and day of the Gregorian calendar, that many days after the first of January 1970.
fn date(days: u64) -> (u64, u64, u64) {
    // In eras of 400 years from the first of March 0000: each has as many days, and a leap day ends its year.
    const ERA: u64 = 400 * 365 + 97;
    let days = days + 719_468;
    let (era, day) = (days / ERA, days % ERA);
    let year = (day - day / 1460 + day / 36_524 - day / (ERA - 1)) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    // Months from March on are 31, 30, 31, 30, 31 days long, and that again.
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let january = month >= 10;
    (era * 400 + year + u64::from(january), if january { month - 9 } else { month + 3 }, day)
}

/// Prints as a Go duration does: `1h2m3.5s`, `20ms`.
struct Span(Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hours, minutes, seconds) = clock(self.0.as_secs());
        let seconds = Duration::new(seconds, self.0.subsec_nanos());
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
    fn every_day_follows_the_one_before() {
        let mut last = date(0);
        assert_eq!(last, (1970, 1, 1));
        for day in 1..200_000 {
            let (year, month, of_month) = date(day);
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let days = [31, 28 + u64::from(leap), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
            let follows = match last {
                (y, m, d) if (y, m) == (year, month) => of_month == d + 1,
                (y, 12, 31) => (year, month, of_month) == (y + 1, 1, 1),
                (y, m, _) => of_month == 1 && y == year && m + 1 == month,
            };
            assert!(
                follows && of_month <= days[month as usize - 1],
                "{last:?} then {:?}",
                (year, month, of_month)
            );
            last = (year, month, of_month);
        }
    }
}
