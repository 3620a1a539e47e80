//! Channels: typed pipes between goroutines, OS threads and async tasks.
//!
//! [`Chan`] sends and receives, as in Go; [`Chan::split`], [`Chan::sender`] and [`Chan::receiver`] give the halves.
//! All handles are cheap to clone and refer to the same channel. An unbuffered channel hands each value from a
//! sender to a receiver, both present; a buffered one queues up to its capacity, first in, first out. [`Chan::unbounded`] has no
//! capacity and holds no sender back.
//!
//! Methods speak Rust: they return `Option` and `Result`, and never panic on a closed channel. The macros
//! [`send!`](crate::send), [`recv!`](crate::recv) and [`close!`](crate::close) speak Go.
//!
//! A channel closes by [`close`](Sender::close) or when the last handle that could send is dropped. When the last
//! handle that could receive is dropped, sends fail and give their value back. A channel that carries a handle of
//! itself keeps itself alive: such a cycle leaks unless the value is received.
//!
//! | Go | here |
//! |---|---|
//! | `make(chan T)`, `make(chan T, n)` | [`chan!`](macro@crate::chan)`(T)`, `chan!(T, n)`; [`Chan::new`], [`Chan::with_capacity`] |
//! | `chan<- T`, `<-chan T` | [`Sender`], [`Receiver`]: [`Chan::split`], [`Chan::sender`], [`Chan::receiver`] |
//! | `ch <- v` | [`send!`](crate::send)`(ch <- v)`, [`Chan::send`] |
//! | `<-ch`, `v, ok := <-ch` | [`recv!`](crate::recv)`(ch)`, `recv!(ch, ok)`, [`Chan::recv`] |
//! | `close(ch)` | [`close!`](crate::close)`(ch)`, [`Chan::close`], or dropping the last sender |
//! | `for v := range ch` | `for v in &ch`, [`Chan::iter`] |
//! | `len(ch)`, `cap(ch)`, `a == b` | [`Chan::len`], [`Chan::capacity`], [`Chan::same_channel`] |
//! | `var ch chan T`, which is `nil` | [`Chan::nil`], `Chan::default()` |
//! | `select` with one operation and `default` | [`Chan::try_send`], [`Chan::try_recv`], [`Chan::try_iter`] |
//! | `select` with one operation and `time.After(d)` | [`Chan::send_timeout`], [`Chan::recv_timeout`] |
//! | — | for async tasks [`Chan::send_async`], [`Chan::recv_async`], [`Chan::stream`] |
//!
//! # Ordering
//!
//! A send happens before the completion of its receive; a close before a receive that returns `None` because of it;
//! the k-th receive from a channel of capacity C before the completion of the (k+C)-th send.

mod channel;
mod direction;
mod error;
mod future;
mod habits;
mod handle;
mod header;
mod iter;
mod latch;
mod macro_ops;
#[cfg(all(test, gochan_loom))]
mod model_loom;
mod nil;
mod receiving;
mod ring;
mod sending;
mod shared;
#[cfg(feature = "futures-sink")]
mod sink;
mod text;
mod timer;
mod wait;
mod waiter;
mod zero;

pub(crate) use channel::{Blocked, ClosedWaiters, Place};
pub use error::{RecvTimeoutError, SendError, SendTimeoutError, TryRecvError, TrySendError};
pub use future::{RecvFuture, RecvStream, SendFuture};
pub use handle::{Chan, Receiver, Sender};
pub(crate) use header::SendFailure;
pub use iter::{IntoIter, Iter, TryIter};
pub(crate) use latch::Latch;
pub(crate) use macro_ops::{ChannelRef, send_failed};
#[doc(hidden)]
pub use macro_ops::{CloseSide, RecvSide, SendSide, close, send};
pub(crate) use nil::park_for_ever;
#[cfg(feature = "futures-sink")]
pub use sink::SendSink;
#[doc(hidden)]
pub use text::{Text, makers as text_makers};
pub(crate) use wait::Operation;
pub(crate) use waiter::{Claim, Outcome, Waiter};
#[doc(hidden)]
pub use zero::{Receive, Zero, ZeroValue, makers as zero_makers, receive};
