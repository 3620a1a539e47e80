//! Rows SE: `select!` and `Select`.

#[path = "../common/mod.rs"]
mod common;

mod asynchronous;
mod bodies;
mod builder;
mod channels;
mod choice;
mod close;
mod cost;
mod drops;
mod fair;
mod fair_waiting;
mod forms;
mod from_go;
mod meet;
mod operands;
mod races;
mod timeouts;
