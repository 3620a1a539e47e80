//! Rows CH: channels.

#[path = "../common/mod.rs"]
mod common;

mod asynchronous;
mod drops;
mod from_go;
mod handles;
mod operations;
mod races;
mod ranges;
mod unbounded;
mod values;
