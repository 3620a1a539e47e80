//! Goroutines with a name, a stack size or a placement of their own.

use super::join::JoinHandle;
use super::local;
use super::start::{SpawnError, try_spawn};
use crate::base::attributes::Attributes;
use crate::base::placement::Placement;
use crate::base::settings::MAX_STACK;
use std::panic::Location;

/// Spawns a goroutine with a name, a stack size or a [`Placement`]. Without any of these, `go!` is shorter.
///
/// ```
/// let handle = gochan::Builder::new().name("digger").stack_size(1 << 20).spawn(|| 2 + 2);
/// assert_eq!(handle.join().unwrap(), 4);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Builder {
    attributes: Attributes,
    placement: Placement,
}

impl Builder {
    /// A builder for a goroutine like those of `go!`.
    #[must_use]
    pub fn new() -> Builder {
        Builder::default()
    }

    /// Sets the name that reports and dumps show after the id.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Builder {
        self.attributes.name = Some(name.into());
        self
    }

    /// Sets the bytes of stack to reserve. They are committed page by page on use, so a generous size costs only address
    /// space. The size is rounded up: to at least 16 KiB, up to 64 KiB to whole pages, above that to the next of four steps
    /// per doubling.
    ///
    /// A goroutine that calls C code needs room for the largest frames of that code: C compilers do not probe frames, and a
    /// frame of more than 64 KiB can step over the guard below the stack. See
    /// [C code](crate::runtime::Builder#c-code).
    #[must_use]
    pub fn stack_size(mut self, bytes: usize) -> Builder {
        self.attributes.stack_size = Some(bytes);
        self
    }

    /// Sets the worker on which the goroutine should start.
    #[must_use]
    pub fn placement(mut self, placement: Placement) -> Builder {
        self.placement = placement;
        self
    }

    /// Starts the goroutine and returns at once.
    ///
    /// # Panics
    /// If the stack size is above 1 TiB; in a forked child of a process that runs goroutines; where
    /// [`try_spawn`](Builder::try_spawn) returns an error.
    #[doc(alias = "go")]
    #[track_caller]
    pub fn spawn<F, T>(self, f: F) -> JoinHandle<T>
    where
        F: FnOnce() -> T, // a closure, `|| f(x)`: not a call `f(x)`, nor an `async` block, which nothing would poll
        F: Send,          // use `Arc` for `Rc`, `sync::Mutex` or an atomic for cells, and lock inside
        F: 'static, // `move ||` owns what it names, clones of handles too; to borrow, use `gochan::scope`
        T: Send,    // the result may be joined elsewhere: return what is `Send`
        T: 'static,
    {
        match self.try_spawn(f) {
            Ok(handle) => handle,
            Err(refusal) => panic!("cannot spawn a goroutine: {refusal}"),
        }
    }

    /// As [`spawn`](Builder::spawn), and returns an error where there is no memory for another stack.
    ///
    /// A goroutine needs its stack when it starts. If the system has refused one by then, the goroutine waits until others
    /// have ended, and new ones are refused. `go!` panics in this case.
    ///
    /// # Errors
    /// If the system gives no memory for a stack of this size, or, on `Backend::Threads`, no other thread. The closure is
    /// dropped.
    ///
    /// # Panics
    /// If the stack size is above 1 TiB; in a forked child of a process that runs goroutines.
    ///
    /// ```
    /// let handle = gochan::Builder::new().try_spawn(|| 2 + 2)?;
    /// assert_eq!(handle.join().unwrap(), 4);
    /// # Ok::<(), gochan::runtime::SpawnError>(())
    /// ```
    #[track_caller]
    pub fn try_spawn<F, T>(self, f: F) -> Result<JoinHandle<T>, SpawnError>
    where
        F: FnOnce() -> T, // a closure, `|| f(x)`: not a call `f(x)`, nor an `async` block, which nothing would poll
        F: Send,          // use `Arc` for `Rc`, `sync::Mutex` or an atomic for cells, and lock inside
        F: 'static, // `move ||` owns what it names, clones of handles too; to borrow, use `gochan::scope`
        T: Send,    // the result may be joined elsewhere: return what is `Send`
        T: 'static,
    {
        if let Some(bytes) = self.attributes.stack_size {
            // Here, where the panic is the caller's, and not on the worker that makes the stack.
            assert!(bytes <= MAX_STACK, "a stack of {bytes} bytes is asked for; at most {MAX_STACK}");
        }
        try_spawn(self.attributes, self.placement, local::origin(Location::caller()), f)
    }
}
