//! A second close of a channel.

use super::prelude::*;

pub(super) const LINT: Lint = Lint {
    id: "double_close",
    level: Level::Deny,
    summary: "a channel that is closed twice",
    explanation: "\
The second `close!` of a channel panics with `close of closed channel`. Reported are two closes on one path, a close \
in a loop, a deferred close together with a direct one, and a close in a goroutine of which several are started for \
the same channel. Close a channel in one place. If several senders share it, wait for all of them there first.",
    at_run_time: "\
A panic: `close of closed channel`.",
    near: "none in go vet or staticcheck.",
    bad: "\
let out = chan!(u32, 4);
for n in 0..3 {
    go!([out] {
        send!(out <- n);
        close!(out);
    });
}",
    good: "\
let out = chan!(u32, 4);
let wg = WaitGroup::new();
for n in 0..3 {
    let out = out.clone();
    wg.go(move || { send!(out <- n); });
}
wg.wait();
close!(out);",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    for (body, _) in code.bodies() {
        for (block, place, event) in code.places(body) {
            for channel in closed(code, &event.kind) {
                if !is_plain(code, channel) || is_another_each_time(code, channel, body, block) {
                    continue;
                }
                let again = close_again(code, body, block, place, channel)
                    .or_else(|| close_of_all_again(code, body, block, place, channel));
                if let Some(again) = again {
                    let span = again.span.max(event.span);
                    report(code, span, channel, "this may be the second close", found);
                }
            }
        }
    }
    shared_by_copies(code, found);
}

/// A close of the same channel that can come after the one that is event number `place` of `block`.
fn close_again<'p>(
    code: Code<'p>,
    body: BodyId,
    block: BlockId,
    place: usize,
    channel: ObjectId,
) -> Option<&'p Event> {
    let first = &code.events(body, block)[place];
    let list = code.list_of(channel);
    let stops = |kind: &EventKind| {
        matches!(kind, EventKind::New(made) if *made == channel)
            || list.is_some_and(|list| code.rearranges(kind, list))
    };
    let again = |(next, other): &(BlockId, &Event)| {
        let which = if std::ptr::eq(*other, first) { Again::Itself } else { Again::Another };
        closes(code, &other.kind, channel) && !asks_first(code, body, *next, block, which)
    };
    let last = code.last_turn(body, block, channel);
    code.following_until(body, block, place, last, stops).into_iter().find(again).map(|(_, event)| event)
}

/// Like [`close_again`], for a loop that closes all channels of a list and a later loop over the same list.
fn close_of_all_again<'p>(
    code: Code<'p>,
    body: BodyId,
    block: BlockId,
    place: usize,
    channel: ObjectId,
) -> Option<&'p Event> {
    let list = all_of(code, channel, body, block)?;
    let again = |(next, other): &(BlockId, &Event)| match other.kind {
        EventKind::Close(other, Face::Panics) if other != channel => {
            all_of(code, other, body, *next) == Some(list)
                && !asks_first(code, body, *next, block, Again::Another)
        }
        _ => false,
    };
    let stops = |kind: &EventKind| code.rearranges(kind, list);
    code.following_until(body, block, place, None, stops).into_iter().find(again).map(|(_, event)| event)
}

/// Which close is the second one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Again {
    /// The first, on another turn of a loop.
    Itself,
    Another,
}

/// True if the second close tests a flag, so that it happens once. So does a close after `if closed { return; }`,
/// unless the first close comes after the same test.
fn asks_first(code: Code<'_>, body: BodyId, again: BlockId, first: BlockId, which: Again) -> bool {
    let blocks = &code.body(body).blocks;
    let (first, again) = (&blocks[first.at()], &blocks[again.at()]);
    again.guarded || again.flagged && (which == Again::Itself || !first.flagged)
}

/// The channels that an event closes, in any way.
fn closed(code: Code<'_>, kind: &EventKind) -> Vec<ObjectId> {
    match kind {
        EventKind::Close(channel, _) => vec![*channel],
        EventKind::Call(callee, _) => {
            let summary = &code.program.functions[*callee].summary;
            let any = summary.params.iter().chain(summary.fields.values());
            if !any.into_iter().any(|effect| effect.has(Effect::CLOSES)) {
                return Vec::new();
            }
            let channels = code.objects().filter(|(id, _)| code.kind(*id).is_channel());
            channels.map(|(id, _)| id).filter(|id| closes(code, kind, *id)).collect()
        }
        EventKind::RunDeferred(body) if code.linked.runs[body.at()] == Runner::Inline => {
            let closes = code.all(*body).filter_map(|(block, event)| match event.kind {
                // What the body makes is another channel on each of its runs.
                EventKind::Close(channel, Face::Panics)
                    if !code.body(*body).blocks[block.at()].guarded && code.object(channel).body != *body =>
                {
                    Some(channel)
                }
                _ => None,
            });
            closes.collect()
        }
        _ => Vec::new(),
    }
}

/// True if an event closes the channel, itself, through a function or by a deferred body, and panics if it is closed
/// already.
fn closes(code: Code<'_>, kind: &EventKind, channel: ObjectId) -> bool {
    match kind {
        EventKind::Close(closed, Face::Panics) => *closed == channel,
        EventKind::Call(callee, handed) => seen_inside(code, *callee, handed, channel).is_some_and(|there| {
            surely_does(
                code,
                *callee,
                |kind| matches!(kind, EventKind::Close(closed, Face::Panics) if *closed == there),
            )
        }),
        EventKind::RunDeferred(_) => closed(code, kind).contains(&channel),
        _ => false,
    }
}

/// True if the object is always the same channel.
fn is_plain(code: Code<'_>, channel: ObjectId) -> bool {
    let object = code.object(channel);
    let certain = !matches!(object.origin, Origin::Unknown | Origin::Element(..) | Origin::Call(..));
    let made = matches!(code.kind(channel), Kind::Channel(_, Some(_)));
    !code.is_blurred(channel) && matches!(code.kind(channel), Kind::Channel(..)) && (certain || made)
}

/// True if it is another channel on each turn or call, and no event shows where it is made.
fn is_another_each_time(code: Code<'_>, channel: ObjectId, body: BodyId, block: BlockId) -> bool {
    let object = code.object(channel);
    let fresh =
        object.body == body && object.loops > 0 && object.loops >= code.body(body).blocks[block.at()].loops;
    fresh && !code.all(body).any(|(_, event)| matches!(event.kind, EventKind::New(made) if made == channel))
}

/// The list over which the loop around `block` runs, if the channel is its element and every turn reaches `block`.
fn all_of(code: Code<'_>, channel: ObjectId, body: BodyId, block: BlockId) -> Option<ObjectId> {
    let list = code.each_of(channel)?;
    let (begin, _) =
        code.all(body).find(|(_, event)| matches!(event.kind, EventKind::New(made) if made == channel))?;
    let blocks = &code.body(body).blocks;
    (blocks[begin.at()].branches == blocks[block.at()].branches).then_some(list)
}

/// Goroutines started in a loop that close a channel made outside of it.
fn shared_by_copies(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    for (outer, block, event) in code.everywhere() {
        let EventKind::Spawn(started, ..) = &event.kind else { continue };
        let loops = code.body(outer).blocks[block.at()].loops;
        let is_shared = |channel: ObjectId| {
            let object = code.object(channel);
            is_plain(code, channel) && object.body == outer && object.loops < loops
        };
        let label = "every one of these goroutines closes it";
        match started {
            _ if loops == 0 => {}
            Started::Body(inner) => {
                for (body, at, closing) in code.of_agent(*inner) {
                    let EventKind::Close(channel, Face::Panics) = closing.kind else { continue };
                    let guarded = code.body(body).blocks[at.at()].guarded
                        || code.linked.runs[body.at()] == Runner::Once;
                    if is_shared(channel) && !guarded {
                        report(code, closing.span, channel, label, found);
                    }
                }
            }
            Started::Function(callee, handed) => {
                let there = Code::of(code.program, *callee);
                let params = there.function.params.iter().zip(handed);
                for (param, _) in params.filter(|(_, handed)| handed.is_some_and(is_shared)) {
                    let is_close = |kind: &EventKind| matches!(kind, EventKind::Close(closed, Face::Panics) if *closed == param.object);
                    let closes = there.of_agent(BodyId(0)).filter(|&(body, at, closing)| {
                        is_close(&closing.kind) && !there.body(body).blocks[at.at()].guarded
                    });
                    closes
                        .for_each(|(_, _, closing)| report(there, closing.span, param.object, label, found));
                }
            }
            Started::Unknown(_) => {}
        }
    }
}

fn report(code: Code<'_>, span: Span, channel: ObjectId, label: &str, found: &mut Vec<Diagnostic>) {
    let name = code.name(channel);
    found.push(
        code.finding(LINT.id, span, format!("`{name}` may be closed twice"))
            .label(label)
            .help("close in one place, once; when several send, wait for all of them and close then"),
    );
}
