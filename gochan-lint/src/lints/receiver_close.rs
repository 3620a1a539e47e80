//! A receiver that closes a channel.

use super::lint::{Check, Lint};
use crate::analysis::Code;
use crate::diagnostic::{Diagnostic, Level};
use crate::ir::{BlockId, BodyId, EACH, ObjectId, Origin, Ty};
use crate::link::{Effect, Event, EventKind, Face, Kind, Ours, PICKS, Started, Wait, effect_on};

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
        for channel in channels(code, event) {
            if !matches!(code.kind(channel), Kind::Channel(..)) {
                continue;
            }
            let agent = code.agent(body);
            if is_barrier(code, body, channel) {
                continue;
            }
            let own = effect_of_agent(code, agent, channel);
            if own.has(Effect::SENDS)
                || !own.has(Effect::RECEIVES)
                || is_coordinator(code, agent, (body, event), channel)
            {
                continue;
            }
            if is_fed_by_others(code, agent, channel) {
                let name = code.name_at(event.span, channel);
                found.push(
                    code.finding(
                        LINT.id,
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

/// The channels that an event closes, itself or through a function. If the function also receives from them, the
/// finding is there.
fn channels(code: Code<'_>, event: &Event) -> Vec<ObjectId> {
    match &event.kind {
        EventKind::Close(channel, _) => vec![*channel],
        EventKind::Call(callee, handed) => {
            let closes = |(index, channel): (usize, &Option<ObjectId>)| {
                let channel = (*channel)?;
                let there = code.program.functions[*callee].summary.param(index);
                let only = there.has(Effect::CLOSES)
                    && !there.has(Effect::RECEIVES.and(Effect::SENDS).and(Effect::IN_GOROUTINE));
                only.then_some(channel)
            };
            // `queue.finish()`
            let fields = code.objects().filter(|(id, object)| {
                let effect = || code.effect(event, *id);
                matches!(object.origin, Origin::Field(..))
                    && effect().has(Effect::CLOSES)
                    && !effect().has(Effect::RECEIVES.and(Effect::SENDS).and(Effect::IN_GOROUTINE))
            });
            handed.iter().enumerate().filter_map(closes).chain(fields.map(|(id, _)| id)).collect()
        }
        _ => Vec::new(),
    }
}

/// What one goroutine, or the function itself, does with the channel, without the goroutines it starts.
fn effect_of_agent(code: Code<'_>, agent: BodyId, channel: ObjectId) -> Effect {
    let own = code.of_agent(agent).map(|(_, _, event)| code.effect(event, channel));
    own.filter(|effect| !effect.has(Effect::IN_GOROUTINE)).fold(Effect::default(), Effect::and)
}

/// True if it waits for other goroutines before it closes.
fn is_coordinator(code: Code<'_>, agent: BodyId, (home, close): (BodyId, &Event), channel: ObjectId) -> bool {
    let panics = code.everywhere().any(|(_, _, event)| match event.kind {
        EventKind::Send(sent, Face::Panics) => sent == channel,
        EventKind::Spawn(..) => code.effect(event, channel).has(Effect::SENDS),
        _ => false,
    });
    // What comes after the close does not count, unless the senders notice the close.
    let before = |body: BodyId, block: BlockId, event: &Event| {
        let closes = |kind: &EventKind| std::ptr::eq(kind, &close.kind);
        let mut places = code.events(body, block).iter();
        let place = places.position(|other| std::ptr::eq(other, event)).unwrap_or(0);
        !panics || body != home || code.can_follow(body, block, place, closes).is_some()
    };
    let mut earlier = code.of_agent(agent).filter(|&(body, block, event)| before(body, block, event));
    earlier.any(|(_, _, event)| match &event.kind {
        EventKind::Wait(group) => !counts_others(code, *group, channel),
        EventKind::Join(..) | EventKind::Block(Wait::Scope) => true,
        EventKind::Call(callee, _) => {
            let summary = &code.program.functions[*callee].summary;
            summary.joins || summary.params.iter().any(|effect| effect.has(Effect::WAITS))
        }
        // A group of another kind.
        EventKind::Unknown(call) => {
            let chooses =
                call.receiver.is_some_and(|receiver| *code.kind(receiver) == Kind::Ours(Ours::Select));
            let waits = |name: Option<&String>| {
                name.is_some_and(|name| name.starts_with("wait") || name.starts_with("join"))
            };
            call.is_method
                && !chooses
                && (waits(call.path.last()) || call.args.iter().any(|arg| waits(arg.named.last())))
        }
        _ => false,
    }) || hears_all_senders(code, agent, channel)
}

/// True if each goroutine that sends on the channel signals afterwards that it is done, and the agent waits for the
/// signals.
fn hears_all_senders(code: Code<'_>, agent: BodyId, channel: ObjectId) -> bool {
    let mut senders = code.everywhere().filter_map(|(_, _, event)| match &event.kind {
        EventKind::Spawn(started, ..) => code.signals(started, Effect::SENDS, channel),
        _ => None,
    });
    let hears = |signals: Vec<ObjectId>| {
        let others: Vec<ObjectId> = signals.into_iter().filter(|signal| *signal != channel).collect();
        code.of_agent(agent).any(|(_, _, event)| code.hears(event, &others))
    };
    senders.next().is_some_and(hears) && senders.all(hears)
}

/// True for a channel without values that was passed to this function and is closed on ways that have not received from
/// it: the goroutine that comes last opens it for the others.
fn is_barrier(code: Code<'_>, body: BodyId, channel: ObjectId) -> bool {
    let Origin::Typed(ty) = &code.object(channel).origin else { return false };
    let mut ty = ty;
    while let Ty::Ref(inner) = ty {
        ty = inner;
    }
    let is_signal =
        matches!(ty, Ty::Path(_, of) if matches!(&of[..], [Ty::Tuple(parts)] if parts.is_empty()));
    let closes = |kind: &EventKind| matches!(kind, EventKind::Close(closed, _) if *closed == channel);
    is_signal
        && !code.places(body).any(|(block, place, event)| {
            code.effect(event, channel).has(Effect::RECEIVES)
                && code.can_follow(body, block, place, closes).is_some()
        })
}

/// True for a group of this function that counts none of the goroutines that send on the channel.
fn counts_others(code: Code<'_>, group: ObjectId, channel: ObjectId) -> bool {
    let has = |event: &Event, object: ObjectId| match &event.kind {
        EventKind::Spawn(Started::Body(inner), ..) => {
            code.captures(*inner, object) || code.mentions(event, object)
        }
        _ => code.mentions(event, object),
    };
    let mut senders = code.everywhere().map(|(_, _, event)| event).filter(|event| match &event.kind {
        EventKind::Spawn(Started::Body(inner), ..) => code
            .within(*inner)
            .any(|(body, _)| code.all(body).any(|(_, event)| code.effect(event, channel).has(Effect::SENDS))),
        EventKind::Spawn(..) => code.effect(event, channel).has(Effect::SENDS.and(Effect::ESCAPES)),
        _ => false,
    });
    let made_here = matches!(code.object(group).origin, Origin::Call(..)) && !code.escapes(group);
    let first = senders.next();
    made_here && first.is_some() && !first.into_iter().chain(senders).any(|sender| has(sender, group))
}

/// True if other code sends on it, or it was passed to this function.
fn is_fed_by_others(code: Code<'_>, agent: BodyId, channel: ObjectId) -> bool {
    if matches!(code.object(channel).origin, Origin::Typed(_) | Origin::Static(_)) {
        return true;
    }
    if let Origin::Element(..) = code.object(channel).origin
        && let Some(list) = part_of(code, channel)
    {
        return is_list_fed(code, agent, list);
    }
    if let Some(list) = code.list_of(channel) {
        return is_list_fed(code, agent, code.each_of(channel).unwrap_or(list));
    }
    // `map.get(&name)`
    if let Origin::Method(list, name, _) = &code.object(channel).origin
        && PICKS.contains(&name.as_str())
    {
        return is_list_fed(code, agent, code.linked.root(*list));
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

/// The list that a part of an element was taken from: `for (index, ch) in list.iter().enumerate()`.
fn part_of(code: Code<'_>, channel: ObjectId) -> Option<ObjectId> {
    let mut object = channel;
    while let Origin::Element(of, _) = &code.object(object).origin {
        object = *of;
    }
    match &code.object(object).origin {
        Origin::Field(list, name) if name == EACH => Some(code.linked.root(code.base(*list))),
        _ => None,
    }
}

/// True if other code sends on elements of the list, or it was passed to this function.
fn is_list_fed(code: Code<'_>, agent: BodyId, list: ObjectId) -> bool {
    let element = |id: ObjectId| code.each_of(id).or_else(|| code.list_of(id)) == Some(list);
    let mut sends = code.everywhere().filter(|(body, _, event)| {
        let elements = code.objects().filter(|(id, _)| element(*id) || part_of(code, *id) == Some(list));
        let effect = elements.fold(Effect::default(), |effect, (id, _)| effect.and(code.effect(event, id)));
        effect.has(Effect::SENDS) && (code.agent(*body) != agent || effect.has(Effect::IN_GOROUTINE))
    });
    match &code.object(list).origin {
        Origin::Typed(_) | Origin::Static(_) => true,
        Origin::Field(..) if !is_signal(code, list) => true,
        _ => sends.next().is_some(),
    }
}

/// True for a field of type `Chan<()>`, on which nothing needs to be sent.
fn is_signal(code: Code<'_>, channel: ObjectId) -> bool {
    let Origin::Field(base, name) = &code.object(channel).origin else { return false };
    let Kind::Named(owner) = code.kind(*base) else { return false };
    // The result of a method that is only declared.
    if let Some(method) = name.strip_suffix("()") {
        let declared = code.program.method(code.index, owner, method);
        return declared.is_none_or(|declared| carries_nothing(&code.program.function(declared).returns));
    }
    let package = code.program.units[code.linked.unit].package;
    let structure = code.program.structure(package, owner);
    let field = structure.and_then(|known| known.fields.iter().find(|(field, ..)| field == name));
    field.is_none_or(|(_, ty, _)| carries_nothing(ty))
}

/// `Chan<()>`
fn carries_nothing(ty: &Ty) -> bool {
    match ty {
        Ty::Ref(inner) => carries_nothing(inner),
        // A list of channels.
        Ty::Path(_, of) if of.iter().any(|of| matches!(of, Ty::Path(..))) => of.iter().any(carries_nothing),
        Ty::Path(_, of) => matches!(&of[..], [Ty::Tuple(parts)] if parts.is_empty()),
        _ => false,
    }
}

/// True if any function sends on the field.
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
