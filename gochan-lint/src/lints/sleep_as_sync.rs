//! Hoping that they are done by then.

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
    for (body, _) in code.bodies() {
        for (block, place, event) in code.places(body) {
            let sleeps = match &event.kind {
                EventKind::Block(Wait::Sleep) => true,
                EventKind::Unknown(call) => Code::is_path(call, &["thread", "sleep"]),
                _ => false,
            };
            if !sleeps
                || code.body(body).blocks[block.at()].loops > 0
                || code.body(body).kind == BodyKind::Defer
            {
                continue;
            }
            let waits = |kind: &EventKind| crate::link::waits(code.program, kind);
            // Whoever waits properly afterwards has another reason to sleep.
            let later = code.following(body, block, place).iter().any(|(_, event)| {
                let unknown = matches!(&event.kind, EventKind::Unknown(call) if !call.is_method && !call.path[0].ends_with('!') && !Code::is_path(call, &["thread", "sleep"]));
                unknown || waits(&event.kind)
                    || matches!(
                        event.kind,
                        EventKind::Cancel(_) | EventKind::Close(..) | EventKind::RunDeferred(_)
                    )
            });
            let started = code.places(body).any(|(from, at, spawn)| {
                let free = match &spawn.kind {
                    EventKind::Spawn(Started::Body(inner), ..)
                        if code.linked.runs[inner.at()] == Runner::Thread =>
                    {
                        false
                    }
                    EventKind::Spawn(.., handle) => handle.is_none_or(|handle| !is_used(code, handle)),
                    _ => false,
                };
                let after = code.following(body, from, at);
                let reaches = after.iter().any(|(_, other)| std::ptr::eq(*other, event));
                let between = after
                    .iter()
                    .take_while(|(_, other)| !std::ptr::eq(*other, event))
                    .any(|(_, other)| waits(&other.kind));
                free && reaches && !between
            });
            if started && !later {
                found.push(
                    code.finding(&LINT, event.span, "this sleep waits for goroutines, and may be too short")
                        .label("hopes that they are done by then")
                        .help("wait for them: `join`, a `WaitGroup`, or a channel"),
                );
            }
        }
    }
}

fn is_used(code: Code<'_>, handle: ObjectId) -> bool {
    code.everywhere().any(|(_, _, event)| {
        code.mentions(event, handle)
            && !matches!(event.kind, EventKind::DroppedAtOnce(_) | EventKind::Spawn(..))
    })
}
