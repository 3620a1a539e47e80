//! Which descriptors are ready: the state of a source, and the pollers that learn of it.
//!
//! A *source* is a descriptor that goroutines or threads wait for. It is registered once, for both directions and
//! edge-triggered, with the poller of the worker on which something first waits for it, and stays there. Its
//! `Words` say for each direction whether it is ready or who waits; an event reaches them by a token
//! with a generation, so that an event of a source that has gone never reaches its successor.
//!
//! * `word` is the state of one direction.
//! * `slots` finds the words of a token.
//! * `poller` is a poller: the part of its own thread, and the part with which any thread registers; `polling` is that of a
//!   worker, which may have none.
//!
//! Nothing here knows what a waiter is: it is a pointer that the floors above have made and take back.

#[cfg(not(unix))]
mod absent;
#[cfg(unix)]
pub(crate) mod poller;
#[cfg(unix)]
mod polling;
#[cfg(unix)]
mod slots;
#[cfg(unix)]
pub(crate) mod word;

#[cfg(not(unix))]
pub(crate) use absent::{Home, Polling};
#[cfg(unix)]
pub(crate) use poller::{Home, Poller, Registration};
#[cfg(unix)]
pub(crate) use polling::Polling;
#[cfg(unix)]
pub(crate) use word::{Side, Words};
