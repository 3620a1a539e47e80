//! What events do with objects, and which events wait.

use super::event::{EventKind, Face, LockMode, Runner, Started, Stops};
use super::program::Program;
use super::summary::Effect;
use crate::ir::{Body, ObjectId, Origin, Where};

/// What happens to `object`, and to its fields, anywhere in the function.
#[must_use]
pub fn effect_on(program: &Program, function: usize, object: ObjectId) -> Effect {
    let linked = &program.functions[function];
    let mut effect = Effect::default();
    for (index, body) in program.function(function).bodies.iter().enumerate() {
        let goroutine = is_apart(program, function, body, index);
        for event in linked.events[index].iter().flat_map(|block| &block.0) {
            let found = effect_of(program, function, &event.kind, object);
            if found != Effect::default() {
                effect = effect.and(found);
                if goroutine {
                    effect = effect.and(Effect::IN_GOROUTINE);
                }
            }
        }
    }
    effect
}

/// What one event does with `object`.
#[must_use]
pub fn effect_of(program: &Program, function: usize, event: &EventKind, object: ObjectId) -> Effect {
    let none = Effect::default();
    let only = |is: ObjectId, effect: Effect| if is == object { effect } else { none };
    match event {
        EventKind::Send(channel, _) => only(*channel, Effect::SENDS),
        EventKind::Recv(channel, ..) | EventKind::Range(channel, _) => only(*channel, Effect::RECEIVES),
        EventKind::Close(channel, _) => only(*channel, Effect::CLOSES),
        EventKind::Arm(arm) => match arm.channel {
            Some(channel) if arm.sends => only(channel, Effect::SENDS),
            Some(channel) => only(channel, Effect::RECEIVES),
            None => none,
        },
        EventKind::Add(group, _) => only(*group, Effect::ADDS),
        EventKind::Done(group) => only(*group, Effect::DONE),
        EventKind::Wait(group) => only(*group, Effect::WAITS),
        EventKind::Spawn(started, group, _) => {
            let counted = match group {
                Some(group) => only(*group, Effect::ADDS.and(Effect::DONE)),
                None => none,
            };
            match started {
                Started::Body(_) => counted,
                Started::Function(callee, handed) => {
                    let effect = through(program, function, *callee, handed, object);
                    let inside = if effect == none { none } else { Effect::IN_GOROUTINE };
                    counted.and(effect).and(inside)
                }
                Started::Unknown(objects) if objects.contains(&object) => counted.and(Effect::ESCAPES),
                Started::Unknown(_) => counted,
            }
        }
        EventKind::Cancel(handle) | EventKind::Dropped(handle) => only(*handle, Effect::CANCELS),
        EventKind::Lock(lock, ..) => only(*lock, Effect::LOCKS),
        EventKind::Call(callee, handed) => through(program, function, *callee, handed, object),
        // The caller of a getter has the field by its result.
        EventKind::Escape(_, Where::Returned) if program.getters.contains_key(&function) => none,
        EventKind::Escape(escaped, _) => only(*escaped, Effect::ESCAPES),
        _ => none,
    }
}

fn through(
    program: &Program,
    function: usize,
    callee: usize,
    handed: &[Option<ObjectId>],
    object: ObjectId,
) -> Effect {
    let summary = &program.functions[callee].summary;
    let matching = handed.iter().enumerate().filter(|(_, handed)| **handed == Some(object));
    let whole = matching.fold(Effect::default(), |effect, (index, _)| effect.and(summary.param(index)));
    if summary.fields.is_empty() {
        return whole;
    }
    let mut effect = whole;
    let mut path = String::new();
    let mut object = object;
    while let Origin::Field(base, name) = &program.function(function).objects[object.at()].origin {
        path = if path.is_empty() { name.clone() } else { format!("{name}.{path}") };
        object = program.functions[function].root(*base);
        let fields = summary.fields.iter();
        let matching =
            fields.filter(|((index, field), _)| *field == path && handed.get(*index) == Some(&Some(object)));
        effect = matching.fold(effect, |effect, (_, found)| effect.and(*found));
    }
    effect
}

/// True if an event may wait.
#[must_use]
pub fn blocks(program: &Program, event: &EventKind) -> bool {
    match event {
        EventKind::Send(_, face) => *face != Face::Tries,
        EventKind::Recv(_, _, stops) => *stops != Stops::Nothing,
        EventKind::Range(..) | EventKind::Wait(_) | EventKind::Block(_) | EventKind::Join(..) => true,
        EventKind::CondWait(..) => true,
        EventKind::Lock(_, mode, ..) => *mode != LockMode::Try,
        EventKind::Select(select) => !select.has_default,
        EventKind::Call(callee, _) => program.functions[*callee].summary.blocks,
        _ => false,
    }
}

/// True if an event may wait for something other than a lock.
#[must_use]
pub fn waits(program: &Program, event: &EventKind) -> bool {
    match event {
        EventKind::Lock(..) => false,
        EventKind::Call(callee, _) => program.functions[*callee].summary.waits,
        event => blocks(program, event),
    }
}

/// True for bodies that run in a goroutine or a thread of their own, or are nested in one.
pub(super) fn is_apart(program: &Program, function: usize, body: &Body, index: usize) -> bool {
    let runs = &program.functions[function].runs;
    let bodies = &program.function(function).bodies;
    let (mut index, mut body) = (index, body);
    loop {
        if matches!(runs[index], Runner::Goroutine | Runner::Thread) {
            return true;
        }
        match body.parent {
            Some(parent) => {
                index = parent.at();
                body = &bodies[index];
            }
            None => return false,
        }
    }
}
