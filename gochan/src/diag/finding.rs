//! Faults of the program, as profiles list them.

use std::fmt;

/// A condition that the runtime considers a fault of the program.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The kind of fault.
    pub kind: FindingKind,
    /// A description, in one or several lines.
    pub text: String,
}

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FindingKind {
    /// Goroutines whose waits seem never to end, and whose number grows. Detected if
    /// [`Builder::leaks_after`](crate::runtime::Builder::leaks_after) or `GOCHAN_LEAKS` enables it.
    Leak,
    /// Goroutines that wait for each other forever, while others go on. Detected in builds with debug assertions, in
    /// tests, and with `GOCHAN_DEADLOCK=watch`.
    Deadlock,
}

impl fmt::Display for FindingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FindingKind::Leak => "leak",
            FindingKind::Deadlock => "deadlock",
        })
    }
}

/// A count with its unit, in the plural if needed.
pub(crate) struct Plural<'a>(pub(super) usize, pub(super) &'a str);

impl fmt::Display for Plural<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.0, self.1, if self.0 == 1 { "" } else { "s" })
    }
}
