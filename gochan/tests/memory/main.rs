//! What contexts, selects and timers cost in memory. A binary of its own: its allocator counts.

#[path = "../common/mod.rs"]
mod common;

mod context;
mod counting;
mod select;
mod time;
