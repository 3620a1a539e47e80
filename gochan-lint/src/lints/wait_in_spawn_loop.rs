//! Waiting for each goroutine of a loop before the next one starts.

use super::prelude::*;

pub(super) const LINT: Lint = Lint {
    id: "wait_in_spawn_loop",
    level: Level::Warn,
    summary: "`wg.wait()` inside the loop that starts what it waits for",
    explanation: "\
A loop that starts a goroutine and waits for it on each turn runs one goroutine at a time, as if there were none. If \
the group was counted for all turns before the loop, the first wait never ends, since the other goroutines have not \
started.

Wait after the loop. A loop that starts several goroutines on each turn and then waits runs them in batches, and is \
not reported.",
    at_run_time: "\
Nothing runs at the same time; or, if the count was added before the loop, `all goroutines are asleep - deadlock!`.",
    near: "none in go vet or staticcheck.",
    bad: "\
let wg = WaitGroup::new();
for n in 0..3 {
    wg.add(1);
    go!([wg] { defer!(wg.done()); println!(\"{n}\"); });
    wg.wait();
}",
    good: "\
let wg = WaitGroup::new();
for n in 0..3 {
    wg.add(1);
    go!([wg] { defer!(wg.done()); println!(\"{n}\"); });
}
wg.wait();",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    for (body, graph) in code.bodies() {
        for (block, event) in code.all(body) {
            let EventKind::Wait(group) = event.kind else { continue };
            let loops = graph.blocks[block.at()].loops;
            // A group of the turn's own is for one goroutine.
            let own = code.object(group).body == body && code.object(group).loops >= loops;
            if loops == 0 || own || code.is_blurred(group) {
                continue;
            }
            let around = code.cycle(body, block);
            let Some(head) = around.iter().min() else { continue };
            // A wait on some turns only ends a batch.
            if graph.blocks[block.at()].branches > graph.blocks[head.at()].branches {
                continue;
            }
            let started: Vec<_> =
                code.events_in(body, &around).filter(|(_, event)| is_counted(code, event, group)).collect();
            // Several on each turn, or one on some turns, are a batch.
            let [(start, spawn)] = started[..] else { continue };
            let graph_of = |block: BlockId| &graph.blocks[block.at()];
            if graph_of(start).loops > loops || graph_of(start).branches > graph_of(block).branches {
                continue;
            }
            let adds = |event: &Event| matches!(event.kind, EventKind::Add(counted, _) if counted == group);
            let before_all = code.all(body).any(|(block, event)| adds(event) && !around.contains(&block));
            if !before_all && works_meanwhile(code, body, start, spawn, group) {
                continue;
            }
            let name = code.name(group);
            let message = format!("`{name}.wait()` in the loop that starts what it waits for");
            let label = if before_all { "waits forever" } else { "one goroutine at a time" };
            found.push(
                code.finding(LINT.id, event.span, message)
                    .label(label)
                    .note(spawn.span, "started here on each turn")
                    .help("wait after the loop"),
            );
        }
    }
}

/// True for the start of a goroutine that the group counts.
fn is_counted(code: Code<'_>, event: &Event, group: ObjectId) -> bool {
    match &event.kind {
        EventKind::Spawn(_, Some(by), _) => *by == group,
        EventKind::Spawn(Started::Body(inner), ..) => code.within(*inner).any(|(body, _)| {
            code.all(body).any(|(_, event)| code.effect(event, group).has(Effect::DONE.and(Effect::ESCAPES)))
        }),
        EventKind::Spawn(..) => code.effect(event, group).has(Effect::DONE.and(Effect::ESCAPES)),
        EventKind::Call(..) => {
            code.effect(event, group).has(Effect::IN_GOROUTINE) && code.effect(event, group).has(Effect::DONE)
        }
        _ => false,
    }
}

/// True if the loop does something else between the start and the wait.
fn works_meanwhile(code: Code<'_>, body: BodyId, block: BlockId, spawn: &Event, group: ObjectId) -> bool {
    let events = code.events(body, block);
    let Some(place) = events.iter().position(|event| std::ptr::eq(event, spawn)) else { return false };
    let waits = |kind: &EventKind| matches!(kind, EventKind::Wait(waited) if *waited == group);
    let between = code.following_until(body, block, place, None, waits);
    between.iter().any(|(_, event)| match &event.kind {
        EventKind::Call(..) | EventKind::Select(_) | EventKind::Recv(..) | EventKind::Send(..) => true,
        EventKind::Unknown(call) => !call.path.last().is_some_and(|name| name.ends_with('!')),
        _ => false,
    })
}
