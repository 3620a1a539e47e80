//! A close that comes a second time.

use super::{Check, Lint};
use crate::diagnostic::{Diagnostic, Level};
use crate::flow::Code;
use crate::ir::{BodyId, BodyKind, ObjectId, Origin};
use crate::link::{EventKind, Face, Kind, Started};

pub(super) const LINT: Lint = Lint {
    id: "double_close",
    level: Level::Deny,
    summary: "a channel that is closed twice",
    explanation: "\
The second `close!` of a channel panics with `close of closed channel`. Reported are two closes on one path, a close in \
a loop, a deferred close beside a direct one, and a close in a goroutine of which several are started for the same \
channel. One place closes, once; when several senders share a channel, somebody waits for all of them and closes.",
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
    for (body, graph) in code.bodies() {
        for (block, _) in graph.blocks.iter().enumerate() {
            let block = crate::ir::BlockId(block as u32);
            for (place, event) in code.events(body, block).iter().enumerate() {
                let Some(channel) = closes(code, &event.kind) else { continue };
                if !is_plain(code, channel) {
                    continue;
                }
                let again = code.can_follow(body, block, place, |kind| closes(code, kind) == Some(channel));
                if let Some(again) = again
                    && is_made_outside_loop(code, channel, body, block)
                {
                    report(code, again.span, channel, "this may be the second close", found);
                }
            }
        }
    }
    shared_by_copies(code, found);
}

/// The channel that an event closes, by itself or by what was deferred.
fn closes(code: Code<'_>, kind: &EventKind) -> Option<ObjectId> {
    match kind {
        EventKind::Close(channel, Face::Panics) => Some(*channel),
        EventKind::RunDeferred(body) => code.all(*body).find_map(|(_, event)| match event.kind {
            EventKind::Close(channel, Face::Panics) => Some(channel),
            _ => None,
        }),
        _ => None,
    }
}

/// True if it is one certain channel.
fn is_plain(code: Code<'_>, channel: ObjectId) -> bool {
    let object = &code.function.objects[channel.at()];
    !object.blurred
        && matches!(code.linked.kind(channel), Kind::Channel(..))
        && !matches!(object.origin, Origin::Unknown | Origin::Element(..) | Origin::Call(..))
        || matches!(code.linked.kind(channel), Kind::Channel(_, Some(_))) && !object.blurred
}

/// True unless each turn of the loop has a channel of its own.
fn is_made_outside_loop(code: Code<'_>, channel: ObjectId, body: BodyId, block: crate::ir::BlockId) -> bool {
    let object = &code.function.objects[channel.at()];
    object.body != body || object.loops < code.body(body).blocks[block.at()].loops.max(1) || object.loops == 0
}

/// Goroutines started in a loop that close a channel from outside of it.
fn shared_by_copies(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    for (outer, block, event) in code.everywhere() {
        let EventKind::Spawn(Started::Body(inner), _, _) = event.kind else { continue };
        let loops = code.body(outer).blocks[block.at()].loops;
        if loops == 0 || code.body(inner).kind == BodyKind::Function {
            continue;
        }
        for (_, closing) in code.all(inner) {
            let EventKind::Close(channel, Face::Panics) = closing.kind else { continue };
            let object = &code.function.objects[channel.at()];
            if is_plain(code, channel) && object.body == outer && object.loops < loops {
                report(code, closing.span, channel, "every one of these goroutines closes it", found);
            }
        }
    }
}

fn report(
    code: Code<'_>,
    span: crate::source::Span,
    channel: ObjectId,
    label: &str,
    found: &mut Vec<Diagnostic>,
) {
    let name = &code.function.objects[channel.at()].name;
    found.push(
        Diagnostic::new(LINT.id, code.linked.unit, span, format!("`{name}` may be closed twice"))
            .label(label)
            .help("close in one place, once; when several send, wait for all of them and close then"),
    );
}
