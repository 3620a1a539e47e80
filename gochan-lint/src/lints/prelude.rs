//! The names that most lints use.

pub(super) use super::lint::{Check, Lint};
pub(super) use crate::analysis::{Code, seen_inside, surely_does};
pub(super) use crate::diagnostic::{Diagnostic, Level};
pub(super) use crate::ir::{BlockId, BodyId, BodyKind, Bound, Capacity, ObjectId, Origin, Ty, Where};
pub(super) use crate::link::{
    Effect, Event, EventKind, Face, Flavour, Kind, LockMode, Side, Started, Stops, Wait,
};
pub(super) use crate::link::{Program, Runner, Switches};
pub(super) use crate::source::Span;
