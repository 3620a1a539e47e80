//! Waiting with a lock in the hand.

use super::prelude::*;

pub(super) const LINT: Lint = Lint {
    id: "guard_across_blocking",
    level: Level::Warn,
    summary: "a lock guard is alive across an operation that waits",
    explanation: "\
Whoever waits on a channel, a group, a `select!`, a sleep or a join while he holds a lock keeps all others from it for as long; if one of them is the one he waits for, both wait for ever. With a lock of std or parking_lot it is worse: the goroutine parks, the lock stays taken, and the next goroutine of the same worker that wants it blocks the worker's thread. A `RefCell` borrow that lives across a wait panics in the next goroutine that borrows.

Take what is needed out of the guard, drop it, then wait.",
    at_run_time: "`fatal error: all goroutines are asleep - deadlock!` if nobody else can run; otherwise a goroutine in the dump that waits for ever, which `#[gochan::test]` reports as leaked, in `Mutex lock`.",
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
        let mut told = Vec::new();
        code.guards(body, |event, _, live| {
            let waits = match &event.kind {
                EventKind::Unknown(call) if !live.is_empty() => {
                    code.during(call).any(|inside| waits(code, &inside.kind))
                }
                kind => waits(code, kind),
            };
            for held in live.iter().filter(|_| waits) {
                if told.contains(&held.guard) {
                    continue;
                }
                told.push(held.guard);
                let name = code.name(held.lock);
                found.push(
                    code.finding(&LINT, event.span, format!("this waits while `{name}` is locked"))
                        .label("waits here")
                        .note(held.span, "locked here")
                        .help("drop the guard before"),
                );
            }
        });
    }
}

/// True for what may wait, but for a thread's end, and for a condition, which gives its lock back meanwhile.
fn waits(code: Code<'_>, kind: &EventKind) -> bool {
    match kind {
        EventKind::Join(handle, _) => handle.is_some_and(|handle| *code.kind(handle) == Kind::JoinHandle),
        EventKind::CondWait(..) => false,
        kind => crate::link::waits(code.program, kind),
    }
}
