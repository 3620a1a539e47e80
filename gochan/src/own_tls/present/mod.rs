//! As the parent module says.

mod all_threads;
mod base;
mod block;
mod ends;
mod glibc;
mod picture;
mod self_test;

pub(crate) use block::{Block, room};

use picture::Picture;
use std::cell::Cell;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

static PICTURE: OnceLock<Picture> = OnceLock::new();
/// The bytes of a block, once goroutines have their own.
static ROOM: AtomicUsize = AtomicUsize::new(0);
/// The mark of the loader's list of modules in blocks that know no module but those of the picture.
static CLEAN: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// On a goroutine's block: how far away the block of the worker's thread is. Elsewhere zero.
    static HOME: Cell<isize> = const { Cell::new(0) };
    static IN_PLACE: Cell<bool> = const { Cell::new(false) };
}

/// True if goroutines have thread-locals of their own.
#[inline]
pub(crate) fn is_on() -> bool {
    room() != 0
}

/// Takes the picture and tries it. After that, goroutines have thread-locals of their own. The error says why they cannot.
pub(crate) fn prepare() -> Result<(), String> {
    if is_on() {
        return Ok(());
    }
    base::prepare();
    let picture =
        Picture::take(HOME.with(|home| (&raw const *home).addr() as isize) - base::read() as isize)?;
    all_threads::prepare()?;
    self_test::run(&picture)?;
    let picture = PICTURE.get_or_init(|| picture);
    ROOM.store(block::room_for(picture), Relaxed);
    Ok(())
}

/// Runs the destructors of the calling goroutine's thread-locals, which are user code. True if there were any: the
/// thread-locals are to [`begin`](Block::begin) again then.
#[inline]
pub(crate) fn run_destructors() -> bool {
    match PICTURE.get() {
        // SAFETY: by `HOME` the block in use is a goroutine's.
        Some(picture) if HOME.get() != 0 => unsafe { ends::run(picture) },
        _ => false,
    }
}

/// The instance of `thread_local`, a thread-local of this crate, that belongs to the worker's thread.
#[inline]
pub(crate) fn of_worker<T>(thread_local: &T) -> &T {
    match HOME.get() {
        0 => thread_local,
        // SAFETY: a thread-local of this crate is in the same module as `HOME`, and so at the same place in both blocks. The
        // worker's thread does not end before its goroutine. It is this very thread, so that no other one uses the instance.
        home => unsafe { &*std::ptr::from_ref(thread_local).byte_offset(home) },
    }
}

/// The calling goroutine is the only one from now on, on a thread that has no other block: in a forked child.
pub(crate) fn become_thread() {
    HOME.set(0);
}

/// Runs `f`, in which a wait for a lock of std holds the worker's thread and does not park the goroutine: it must not switch.
#[inline]
pub(crate) fn in_place<R>(f: impl FnOnce() -> R) -> R {
    /// Also at the end of a panic.
    struct Before(bool);
    impl Drop for Before {
        fn drop(&mut self) {
            set_in_place(self.0);
        }
    }
    let _before = Before(set_in_place(true));
    f()
}

/// Not inlined: a worker's loop locks, too.
#[inline(never)]
fn set_in_place(in_place: bool) -> bool {
    IN_PLACE.replace(in_place)
}

pub(crate) fn is_in_place() -> bool {
    IN_PLACE.get()
}

#[cold]
fn refuse(what: &str) -> ! {
    eprintln!("gochan: fatal error: {what}");
    std::process::exit(2);
}
