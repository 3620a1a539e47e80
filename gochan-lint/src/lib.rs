//! The engine behind `cargo gochan-lint`.
//!
//! A run goes one way: [`workspace`] finds the crates, [`read`] turns each file into [`ir`], [`link`] answers what a
//! single file could not, the [`lints`] look at the result, and [`report`] says what they found.

pub mod diagnostic;
pub mod flow;
pub mod ir;
pub mod link;
pub mod lints;
pub mod read;
pub mod source;
