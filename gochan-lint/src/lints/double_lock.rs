//! Locking a lock that the goroutine already holds.

use super::prelude::*;
use crate::analysis::Held;

pub(super) const LINT: Lint = Lint {
    id: "double_lock",
    level: Level::Deny,
    summary: "a mutex is locked while the same goroutine holds its guard",
    explanation: "\
Mutexes and reader-writer locks do not record their owner, so a goroutine that locks a lock it already holds waits \
for itself forever. The dump shows the goroutine in `Mutex lock`; if every goroutine waits, the program ends with \
`all goroutines are asleep - deadlock!`. `recursive_read` reports a read \
lock inside a read lock.

Drop the guard first, or pass the guarded value to the function that needs it.",
    at_run_time: "\
`fatal error: all goroutines are asleep - deadlock!` if no other goroutine can run; otherwise the dump shows a \
goroutine that waits forever in `Mutex lock`, which `#[gochan::test]` reports as leaked.",
    near: "clippy `mut_mutex_lock` and `await_holding_lock`, distantly; go vet `copylocks` for locks that are copied.",
    bad: "\
let total = Mutex::new(0);
let first = total.lock();
let second = total.lock();",
    good: "\
let total = Mutex::new(0);
let first = total.lock();
drop(first);
let second = total.lock();",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    for (body, _) in code.bodies() {
        code.guards(body, |event, _, live| {
            let again =
                live.iter().filter(|held| held.flavour != Flavour::Cell && held.mode != LockMode::Try);
            let again = again.into_iter().find(|held| match &event.kind {
                EventKind::Unknown(call) => code.during(call).any(|inside| locks(code, &inside.kind, held)),
                EventKind::RunDeferred(deferred) if code.body(*deferred).kind == BodyKind::Defer => {
                    code.all(*deferred).any(|(_, inside)| locks(code, &inside.kind, held))
                }
                kind => locks(code, kind, held),
            });
            if let Some(held) = again {
                let name = code.name_at(held.span, held.lock);
                found.push(
                    code.finding(
                        LINT.id,
                        event.span,
                        format!("`{name}` is already locked by this goroutine"),
                    )
                    .label("waits forever")
                    .note(held.span, "locked here, and still held")
                    .help("drop the guard first"),
                );
            }
        });
    }
}

/// True if an event takes the held lock, except to read what is held to be read.
fn locks(code: Code<'_>, kind: &EventKind, held: &Held) -> bool {
    let again = code.takes_again(kind, held);
    again.is_some_and(|mode| mode != LockMode::Shared || held.mode != LockMode::Shared)
}
