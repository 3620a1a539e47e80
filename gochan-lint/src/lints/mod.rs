//! The lints. Each is a file with its id, level, explanation, examples, and check. A new one needs a `mod` and an entry
//! in [`ALL`], which a test compares with the files.

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
mod foreign_block_on;
mod future_not_run;
mod goroutine_in_loop_unbounded;
mod guard_across_blocking;
mod ignored_join_error;
mod large_capacity;
mod leaked_receive;
mod leaked_send;
mod lint;
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
mod recursive_read;
mod select_shadows;
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
mod unbounded_send_loop;
mod unbuffered_signal;
mod unchecked_timeout;
mod unguarded_map;
mod unwind_blocking;
mod wait_before_drain;
mod wait_in_spawn_loop;

pub use lint::{Check, Lint};

use crate::analysis::Code;
use crate::diagnostic::Diagnostic;
use crate::link::Program;
use rayon::prelude::*;

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
    &foreign_block_on::LINT,
    &future_not_run::LINT,
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
    &recursive_read::LINT,
    &select_shadows::LINT,
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
    &unbounded_send_loop::LINT,
    &unbuffered_signal::LINT,
    &unchecked_timeout::LINT,
    &unguarded_map::LINT,
    &unwind_blocking::LINT,
    &wait_before_drain::LINT,
    &wait_in_spawn_loop::LINT,
];

/// Lints that report less than they did: a comment that allows one of them may have lost its purpose.
pub const NARROWED: [&str; 1] = ["tick_never_stopped"];

/// The lint with this id.
#[must_use]
pub fn find(id: &str) -> Option<&'static Lint> {
    ALL.iter().copied().find(|lint| lint.id == id)
}

/// All findings of the lints, sorted by place.
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
