//! Internal to gochan and **without any stability**: any release may change it. The grammar of gochan's macros as [`syn`]
//! types.
//!
//! One parser serves two readers: `gochan-macros` expands these types, the linter inspects them. Each macro has its own
//! file and type that implements [`syn::parse::Parse`]; a mistake is an error whose span covers the tokens to change
//! and whose message says what to write instead.
//!
//! | macro | type |
//! |---|---|
//! | `go!` | [`Go`] |
//! | `chan!`, `send!`, `recv!`, `close!` | [`Chan`], [`Send`], [`Recv`], [`Close`] |
//! | `defer!` | [`Defer`] |
//! | `select!` | [`Select`] |
//! | `with_context!` | [`WithContext`] |
//! | `runtime::local!` | [`Local`], for its errors |
//! | `#[gochan::main]`, `#[gochan::test]` | [`EntryArgs`], [`TestArgs`], [`EntryFn`] |
//!
//! Two decisions run through all of them:
//!
//! * **`<-` is found before `syn` sees an expression.** Parsed as Rust, `ch <- v` is the comparison `ch < -v`; so the
//!   tokens are split at the arrow first and each side is parsed alone.
//! * **Blocks stay tokens** ([`Body`]). The compiler parses them better than any copy of its grammar: its messages are
//!   the familiar ones, syntax newer than `syn` passes through, and half-typed code inside reaches rust-analyzer
//!   unchanged. Code that needs the statements calls [`Body::stmts`].

mod body;
mod chan;
mod close;
mod context;
mod defer;
mod go;
mod local;
mod main_test;
mod recv;
mod repair;
mod select;
mod send;
mod test_args;
#[cfg(test)]
mod testing;
mod time;
mod tokens;

pub use body::Body;
pub use chan::Chan;
pub use close::Close;
pub use context::{ContextBinding, WithContext};
pub use defer::Defer;
pub use go::{CloneEntry, CloneList, Form, Go, Literal, Parameter};
pub use local::Local;
pub use main_test::{Choice, EntryArgs, EntryFn};
pub use recv::Recv;
pub use repair::{fragments, repair};
pub use select::{Arm, ArmBody, ArmKind, Guard, Receive, ReceiveBinding, Select, SelectSend, kw};
pub use send::Send;
pub use test_args::{Explore, TestArgs};
