//! A loop that fills a channel without a bound.

use super::prelude::*;
use crate::link::{switches, waits};

pub(super) const LINT: Lint = Lint {
    id: "unbounded_send_loop",
    level: Level::Warn,
    summary: "an endless loop sends on a `Chan::unbounded()` and never waits",
    explanation: "\
A send on an unbounded channel never waits, so nothing holds back a loop that does not wait for anything else either. It \
sends as fast as it can; whatever the receiver does not take in time stays in memory, until there is none left, and each \
value is older when it is received.

A channel with a capacity makes the loop wait for its receiver. A loop that waits for something is not reported: for \
values of another channel, for time, a lock, an answer, or in a function that is not known.",
    at_run_time: "\
Memory grows until the system ends the process.",
    near: "none.",
    bad: "\
fn sample(level: &AtomicU64) {
    let samples = Chan::unbounded();
    go!([samples] record(samples.receiver()));
    loop {
        send!(samples <- level.load(Relaxed));
    }
}",
    good: "\
fn sample(level: &AtomicU64) {
    let samples = Chan::with_capacity(64);
    go!([samples] record(samples.receiver()));
    loop {
        send!(samples <- level.load(Relaxed));
    }
}",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    for (body, graph) in code.bodies() {
        for (block, event) in code.all(body) {
            let EventKind::Send(channel, _) = event.kind else { continue };
            let outside = code.object(channel).body != body
                || code.object(channel).loops < graph.blocks[block.at()].loops;
            if code.made_here(channel) != Some(Capacity::UNBOUNDED) || !outside {
                continue;
            }
            let around = code.cycle(body, block);
            let hurries = code.events_in(body, &around).all(|(_, event)| is_quick(code, body, event));
            if !around.is_empty() && hurries && is_endless(code, body, &around) {
                let name = code.name_at(event.span, channel);
                found.push(
                    code.finding(LINT.id, event.span, format!("nothing holds back this loop, which fills `{name}`"))
                        .label("never waits")
                        .note(code.object(channel).span, "takes as much as is sent")
                        .help("give the channel a capacity, `Chan::with_capacity(n)`: the loop waits for its receiver then"),
                );
            }
        }
    }
}

/// Calls of other crates that certainly do not wait.
const QUICK: [&str; 24] = [
    "err",
    "check",
    "is_none",
    "is_some",
    "load",
    "store",
    "swap",
    "fetch_add",
    "fetch_sub",
    "clone",
    "len",
    "is_empty",
    "push",
    "pop",
    "to_owned",
    "to_string",
    "now",
    "elapsed",
    "is_err",
    "is_ok",
    "unwrap",
    "expect",
    "wrapping_add",
    "println",
];

/// True if it certainly does not wait.
fn is_quick(code: Code<'_>, body: BodyId, event: &Event) -> bool {
    match &event.kind {
        // The next one of something that may end, or wait.
        EventKind::Next => false,
        EventKind::Unknown(call) => call.path.last().is_some_and(|name| QUICK.contains(&name.as_str())),
        EventKind::Call(callee, _) => {
            let there = Code::of(code.program, *callee);
            is_quick_itself(code, body, event)
                && there.all(BodyId(0)).all(|(_, event)| match &event.kind {
                    EventKind::Call(..) | EventKind::Next => false,
                    EventKind::Unknown(_) => is_quick(there, BodyId(0), event),
                    _ => is_quick_itself(there, BodyId(0), event),
                })
        }
        _ => is_quick_itself(code, body, event),
    }
}

fn is_quick_itself(code: Code<'_>, body: BodyId, event: &Event) -> bool {
    const ENDS_TURN: Switches =
        Switches::WAITS.and(Switches::LOCKS).and(Switches::YIELDS).and(Switches::AWAITS);
    !matches!(event.kind, EventKind::Lock(..) | EventKind::Arm(_) | EventKind::Select(_))
        && !waits(code.program, &event.kind)
        && !switches(code.program, code.index, body, &event.kind).has(ENDS_TURN)
}

/// True if the loop ends only by a signal from elsewhere or a failed send, and not after a number of turns.
fn is_endless(code: Code<'_>, body: BodyId, around: &[BlockId]) -> bool {
    let leaves =
        |block: BlockId| code.body(body).blocks[block.at()].next.iter().any(|next| !around.contains(next));
    let told = |event: &Event| match &event.kind {
        EventKind::Send(..) => true,
        EventKind::Unknown(call) => call.path.last().is_some_and(|name| name == "load"),
        EventKind::Switches(ways) => ways.has(Switches::RARELY),
        _ => false,
    };
    around.iter().filter(|block| leaves(**block)).all(|block| code.events(body, *block).iter().any(told))
}
