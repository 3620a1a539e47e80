//! A receive from a channel on which nothing sends.

use super::prelude::*;

pub(super) const LINT: Lint = Lint {
    id: "leaked_receive",
    level: Level::Warn,
    summary: "a receive from a channel on which nothing sends and which nothing closes",
    explanation: "\
A receive waits for a value or for the close. If no other code sends on the channel or closes it, the receive waits \
forever: `all goroutines are asleep - deadlock!`, or a goroutine that never ends. A range waits like this after the \
last value if the channel is never closed; a loop over a `Chan` keeps the channel open through its own handle.

So does a receive that only its own goroutine could end: what sends or closes comes later, or in a `defer!`.

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
        // Methods such as `is_closed`, references passed to unknown code, dropped ends.
        let unclear = all.iter().any(|(_, event, _)| {
            matches!(
                event.kind,
                EventKind::Unknown(_)
                    | EventKind::Dropped(_)
                    | EventKind::Assign(_)
                    | EventKind::DroppedAtOnce(_)
            )
        });
        let nil = matches!(object.origin, Origin::ChanMacro(..) | Origin::Call(..) | Origin::Field(..));
        if let Some(span) = ended_by_itself(code, channel) {
            let name = code.name_at(span, channel);
            let message = format!("only this goroutine could send on `{name}` or close it, later");
            found.push(
                code.finding(LINT.id, span, message)
                    .label("waits forever")
                    .help("send or close in another goroutine"),
            );
            continue;
        }
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
            let name = code.name_at(event.span, channel);
            let ranged = matches!(event.kind, EventKind::Range(..)) && is(Effect::SENDS);
            let message = if ranged {
                format!("`{name}` is never closed: this loop does not end")
            } else {
                format!("nothing sends on `{name}`, and nothing closes it")
            };
            found.push(
                code.finding(LINT.id, event.span, message)
                    .label("waits forever")
                    .help("close it when all is sent"),
            );
        }
    }
}

/// True if the loop has another exit than the end of the channel.
fn can_leave(code: Code<'_>, body: BodyId, range: &Event) -> bool {
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

/// The first receive that only its own goroutine could end, later: nothing was sent or closed before it, and no other
/// goroutine has the channel.
fn ended_by_itself(code: Code<'_>, channel: ObjectId) -> Option<Span> {
    let home = code.object(channel).body;
    let agent = code.agent(home);
    let feeds = Effect::SENDS.and(Effect::CLOSES);
    let elsewhere = code.everywhere().any(|(body, _, event)| {
        let effect = code.effect(event, channel);
        let apart = code.agent(body) != agent || effect.has(Effect::IN_GOROUTINE);
        // The other goroutine may let this one go on in another way.
        apart && (effect != Effect::default() || code.mentions(event, channel))
            || matches!(event.kind, EventKind::Unknown(_) | EventKind::Assign(_))
                && code.mentions(event, channel)
    });
    if elsewhere || !code.everywhere().any(|(_, _, event)| code.effect(event, channel).has(feeds)) {
        return None;
    }
    let mut stuck: Vec<Span> = Vec::new();
    let mut fed: Vec<Span> = Vec::new();
    code.forward(
        home,
        false,
        |a, b| *a || *b,
        |known, event, _| match &event.kind {
            EventKind::New(made) if *made == channel => *known = false,
            EventKind::Recv(from, _, Stops::Goroutine) | EventKind::Range(from, _) if *from == channel => {
                if *known { &mut fed } else { &mut stuck }.push(event.span);
            }
            EventKind::RunDeferred(inner) => *known |= code.captures(*inner, channel),
            _ => *known |= code.effect(event, channel).has(feeds),
        },
    );
    stuck.into_iter().filter(|span| !fed.contains(span)).min()
}
