//! Where the program calls an operation.

use std::panic::Location;

/// A place in the source of the program, as `#[track_caller]` gives it.
pub(crate) type SourceLocation = &'static Location<'static>;
