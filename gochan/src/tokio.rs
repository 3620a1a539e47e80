//! Futures of tokio in goroutines: its sockets and timers, and the libraries that use them.
//!
//! Libraries such as `reqwest`, `sqlx`, `tonic` and the asynchronous client of `redis` need the context of a tokio
//! runtime: it has the threads that wait for sockets and timers, and on which the libraries spawn tasks.
//! [`block_on`] polls a future inside of such a context, and parks the goroutine while the future waits:
//!
//! ```
//! use std::time::{Duration, Instant};
//!
//! let start = Instant::now();
//! let sleeping = (0..20).map(|_| {
//!     gochan::go!({ gochan::tokio::block_on(async { tokio::time::sleep(Duration::from_millis(50)).await }) })
//! });
//! let sleeping: Vec<_> = sleeping.collect();
//! sleeping.into_iter().for_each(|sleep| sleep.join().unwrap());
//! assert!(start.elapsed() < Duration::from_millis(500));
//! ```
//!
//! The runtime is started by the first call, with the number of threads that is tokio's default
//! (`TOKIO_WORKER_THREADS`), and never ends. A program that has a runtime gives its handle to [`set_runtime`] before.
//! Tasks that are spawned on it, by `tokio::spawn` in the future or through [`runtime`], run on its threads; they are no
//! goroutines. Once the runtime has threads, no deadlock of the process is reported, since one of its tasks could
//! always act.
//!
//! # Do not wait inside of a poll
//!
//! The context belongs to the thread, as a scope that is entered before each poll and left after it. Between two polls,
//! while the goroutine is parked, its worker is outside of it. An operation of gochan that may wait, such as
//! [`recv`](crate::Receiver::recv) or [`WaitGroup::wait`](crate::WaitGroup::wait), would leave the poll in the middle if a
//! future called it: other goroutines of the worker would run in the context, and contexts would be left in the wrong
//! order, on which tokio panics. So await [`recv_async`](crate::Receiver::recv_async) and the like in such a future.
//! Builds with debug assertions find the mistake and end the process with a message. The same applies to destructors of
//! the future.

use crate::spawn::block_on::wait_for;
use ::tokio::runtime::{Builder, Handle, Runtime};
use std::fmt;
use std::future::poll_fn;
use std::panic::Location;
use std::pin::{Pin, pin};
use std::sync::OnceLock;

/// Waits for a future that needs tokio, and returns its output. In a goroutine it parks the goroutine; otherwise it
/// blocks the calling thread. It is [`gochan::block_on`](crate::block_on) with a context around each poll.
///
/// It can be called on a thread of a tokio runtime, as an operation that blocks the thread.
///
/// # Panics
/// A panic of the future is the caller's. Panics if no runtime is set and the system refuses the threads for one.
///
/// ```
/// use gochan::prelude::*;
/// use tokio::io::{AsyncReadExt, AsyncWriteExt};
/// use tokio::net::{TcpListener, TcpStream};
///
/// #[gochan::main]
/// fn main() -> std::io::Result<()> {
///     let listener = gochan::tokio::block_on(TcpListener::bind("127.0.0.1:0"))?;
///     let address = listener.local_addr()?;
///     let server = go!({
///         gochan::tokio::block_on(async {
///             let (mut stream, _) = listener.accept().await?;
///             stream.write_all(b"hello").await
///         })
///     });
///     let mut text = String::new();
///     gochan::tokio::block_on(async { TcpStream::connect(address).await?.read_to_string(&mut text).await })?;
///     assert_eq!(text, "hello");
///     server.join().unwrap()
/// }
/// ```
#[track_caller]
pub fn block_on<F: IntoFuture>(future: F) -> F::Output {
    let place = Location::caller();
    let handle = handle();
    let future = pin!(Some(future.into_future()));
    let mut future = DroppedInContext { future, handle };
    wait_for(
        poll_fn(move |task| {
            in_context(handle, || {
                future.future.as_mut().as_pin_mut().expect("there until the drop").poll(task)
            })
        }),
        place,
    )
}

/// The destructors of the future belong into the context as well.
struct DroppedInContext<'a, F> {
    future: Pin<&'a mut Option<F>>,
    handle: &'static Handle,
}

impl<F> Drop for DroppedInContext<'_, F> {
    fn drop(&mut self) {
        in_context(self.handle, || self.future.set(None));
    }
}

/// Runs `f` inside of the context, which is a scope of the thread: the guard must not live across a switch to another
/// goroutine. Never inlined: the check of scopes finds this function on the stack.
#[inline(never)]
fn in_context<R>(handle: &Handle, f: impl FnOnce() -> R) -> R {
    let _context = handle.enter();
    f()
}

static RUNTIME: OnceLock<Handle> = OnceLock::new();

/// Has [`block_on`] use this runtime instead of one of its own. The program keeps the runtime alive: futures of a runtime
/// that has been shut down fail or panic.
///
/// # Errors
/// If a runtime was set before, or has been started by a use of this module.
///
/// ```
/// let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
/// gochan::tokio::set_runtime(runtime.handle().clone()).unwrap();
/// let task = runtime.spawn(async { 6 * 7 });
/// assert_eq!(gochan::go!({ gochan::tokio::block_on(task) }).join().unwrap().unwrap(), 42);
/// assert!(gochan::tokio::set_runtime(runtime.handle().clone()).is_err());
/// ```
pub fn set_runtime(handle: Handle) -> Result<(), SetRuntimeError> {
    RUNTIME.set(handle).map_err(|_| SetRuntimeError(()))
}

/// The runtime that [`block_on`] uses. Starts one if none is set.
///
/// # Panics
/// If the system refuses the threads for a new one.
///
/// ```
/// let task = gochan::tokio::runtime().spawn(async { 42 });
/// assert_eq!(gochan::tokio::block_on(task).unwrap(), 42);
/// ```
pub fn runtime() -> Handle {
    handle().clone()
}

fn handle() -> &'static Handle {
    RUNTIME.get_or_init(|| {
        /// Never dropped: its threads would end.
        static OWN: OnceLock<Runtime> = OnceLock::new();
        let own = OWN.get_or_init(|| {
            let mut builder = Builder::new_multi_thread();
            builder.enable_all().thread_name("gochan-tokio");
            builder.build().unwrap_or_else(|error| panic!("cannot start a tokio runtime: {error}"))
        });
        own.handle().clone()
    })
}

/// Why [`set_runtime`] failed: there is a runtime already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetRuntimeError(());

impl fmt::Display for SetRuntimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("gochan::tokio has a runtime already; set yours before the first use, once")
    }
}

impl std::error::Error for SetRuntimeError {}
