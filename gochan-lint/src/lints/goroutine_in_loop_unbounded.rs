//! An unlimited number of goroutines.

use super::prelude::*;

pub(super) const LINT: Lint = Lint {
    id: "goroutine_in_loop_unbounded",
    level: Level::Allow,
    summary: "a loop starts a goroutine for every item of a stream and sets no limit",
    explanation: "\
A goroutine is cheap; its work may not be. If a stream arrives faster than it is processed, memory, connections and \
file descriptors run out. A `Semaphore`, a pool of workers or an `errgroup::Group` with a limit bounds the number.",
    at_run_time: "\
Memory and `runtime::num_goroutine()` grow.",
    near: "none.",
    bad: "\
fn serve(jobs: &Receiver<u32>) {
    for job in jobs {
        go!(work(job));
    }
}",
    good: "\
fn serve(jobs: &Receiver<u32>, slots: &Semaphore) {
    for job in jobs {
        slots.acquire(1);
        go!({ work(job); slots.release(1); });
    }
}",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    for (body, _) in code.bodies() {
        for (block, event) in code.all(body) {
            let EventKind::Spawn(started, None, None | Some(_)) = &event.kind else { continue };
            // A turn that receives from its goroutine waits for it.
            let answers =
                |channel: ObjectId| matches!(started, Started::Body(inner) if code.captures(*inner, channel));
            let around = code.cycle(body, block);
            let events: Vec<_> = code.events_in(body, &around).map(|(_, event)| event).collect();
            let stream = events.iter().any(|event| match &event.kind {
                EventKind::Range(..) => true,
                EventKind::Recv(channel, ..) => !answers(*channel),
                EventKind::Arm(arm) => !arm.sends,
                EventKind::Use(object) => matches!(&code.object(*object).origin, Origin::Method(_, name, _) if name == "incoming" || name == "lines"),
                EventKind::Unknown(call) => call.is_method && call.path[0] == "accept",
                _ => false,
            });
            let limited = events.iter().any(|event| match &event.kind {
                EventKind::Unknown(call) => call
                    .path
                    .last()
                    .is_some_and(|name| name.contains("acquire") || name.contains("limit") || name == "join"),
                EventKind::Recv(channel, _, Stops::Goroutine | Stops::Task) if answers(*channel) => true,
                EventKind::Send(..) | EventKind::Wait(_) | EventKind::Join(..) | EventKind::Call(..) => true,
                _ => false,
            });
            if stream && !limited {
                found.push(
                    code.finding(LINT.id, event.span, "a goroutine for every item, without a limit")
                        .label("as many as come")
                        .help("take a slot of a `Semaphore` first, or use a pool of workers"),
                );
            }
        }
    }
}
