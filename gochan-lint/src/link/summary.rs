//! What functions do with their parameters.

use super::Program;
use super::events::{EventKind, Started};
use crate::ir::ObjectId;

/// What a function may do with one parameter, by itself, in a goroutine it starts, or through others it calls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Effect(u16);

impl Effect {
    /// Sends on it.
    pub const SENDS: Effect = Effect(1);
    /// Receives from it.
    pub const RECEIVES: Effect = Effect(2);
    /// Closes it.
    pub const CLOSES: Effect = Effect(4);
    /// `add` on it.
    pub const ADDS: Effect = Effect(8);
    /// `done` on it.
    pub const DONE: Effect = Effect(16);
    /// `wait` on it.
    pub const WAITS: Effect = Effect(32);
    /// Cancels it.
    pub const CANCELS: Effect = Effect(64);
    /// Locks it.
    pub const LOCKS: Effect = Effect(128);
    /// Keeps it, or hands it to something unknown.
    pub const ESCAPES: Effect = Effect(256);
    /// Does the above in a goroutine that it starts.
    pub const IN_GOROUTINE: Effect = Effect(512);

    /// True if any of `others` is among these.
    #[must_use]
    pub fn has(self, others: Effect) -> bool {
        self.0 & others.0 != 0
    }

    /// These and `others`.
    #[must_use]
    pub fn and(self, others: Effect) -> Effect {
        Effect(self.0 | others.0)
    }

    /// These without `others`.
    #[must_use]
    pub fn without(self, others: Effect) -> Effect {
        Effect(self.0 & !others.0)
    }
}

/// What a function does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// With each parameter.
    pub params: Vec<Effect>,
    /// It may wait: on a channel, a lock, a group, time.
    pub blocks: bool,
}

impl Summary {
    /// What it does with parameter number `index`; anything, if there is no such.
    #[must_use]
    pub fn param(&self, index: usize) -> Effect {
        self.params.get(index).copied().unwrap_or(Effect::ESCAPES)
    }
}

/// Summarises all functions, until nothing changes.
pub(super) fn summarise(program: &mut Program) {
    for function in 0..program.functions.len() {
        let params = program.function(function).params.len();
        program.functions[function].summary.params = vec![Effect::default(); params];
    }
    // Effects only grow, and there are few; calls are rarely nested deeper than this.
    const ROUNDS: usize = 16;
    for _ in 0..ROUNDS {
        let mut changed = false;
        for function in 0..program.functions.len() {
            let summary = summary_of(program, function);
            if summary != program.functions[function].summary {
                program.functions[function].summary = summary;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
}

fn summary_of(program: &Program, function: usize) -> Summary {
    let code = program.function(function);
    let mut summary = program.functions[function].summary.clone();
    for (param, effect) in code.params.iter().zip(&mut summary.params) {
        *effect = effect.and(effect_on(program, function, param.object));
    }
    summary.blocks = summary.blocks || own_blocks(program, function);
    summary
}

/// What happens to `object`, and to its fields, anywhere in the function.
#[must_use]
pub fn effect_on(program: &Program, function: usize, object: ObjectId) -> Effect {
    let linked = &program.functions[function];
    let mut effect = Effect::default();
    for (index, body) in program.function(function).bodies.iter().enumerate() {
        let goroutine = body.kind == crate::ir::BodyKind::Goroutine;
        for event in linked.events[index].iter().flat_map(|block| &block.0) {
            let found = effect_of(program, &event.kind, object);
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
pub fn effect_of(program: &Program, event: &EventKind, object: ObjectId) -> Effect {
    let none = Effect::default();
    let only = |is: ObjectId, effect: Effect| if is == object { effect } else { none };
    match event {
        EventKind::Send(channel, _) => only(*channel, Effect::SENDS),
        EventKind::Recv(channel, ..) | EventKind::Range(channel) => only(*channel, Effect::RECEIVES),
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
                    let effect = through(program, *callee, handed, object);
                    let inside = if effect == none { none } else { Effect::IN_GOROUTINE };
                    counted.and(effect).and(inside)
                }
                Started::Unknown(objects) if objects.contains(&object) => counted.and(Effect::ESCAPES),
                Started::Unknown(_) => counted,
            }
        }
        EventKind::Cancel(handle) | EventKind::Dropped(handle) => only(*handle, Effect::CANCELS),
        EventKind::Lock(lock, ..) => only(*lock, Effect::LOCKS),
        EventKind::Call(callee, handed) => through(program, *callee, handed, object),
        EventKind::Escape(escaped, _) => only(*escaped, Effect::ESCAPES),
        _ => none,
    }
}

fn through(program: &Program, callee: usize, handed: &[Option<ObjectId>], object: ObjectId) -> Effect {
    let summary = &program.functions[callee].summary;
    let matching = handed.iter().enumerate().filter(|(_, handed)| **handed == Some(object));
    matching.fold(Effect::default(), |effect, (index, _)| effect.and(summary.param(index)))
}

fn own_blocks(program: &Program, function: usize) -> bool {
    let bodies = program.function(function).bodies.iter().zip(&program.functions[function].events);
    bodies
        .filter(|(body, _)| body.kind != crate::ir::BodyKind::Goroutine)
        .flat_map(|(_, blocks)| blocks.iter().flat_map(|block| &block.0))
        .any(|event| blocks(program, &event.kind))
}

/// True if an event may wait.
#[must_use]
pub fn blocks(program: &Program, event: &EventKind) -> bool {
    match event {
        EventKind::Send(_, face) => *face != super::Face::Tries,
        EventKind::Recv(_, _, waits) => *waits,
        EventKind::Range(_) | EventKind::Wait(_) | EventKind::Block(_) => true,
        EventKind::Lock(_, mode, ..) => *mode != super::LockMode::Try,
        EventKind::Select(select) => !select.has_default,
        EventKind::Call(callee, _) => program.functions[*callee].summary.blocks,
        _ => false,
    }
}
