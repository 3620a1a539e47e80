//! A send that comes after the close.

use super::{Check, Lint};
use crate::diagnostic::{Diagnostic, Level};
use crate::flow::{Code, surely_does};
use crate::ir::{BlockId, Bound, ObjectId};
use crate::link::{EventKind, Face, Kind};

pub(super) const LINT: Lint = Lint {
    id: "send_after_close",
    level: Level::Deny,
    summary: "a send that can come after the channel was closed",
    explanation: "\
`send!` on a closed channel panics with `send on closed channel`; the method `send` fails. A close belongs behind the \
last send, or into a `defer!` at the top of whoever sends.",
    at_run_time: "A panic: `send on closed channel`.",
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
    for (body, graph) in code.bodies() {
        for index in 0..graph.blocks.len() {
            let block = BlockId(index as u32);
            for (place, event) in code.events(body, block).iter().enumerate() {
                let Some(channel) = closed(code, &event.kind) else { continue };
                let object = &code.function.objects[channel.at()];
                let fresh =
                    object.body == body && object.loops > 0 && object.loops >= graph.blocks[index].loops;
                if object.blurred || fresh || !matches!(code.linked.kind(channel), Kind::Channel(..)) {
                    continue;
                }
                let sends = |kind: &EventKind| {
                    match kind {
                    EventKind::Send(sent, Face::Panics) => *sent == channel,
                    EventKind::Arm(arm) => {
                        arm.sends && arm.bound == Bound::Discarded && arm.channel == Some(channel)
                    }
                    EventKind::RunDeferred(body) => code.all(*body).any(|(_, event)| {
                        matches!(event.kind, EventKind::Send(sent, Face::Panics) if sent == channel)
                    }),
                    EventKind::Call(callee, handed) => handed.iter().enumerate().any(|(index, handed)| {
                        *handed == Some(channel) && surely_does(code, *callee, index, |kind, param| matches!(kind, EventKind::Send(sent, Face::Panics) if *sent == param))
                    }),
                    _ => false,
                }
                };
                if let Some(send) = code.can_follow(body, block, place, sends) {
                    found.push(
                        Diagnostic::new(
                            LINT.id,
                            code.linked.unit,
                            send.span,
                            format!("this send on `{}` can come after its close", object.name),
                        )
                        .label("panics with \"send on closed channel\"")
                        .note(event.span, "closed here")
                        .help("close behind the last send"),
                    );
                }
            }
        }
    }
}

/// The channel that an event closes, by itself or by a function it calls.
fn closed(code: Code<'_>, kind: &EventKind) -> Option<ObjectId> {
    match kind {
        EventKind::Close(channel, _) => Some(*channel),
        EventKind::Call(callee, handed) => handed.iter().enumerate().find_map(|(index, channel)| {
            let closes =
                |kind: &EventKind, param| matches!(kind, EventKind::Close(closed, _) if *closed == param);
            channel.filter(|_| surely_does(code, *callee, index, closes))
        }),
        _ => None,
    }
}
