//! How a shared function ended without returning, for callers that wait for it or come later.

use crate::sched::fresh::{Goexit, raise_goexit};
use std::any::Any;
use std::panic::panic_any;

/// How a function ended. Unlike a panic's payload, this can be raised several times.
#[derive(Debug, Clone)]
pub(super) enum Panicked {
    Literal(&'static str),
    Text(String),
    /// A panic whose payload is not a string.
    Other,
    Exited,
}

impl Panicked {
    pub(super) fn of(payload: &(dyn Any + Send)) -> Panicked {
        if payload.is::<Goexit>() {
            Panicked::Exited
        } else if let Some(literal) = payload.downcast_ref::<&'static str>() {
            Panicked::Literal(literal)
        } else if let Some(text) = payload.downcast_ref::<String>() {
            Panicked::Text(text.clone())
        } else {
            Panicked::Other
        }
    }

    /// Ends the caller in the same way.
    #[cold]
    #[track_caller]
    pub(super) fn raise(&self) -> ! {
        match self {
            Panicked::Literal(literal) => panic_any(*literal),
            Panicked::Text(text) => panic_any(text.clone()),
            Panicked::Other => {
                panic!(
                    "sync: the function panicked for its first caller, with a payload that is not a string"
                )
            }
            Panicked::Exited => raise_goexit(),
        }
    }
}
