//! `cargo gochan-fmt`: lays out the calls of gochan's macros, which rustfmt leaves as they are.
//!
//! A call is taken apart by the macros' own grammar (`plan`), its parts are formatted by rustfmt as parts of ordinary
//! statements (`pieces`), and the house rules put them together (`render`). The outermost call that changes is
//! replaced, and the next round begins with the new text, until a round changes nothing (`rounds`): so a formatted
//! text stays as it is by construction. Each change is compared with what it replaces, token by token (`same`).

mod arms;
pub mod cli;
mod config;
mod diff;
mod files;
mod find;
mod lexed;
mod part;
mod pieces;
mod plan;
mod render;
mod rounds;
mod same;

pub use files::Job;
pub use rounds::{Formatted, Mode, format};
