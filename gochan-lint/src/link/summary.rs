//! What functions do with their parameters.

use super::Program;
use super::event::LockMode;
use super::event::{EventKind, Runner, Started, Stops};
use super::switch::{Switches, runs};
use crate::ir::{BodyId, BodyKind, ObjectId, Origin};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

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

/// A lock as a function's callers know it: a parameter, or none for a static, and the fields on the way.
pub type LockPath = (Option<usize>, Vec<String>);

/// What a function does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// With each parameter.
    pub params: Vec<Effect>,
    /// With the fields of its parameters, by number and name.
    pub fields: BTreeMap<(usize, String), Effect>,
    /// It may wait: on a channel, a lock, a group, time.
    pub blocks: bool,
    /// The same without locks.
    pub waits: bool,
    /// It may panic by an `unwrap` or the like.
    pub panics: bool,
    /// How it may switch.
    pub switches: Switches,
    /// The parameters, by bits, that it calls itself, and not in a goroutine.
    pub runs: u16,
    /// The locks that it takes.
    pub locks: BTreeSet<(LockPath, bool)>,
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
    let mut left: Vec<usize> = (0..program.functions.len()).collect();
    for round in 0..ROUNDS {
        let found: Vec<_> = left.par_iter().map(|&function| summary_of(program, function)).collect();
        let mut changed = false;
        for (&function, summary) in left.iter().zip(found) {
            if summary != program.functions[function].summary {
                program.functions[function].summary = summary;
                changed = true;
            }
        }
        if !changed {
            break;
        }
        if round == 0 {
            // Those that call nobody are done.
            left.retain(|&function| calls(program, function));
        }
    }
}

fn calls(program: &Program, function: usize) -> bool {
    let mut events = program.functions[function].events.iter().flatten().flat_map(|block| &block.0);
    events
        .any(|event| matches!(event.kind, EventKind::Call(..) | EventKind::Spawn(Started::Function(..), ..)))
}

fn summary_of(program: &Program, function: usize) -> Summary {
    let code = program.function(function);
    let mut summary = program.functions[function].summary.clone();
    for (param, effect) in code.params.iter().zip(&mut summary.params) {
        *effect = effect.and(effect_on(program, function, param.object));
    }
    fields(program, function, &mut summary.fields);
    summary.blocks = summary.blocks || own(program, function, |event| blocks(program, event));
    let is_thread = |event: &EventKind| match event {
        EventKind::Join(handle, _) => {
            handle.is_none_or(|handle| *program.functions[function].kind(handle) != super::Kind::JoinHandle)
        }
        _ => false,
    };
    summary.waits =
        summary.waits || own(program, function, |event| !is_thread(event) && waits(program, event));
    summary.switches = summary.switches.and(super::switches_in(program, function, BodyId(0)));
    summary.runs |= runs(program, function);
    summary.locks = locks(program, function);
    summary.panics = summary.panics
        || own(program, function, |event| match event {
            EventKind::MayPanic | EventKind::Diverge => true,
            EventKind::Call(callee, _) => program.functions[*callee].summary.panics,
            _ => false,
        });
    summary
}

/// What happens to the fields of the parameters.
fn fields(program: &Program, function: usize, known: &mut BTreeMap<(usize, String), Effect>) {
    // Recursion over a list names no more fields than these.
    const MANY: usize = 64;
    let code = program.function(function);
    let linked = &program.functions[function];
    let param = |object: ObjectId| code.params.iter().position(|param| param.object == object);
    let mut grow = |key: (usize, String), effect: Effect| {
        if effect != Effect::default() && (known.len() < MANY || known.contains_key(&key)) {
            let slot = known.entry(key).or_default();
            *slot = slot.and(effect);
        }
    };
    for (index, object) in code.objects.iter().enumerate() {
        if let Origin::Field(base, name) = &object.origin
            && let Some(param) = param(linked.root(*base))
        {
            let effect = effect_on(program, function, ObjectId(index as u32));
            grow((param, name.clone()), effect);
        }
    }
    for (index, body) in code.bodies.iter().enumerate() {
        let apart = is_apart(program, function, body, index);
        for event in linked.events[index].iter().flat_map(|block| &block.0) {
            let (callee, handed, apart) = match &event.kind {
                EventKind::Call(callee, handed) => (*callee, handed, apart),
                EventKind::Spawn(Started::Function(callee, handed), ..) => (*callee, handed, true),
                _ => continue,
            };
            for ((index, name), effect) in &program.functions[callee].summary.fields {
                if let Some(param) = handed.get(*index).copied().flatten().and_then(param) {
                    let apart = if apart { Effect::IN_GOROUTINE } else { Effect::default() };
                    grow((param, name.clone()), effect.and(apart));
                }
            }
        }
    }
}

/// The parameter or static that an object is, and the fields on the way to it.
#[must_use]
pub fn lock_path(program: &Program, function: usize, object: ObjectId) -> Option<LockPath> {
    let code = program.function(function);
    let (mut object, mut fields) = (object, Vec::new());
    loop {
        object = program.functions[function].root(object);
        if let Some(index) = code.params.iter().position(|param| param.object == object) {
            fields.reverse();
            return Some((Some(index), fields));
        }
        match &code.objects[object.at()].origin {
            // Which one of many it is, only this function knows.
            Origin::Field(_, name) if name == crate::ir::EACH => return None,
            Origin::Field(base, name) => {
                fields.push(name.clone());
                object = *base;
            }
            Origin::Static(name) => {
                fields.push(name.clone());
                fields.reverse();
                return Some((None, fields));
            }
            _ => return None,
        }
    }
}

/// The locks that a function takes, by itself or through others; true: for reading.
fn locks(program: &Program, function: usize) -> BTreeSet<(LockPath, bool)> {
    const MANY: usize = 32;
    let mut found = program.functions[function].summary.locks.clone();
    let code = program.function(function);
    for (index, body) in code.bodies.iter().enumerate() {
        if is_apart(program, function, body, index) || found.len() > MANY {
            continue;
        }
        for event in program.functions[function].events[index].iter().flat_map(|block| &block.0) {
            match &event.kind {
                EventKind::Lock(lock, mode @ (LockMode::Exclusive | LockMode::Shared), ..) => {
                    let path = lock_path(program, function, *lock);
                    found.extend(path.map(|path| (path, *mode == LockMode::Shared)));
                }
                EventKind::Call(callee, handed) => {
                    for ((param, fields), shared) in &program.functions[*callee].summary.locks {
                        let path = match param {
                            None => Some((None, fields.clone())),
                            Some(index) => handed.get(*index).copied().flatten().and_then(|object| {
                                let (param, mut path) = lock_path(program, function, object)?;
                                path.extend(fields.iter().cloned());
                                Some((param, path))
                            }),
                        };
                        // Recursion makes paths without end.
                        found.extend(path.filter(|(_, fields)| fields.len() < 5).map(|path| (path, *shared)));
                    }
                }
                _ => {}
            }
        }
    }
    found
}

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
    let Origin::Field(base, name) = &program.function(function).objects[object.at()].origin else {
        return whole;
    };
    let base = Some(program.functions[function].root(*base));
    let fields = summary.fields.iter();
    let matching = fields.filter(|((index, field), _)| field == name && handed.get(*index) == Some(&base));
    matching.fold(whole, |effect, (_, found)| effect.and(*found))
}

/// True if something happens in the function itself, not in what it starts.
fn own(program: &Program, function: usize, is: impl Fn(&EventKind) -> bool) -> bool {
    let code = program.function(function);
    let bodies = code.bodies.iter().enumerate().zip(&program.functions[function].events);
    bodies
        .filter(|((index, body), _)| !is_apart(program, function, body, *index))
        .flat_map(|(_, blocks)| blocks.iter().flat_map(|block| &block.0))
        .any(|event| is(&event.kind))
}

/// True for bodies that run in a goroutine or a thread of their own, or inside of one.
fn is_apart(program: &Program, function: usize, body: &crate::ir::Body, index: usize) -> bool {
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

/// Marks what runs in goroutines: the functions that are started, and what these call.
pub(super) fn find_goroutines(program: &mut Program) {
    let mut queue = Vec::new();
    for function in 0..program.functions.len() {
        for (index, body) in program.function(function).bodies.iter().enumerate() {
            let apart = is_in_goroutine(program, function, body, index);
            for event in program.functions[function].events[index].iter().flat_map(|block| &block.0) {
                match &event.kind {
                    EventKind::Spawn(Started::Function(callee, _), ..) => queue.push(*callee),
                    EventKind::Call(callee, _) if apart => queue.push(*callee),
                    _ => {}
                }
            }
        }
    }
    while let Some(function) = queue.pop() {
        if std::mem::replace(&mut program.functions[function].in_goroutine, true) {
            continue;
        }
        // A closure that is handed on may run in a thread of its own.
        let code = program.function(function);
        let bodies = code.bodies.iter().zip(&program.functions[function].events);
        let blocks = bodies.filter(|(body, _)| body.kind != BodyKind::Closure).flat_map(|(_, blocks)| blocks);
        queue.extend(blocks.flat_map(|block| &block.0).filter_map(|event| match event.kind {
            EventKind::Call(callee, _) => Some(callee),
            _ => None,
        }));
    }
}

fn is_in_goroutine(program: &Program, function: usize, body: &crate::ir::Body, index: usize) -> bool {
    let runs = &program.functions[function].runs;
    let bodies = &program.function(function).bodies;
    let (mut index, mut body) = (index, body);
    loop {
        match runs[index] {
            Runner::Goroutine => return true,
            Runner::Thread | Runner::Blocking => return false,
            Runner::Inline | Runner::Once => {}
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

/// True if an event may wait.
#[must_use]
pub fn blocks(program: &Program, event: &EventKind) -> bool {
    match event {
        EventKind::Send(_, face) => *face != super::Face::Tries,
        EventKind::Recv(_, _, stops) => *stops != Stops::Nothing,
        EventKind::Range(..) | EventKind::Wait(_) | EventKind::Block(_) | EventKind::Join(..) => true,
        EventKind::CondWait(..) => true,
        EventKind::Lock(_, mode, ..) => *mode != LockMode::Try,
        EventKind::Select(select) => !select.has_default,
        EventKind::Call(callee, _) => program.functions[*callee].summary.blocks,
        _ => false,
    }
}

/// True if an event may wait for something else than a lock.
#[must_use]
pub fn waits(program: &Program, event: &EventKind) -> bool {
    match event {
        EventKind::Lock(..) => false,
        EventKind::Call(callee, _) => program.functions[*callee].summary.waits,
        event => blocks(program, event),
    }
}
