//! The synchronisation primitives that model-checked code is written against: the standard library's, or, in a
//! `--cfg gochan_model` build, `shuttle`'s, which turns every operation into a scheduling point.

#[cfg(not(gochan_model))]
pub(crate) use std::{
    hint::spin_loop,
    sync::{Mutex, MutexGuard, atomic},
    thread::{Thread, current, park, yield_now},
};

#[cfg(gochan_model)]
pub(crate) use shuttle::{
    hint::spin_loop,
    sync::{Mutex, MutexGuard, atomic},
    thread::{Thread, current, park, yield_now},
};
