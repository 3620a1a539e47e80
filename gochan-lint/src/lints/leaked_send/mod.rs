//! A send whose receiver may have returned.

mod nobody;
mod sites;
mod stops;

use super::prelude::*;

pub(in crate::lints) const LINT: Lint = Lint {
    id: "leaked_send",
    level: Level::Warn,
    summary: "a goroutine sends on an unbuffered channel whose only receiver may leave first",
    explanation: "\
A send on an unbuffered channel waits for its receiver. If the only receiver can leave without receiving, through a \
timeout next to the receive, an early return, `?`, or a `break` after the first of several values, the send has no \
receiver. The same holds for a channel from which nothing receives, and for a loop that a stop ends while the \
sender still sends. In Go the goroutine leaks; here the send fails, or panics, once the last receiving handle is \
dropped.

Give the channel a capacity that covers all sends, so that the goroutine can end, or send in a `select!` with a done \
channel.",
    at_run_time: "\
`send!` panics once the last receiving handle is dropped, and names the cause. While a handle lives, a test reports \
the goroutine as leaked, in `chan send`.",
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
    nobody::check(code, found);
    stops::check(code, found);
    for (channel, object) in code.objects() {
        if code.made_here(channel) != Some(Capacity::Exactly(0)) || code.escapes(channel) {
            continue;
        }
        let Some(receives) = Receives::of(code, channel) else { continue };
        let starts: Vec<_> = senders(code, channel).collect();
        let Some(first) = starts.first() else { continue };
        let several = starts.len() > 1
            || starts
                .iter()
                .any(|start| start.repeats || is_in_loop(code, channel, object.body, start.block));
        let leaks = match receives {
            Receives::OneByOne => can_leave(code, channel, &starts, several),
            Receives::LoopThatLeaves => several,
            Receives::Loop => false,
        };
        if leaks {
            let name = code.name(channel);
            let message = format!("the only receiver of `{name}` can leave before this send is received");
            found.push(
                Diagnostic::new(LINT.id, first.unit, first.send, message)
                    .label("may wait for a receiver that has left")
                    .help("give the channel room for all sends, or send in a `select!` with a done channel"),
            );
        }
    }
}

/// True for a block in a loop that does not contain the channel.
fn is_in_loop(code: Code<'_>, channel: ObjectId, body: BodyId, block: BlockId) -> bool {
    code.body(body).blocks[block.at()].loops > code.object(channel).loops
}

/// How the goroutine that makes a channel receives from it.
enum Receives {
    /// By single receives, or by a loop that ends with the channel.
    OneByOne,
    /// By a loop over something else, so that the number of receives is unknown.
    Loop,
    /// By such a loop that is left early.
    LoopThatLeaves,
}

impl Receives {
    /// `None` if nothing receives, or if another goroutine does.
    fn of(code: Code<'_>, channel: ObjectId) -> Option<Receives> {
        let home = code.object(channel).body;
        let agent = code.agent(home);
        let apart = code.everywhere().any(|(body, _, event)| {
            let effect = code.effect(event, channel);
            effect.has(Effect::RECEIVES) && (code.agent(body) != agent || effect.has(Effect::IN_GOROUTINE))
        });
        let own =
            code.of_agent(agent).filter(|(_, _, event)| code.effect(event, channel).has(Effect::RECEIVES));
        let mut own = own.peekable();
        if apart || own.peek().is_none() {
            return None;
        }
        let mut receives = Receives::OneByOne;
        for (body, block, event) in own {
            let counts = match event.kind {
                EventKind::Recv(..) => true,
                EventKind::Arm(_) => is_for_loop(code, body, block),
                _ => false,
            };
            if !counts || !is_in_loop(code, channel, body, block) {
                continue;
            }
            let selects = code.all(body).filter(|(_, event)| match &event.kind {
                EventKind::Select(select) => select.arms.iter().any(|arm| arm.channel == Some(channel)),
                _ => false,
            });
            let mut places = selects.chain([(block, event)]);
            if body == home && places.any(|(block, event)| leaves_loop(code, body, block, event, channel)) {
                return Some(Receives::LoopThatLeaves);
            }
            receives = Receives::Loop;
        }
        Some(receives)
    }
}

struct Sender {
    unit: usize,
    /// Where the goroutine is started.
    start: Span,
    block: BlockId,
    send: Span,
    repeats: bool,
}

/// The goroutines that are started in the body of the channel, send on it and wait.
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
            // A send whose result is checked reports that the channel is closed.
            EventKind::Send(to, Face::Panics) if to == channel => Some((body, at, event.span)),
            _ => None,
        });
        let (body, at, send) = sends.next()?;
        let repeats =
            sends.next().is_some() || there.reachable(body, at)[at.at()] && !answers(code, there, body, at);
        Some(Sender { unit: there.linked.unit, start: event.span, block, send, repeats })
    })
}

/// True for answers to single requests: a send in a loop over another channel, on which the function sends outside of
/// any loop.
fn answers(code: Code<'_>, there: Code<'_>, body: BodyId, block: BlockId) -> bool {
    let around = there.cycle(body, block);
    let asked = there.events_in(body, &around).find_map(|(_, event)| match event.kind {
        EventKind::Range(from, _) | EventKind::Recv(from, ..) => Some(from),
        _ => None,
    });
    let Some(asked) = asked.filter(|_| there.index == code.index) else { return false };
    let agent = code.agent(code.object(asked).body);
    let mut asks = code.of_agent(agent).filter(|(_, _, event)| code.effect(event, asked).has(Effect::SENDS));
    let first = asks.next();
    first.into_iter().chain(asks).all(|(body, block, event)| {
        matches!(event.kind, EventKind::Send(..)) && code.body(body).blocks[block.at()].loops == 0
    }) && first.is_some()
}

/// True if the innermost loop around a block is a `for`, which ends by itself.
fn is_for_loop(code: Code<'_>, body: BodyId, block: BlockId) -> bool {
    let blocks = &code.body(body).blocks;
    let around = code.cycle(body, block);
    code.events_in(body, &around).any(|(inside, event)| {
        matches!(event.kind, EventKind::Next) && blocks[inside.at()].loops == blocks[block.at()].loops
    })
}

/// True if the `for` loop around a receive can be left before the next turn.
fn leaves_loop(code: Code<'_>, body: BodyId, block: BlockId, receive: &Event, channel: ObjectId) -> bool {
    let blocks = &code.body(body).blocks;
    let loops = blocks[block.at()].loops;
    let turns =
        |block: BlockId| code.events(body, block).iter().any(|event| matches!(event.kind, EventKind::Next));
    let is_head = |block: BlockId| blocks[block.at()].next.iter().any(|next| turns(*next));
    let around = code.cycle(body, block);
    // A turn that starts a sender and receives its value leaves no sender waiting.
    let starts = code
        .events_in(body, &around)
        .any(|(_, event)| matches!(event.kind, EventKind::Spawn(..)) && involves(code, event, channel));
    if starts || !around.iter().any(|inside| turns(*inside) && blocks[inside.at()].loops == loops) {
        return false;
    }
    let place = code.events(body, block).iter().position(|event| std::ptr::eq(event, receive));
    let mut queue = vec![(block, place.map_or(0, |place| place + 1))];
    let mut seen = vec![false; blocks.len()];
    while let Some((block, from)) = queue.pop() {
        let mut events = code.events(body, block)[from..].iter();
        // These events receive a value, or tell the senders to stop.
        let settled = |event: &Event| {
            code.effect(event, channel).has(Effect::RECEIVES.and(Effect::CLOSES))
                || matches!(event.kind, EventKind::RangeEnd(ended) if ended == channel)
        };
        if events.any(settled) {
            continue;
        }
        for &next in &blocks[block.at()].next {
            if blocks[next.at()].loops < loops {
                return true;
            }
            if !is_head(next) && !std::mem::replace(&mut seen[next.at()], true) {
                queue.push((next, 0));
            }
        }
    }
    false
}

/// True if the only goroutine that sends on the channel closes `done`, or sends on it, afterwards.
fn signalled_by_sender(code: Code<'_>, channel: ObjectId, done: ObjectId) -> bool {
    let mut starts = code
        .everywhere()
        .filter(|(_, _, event)| matches!(event.kind, EventKind::Spawn(..)) && involves(code, event, channel));
    let (Some((_, _, start)), None) = (starts.next(), starts.next()) else { return false };
    let EventKind::Spawn(Started::Body(inner), ..) = start.kind else { return false };
    let sends = |event: &Event| code.effect(event, channel).has(Effect::SENDS);
    let mut own = code.places(inner).filter(|(_, _, event)| match event.kind {
        EventKind::Close(signal, _) | EventKind::Send(signal, _) => signal == done && signal != channel,
        _ => false,
    });
    own.any(|(block, place, _)| !code.following(inner, block, place).iter().any(|(_, event)| sends(event)))
}

/// True if a goroutine that is started gets the channel.
fn involves(code: Code<'_>, start: &Event, channel: ObjectId) -> bool {
    match &start.kind {
        EventKind::Spawn(Started::Body(inner), ..) => code.captures(*inner, channel),
        _ => code.mentions(start, channel),
    }
}

/// True if there is an exit before all values are received.
fn can_leave(code: Code<'_>, channel: ObjectId, starts: &[Sender], several: bool) -> bool {
    // More values than are received one by one.
    const MANY: u32 = 16;
    let object = code.object(channel);
    let loops = |block: BlockId| code.body(object.body).blocks[block.at()].loops;
    let mut leaves = false;
    code.forward(
        object.body,
        0u32,
        |a, b| *a.max(b),
        |pending, event, block| match &event.kind {
            EventKind::Spawn(..) => {
                for start in starts.iter().filter(|start| start.start == event.span) {
                    let turns = code.body(object.body).blocks[block.at()].turns;
                    *pending = match turns.and_then(|turns| u32::try_from(turns).ok()) {
                        _ if start.repeats => MANY,
                        _ if loops(block) <= object.loops => (*pending + 1).min(MANY),
                        Some(turns) if object.loops == 0 => turns.min(MANY).max(*pending),
                        _ => MANY,
                    };
                }
            }
            EventKind::RangeEnd(ranged) if *ranged == channel => *pending = 0,
            // The first turn receives the only value.
            EventKind::Range(ranged, _) if *ranged == channel => *pending *= u32::from(several),
            // A `try_recv` may come too early.
            EventKind::Recv(from, _, Stops::Nothing) if *from == channel && loops(block) <= object.loops => {}
            EventKind::RunDeferred(inner) if code.captures(*inner, channel) => *pending = 0,
            // The sender itself signals that it is done.
            EventKind::Arm(arm)
                if !arm.sends && arm.channel.is_some_and(|done| signalled_by_sender(code, channel, done)) =>
            {
                *pending = 0;
            }
            // A sender that is still running notices it.
            EventKind::Close(closed, _) if *closed == channel => *pending = 0,
            EventKind::Return => leaves |= *pending > 0,
            EventKind::Call(..) if code.effect(event, channel).has(Effect::CLOSES.and(Effect::RECEIVES)) => {
                *pending = 0;
            }
            _ if code.effect(event, channel).has(Effect::RECEIVES) => {
                let all = !several || loops(block) > object.loops;
                *pending = if all { 0 } else { pending.saturating_sub(1) };
            }
            _ => {}
        },
    );
    leaves
}
