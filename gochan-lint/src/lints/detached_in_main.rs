//! Goroutines that main starts and does not wait for.

use super::prelude::*;

pub(super) const LINT: Lint = Lint {
    id: "detached_in_main",
    level: Level::Warn,
    summary: "main returns right after starting a goroutine that nothing waits for",
    explanation: "\
The program ends when main returns, and every goroutine ends with it. A goroutine that was started just before, and \
that nothing waits for, has hardly begun: its work is done sometimes, or never.",
    at_run_time: "\
The program ends before the goroutine has done its work.",
    near: "none.",
    bad: "\
fn main() {
    go!(work(1));
    println!(\"started\");
}",
    good: "\
fn main() {
    let worker = go!(work(1));
    worker.join().unwrap();
}",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    if !code.function.is_main || code.function.owner.is_some() {
        return;
    }
    let body = BodyId(0);
    for (block, place, event) in code.places(body) {
        let EventKind::Spawn(started, _, handle) = &event.kind else { continue };
        let thread =
            matches!(started, Started::Body(inner) if code.linked.runs[inner.at()] == Runner::Thread);
        let after = code.following(body, block, place);
        let waits = after.iter().any(|(_, event)| match &event.kind {
            EventKind::Unknown(call) => !call.path.last().is_some_and(|name| name.ends_with('!')),
            EventKind::Call(..) | EventKind::RunDeferred(_) | EventKind::Lock(..) => true,
            kind => crate::link::waits(code.program, kind),
        });
        let used = handle.is_some_and(|handle| {
            after.iter().any(|(_, event)| {
                code.mentions(event, handle) && !matches!(event.kind, EventKind::DroppedAtOnce(_))
            })
        });
        // While main does not return, the goroutine goes on.
        let ends = code.reachable(body, block)[code.body(body).blocks.len() - 1];
        if !thread && !code.is_by_helper(&event.kind) && !waits && !used && ends {
            found.push(
                code.finding(LINT.id, event.span, "main returns without waiting for this goroutine")
                    .label("ends with the program")
                    .help("join it, or wait for it with a `WaitGroup` or a channel"),
            );
        }
    }
}
