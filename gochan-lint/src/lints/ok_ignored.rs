//! A loop that receives zero values forever.

use super::prelude::*;

pub(super) const LINT: Lint = Lint {
    id: "ok_ignored",
    level: Level::Warn,
    summary: "an endless loop takes values from a channel without checking whether it is closed",
    explanation: "\
`v = <-rx` and `recv!(rx)` return the zero value once the channel is closed and drained, immediately and every time. \
A loop with no other exit then spins on zero values.

`Some(v) = <-rx else { break }`, `v, ok = <-rx`, or a `for` loop notice the close.",
    at_run_time: "\
A core that is busy with zero values.",
    near: "none in go vet; Go's `errcheck` for results that are not checked.",
    bad: "\
fn serve(jobs: &Receiver<u32>) {
    loop {
        let job = recv!(jobs);
        work(job);
    }
}",
    good: "\
fn serve(jobs: &Receiver<u32>) {
    for job in jobs {
        work(job);
    }
}",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    for (body, graph) in code.bodies() {
        let end = graph.blocks.len() - 1;
        for (block, event) in code.all(body) {
            let (channel, span) = match &event.kind {
                EventKind::Recv(channel, Bound::Value, Stops::Goroutine | Stops::Task) => {
                    (*channel, event.span)
                }
                EventKind::Arm(arm) if !arm.sends && arm.bound == Bound::Value => match arm.channel {
                    Some(channel) => (channel, arm.span),
                    None => continue,
                },
                _ => continue,
            };
            let endless = !code.reachable(body, block)[end];
            if !endless || !matches!(code.kind(channel), Kind::Channel(..)) || is_timer(code, channel) {
                continue;
            }
            let around = code.cycle(body, block);
            // Each turn has a channel of its own.
            let fresh = code
                .events_in(body, &around)
                .any(|(_, event)| matches!(event.kind, EventKind::New(made) if made == channel));
            let looks = code.events_in(body, &around).any(|(_, event)| match &event.kind {
                EventKind::Recv(other, Bound::Checked, _) => *other == channel,
                EventKind::Arm(arm) => arm.channel == Some(channel) && arm.bound == Bound::Checked,
                EventKind::Use(other) => *other == channel,
                EventKind::Unknown(call) => {
                    call.receiver.is_some_and(|other| code.linked.root(other) == channel)
                }
                _ => false,
            });
            let closes = code.made_here(channel).is_none()
                || code.escapes(channel)
                || code.everywhere().any(|(_, _, event)| code.effect(event, channel).has(Effect::CLOSES));
            if !around.is_empty() && !fresh && !looks && closes {
                let name = code.name(channel);
                found.push(
                    code.finding(LINT.id, span, format!("this loop does not notice the close of `{name}`"))
                        .label("the zero value on every receive, once it is closed")
                        .help("use `Some(v) = <-rx else { break }`, `v, ok = <-rx`, or a `for` loop"),
                );
            }
        }
    }
}

fn is_timer(code: Code<'_>, channel: ObjectId) -> bool {
    matches!(&code.object(channel).origin, Origin::Method(_, name, _) if name == "channel")
}
