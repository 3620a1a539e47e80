//! Locking what one has locked.

use super::prelude::*;
use crate::flow::Held;

pub(super) const LINT: Lint = Lint {
    id: "double_lock",
    level: Level::Deny,
    summary: "a mutex is locked while the same goroutine holds its guard",
    explanation: "\
Mutexes and reader-writer locks do not record their owner, so a goroutine that locks a lock it already holds waits \
for itself forever. The dump shows the goroutine in `Mutex lock`; if every goroutine waits, the program ends with \
`all goroutines are asleep - deadlock!`. A read lock inside a read lock is not reported, although a writer that \
waits between the two makes it hang as well.

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
                kind => locks(code, kind, held),
            });
            if let Some(held) = again {
                let name = code.name(held.lock);
                found.push(
                    code.finding(&LINT, event.span, format!("`{name}` is already locked by this goroutine"))
                        .label("waits forever")
                        .note(held.span, "locked here, and still held")
                        .help("drop the guard first"),
                );
            }
        });
    }
}

/// True if an event takes the lock that is held.
fn locks(code: Code<'_>, kind: &EventKind, held: &Held) -> bool {
    match kind {
        EventKind::Lock(lock, mode, ..) => {
            let both_read = *mode == LockMode::Shared && held.mode == LockMode::Shared;
            *lock == held.lock && *mode != LockMode::Try && !both_read
        }
        EventKind::Call(callee, handed) => takes(code, *callee, handed, held.lock, held.mode),
        _ => false,
    }
}

/// True if the function called takes the lock.
fn takes(code: Code<'_>, callee: usize, handed: &[Option<ObjectId>], lock: ObjectId, mode: LockMode) -> bool {
    let summary = &code.program.functions[callee].summary;
    let Some(held) = path(code, lock) else { return false };
    summary.locks.iter().any(|((param, fields), shared)| {
        let full = match param {
            None => Some((None, fields.clone())),
            Some(index) => handed.get(*index).copied().flatten().and_then(|object| {
                let (base, mut path) = path(code, object)?;
                path.extend(fields.iter().cloned());
                Some((base, path))
            }),
        };
        full.as_ref() == Some(&held) && !(*shared && mode == LockMode::Shared)
    })
}

/// The object or static that a chain of fields begins with, and the fields.
fn path(code: Code<'_>, mut object: ObjectId) -> Option<(Option<ObjectId>, Vec<String>)> {
    let mut fields = Vec::new();
    loop {
        object = code.linked.root(object);
        match &code.object(object).origin {
            Origin::Field(base, name) => {
                fields.insert(0, name.clone());
                object = *base;
            }
            Origin::Static(name) => {
                fields.insert(0, name.clone());
                return Some((None, fields));
            }
            _ => return Some((Some(object), fields)),
        }
    }
}
