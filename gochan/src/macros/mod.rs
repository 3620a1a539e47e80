//! The macros that users call. They pass `$crate` to the procedural macros, which thereby find this crate.
//!
//! Each passes its input, prefixed by `[$crate]`, to the macro of its name in `gochan-macros`.

#[macro_use]
mod channels;
#[macro_use]
mod context;
#[macro_use]
mod go;
#[macro_use]
mod local;
#[macro_use]
mod select;
