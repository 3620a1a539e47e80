//! The engine behind `cargo gochan-lint`.
//!
//! A run goes one way: [`workspace`] finds the crates, [`read`] turns each file into [`ir`], [`link`] resolves what
//! depends on other files, the [`lints`] query the graphs through [`analysis`], comments and [`levels`] decide what is
//! reported, and [`report`] prints it.
//!
//! [`fmt`] is `cargo gochan-fmt`, which formats the insides of gochan's macros.

pub mod analysis;
pub mod baseline;
pub mod cache;
pub mod cli;
pub mod diagnostic;
pub mod doctest;
pub mod explain;
pub mod filter;
pub mod fix;
pub mod fmt;
pub mod hosts;
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
