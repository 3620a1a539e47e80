//! What `select!` expands to: every form of arm, what is evaluated when, whose names mean what, which values stay
//! with the caller, how long temporaries live, and ways out of bodies. What the engine does is in the
//! other modules.
#![deny(warnings, unsafe_code, clippy::pedantic)]
#![allow(
    clippy::many_single_char_names,
    clippy::never_loop,
    clippy::redundant_else,
    reason = "what is tested reads so"
)]

mod arms;
mod names;
mod order;
mod values;
mod ways_out;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use crate::common::{panic_of, place_of_panic};
use gochan::chan::SendError;
use gochan::prelude::*;

/// A channel with these values in it, which is open.
fn filled<T>(values: impl IntoIterator<Item = T>) -> Chan<T> {
    let ch = chan!(T, 16);
    values.into_iter().for_each(|value| send!(ch <- value));
    ch
}

/// A channel with these values in it, which is closed.
fn closed<T>(values: impl IntoIterator<Item = T>) -> Chan<T> {
    let ch = filled(values);
    close!(ch);
    ch
}

/// Something without a zero value.
#[derive(Debug, PartialEq)]
struct Job(u32);
