//! Waiting while a lock is held.

use super::prelude::*;
use crate::analysis::Held;
use crate::link::{first_switch, switches};

pub(super) const LINT: Lint = Lint {
    id: "guard_across_blocking",
    level: Level::Warn,
    summary: "a lock guard is held across an operation that waits",
    explanation: "\
A goroutine that waits on a channel, a group, a `select!`, a sleep or a join while it holds a lock keeps every other \
goroutine from the lock for as long. If it waits for one of those, both wait forever. With a std or parking_lot lock \
it is worse: the goroutine parks, the lock stays held, and the next goroutine of the same worker that wants it \
blocks the worker's thread. A `RefCell` borrow held across a wait makes the next goroutine that borrows panic.

While a std or parking_lot guard is held, every operation that may switch goroutines is reported: operations that \
wait, including locking or initialising a gochan lock or `Once` that may be held; `gosched`; and `select!` with \
`default`, `Context::err` and `Context::check`, which switch once a goroutine has had its worker for long. \
Operations that never wait do not switch: `try_send`, `try_recv`, `len`, `close`, `is_finished`, `num_goroutine`, \
`sync::Map`, gochan's atomics, `Cond::signal`.

Copy the data out of the guard, drop the guard, then wait; or use gochan's locks, whose waiters park. The same \
applies to the initialiser of a std `Once`, `OnceLock` or `LazyLock`: another goroutine of the worker that needs the \
value meanwhile blocks the thread.",
    at_run_time: "\
`fatal error: all goroutines are asleep - deadlock!` if no other goroutine can run; otherwise the dump shows a \
goroutine that waits forever in `Mutex lock`, which `#[gochan::test]` reports as leaked.",
    near: "clippy `await_holding_lock`, `await_holding_refcell_ref`.",
    bad: "\
let (ch, total) = (chan!(u32, 1), Mutex::new(0));
send!(ch <- 1);
let mut sum = total.lock();
*sum += recv!(ch);",
    good: "\
let (ch, total) = (chan!(u32, 1), Mutex::new(0));
send!(ch <- 1);
let n = recv!(ch);
let mut sum = total.lock();
*sum += n;",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    for (body, _) in code.bodies() {
        if !code.has_own_thread(body) {
            found.extend(code.all(body).filter_map(|(_, event)| initialiser(code, event)));
        }
        let mut reported = Vec::new();
        code.guards(body, |event, _, live| {
            if live.is_empty() {
                return;
            }
            let ways = switches(code.program, code.index, body, &event.kind);
            if ways == Switches::NEVER {
                return;
            }
            for held in live.iter().filter(|held| ways.has(harmful(&event.kind, held.flavour))) {
                if reported.contains(&held.guard) {
                    continue;
                }
                reported.push(held.guard);
                found.push(finding(code, event, held, ways));
            }
        });
    }
}

/// A wait in the initialiser of a `Once`, `OnceLock` or `LazyLock` of std, which blocks the threads of all other users.
fn initialiser(code: Code<'_>, event: &Event) -> Option<Diagnostic> {
    let (name, instead, body) = match &event.kind {
        EventKind::Once(once, Some(body)) if *code.kind(*once) == Kind::Once(Flavour::Blocking) => {
            (code.name(*once), "`gochan::sync::Once` or `OnceCell`", *body)
        }
        EventKind::Unknown(call) if Code::is_path(call, &["LazyLock", "new"]) => {
            let Origin::Closure(body) = code.object(call.args.first()?.object?).origin else { return None };
            (code.function.name.as_str(), "`gochan::sync::Lazy`", body)
        }
        _ => return None,
    };
    let span = first_switch(code.program, code.index, body, Switches::ANY)?;
    let message = format!("this may wait while std initialises `{name}`");
    let finding = code.finding(LINT.id, span, message).label("waits here");
    Some(finding.help(format!("use {instead}, or wait first")))
}

/// The ways of switching that do harm while a guard lives. The wait of a `Cond` releases its own lock.
fn harmful(kind: &EventKind, flavour: Flavour) -> Switches {
    match flavour {
        Flavour::Blocking => Switches::ANY.and(Switches::AWAITS),
        _ if matches!(kind, EventKind::CondWait(..)) => Switches::NEVER,
        Flavour::Gochan | Flavour::Cell => Switches::WAITS.and(Switches::AWAITS),
    }
}

fn finding(code: Code<'_>, event: &Event, held: &Held, ways: Switches) -> Diagnostic {
    let locked = match code.name(held.lock) {
        // Only the guard is known, not the lock.
        name if held.lock == held.guard => format!("`{name}` holds a lock"),
        name => format!("`{name}` is locked"),
    };
    let (message, label) = if ways.has(Switches::WAITS.and(Switches::AWAITS)) {
        (format!("this waits while {locked}"), "waits here")
    } else if ways.has(Switches::LOCKS) {
        (format!("this may wait while {locked}"), "waits here if another goroutine holds it")
    } else {
        (format!("this lets other goroutines run while {locked}"), "other goroutines of the worker run here")
    };
    let help = match held.flavour {
        Flavour::Blocking => "drop the guard before, or use `gochan::sync`, whose locks park the goroutine",
        _ => "drop the guard before",
    };
    code.finding(LINT.id, event.span, message).label(label).note(held.span, "locked here").help(help)
}
