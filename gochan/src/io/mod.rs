//! Lines of standard input, of a pipe or of any other reader, as a channel.
//!
//! ```no_run
//! use gochan::prelude::*;
//!
//! # fn commands() {
//! let lines = gochan::io::lines(std::io::stdin());
//! let ticker = gochan::time::Ticker::new(std::time::Duration::from_secs(1));
//! loop {
//!     select! {
//!         Some(line) = <-lines else break => println!("you said {line}"),
//!         Some(now) = <-ticker.channel() => println!("{now:?}"),
//!     }
//! }
//! # }
//! ```
//!
//! A goroutine reads, by [`blocking`](crate::blocking), and sends each line. It ends at the end of the input, at an error,
//! when the receiver is dropped, and for [`lines_ctx`] at the end of the context.
//!
//! # A read in flight
//!
//! The system cannot take back a read that waits for input. [`lines_ctx`] therefore waits until there is something to be
//! read, or the context ends, before each read: what is not yet read when the context ends stays in the input, and the
//! goroutine is gone at once. Bytes that were read, and do not make a line or have not been received, are lost. This works
//! with what the system can wait for: pipes, terminals, sockets and devices. Reads of files on disks never wait for long.
//! std's [`Stdin`](std::io::Stdin) has a buffer of its own: lines that another part of the program has left in it are
//! noticed with the next input.
//!
//! [`lines()`] takes any reader and so cannot do that: its goroutine notices that the receiver is gone when the read in flight
//! returns, and then the line is lost. A program that ends does not wait for the read.

mod lines;
pub(crate) mod ready;

pub use lines::{lines, lines_ctx};
