//! Protocols under shuttle: `cargo xtask model`.
#![cfg(gochan_model)]

mod channel;
mod context;
mod future;
mod sync;
