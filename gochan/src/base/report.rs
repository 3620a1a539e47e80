//! Output of the runtime on standard error, and abnormal ends of the process.

use super::settings::{PanicPolicy, settings};
use super::test_group::{self, Panicked};
use super::{attributes, fork};
use crate::own_tls::of_worker;
use std::any::Any;
use std::cell::Cell;
use std::panic::{Location, catch_unwind, set_hook, take_hook};
use std::sync::Once;

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

/// Reports a panic in a goroutine's body.
#[cold]
pub(crate) fn body_panicked(id: u64, site: &'static Location<'static>, payload: &(dyn Any + Send)) {
    // A thread that does not exist in a forked child may have locked the table of names.
    let name = if fork::is_forked_child() { None } else { attributes::name(id) };
    let name = name.map(|name| format!(" `{name}`")).unwrap_or_default();
    let id = test_group::shown_id(id);
    let text = format!("goroutine {id}{name} panicked: {}\n    spawned at {site}\n", message(payload));
    if test_group::current().is_some() {
        // Any further effect of the panic is up to the test.
        return print_for_test(&text);
    }
    print(&text);
    if settings().on_panic == PanicPolicy::Abort {
        std::process::exit(2);
    }
}

/// A goroutine panicked, and nothing is left that could join it.
#[cold]
pub(crate) fn panicked_detached(id: u64, site: &'static Location<'static>, payload: &(dyn Any + Send)) {
    if let Some(group) = test_group::current() {
        let message = message(payload).to_owned();
        let name = attributes::name(id);
        group.add_panic(Panicked { id: test_group::shown_id(id), name, spawned_at: site, message });
    }
}

/// Writes to the output of the test that the calling thread works for.
pub(crate) fn print_for_test(text: &str) {
    if is_silent() {
        return;
    }
    // Only the macro knows where the output goes. Its panic on a failed write helps no caller here.
    let _ = catch_unwind(|| eprint!("{text}"));
}

thread_local! {
    static IS_SILENT: Cell<bool> = const { Cell::new(false) };
}

fn is_silent() -> bool {
    IS_SILENT.with(|silent| of_worker(silent).get())
}

/// Runs `f`, whose panics on this thread are not reported: it repeats a test that has failed.
pub(crate) fn without_panic_reports<T>(f: impl FnOnce() -> T) -> T {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let report = take_hook();
        set_hook(Box::new(move |info| {
            if !is_silent() {
                report(info);
            }
        }));
    });
    IS_SILENT.with(|silent| of_worker(silent).set(true));
    let result = f();
    IS_SILENT.with(|silent| of_worker(silent).set(false));
    result
}

/// Usually one write, so that the lines of several goroutines do not mix. It bypasses std's `Stderr`, whose lock a
/// waiting goroutine may hold. A closed or broken standard error is ignored.
pub(crate) fn print(text: &str) {
    let mut rest = text.as_bytes();
    while !rest.is_empty() {
        // SAFETY: the buffer is valid for its length.
        let written = unsafe { libc::write(2, rest.as_ptr().cast(), rest.len() as _) };
        match usize::try_from(written) {
            Ok(written) => rest = &rest[written..],
            Err(_) if std::io::Error::last_os_error().kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}

/// Prints `message` and ends the process with Go's exit code.
#[cold]
pub(crate) fn end_process(text: &str) -> ! {
    print(text);
    std::process::exit(2);
}

/// Ends the process with Go's exit code, because it cannot go on.
#[cold]
pub(crate) fn fatal(text: &str) -> ! {
    print(&format!("gochan: fatal error: {text}\n"));
    std::process::exit(2);
}

/// Aborts the process where neither unwinding nor an orderly exit is possible.
#[cold]
pub(crate) fn abort(text: &str) -> ! {
    print(&format!("gochan: fatal error: {text}\n"));
    std::process::abort();
}

/// Prints a notice to the user, once.
pub(crate) fn warn(text: &str) {
    print(&format!("gochan: warning: {text}\n"));
}

/// Reports that a goroutine calls an operation that never waits in a loop, and holds up the other goroutines of its
/// worker. `advice` is on what it does where, and how to change it.
#[cold]
pub(crate) fn polls(
    id: u64,
    site: Option<&Location<'_>>,
    worker: usize,
    (what, place): (&str, &Location<'_>),
    (circumstance, advice): (&str, &str),
) {
    let name = attributes::name(id).map(|name| format!(" `{name}`")).unwrap_or_default();
    let site = site.map(|site| format!("\n    spawned at {site}")).unwrap_or_default();
    warn(&format!(
        "goroutine {id}{name} has not let the other goroutines of worker {worker} run for more than a second; it calls \
         {what} at {place}, which {circumstance}{site}\n    {advice}"
    ));
}

/// The body of a method that exists for the compiler's message alone: its bound never holds.
pub(crate) fn not_callable() -> ! {
    unreachable!("called past a bound that does not hold")
}
