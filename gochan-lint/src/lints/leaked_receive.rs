//! Receiving what nobody sends.

use super::prelude::*;

pub(super) const LINT: Lint = Lint {
    id: "leaked_receive",
    level: Level::Warn,
    summary: "a receive from a channel on which nothing sends and which nothing closes",
    explanation: "\
A receive waits for a value or for the close. If no other code sends on the channel or closes it, the receive waits \
forever: `all goroutines are asleep - deadlock!`, or a goroutine that never ends. A range waits like this after the \
last value if the channel is never closed; a loop over a `Chan` keeps the channel open through its own handle.

Close the channel after the last send, or drop the last sender and range over a `Receiver`.",
    at_run_time: "\
`fatal error: all goroutines are asleep - deadlock!` if no other goroutine can run; otherwise the dump shows a \
goroutine that waits forever in `chan receive`, which `#[gochan::test]` reports as leaked.",
    near: "none in go vet; uber's `goleak` at run time.",
    bad: "\
let ch = chan!(u32);
go!([ch] { for n in 0..3 { send!(ch <- n); } });
for n in &ch { println!(\"{n}\"); }",
    good: "\
let ch = chan!(u32);
go!([ch] { for n in 0..3 { send!(ch <- n); } close!(ch); });
for n in &ch { println!(\"{n}\"); }",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    for (channel, object) in code.objects() {
        if code.made_here(channel).is_none() || code.escapes(channel) {
            continue;
        }
        let all = code.everywhere().map(|(body, _, event)| (body, event, code.effect(event, channel)));
        let all: Vec<_> = all
            .filter(|(_, event, effect)| *effect != Effect::default() || code.mentions(event, channel))
            .collect();
        let is = |effect: Effect| all.iter().any(|(.., found)| found.has(effect));
        // Methods such as `is_closed`, references handed to code that is not known, dropped ends.
        let unclear = all.iter().any(|(_, event, _)| {
            matches!(
                event.kind,
                EventKind::Unknown(_)
                    | EventKind::Dropped(_)
                    | EventKind::Assign(_)
                    | EventKind::DroppedAtOnce(_)
            )
        });
        let nil = matches!(object.origin, Origin::ChanMacro(..)) || matches!(object.origin, Origin::Call(..));
        if is(Effect::CLOSES) || unclear || !nil {
            continue;
        }
        let first = all.iter().find(|(body, event, _)| match &event.kind {
            EventKind::Range(_, side) => {
                (!is(Effect::SENDS) || *side == Side::Both) && !can_leave(code, *body, event)
            }
            EventKind::Recv(_, _, Stops::Goroutine | Stops::Task) => !is(Effect::SENDS),
            _ => false,
        });
        if let Some((_, event, _)) = first {
            let name = code.name(channel);
            let ranged = matches!(event.kind, EventKind::Range(..)) && is(Effect::SENDS);
            let message = if ranged {
                format!("`{name}` is never closed: this loop does not end")
            } else {
                format!("nothing sends on `{name}`, and nothing closes it")
            };
            found.push(
                code.finding(&LINT, event.span, message)
                    .label("waits forever")
                    .help("close it when all is sent"),
            );
        }
    }
}

/// True if the loop can be left in another way than by the end of the channel.
fn can_leave(code: Code<'_>, body: BodyId, range: &crate::link::Event) -> bool {
    let Some((block, _)) = code.all(body).find(|(_, event)| std::ptr::eq(*event, range)) else { return true };
    let around = code.cycle(body, block);
    if around.is_empty() {
        return true;
    }
    let blocks = &code.body(body).blocks;
    around.iter().any(|inside| {
        blocks[inside.at()].next.iter().any(|next| {
            let ends =
                code.events(body, *next).iter().any(|event| matches!(event.kind, EventKind::RangeEnd(_)));
            !around.contains(next) && !ends
        })
    })
}
