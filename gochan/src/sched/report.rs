//! What the runtime tells on standard error, and when it gives up.

use super::attributes;
use super::fork;
use super::goroutine::Goroutine;
use super::settings::settings;
use super::task::Goexit;
use crate::stack::Slot;
use std::any::Any;
use std::cell::Cell;
use std::fmt::{self, Write as _};
use std::panic::{Location, catch_unwind, set_hook, take_hook};
use std::sync::Once;

/// What a panic in a goroutine does to the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum PanicPolicy {
    /// It is reported with the goroutine's id and spawn place, reaches `join`, and ends only that goroutine.
    #[default]
    Report,
    /// It is reported, and the process exits with code 2, as a Go program does.
    Abort,
}

/// The text of a panic payload.
pub(crate) fn message(payload: &(dyn Any + Send)) -> &str {
    if let Some(text) = payload.downcast_ref::<&'static str>() {
        text
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text
    } else {
        "a value that is not a string"
    }
}

/// A goroutine's body has ended by unwinding.
#[cold]
pub(super) fn body_panicked(id: u64, site: &'static Location<'static>, payload: &(dyn Any + Send)) {
    if payload.is::<Goexit>() {
        return;
    }
    // The table of names may be locked by a thread that a forked child has not got.
    let name = if fork::is_forked_child() { None } else { attributes::name(id) };
    let name = name.map(|name| format!(" `{name}`")).unwrap_or_default();
    let id = super::group::shown_id(id);
    let text = format!("goroutine {id}{name} panicked: {}\n    spawned at {site}\n", message(payload));
    if super::group::current().is_some() {
        // What else a panic does is for the test to say.
        return print_for_test(&text);
    }
    print(&text);
    if settings().on_panic == PanicPolicy::Abort {
        std::process::exit(2);
    }
}

/// To where the output of the test goes that the calling thread works for.
pub(crate) fn print_for_test(text: &str) {
    if HUSHED.get() {
        return;
    }
    // Only the macro knows where that is. If it cannot write there, it panics, which is of no use to anybody here.
    let _ = catch_unwind(|| eprint!("{text}"));
}

thread_local! {
    static HUSHED: Cell<bool> = const { Cell::new(false) };
}

/// Whether the panics of this thread are reported. Those of a thread that runs a test again and again are of no interest.
pub(crate) fn hush(hushed: bool) {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let report = take_hook();
        set_hook(Box::new(move |info| {
            if !HUSHED.get() {
                report(info);
            }
        }));
    });
    HUSHED.set(hushed);
}

/// Usually one write, so that lines of goroutines do not mix. Not by way of std's `Stderr`, whose lock a goroutine that
/// waits may hold. A closed or broken standard error is nobody's problem.
pub(crate) fn print(text: &str) {
    let mut rest = text.as_bytes();
    while !rest.is_empty() {
        // SAFETY: the buffer is valid for its length.
        let written = unsafe { libc::write(2, rest.as_ptr().cast(), rest.len()) };
        match usize::try_from(written) {
            Ok(written) => rest = &rest[written..],
            Err(_) if std::io::Error::last_os_error().kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}

/// Prints and ends the process with Go's exit code.
#[cold]
pub(crate) fn end_process(text: &str) -> ! {
    print(text);
    std::process::exit(2);
}

/// Ends the process with Go's exit code for what cannot go on.
#[cold]
pub(crate) fn fatal(text: &str) -> ! {
    print(&format!("gochan: fatal error: {text}\n"));
    std::process::exit(2);
}

/// Ends the process where unwinding or exiting in order is not possible.
#[cold]
pub(crate) fn abort(text: &str) -> ! {
    print(&format!("gochan: fatal error: {text}\n"));
    std::process::abort();
}

/// Says something the user will want to know, once.
pub(crate) fn warn(text: &str) {
    print(&format!("gochan: warning: {text}\n"));
}

/// A goroutine calls, in a loop, an operation that never waits, and holds up the others of its worker.
#[cold]
pub(super) fn polls(goroutine: &Goroutine, worker: usize, what: &str, place: &Location<'_>) {
    let id = goroutine.id();
    let name = attributes::name(id).map(|name| format!(" `{name}`")).unwrap_or_default();
    let site = goroutine.status().site().map(|site| format!("\n    spawned at {site}")).unwrap_or_default();
    warn(&format!(
        "goroutine {id}{name} has not let the other goroutines of worker {worker} run for more than a second; it calls \
         {what} at {place}, which never waits{site}\n    wait for the event instead (a receive, select!, join, \
         WaitGroup, Cond), or call runtime::gosched() in the loop"
    ));
}

/// Called by the signal handler with the slot whose guard was touched.
pub(super) fn stack_overflow(slot: Slot) -> ! {
    let mut text = Text { bytes: [0; 1024], len: 0 };
    // SAFETY: the slot is in use, hence mapped.
    let seen = unsafe { Goroutine::status_on(slot) }.look();
    let _ = match seen.map(|seen| (seen.id, seen.site)) {
        Some((id, Some(site))) => {
            write!(text, "\ngoroutine {id} overflowed its stack\n    spawned at {site}\n")
        }
        Some((id, None)) => write!(text, "\ngoroutine {id} overflowed its stack\n"),
        None => write!(text, "\na goroutine overflowed its stack\n"),
    };
    let size = slot.usable() / 1024;
    let _ = writeln!(
        text,
        "    the stack is {size} KiB; raise it with gochan::Builder::stack_size, that of main with \
         #[gochan::main(stack_size = ...)], and that of all others with runtime::Builder::stack_size or, for this run, \
         with GOCHAN_STACK={}M\nfatal runtime error: stack overflow",
        (4 * size).div_ceil(1024)
    );
    // SAFETY: write and abort are async-signal-safe, and the buffer is local.
    unsafe {
        libc::write(2, text.bytes.as_ptr().cast(), text.len);
        libc::signal(libc::SIGABRT, libc::SIG_DFL);
        libc::abort()
    }
}

/// A buffer to format into where nothing may be allocated.
struct Text {
    bytes: [u8; 1024],
    len: usize,
}

impl fmt::Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = &mut self.bytes[self.len..];
        let fits = text.len().min(room.len());
        room[..fits].copy_from_slice(&text.as_bytes()[..fits]);
        self.len += fits;
        Ok(())
    }
}
