//! The names that most code with goroutines needs: `use gochan::prelude::*;`

pub use crate::chan::{Chan, Receiver, Sender};
pub use crate::context::{Context, background};
pub use crate::sync::WaitGroup;
pub use crate::time::after;
pub use crate::{chan, close, defer, go, recv, select, send, with_context};
