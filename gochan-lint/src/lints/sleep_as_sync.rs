//! A sleep that is meant to wait for goroutines.

use super::prelude::*;

pub(super) const LINT: Lint = Lint {
    id: "sleep_as_sync",
    level: Level::Warn,
    summary: "a sleep that waits for goroutines that were started just before",
    explanation: "\
A sleep that is long enough today is too short on a slow machine, and wastes time on a fast one. Wait for the event \
itself: with a `WaitGroup`, a `join` or a channel.",
    at_run_time: "\
A test that fails on a slow machine.",
    near: "none; `testing/synctest` is Go's way to avoid sleeps, as virtual time is here.",
    bad: "\
go!(work(1));
gochan::time::sleep(Duration::from_millis(100));
println!(\"done\");",
    good: "\
let worker = go!(work(1));
worker.join().unwrap();
println!(\"done\");",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    for (body, graph) in code.bodies() {
        if graph.kind == BodyKind::Defer {
            continue;
        }
        for (block, place, event) in code.places(body) {
            if is_sleep(&event.kind)
                && graph.blocks[block.at()].loops == 0
                && starts_before(code, body, event)
                && !waits_later(code, body, block, place)
            {
                let message = "this sleep waits for goroutines, and may be too short";
                found.push(
                    code.finding(LINT.id, event.span, message)
                        .label("hopes that they are done by then")
                        .help("wait for them: `join`, a `WaitGroup`, or a channel"),
                );
            }
        }
    }
}

fn is_sleep(kind: &EventKind) -> bool {
    match kind {
        EventKind::Block(Wait::Sleep) => true,
        EventKind::Unknown(call) => Code::is_path(call, &["thread", "sleep"]),
        _ => false,
    }
}

/// True if a goroutine is started before the sleep whose handle is not used, with no other wait between.
fn starts_before(code: Code<'_>, body: BodyId, sleep: &Event) -> bool {
    code.places(body).any(|(block, place, spawn)| {
        let free = match &spawn.kind {
            EventKind::Spawn(Started::Body(inner), ..) if code.linked.runs[inner.at()] == Runner::Thread => {
                false
            }
            EventKind::Spawn(.., handle) => handle.is_none_or(|handle| !is_used(code, handle)),
            _ => false,
        };
        if !free {
            return false;
        }
        let after = code.following(body, block, place);
        let sleeps = after.iter().position(|(_, other)| std::ptr::eq(*other, sleep));
        sleeps.is_some_and(|sleeps| {
            !after[..sleeps].iter().any(|(_, between)| crate::link::waits(code.program, &between.kind))
        })
    })
}

/// True if the code after the sleep waits properly, so that the sleep has another reason.
fn waits_later(code: Code<'_>, body: BodyId, block: BlockId, place: usize) -> bool {
    code.following(body, block, place).iter().any(|(_, event)| match &event.kind {
        EventKind::Cancel(_) | EventKind::Close(..) | EventKind::RunDeferred(_) => true,
        EventKind::Unknown(call)
            if !call.is_method
                && !call.path[0].ends_with('!')
                && !Code::is_path(call, &["thread", "sleep"]) =>
        {
            true
        }
        kind => crate::link::waits(code.program, kind),
    })
}

fn is_used(code: Code<'_>, handle: ObjectId) -> bool {
    code.everywhere().any(|(_, _, event)| {
        code.mentions(event, handle)
            && !matches!(event.kind, EventKind::DroppedAtOnce(_) | EventKind::Spawn(..))
    })
}
