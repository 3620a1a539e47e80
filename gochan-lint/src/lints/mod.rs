//! The lints. Each is a file that says everything about it: id, level, explanation, examples, and the check.

mod add_in_goroutine;
mod add_mismatch;
mod after_in_loop;
mod blocking_io_in_goroutine;
mod cond_wait_without_loop;
mod context_dropped;
mod context_in_struct;
mod context_not_first;
mod context_value_backdoor;
mod ctx_not_selected;
mod detached_in_main;
mod done_not_deferred;
mod double_close;
mod double_lock;
mod duplicate_arm;
mod empty_critical_section;
mod goroutine_in_loop_unbounded;
mod guard_across_blocking;
mod ignored_join_error;
mod large_capacity;
mod leaked_receive;
mod leaked_send;
mod lock_order;
mod loop_variable;
mod lost_cancel;
mod missing_call;
mod missing_done;
mod nested_context_in_loop;
mod nil_channel;
mod ok_ignored;
mod once_recursion;
mod prelude;
mod range_own_send;
mod receiver_close;
mod self_deadlock_send;
mod send_after_close;
mod shared_static_mut;
mod single_arm_select;
mod sleep_as_sync;
mod spinning_default;
mod std_sync_in_goroutine;
#[cfg(test)]
mod tests;
mod thread_local_across_blocking;
mod tick_never_stopped;
mod todo_context;
mod unbuffered_signal;
mod unchecked_timeout;
mod unguarded_map;
mod unwind_blocking;
mod wait_before_drain;

use crate::diagnostic::{Diagnostic, Level};
use crate::flow::Code;
use crate::link::Program;
use rayon::prelude::*;

/// A lint.
pub struct Lint {
    /// What it is called in flags, configuration and comments.
    pub id: &'static str,
    /// How it is reported unless somebody says otherwise.
    pub level: Level,
    /// One line.
    pub summary: &'static str,
    /// What it reports, and why that is a bug.
    pub explanation: &'static str,
    /// What it looks like at run time.
    pub at_run_time: &'static str,
    /// The checks of other tools that come nearest.
    pub near: &'static str,
    /// Code it reports.
    pub bad: &'static str,
    /// The same, mended.
    pub good: &'static str,
    /// Looks for it.
    pub check: Check,
}

/// How a lint looks at the program.
#[derive(Clone, Copy)]
pub enum Check {
    /// Function by function.
    Function(fn(Code<'_>, &mut Vec<Diagnostic>)),
    /// All at once.
    Program(fn(&Program, &mut Vec<Diagnostic>)),
    /// File by file.
    File(fn(&Program, usize, &mut Vec<Diagnostic>)),
}

/// Every lint, by id.
pub const ALL: &[&Lint] = &[
    &add_in_goroutine::LINT,
    &add_mismatch::LINT,
    &after_in_loop::LINT,
    &blocking_io_in_goroutine::LINT,
    &cond_wait_without_loop::LINT,
    &context_dropped::LINT,
    &context_in_struct::LINT,
    &context_not_first::LINT,
    &context_value_backdoor::LINT,
    &ctx_not_selected::LINT,
    &detached_in_main::LINT,
    &done_not_deferred::LINT,
    &double_close::LINT,
    &double_lock::LINT,
    &duplicate_arm::LINT,
    &empty_critical_section::LINT,
    &goroutine_in_loop_unbounded::LINT,
    &guard_across_blocking::LINT,
    &ignored_join_error::LINT,
    &large_capacity::LINT,
    &leaked_receive::LINT,
    &leaked_send::LINT,
    &lock_order::LINT,
    &loop_variable::LINT,
    &lost_cancel::LINT,
    &missing_call::LINT,
    &missing_done::LINT,
    &nested_context_in_loop::LINT,
    &nil_channel::LINT,
    &ok_ignored::LINT,
    &once_recursion::LINT,
    &range_own_send::LINT,
    &receiver_close::LINT,
    &self_deadlock_send::LINT,
    &send_after_close::LINT,
    &shared_static_mut::LINT,
    &single_arm_select::LINT,
    &sleep_as_sync::LINT,
    &spinning_default::LINT,
    &std_sync_in_goroutine::LINT,
    &thread_local_across_blocking::LINT,
    &tick_never_stopped::LINT,
    &todo_context::LINT,
    &unbuffered_signal::LINT,
    &unchecked_timeout::LINT,
    &unguarded_map::LINT,
    &unwind_blocking::LINT,
    &wait_before_drain::LINT,
];

/// The lint with this id.
#[must_use]
pub fn find(id: &str) -> Option<&'static Lint> {
    ALL.iter().copied().find(|lint| lint.id == id)
}

/// Everything that the lints find, by place.
#[must_use]
pub fn run(program: &Program, is_on: impl Fn(&Lint) -> bool) -> Vec<Diagnostic> {
    let on: Vec<&Lint> = ALL.iter().copied().filter(|lint| is_on(lint)).collect();
    let check = |lint: &&Lint| {
        let mut found = Vec::new();
        match lint.check {
            Check::Function(check) => {
                (0..program.functions.len()).for_each(|index| check(Code::of(program, index), &mut found));
            }
            Check::Program(check) => check(program, &mut found),
            Check::File(check) => (0..program.units.len()).for_each(|unit| check(program, unit, &mut found)),
        }
        found
    };
    let mut found: Vec<Diagnostic> = on.par_iter().flat_map_iter(check).collect();
    found.sort_by(|a, b| (a.unit, a.span, a.lint).cmp(&(b.unit, b.span, b.lint)));
    found.dedup_by(|a, b| (a.unit, a.span, a.lint) == (b.unit, b.span, b.lint));
    found
}
