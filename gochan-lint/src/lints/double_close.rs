//! A close that comes a second time.

use super::prelude::*;

pub(super) const LINT: Lint = Lint {
    id: "double_close",
    level: Level::Deny,
    summary: "a channel that is closed twice",
    explanation: "\
The second `close!` of a channel panics with `close of closed channel`. Reported are two closes on one path, a close in \
a loop, a deferred close beside a direct one, and a close in a goroutine of which several are started for the same \
channel. One place closes, once; when several senders share a channel, somebody waits for all of them and closes.",
    at_run_time: "A panic: `close of closed channel`.",
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
            let Some(channel) = first_close(code, &event.kind).filter(|channel| is_plain(code, *channel))
            else {
                continue;
            };
            if !is_made_outside_loop(code, channel, body, block) {
                continue;
            }
            // A close that asks a flag first comes once.
            let again = code.following(body, block, place).into_iter().find(|(next, other)| {
                closes(code, &other.kind) == Some(channel) && !code.body(body).blocks[next.at()].guarded
            });
            if let Some((_, again)) = again
                && !is_made_anew(code, channel, body, block)
            {
                let span = again.span.max(event.span);
                report(code, span, channel, "this may be the second close", found);
            }
        }
    }
    shared_by_copies(code, found);
}

/// The channel that an event closes in whatever way.
fn first_close(code: Code<'_>, kind: &EventKind) -> Option<ObjectId> {
    match kind {
        EventKind::Close(channel, Face::Checked) => Some(*channel),
        kind => closes(code, kind),
    }
}

/// The channel that an event closes, by itself, by a function it calls, or by what was deferred.
fn closes(code: Code<'_>, kind: &EventKind) -> Option<ObjectId> {
    match kind {
        EventKind::Close(channel, Face::Panics) => Some(*channel),
        EventKind::Call(callee, handed) => {
            let surely = |param| {
                surely_does(
                    code,
                    *callee,
                    param,
                    |kind, param| matches!(kind, EventKind::Close(closed, Face::Panics) if *closed == param),
                )
            };
            handed.iter().enumerate().find_map(|(index, channel)| channel.filter(|_| surely(index)))
        }
        EventKind::RunDeferred(body) if code.linked.runs[body.at()] == Runner::Inline => {
            code.all(*body).find_map(|(block, event)| match event.kind {
                EventKind::Close(channel, Face::Panics) if !code.body(*body).blocks[block.at()].guarded => {
                    Some(channel)
                }
                _ => None,
            })
        }
        _ => None,
    }
}

/// True if it is one certain channel.
fn is_plain(code: Code<'_>, channel: ObjectId) -> bool {
    let object = code.object(channel);
    let certain = !matches!(object.origin, Origin::Unknown | Origin::Element(..) | Origin::Call(..));
    let made = matches!(code.kind(channel), Kind::Channel(_, Some(_)));
    !object.blurred && matches!(code.kind(channel), Kind::Channel(..)) && (certain || made)
}

/// True unless each turn of the loop has a channel of its own.
fn is_made_outside_loop(code: Code<'_>, channel: ObjectId, body: BodyId, block: BlockId) -> bool {
    let object = code.object(channel);
    object.body != body || object.loops == 0 || object.loops < code.body(body).blocks[block.at()].loops
}

/// True if the channel comes from a closure's parameter: another one with each call.
fn is_made_anew(code: Code<'_>, channel: ObjectId, body: BodyId, block: BlockId) -> bool {
    let object = code.object(channel);
    object.body == body && object.loops > 0 && object.loops >= code.body(body).blocks[block.at()].loops
}

/// Goroutines started in a loop that close a channel from outside of it.
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
                    for (body, at, closing) in there.of_agent(BodyId(0)) {
                        let guarded = there.body(body).blocks[at.at()].guarded;
                        if closes(there, &closing.kind) == Some(param.object)
                            && matches!(closing.kind, EventKind::Close(..))
                            && !guarded
                        {
                            report(there, closing.span, param.object, label, found);
                        }
                    }
                }
            }
            Started::Unknown(_) => {}
        }
    }
}

fn report(code: Code<'_>, span: Span, channel: ObjectId, label: &str, found: &mut Vec<Diagnostic>) {
    let name = code.name(channel);
    found.push(
        code.finding(&LINT, span, format!("`{name}` may be closed twice"))
            .label(label)
            .help("close in one place, once; when several send, wait for all of them and close then"),
    );
}
