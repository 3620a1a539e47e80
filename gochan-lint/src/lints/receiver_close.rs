//! Closing is the sender's.

use super::{Check, Lint};
use crate::diagnostic::{Diagnostic, Level};
use crate::flow::Code;
use crate::ir::{BodyId, ObjectId, Origin, Ty};
use crate::link::{Effect, EventKind, Kind, Started, effect_on};

pub(super) const LINT: Lint = Lint {
    id: "receiver_close",
    level: Level::Deny,
    summary: "a channel is closed by its receiver",
    explanation: "\
A close says that no more values will come, which only the senders know. If a receiver closes the channel, a later \
send panics with `send on closed channel`, or fails. A receiver that needs no more values cancels a context, closes \
a done channel, or drops its handle: once the last `Receiver` is dropped, sends fail and return their value.

Not reported: a coordinator that waits for all senders and then closes; the owner of a channel that carries no \
values and is only ever closed.",
    at_run_time: "\
The sender's panic: `send on closed channel`.",
    near: "none in go vet; the compiler, where the receiver has a `Receiver`, which cannot close.",
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
        for channel in channels(code, &event.kind) {
            if !matches!(code.kind(channel), Kind::Channel(..)) {
                continue;
            }
            let agent = code.agent(body);
            let own = effect_of_agent(code, agent, channel);
            if own.has(Effect::SENDS) || !own.has(Effect::RECEIVES) || is_coordinator(code, agent, channel) {
                continue;
            }
            if is_fed_by_others(code, agent, channel) {
                let name = code.name(channel);
                found.push(
                    code.finding(
                        &LINT,
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

/// The channels that an event closes: itself, or by a function that does not receive from them, or the finding would
/// be there.
fn channels(code: Code<'_>, event: &EventKind) -> Vec<ObjectId> {
    match event {
        EventKind::Close(channel, _) => vec![*channel],
        EventKind::Call(callee, handed) => {
            let closes = |(index, channel): (usize, &Option<ObjectId>)| {
                let channel = (*channel)?;
                let there = code.program.functions[*callee].summary.param(index);
                let only = there.has(Effect::CLOSES)
                    && !there.has(Effect::RECEIVES.and(Effect::SENDS).and(Effect::IN_GOROUTINE));
                only.then_some(channel)
            };
            handed.iter().enumerate().filter_map(closes).collect()
        }
        _ => Vec::new(),
    }
}

/// What one goroutine, or the function itself, does with the channel; not what it starts others to do.
fn effect_of_agent(code: Code<'_>, agent: BodyId, channel: ObjectId) -> Effect {
    let own = code.of_agent(agent).map(|(_, _, event)| code.effect(event, channel));
    own.filter(|effect| !effect.has(Effect::IN_GOROUTINE)).fold(Effect::default(), Effect::and)
}

/// True if it waits for others before it closes.
fn is_coordinator(code: Code<'_>, agent: BodyId, channel: ObjectId) -> bool {
    code.of_agent(agent).any(|(_, _, event)| match &event.kind {
        EventKind::Wait(group) => !counts_others(code, *group, channel),
        EventKind::Join(..) => true,
        EventKind::Call(callee, _) => {
            let params = &code.program.functions[*callee].summary.params;
            params.iter().any(|effect| effect.has(Effect::WAITS))
        }
        // A group of another kind.
        EventKind::Unknown(call) => {
            call.is_method
                && call.path.last().is_some_and(|name| name.starts_with("wait") || name.starts_with("join"))
        }
        _ => false,
    })
}

/// True for a group of this function in which none of those who send on the channel is counted.
fn counts_others(code: Code<'_>, group: ObjectId, channel: ObjectId) -> bool {
    let has = |event: &crate::link::Event, object: ObjectId| match &event.kind {
        EventKind::Spawn(Started::Body(inner), ..) => {
            code.captures(*inner, object) || code.mentions(event, object)
        }
        _ => code.mentions(event, object),
    };
    let mut senders = code.everywhere().map(|(_, _, event)| event).filter(|event| match &event.kind {
        EventKind::Spawn(Started::Body(inner), ..) => code
            .bodies()
            .filter(|&(body, _)| code.is_within(body, *inner))
            .any(|(body, _)| code.all(body).any(|(_, event)| code.effect(event, channel).has(Effect::SENDS))),
        EventKind::Spawn(..) => code.effect(event, channel).has(Effect::SENDS.and(Effect::ESCAPES)),
        _ => false,
    });
    let made_here = matches!(code.object(group).origin, Origin::Call(..)) && !code.escapes(group);
    let first = senders.next();
    made_here && first.is_some() && !first.into_iter().chain(senders).any(|sender| has(sender, group))
}

/// True if somebody else sends on it, or it was handed to this function.
fn is_fed_by_others(code: Code<'_>, agent: BodyId, channel: ObjectId) -> bool {
    if matches!(code.object(channel).origin, Origin::Typed(_) | Origin::Static(_)) {
        return true;
    }
    if let Some(list) = code.list_of(channel) {
        return is_list_fed(code, agent, code.each_of(channel).unwrap_or(list));
    }
    if let Origin::Field(_, name) = &code.object(channel).origin {
        return !is_signal(code, channel) || is_field_fed(code, name);
    }
    code.everywhere().any(|(body, _, event)| {
        let effect = code.effect(event, channel);
        let elsewhere = code.agent(body) != agent || effect.has(Effect::IN_GOROUTINE);
        elsewhere && effect.has(Effect::SENDS)
    })
}

/// True if somebody else sends on elements of the list, or it was handed to this function.
fn is_list_fed(code: Code<'_>, agent: BodyId, list: ObjectId) -> bool {
    let element = |id: ObjectId| code.each_of(id).or_else(|| code.list_of(id)) == Some(list);
    let mut sends = code.everywhere().filter(|(body, _, event)| {
        let elements = code.objects().filter(|(id, _)| element(*id));
        let effect = elements.fold(Effect::default(), |effect, (id, _)| effect.and(code.effect(event, id)));
        effect.has(Effect::SENDS) && (code.agent(*body) != agent || effect.has(Effect::IN_GOROUTINE))
    });
    matches!(code.object(list).origin, Origin::Typed(_) | Origin::Static(_)) || sends.next().is_some()
}

/// True for a field of type `Chan<()>`: nobody needs to send on it.
fn is_signal(code: Code<'_>, channel: ObjectId) -> bool {
    let Origin::Field(base, name) = &code.object(channel).origin else { return false };
    let Kind::Named(owner) = code.kind(*base) else { return false };
    let package = code.program.units[code.linked.unit].package;
    let structure = code.program.structure(package, owner);
    let field = structure.and_then(|known| known.fields.iter().find(|(field, ..)| field == name));
    field.is_none_or(|(_, ty, _)| {
        matches!(ty, Ty::Path(_, of) if matches!(&of[..], [Ty::Tuple(parts)] if parts.is_empty()))
    })
}

/// True if some function sends on the field.
fn is_field_fed(code: Code<'_>, name: &str) -> bool {
    let mut sends = false;
    for (index, linked) in code.program.functions.iter().enumerate() {
        if code.program.units[linked.unit].package != code.program.units[code.linked.unit].package {
            continue;
        }
        let objects = code.program.function(index).objects.iter().zip(0..);
        for (_, id) in
            objects.filter(|(object, _)| matches!(&object.origin, Origin::Field(_, field) if field == name))
        {
            sends |= effect_on(code.program, index, ObjectId(id)).has(Effect::SENDS);
        }
    }
    sends
}
