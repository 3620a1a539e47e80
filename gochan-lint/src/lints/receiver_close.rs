//! Closing is the sender's.

use super::{Check, Lint};
use crate::diagnostic::{Diagnostic, Level};
use crate::flow::Code;
use crate::ir::{BodyId, ObjectId, Origin};
use crate::link::{Effect, EventKind, Kind, effect_of};

pub(super) const LINT: Lint = Lint {
    id: "receiver_close",
    level: Level::Deny,
    summary: "a channel is closed by whoever receives from it",
    explanation: "\
A close says that no more values will come, which only senders can know. If a receiver closes, a send that comes later \
panics with `send on closed channel`, or fails. When a receiver has had enough it says so by a context or a done channel, \
or just drops its handle: once the last `Receiver` is gone, sends fail and give their value back.

What is fine: a coordinator that waits for all senders and then closes; the owner of a channel that carries no values and \
is only ever closed.",
    bad: "\
let jobs = chan!(u32);
go!([jobs] { for n in 0..10 { send!(jobs <- n); } });
for n in &jobs {
    if n == 5 { break; }
}
close!(jobs);",
    good: "\
let jobs = chan!(u32);
go!([jobs] { for n in 0..10 { send!(jobs <- n); } close!(jobs); });
for n in &jobs {
    println!(\"{n}\");
}",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    for (body, _, event) in code.everywhere() {
        for channel in channels(&event.kind) {
            let effect = effect_of(code.program, &event.kind, channel);
            let known = matches!(code.linked.kind(channel), Kind::Channel(..));
            if !known || !effect.has(Effect::CLOSES) || effect.has(Effect::IN_GOROUTINE) {
                continue;
            }
            let agent = code.agent(body);
            let own = effect_of_agent(code, agent, channel);
            if own.has(Effect::SENDS) || !own.has(Effect::RECEIVES) || is_coordinator(code, agent) {
                continue;
            }
            if is_fed_by_others(code, agent, channel) {
                let name = &code.function.objects[channel.at()].name;
                found.push(
                    Diagnostic::new(
                        LINT.id,
                        code.linked.unit,
                        event.span,
                        format!("`{name}` is closed here by its receiver; senders would panic"),
                    )
                    .label("a later send panics: \"send on closed channel\"")
                    .help("let the sender close it, or a coordinator that waits for all senders; to stop early, \
                           cancel a context or drop the receiver"),
                );
            }
        }
    }
}

fn channels(event: &EventKind) -> Vec<ObjectId> {
    match event {
        EventKind::Close(channel, _) => vec![*channel],
        EventKind::Call(_, handed) => handed.iter().flatten().copied().collect(),
        _ => Vec::new(),
    }
}

/// What one goroutine, or the function itself, does with the channel; not what it starts others to do.
fn effect_of_agent(code: Code<'_>, agent: BodyId, channel: ObjectId) -> Effect {
    let own = code.everywhere().filter(|&(body, _, _)| code.agent(body) == agent);
    own.map(|(_, _, event)| effect_of(code.program, &event.kind, channel))
        .filter(|effect| !effect.has(Effect::IN_GOROUTINE))
        .fold(Effect::default(), Effect::and)
}

/// True if it waits for others before it closes.
fn is_coordinator(code: Code<'_>, agent: BodyId) -> bool {
    let mut own = code.everywhere().filter(|&(body, _, _)| code.agent(body) == agent);
    own.any(|(_, _, event)| {
        matches!(event.kind, EventKind::Wait(_) | EventKind::Block(crate::link::Wait::Join))
    })
}

/// True if somebody else sends on it, or it was handed to this function.
fn is_fed_by_others(code: Code<'_>, agent: BodyId, channel: ObjectId) -> bool {
    let object = &code.function.objects[channel.at()];
    if matches!(object.origin, Origin::Typed(_) | Origin::Field(..)) {
        return true;
    }
    code.everywhere().any(|(body, _, event)| {
        let effect = effect_of(code.program, &event.kind, channel);
        let elsewhere = code.agent(body) != agent || effect.has(Effect::IN_GOROUTINE);
        elsewhere && effect.has(Effect::SENDS)
    })
}
