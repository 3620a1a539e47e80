//! Waiting for senders before receiving what they send.

use super::prelude::*;

pub(super) const LINT: Lint = Lint {
    id: "wait_before_drain",
    level: Level::Deny,
    summary: "`wg.wait()` before the values of the goroutines it waits for are received",
    explanation: "\
Goroutines that are counted in a group send on a channel, and the goroutine that should receive waits for the group \
first. The sends wait for a receiver, and the receiver waits for the group: `all goroutines are asleep - deadlock!`.

Wait and close in a separate goroutine, and receive at once; or give the channel room for all values.",
    at_run_time: "\
`fatal error: all goroutines are asleep - deadlock!` if no other goroutine can run; otherwise the dump shows \
goroutines that wait forever in `WaitGroup wait` and `chan send`, which `#[gochan::test]` reports as leaked.",
    near: "none in go vet or staticcheck.",
    bad: "\
let (out, wg) = (chan!(u32), WaitGroup::new());
for n in 0..3 {
    wg.add(1);
    go!([out, wg] { defer!(wg.done()); send!(out <- n); });
}
wg.wait();
close!(out);
for n in &out { println!(\"{n}\"); }",
    good: "\
let (out, wg) = (chan!(u32), WaitGroup::new());
for n in 0..3 {
    wg.add(1);
    go!([out, wg] { defer!(wg.done()); send!(out <- n); });
}
go!([out] { wg.wait(); close!(out); });
for n in &out { println!(\"{n}\"); }",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    for (body, _) in code.bodies() {
        for (block, place, event) in code.places(body) {
            let EventKind::Wait(group) = event.kind else { continue };
            let stuck =
                code.objects().find(|(channel, _)| is_stuck(code, body, block, place, group, *channel));
            if let Some((channel, object)) = stuck {
                let name = code.name(channel);
                found.push(
                    code.finding(
                        LINT.id,
                        event.span,
                        format!("the goroutines awaited here cannot send on `{name}` before this goroutine receives"),
                    )
                    .label("waits forever")
                    .note(object.span, "too small for what they send")
                    .help("wait and close in a goroutine of its own, and receive at once"),
                );
            }
        }
    }
}

fn is_stuck(
    code: Code<'_>,
    body: BodyId,
    block: BlockId,
    place: usize,
    group: ObjectId,
    channel: ObjectId,
) -> bool {
    let Some(Capacity::Exactly(capacity)) = code.made_here(channel) else { return false };
    let receives = |event: &Event| code.effect(event, channel).has(Effect::RECEIVES);
    let agent = code.agent(body);
    let others = code.everywhere().any(|(other, _, event)| {
        let apart = code.agent(other) != agent || code.effect(event, channel).has(Effect::IN_GOROUTINE);
        apart && receives(event)
    });
    let later = code.following(body, block, place);
    let before = code
        .of_agent(agent)
        .any(|(_, _, event)| receives(event) && !later.iter().any(|(_, after)| std::ptr::eq(*after, event)));
    if others || before || code.escapes(channel) || !later.iter().any(|(_, event)| receives(event)) {
        return false;
    }
    // How many values the awaited goroutines send in all, if that is known.
    let mut sends = Some(0u64);
    let mut any = false;
    for (outer, at, event) in code.everywhere() {
        let EventKind::Spawn(started, by, _) = &event.kind else { continue };
        let own = match started {
            Started::Body(inner) => sends_of_body(code, *inner, *by, group, channel),
            Started::Function(..) => sends_of_function(code, event, group, channel),
            Started::Unknown(_) => None,
        };
        let Some(own) = own else { continue };
        any = true;
        let turns = code.body(outer).blocks[at.at()].turns;
        sends = sends.and_then(|sends| {
            let (own, turns) = (own.count()?, turns?);
            Some(sends.saturating_add(own.saturating_mul(turns)))
        });
    }
    any && (capacity == 0 || sends.is_some_and(|sends| sends > capacity))
}

/// How many values a goroutine sends.
enum Sends {
    Exactly(u64),
    Some,
}

impl Sends {
    fn count(self) -> Option<u64> {
        match self {
            Sends::Exactly(count) => Some(count),
            Sends::Some => None,
        }
    }
}

/// What a goroutine's block sends, if it does and if the group waits for it.
fn sends_of_body(
    code: Code<'_>,
    inner: BodyId,
    by: Option<ObjectId>,
    group: ObjectId,
    channel: ObjectId,
) -> Option<Sends> {
    let count = |effect: Effect, of: ObjectId| {
        code.of_agent(inner).filter(|(_, _, event)| code.effect(event, of).has(effect)).count()
    };
    let waited = by == Some(group) || count(Effect::DONE, group) > 0;
    let sends = count(Effect::SENDS, channel);
    // Another arm of a `select!` may run instead of its send.
    let gives_way = code
        .of_agent(inner)
        .any(|(_, _, event)| matches!(&event.kind, EventKind::Arm(arm) if arm.channel == Some(channel)));
    if !waited || sends == 0 || gives_way {
        return None;
    }
    let once = code.of_agent(inner).all(|(body, block, event)| {
        let graph = &code.body(body).blocks[block.at()];
        !code.effect(event, channel).has(Effect::SENDS)
            || matches!(event.kind, EventKind::Send(..)) && graph.loops == 0 && graph.branches == 0
    });
    Some(if once { Sends::Exactly(sends as u64) } else { Sends::Some })
}

/// The same for a goroutine that runs a function.
fn sends_of_function(code: Code<'_>, spawn: &Event, group: ObjectId, channel: ObjectId) -> Option<Sends> {
    let sends = code.effect(spawn, channel).has(Effect::SENDS);
    let done = code.effect(spawn, group).has(Effect::DONE);
    (sends && done).then_some(Sends::Some)
}
