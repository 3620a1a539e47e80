//! The end of a function that did not return, for those who wait for it or come later.

use crate::sched::task::{Goexit, raise_goexit};
use std::any::Any;
use std::panic::panic_any;

/// How it ended. A payload can be raised once only; this can be raised again.
#[derive(Debug, Clone)]
pub(super) enum Panicked {
    Literal(&'static str),
    Text(String),
    /// With a payload that is not a text.
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
                panic!("sync: the function panicked for its first caller, with a value that is not a text")
            }
            Panicked::Exited => raise_goexit(),
        }
    }
}
