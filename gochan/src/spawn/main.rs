//! The main goroutine.

use super::builder::Builder;
use super::outlived;
use crate::base::above::{Above, Watch};
use crate::base::placement::Placement;
use crate::base::{actors, fork};
use crate::sched::fresh::Goexit;

/// What the function under `#[gochan::main]` or `#[gochan::test]` may return.
#[diagnostic::on_unimplemented(
    message = "this function cannot return `{Self}`",
    label = "`{Self}` says nothing of success or failure",
    note = "return nothing, a `Result<(), E>` with an `E: Debug`, or a `std::process::ExitCode`; to end with a number, call \
            `std::process::exit(number)`"
)]
pub trait Ending: std::process::Termination {}

#[diagnostic::do_not_recommend]
impl<T: std::process::Termination> Ending for T {}

/// Runs `f` as the main goroutine and turns its result into the exit code of the process.
#[track_caller]
pub(crate) fn main<F, T>(stack_size: usize, f: F) -> std::process::ExitCode
where
    F: FnOnce() -> T + Send + 'static,
    T: Ending,
{
    const MAIN_STACK: usize = 8 << 20;
    let stack_size = if stack_size == 0 { MAIN_STACK } else { stack_size };
    actors::become_main();
    let body = move || {
        outlived::main_begins();
        let code = f().report();
        outlived::main_returns();
        if fork::is_forked_child() {
            fork::main_ends(code);
        }
        code
    };
    let main = Builder::new().name("main").stack_size(stack_size).placement(Placement::Worker(0)).spawn(body);
    match main.join() {
        Ok(code) => code,
        Err(payload) if payload.is::<Goexit>() => Above::main_has_left(),
        Err(_) => std::process::ExitCode::from(101),
    }
}
