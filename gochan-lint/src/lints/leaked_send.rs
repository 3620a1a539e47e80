//! A goroutine that sends to somebody who may have left.

use super::prelude::*;

pub(super) const LINT: Lint = Lint {
    id: "leaked_send",
    level: Level::Warn,
    summary: "a goroutine sends on an unbuffered channel whose only receiver can leave first",
    explanation: "\
A send on an unbuffered channel waits for its receiver. If the only receiver can leave without receiving, by a timeout beside the receive, an early return, `?`, or a `break` after the first of several values, the goroutine waits for nobody: in Go it leaks for ever, here the send fails, or panics, once the last receiving handle is gone.

A capacity that covers all sends lets the goroutine end by itself; or the send stands in a `select!` with a done channel.",
    at_run_time: "`send!` panics once the last receiving handle is gone, with the cause; while a handle lives, a test reports the goroutine as leaked, in `chan send`.",
    near: "none in go vet; uber's `goleak` at run time.",
    bad: "\
let ch = chan!(u32);
go!([ch] { send!(ch <- slow()); });
select! {
    n = <-ch => println!(\"{n}\"),
    <-after(Duration::from_secs(1)) => println!(\"too late\"),
}",
    good: "\
let ch = chan!(u32, 1);
go!([ch] { send!(ch <- slow()); });
select! {
    n = <-ch => println!(\"{n}\"),
    <-after(Duration::from_secs(1)) => println!(\"too late\"),
}",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    for (channel, object) in code.objects() {
        if code.made_here(channel) != Some(Capacity::Exactly(0)) || code.escapes(channel) {
            continue;
        }
        let agent = code.agent(object.body);
        let receives_apart = code.everywhere().any(|(body, _, event)| {
            let effect = code.effect(event, channel);
            effect.has(Effect::RECEIVES) && (code.agent(body) != agent || effect.has(Effect::IN_GOROUTINE))
        });
        let deep = |body: BodyId, block: BlockId| code.body(body).blocks[block.at()].loops > object.loops;
        let mut own = code
            .of_agent(agent)
            .filter(|(_, _, event)| code.effect(event, channel).has(Effect::RECEIVES))
            .peekable();
        // How often a loop receives is not known.
        let any = own.peek().is_some();
        let counted =
            own.any(|(body, block, event)| matches!(event.kind, EventKind::Recv(..)) && deep(body, block));
        if receives_apart || counted || !any {
            continue;
        }
        let starts: Vec<_> = senders(code, channel).collect();
        let several =
            starts.len() > 1 || starts.iter().any(|start| start.repeats || deep(object.body, start.block));
        let Some(first) = starts.first() else { continue };
        if can_leave(code, channel, object.body, several) {
            let name = code.name(channel);
            found.push(
                Diagnostic::new(
                    LINT.id,
                    first.unit,
                    first.send,
                    format!("the only receiver of `{name}` can leave before this send is received"),
                )
                .label("may wait for nobody")
                .help("give the channel room for all sends, or send in a `select!` with a done channel"),
            );
        }
    }
}

struct Sender {
    unit: usize,
    block: BlockId,
    send: Span,
    repeats: bool,
}

/// The goroutines, started beside the channel, that send on it and wait.
fn senders(code: Code<'_>, channel: ObjectId) -> impl Iterator<Item = Sender> {
    let home = code.object(channel).body;
    code.all(home).filter_map(move |(block, event)| {
        let (there, agent, channel) = match &event.kind {
            EventKind::Spawn(Started::Body(inner), ..) => (code, *inner, channel),
            EventKind::Spawn(Started::Function(callee, handed), ..) => {
                let there = Code::of(code.program, *callee);
                let param = handed.iter().position(|handed| *handed == Some(channel))?;
                (there, BodyId(0), there.function.params.get(param)?.object)
            }
            _ => return None,
        };
        let mut sends = there.of_agent(agent).filter_map(|(body, at, event)| match event.kind {
            // Whoever looks at the result is told when nobody receives any more.
            EventKind::Send(to, Face::Panics) if to == channel => Some((body, at, event.span)),
            _ => None,
        });
        let (body, at, send) = sends.next()?;
        let repeats = sends.next().is_some() || there.body(body).blocks[at.at()].loops > 0;
        Some(Sender { unit: there.linked.unit, block, send, repeats })
    })
}

/// True if there is a way out of `home` with a value still to come.
fn can_leave(code: Code<'_>, channel: ObjectId, home: BodyId, several: bool) -> bool {
    let mut leaves = false;
    code.forward(
        home,
        false,
        |a, b| *a || *b,
        |pending, event, block| match &event.kind {
            EventKind::Spawn(Started::Body(inner), ..) if code.captures(*inner, channel) => *pending = true,
            EventKind::Spawn(Started::Function(_, handed), ..) if handed.contains(&Some(channel)) => {
                *pending = true;
            }
            EventKind::RangeEnd(ranged) if *ranged == channel => *pending = false,
            // The one value is what its first turn is for.
            EventKind::Range(ranged, _) if *ranged == channel => *pending &= several,
            // One look is not enough to be sure of it.
            EventKind::Recv(from, _, false)
                if *from == channel
                    && code.body(home).blocks[block.at()].loops <= code.object(channel).loops => {}
            EventKind::RunDeferred(inner) if code.captures(*inner, channel) => *pending = false,
            // Whoever still sends hears of it.
            EventKind::Close(closed, _) if *closed == channel => *pending = false,
            EventKind::Return => leaves |= *pending,
            EventKind::Call(..) if code.effect(event, channel).has(Effect::CLOSES) => *pending = false,
            _ if code.effect(event, channel).has(Effect::RECEIVES)
                && (!several || code.body(home).blocks[block.at()].loops > code.object(channel).loops) =>
            {
                *pending = false;
            }
            _ => {}
        },
    );
    leaves
}
