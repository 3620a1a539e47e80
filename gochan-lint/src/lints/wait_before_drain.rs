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
                        &LINT,
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
    let receives = |event: &crate::link::Event| code.effect(event, channel).has(Effect::RECEIVES);
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
    let mut sends = Some(0u64);
    let mut any = false;
    for (outer, at, event) in code.everywhere() {
        let EventKind::Spawn(started, by, _) = &event.kind else { continue };
        let own = match started {
            Started::Body(inner) => {
                let inside = |effect: Effect, of: ObjectId| {
                    code.of_agent(*inner).filter(|(_, _, event)| code.effect(event, of).has(effect)).count()
                };
                let waited = *by == Some(group) || inside(Effect::DONE, group) > 0;
                let once = code.of_agent(*inner).all(|(body, block, event)| {
                    !code.effect(event, channel).has(Effect::SENDS)
                        || matches!(event.kind, EventKind::Send(..))
                            && code.body(body).blocks[block.at()].loops == 0
                            && code.body(body).blocks[block.at()].branches == 0
                });
                let sends = inside(Effect::SENDS, channel);
                // Sends in a `select!` may give way.
                let gives_way = code.of_agent(*inner).any(|(_, _, event)| matches!(&event.kind, EventKind::Arm(arm) if arm.channel == Some(channel)));
                if !waited || sends == 0 || gives_way {
                    continue;
                }
                once.then_some(sends as u64)
            }
            Started::Function(..) => {
                if !code.effect(event, channel).has(Effect::SENDS)
                    || !code.effect(event, group).has(Effect::DONE)
                {
                    continue;
                }
                None
            }
            Started::Unknown(_) => continue,
        };
        any = true;
        let turns = code.body(outer).blocks[at.at()].turns;
        sends = sends.and_then(|sends| {
            own.zip(turns).map(|(own, turns)| sends.saturating_add(own.saturating_mul(turns)))
        });
    }
    any && (capacity == 0 || sends.is_some_and(|sends| sends > capacity))
}
