//! Reading a lock that the goroutine already reads.

use super::prelude::*;
use crate::analysis::Held;
use std::collections::BTreeSet;

pub(super) const LINT: Lint = Lint {
    id: "recursive_read",
    level: Level::Warn,
    summary: "a read lock is taken again while its guard lives, although the lock has a writer",
    explanation: "\
A writer that waits for an `RwLock` keeps new readers out. If it comes between two read locks of one goroutine, the \
writer waits for the first guard, and the second read lock waits for the writer: both wait forever. Only locks that \
some code of the workspace writes are reported.

Take the lock once and pass the guarded value on, or drop the guard first.",
    at_run_time: "\
`fatal error: all goroutines are asleep - deadlock!` if no other goroutine can run; otherwise the dump shows one \
goroutine in `RwLock read` and one in `RwLock write` that wait forever.",
    near: "none in go vet or clippy; the documentation of Go's `sync.RWMutex` prohibits recursive read locking.",
    bad: "\
let table = Arc::new(RwLock::new(1));
go!([table] { *table.write() += 1; });
let first = table.read();
let second = table.read();
println!(\"{first} {second}\");",
    good: "\
let table = Arc::new(RwLock::new(1));
go!([table] { *table.write() += 1; });
let first = table.read();
println!(\"{first}\");
drop(first);
let second = table.read();
println!(\"{second}\");",
    check: Check::Program(check),
};

fn check(program: &Program, found: &mut Vec<Diagnostic>) {
    let mut again = Vec::new();
    for index in 0..program.functions.len() {
        let code = Code::of(program, index);
        for (body, _) in code.bodies() {
            code.guards(body, |event, _, live| {
                let held = live.iter().find(|held| reads_again(code, &event.kind, held));
                again.extend(held.map(|held| (index, event.span, *held)));
            });
        }
    }
    if again.is_empty() {
        return;
    }
    let written = written(program);
    for (index, span, held) in again {
        let code = Code::of(program, index);
        if !has_writer(code, held.lock, &written) {
            continue;
        }
        let name = code.name(held.lock);
        let message = format!("this goroutine reads `{name}` already: a writer in between blocks both");
        found.push(
            code.finding(LINT.id, span, message)
                .label("waits forever if a writer waits")
                .note(held.span, "read here, and still held")
                .help("use the first guard, or drop it before"),
        );
    }
}

fn reads_again(code: Code<'_>, kind: &EventKind, held: &Held) -> bool {
    let reads = |kind: &EventKind| code.takes_again(kind, held) == Some(LockMode::Shared);
    held.mode == LockMode::Shared
        && held.flavour != Flavour::Cell
        && match kind {
            EventKind::Unknown(call) => code.during(call).any(|inside| reads(&inside.kind)),
            kind => reads(kind),
        }
}

/// The names of the locks that code of the program writes.
fn written(program: &Program) -> BTreeSet<String> {
    let mut written = BTreeSet::new();
    for index in 0..program.functions.len() {
        let code = Code::of(program, index);
        for (_, _, event) in code.everywhere() {
            // A mutex is no lock that is read.
            if let EventKind::Lock(_, _, guard, _) = event.kind
                && !matches!(&code.object(guard).origin, Origin::Method(_, name, _) if name == "write")
            {
                continue;
            }
            let taken = code.locks_taken(&event.kind).into_iter();
            let known = |name: &str| matches!(event.kind, EventKind::Lock(..)) || !name.contains(':');
            let taken = taken.filter(|(name, mode)| *mode == LockMode::Exclusive && known(name));
            written.extend(taken.map(|(name, _)| name));
        }
    }
    written
}

/// True if some code may write the lock.
fn has_writer(code: Code<'_>, lock: ObjectId, written: &BTreeSet<String>) -> bool {
    let name = code.lock_name(lock, &[]);
    let is_variable = |name: &str| name.contains(':');
    if !is_variable(&name) {
        return written.contains(&name);
    }
    // The owner of a lock that was passed to this function may write it, if any variable is written at all.
    if let Origin::Typed(_) = code.object(code.base(lock)).origin {
        return written.iter().any(|written| is_variable(written));
    }
    let agent = code.agent(code.object(lock).body);
    code.everywhere().any(|(body, _, event)| {
        let mut taken = code.locks_taken(&event.kind).into_iter();
        let writes = taken.any(|(taken, mode)| taken == name && mode == LockMode::Exclusive);
        code.agent(body) != agent && writes
            || matches!(event.kind, EventKind::Spawn(Started::Function(..), ..)) && code.mentions(event, lock)
    })
}
