//! A send after the close of its channel.

use super::prelude::*;

pub(super) const LINT: Lint = Lint {
    id: "send_after_close",
    level: Level::Deny,
    summary: "a send that can run after the channel was closed",
    explanation: "\
`send!` on a closed channel panics with `send on closed channel`; the method `send` fails. Close after the last \
send, or in a `defer!` at the start of the sender.",
    at_run_time: "\
A panic: `send on closed channel`.",
    near: "none in go vet or staticcheck.",
    bad: "\
let out = chan!(u32, 2);
close!(out);
send!(out <- 1);",
    good: "\
let out = chan!(u32, 2);
send!(out <- 1);
close!(out);",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    for (body, _) in code.bodies() {
        for (block, place, event) in code.places(body) {
            for channel in closed(code, &event.kind) {
                if !is_followed(code, channel, body, block) {
                    continue;
                }
                let Some(send) = send_after(code, body, block, place, channel) else { continue };
                let name = &code.object(channel).name;
                found.push(
                    code.finding(
                        LINT.id,
                        send.span,
                        format!("this send on `{name}` can come after its close"),
                    )
                    .label("panics with \"send on closed channel\"")
                    .note(event.span, "closed here")
                    .help("close behind the last send"),
                );
            }
        }
    }
}

fn is_made(kind: &EventKind, channel: ObjectId) -> bool {
    matches!(kind, EventKind::New(made) if *made == channel)
}

/// True if the variable is the same channel wherever the function mentions it after a close in `block`.
fn is_followed(code: Code<'_>, channel: ObjectId, body: BodyId, block: BlockId) -> bool {
    let object = code.object(channel);
    // A loop that gets another channel on each turn.
    let another_each_turn = object.body == body
        && object.loops > 0
        && object.loops >= code.body(body).blocks[block.at()].loops
        && !code.all(body).any(|(_, event)| is_made(&event.kind, channel));
    !another_each_turn && !code.is_blurred(channel) && matches!(code.kind(channel), Kind::Channel(..))
}

/// A send on the channel that can come after its close, which is event number `place` of `block`.
fn send_after<'p>(
    code: Code<'p>,
    body: BodyId,
    block: BlockId,
    place: usize,
    channel: ObjectId,
) -> Option<&'p Event> {
    let list = code.list_of(channel);
    let stops =
        |kind: &EventKind| is_made(kind, channel) || list.is_some_and(|list| code.rearranges(kind, list));
    let last = code.last_turn(body, block, channel);
    let after = code.following_until(body, block, place, last, stops).into_iter();
    let send = after.map(|(_, event)| event).find(|event| sends(code, &event.kind, channel));
    send.or_else(|| {
        // A loop that closes all channels of a list, and a later one that sends on each.
        let all = code.each_of(channel).filter(|_| code.body(body).blocks[block.at()].branches == 0)?;
        let sends = |kind: &EventKind| match kind {
            EventKind::Send(sent, Face::Panics) => *sent != channel && code.each_of(*sent) == Some(all),
            _ => false,
        };
        code.can_follow_until(body, block, place, sends, |kind| code.rearranges(kind, all))
    })
}

/// True if an event sends on the channel, in any way, and panics if it is closed.
fn sends(code: Code<'_>, kind: &EventKind, channel: ObjectId) -> bool {
    match kind {
        EventKind::Send(sent, Face::Panics) => *sent == channel,
        EventKind::Arm(arm) => arm.sends && arm.bound == Bound::Discarded && arm.channel == Some(channel),
        EventKind::RunDeferred(body) => code
            .all(*body)
            .any(|(_, event)| matches!(event.kind, EventKind::Send(sent, Face::Panics) if sent == channel)),
        EventKind::Call(callee, handed) => seen_inside(code, *callee, handed, channel).is_some_and(|there| {
            surely_does(
                code,
                *callee,
                |kind| matches!(kind, EventKind::Send(sent, Face::Panics) if *sent == there),
            )
        }),
        _ => false,
    }
}

/// The channels that an event closes, itself, through a function or by a deferred body.
fn closed(code: Code<'_>, kind: &EventKind) -> Vec<ObjectId> {
    match kind {
        EventKind::Close(channel, _) => vec![*channel],
        EventKind::Call(callee, handed) => {
            let summary = &code.program.functions[*callee].summary;
            let mut effects = summary.params.iter().chain(summary.fields.values());
            if !effects.any(|effect| effect.has(Effect::CLOSES)) {
                return Vec::new();
            }
            let closes = |channel: &ObjectId| {
                seen_inside(code, *callee, handed, *channel).is_some_and(|there| {
                    let closes =
                        |kind: &EventKind| matches!(kind, EventKind::Close(closed, _) if *closed == there);
                    surely_does(code, *callee, closes)
                })
            };
            let channels = code.objects().map(|(id, _)| id).filter(|id| code.kind(*id).is_channel());
            channels.filter(closes).collect()
        }
        EventKind::RunDeferred(body) if code.body(*body).kind == BodyKind::Defer => {
            let closes = code.all(*body).filter_map(|(block, event)| match event.kind {
                EventKind::Close(channel, _) if code.body(*body).blocks[block.at()].branches == 0 => {
                    Some(channel)
                }
                _ => None,
            });
            closes.collect()
        }
        _ => Vec::new(),
    }
}
