//! A send on the channel that the same loop receives from.

use super::prelude::*;

pub(super) const LINT: Lint = Lint {
    id: "range_own_send",
    level: Level::Deny,
    summary: "a send on the channel over which the same goroutine ranges",
    explanation: "\
Inside `for v in &ch` this goroutine is the receiver: a send on `ch` waits for a receiver that is busy sending. On \
an unbuffered channel this is a deadlock: `all goroutines are asleep - deadlock!`.

Keep the extra work in a local queue, or send from another goroutine.",
    at_run_time: "\
`fatal error: all goroutines are asleep - deadlock!` if no other goroutine can run; otherwise the dump shows a \
goroutine that waits forever in `chan send`, which `#[gochan::test]` reports as leaked.",
    near: "none in go vet or staticcheck.",
    bad: "\
let ch = chan!(u32);
go!([ch] { send!(ch <- 9); });
for n in &ch {
    if n == 0 { break; }
    send!(ch <- n / 2);
}",
    good: "\
let mut waiting = vec![9];
while let Some(n) = waiting.pop() {
    if n > 0 { waiting.push(n / 2); }
}",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    for (body, _) in code.bodies() {
        for (block, event) in code.all(body) {
            let EventKind::Range(channel, _) = event.kind else { continue };
            if code.made_here(channel) != Some(Capacity::Exactly(0)) {
                continue;
            }
            let agent = code.agent(body);
            // Another goroutine, or another one of these, may receive what this one sends.
            let others = code.everywhere().any(|(other, at, event)| match &event.kind {
                EventKind::Spawn(Started::Body(inner), ..) if *inner == agent => {
                    code.body(other).blocks[at.at()].loops > code.object(channel).loops
                }
                _ => {
                    let effect = code.effect(event, channel);
                    effect.has(Effect::ESCAPES)
                        || effect.has(Effect::RECEIVES)
                            && (code.agent(other) != agent || effect.has(Effect::IN_GOROUTINE))
                }
            });
            if others {
                continue;
            }
            let around = code.cycle(body, block);
            let sends = code.events_in(body, &around).filter(|(_, sent)| match sent.kind {
                EventKind::Send(to, Face::Panics | Face::Checked) => to == channel,
                EventKind::Call(..) => {
                    let effect = code.effect(sent, channel);
                    effect.has(Effect::SENDS) && !effect.has(Effect::IN_GOROUTINE)
                }
                _ => false,
            });
            let name = code.name(channel);
            found.extend(sends.map(|(_, sent)| {
                code.finding(
                    LINT.id,
                    sent.span,
                    format!("this send on `{name}` waits for the loop that contains it"),
                )
                .label("waits forever")
                .note(event.span, "received here")
                .help("send from another goroutine, or keep a queue beside the channel")
            }));
        }
    }
}
