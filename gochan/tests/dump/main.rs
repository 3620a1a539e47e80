//! What dumps and reports show of all goroutines of the process: no other test's goroutines may be among them.

#[path = "../common/mod.rs"]
mod common;

mod grow;
mod stacks;
mod stacks_busy;
mod text;
