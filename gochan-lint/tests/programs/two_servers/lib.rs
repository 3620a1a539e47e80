//! Types of one name in several modules.
pub mod one;
pub mod two;
mod inline;
mod uses;
