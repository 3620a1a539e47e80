//! What most lints are written with.

pub(super) use super::{Check, Lint};
pub(super) use crate::diagnostic::{Diagnostic, Level};
pub(super) use crate::flow::{Code, seen_inside, surely_does};
pub(super) use crate::ir::{BlockId, BodyId, BodyKind, Bound, Capacity, ObjectId, Origin, Ty};
pub(super) use crate::link::{Effect, EventKind, Face, Flavour, Kind, LockMode, Side, Started, Stops, Wait};
pub(super) use crate::link::{Program, Runner, Switches};
pub(super) use crate::source::Span;
