//! A loop that spins.

use super::prelude::*;

pub(super) const LINT: Lint = Lint {
    id: "spinning_default",
    level: Level::Warn,
    summary: "a `select!` in a loop whose `default` does nothing: the loop spins",
    explanation: "\
A `select!` with a `default` does not wait. If the `default` does not wait, sleep, yield, work or leave, the loop \
runs as fast as it can until another arm is ready, and takes a whole core from the other goroutines of its worker.

Without the `default` the `select!` would wait at no cost.",
    at_run_time: "\
A core that is always busy, and other goroutines of the worker that run late.",
    near: "staticcheck SA5004.",
    bad: "\
fn wait(rx: &Receiver<u32>) -> u32 {
    loop {
        select! {
            n = <-rx => return n,
            default => {}
        }
    }
}",
    good: "\
fn wait(rx: &Receiver<u32>) -> u32 {
    recv!(rx)
}",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    for (body, _) in code.bodies() {
        for (block, place, event) in code.places(body) {
            if matches!(event.kind, EventKind::DefaultArm) && spins(code, body, block, place, event.span) {
                found.push(
                    code.finding(LINT.id, event.span, "the loop spins while nothing is ready")
                        .label("neither waits, works nor leaves")
                        .help("remove the `default`: `select!` waits then"),
                );
            }
        }
    }
}

/// Calls that do no work, such as those in the condition of a loop.
const CALM: [&str; 14] = [
    "spin_loop",
    "fetch_add",
    "fetch_sub",
    "store",
    "load",
    "is_closed",
    "is_empty",
    "is_none",
    "is_some",
    "len",
    "elapsed",
    "now",
    "err",
    "clone",
];

/// True if a path leads back to a `select!` with a default without doing any work.
fn spins(code: Code<'_>, body: BodyId, block: BlockId, place: usize, word: Span) -> bool {
    let blocks = &code.body(body).blocks;
    let mut seen = vec![false; blocks.len()];
    let mut queue = vec![(block, place + 1)];
    while let Some((block, from)) = queue.pop() {
        let mut busy = false;
        for event in &code.events(body, block)[from..] {
            match &event.kind {
                EventKind::Select(select) if is_of(code, select, word) => return true,
                EventKind::Unknown(call)
                    if call.path.last().is_some_and(|name| CALM.contains(&name.as_str())) => {}
                EventKind::New(_)
                | EventKind::ScopeEnd(_)
                | EventKind::DroppedAtOnce(_)
                | EventKind::Use(_)
                | EventKind::Assign(_)
                | EventKind::Store(_)
                | EventKind::MayPanic
                | EventKind::RangeEnd(_)
                | EventKind::Escape(..)
                | EventKind::DefaultArm => {}
                _ => {
                    busy = true;
                    break;
                }
            }
        }
        if busy {
            continue;
        }
        for &next in &blocks[block.at()].next {
            if next.at() < seen.len() && !std::mem::replace(&mut seen[next.at()], true) {
                queue.push((next, 0));
            }
        }
    }
    false
}

/// True if the `default` at `word` belongs to the `select!`.
fn is_of(code: Code<'_>, select: &crate::ir::Select, word: Span) -> bool {
    select.default_body.is_some_and(|body| {
        code.snippet(Span { start: word.end, end: body.start.max(word.end) }).trim() == "=>"
    })
}
