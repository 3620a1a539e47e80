//! The `$crate` wrappers: what users call, and how the procedural macros behind them find this crate.
//!
//! Each passes its input on, with `[$crate]` in front, to the macro of its name in `gochan-macros`.

#[macro_use]
mod channels;
#[macro_use]
mod context;
#[macro_use]
mod go;
#[macro_use]
mod select;
