//! Rows CX: contexts.

#[path = "../common/mod.rs"]
mod common;

mod after_func;
mod deadline;
mod handles;
mod macros;
mod observers;
mod scale;
mod select;
mod source;
#[cfg(feature = "tokio-util")]
mod tokens;
mod tree;
mod values;
mod with_context;
