//! The engine behind `cargo gochan-lint`.
//!
//! A run goes one way: [`workspace`] finds the crates, [`read`] turns each file into [`ir`], [`link`] answers what a
//! single file could not, the [`lints`] ask the graphs by [`flow`], comments and [`levels`] decide what counts, and
//! [`report`] says what was found.

pub mod baseline;
pub mod cache;
pub mod cli;
pub mod diagnostic;
pub mod doctest;
pub mod fix;
pub mod flow;
pub mod ir;
pub mod levels;
pub mod link;
pub mod lints;
pub mod read;
pub mod report;
pub mod run;
pub mod source;
pub mod suppress;
pub mod workspace;
