//! What contexts, selects, timers and explorations cost in memory. A binary of its own: its allocator counts.

#[path = "../common/mod.rs"]
mod common;

mod context;
mod counting;
mod explore;
mod select;
mod time;
