//! Summarises what each function does with its parameters, itself and through the functions it calls.

use super::access::AccessPath;
use super::effects::{blocks, effect_on, is_apart, waits};
use super::event::{EventKind, LockMode, Runner, Started};
use super::kind::Kind;
use super::program::Program;
use super::summary::{Effect, LockPath, Summary};
use super::switch::{runs, switches_in};
use crate::ir::{Body, BodyId, BodyKind, EACH, ObjectId, Origin};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Summarises all functions, until nothing changes.
pub(super) fn summarise(program: &mut Program) {
    for function in 0..program.functions.len() {
        let params = program.function(function).params.len();
        program.functions[function].summary.params = vec![Effect::default(); params];
    }
    // The iteration ends, since effects only grow. Calls are rarely nested deeper than this.
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
            // Functions without calls are finished.
            left.retain(|&function| calls(program, function));
        }
    }
}

/// Recursion over a structure would make paths without end.
const LONGEST: usize = 4;

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
            handle.is_none_or(|handle| *program.functions[function].kind(handle) != Kind::JoinHandle)
        }
        _ => false,
    };
    summary.waits =
        summary.waits || own(program, function, |event| !is_thread(event) && waits(program, event));
    summary.switches = summary.switches.and(switches_in(program, function, BodyId(0)));
    summary.runs |= runs(program, function);
    summary.locks = locks(program, function);
    summary.joins = summary.joins
        || own(program, function, |event| match event {
            EventKind::Join(..) => true,
            EventKind::Call(callee, _) => program.functions[*callee].summary.joins,
            _ => false,
        });
    summary.panics = summary.panics
        || own(program, function, |event| match event {
            EventKind::MayPanic | EventKind::Diverge => true,
            EventKind::Call(callee, _) => program.functions[*callee].summary.panics,
            _ => false,
        });
    summary
}

/// Adds what happens to the fields of the parameters.
fn fields(program: &Program, function: usize, known: &mut BTreeMap<(usize, String), Effect>) {
    // Recursion over a list would add fields without end.
    const MANY: usize = 64;
    let code = program.function(function);
    let linked = &program.functions[function];
    // The parameter that an object is a part of, and the fields that lead to it.
    let part = |object: ObjectId| {
        let AccessPath { base, fields } = AccessPath::of(program, function, object);
        let param = code.params.iter().position(|param| Some(param.object) == base)?;
        let short = fields.len() <= LONGEST && !fields.iter().any(|name| name.starts_with('['));
        short.then(|| (param, fields.join(".")))
    };
    let mut grow = |key: (usize, String), effect: Effect| {
        if effect != Effect::default() && (known.len() < MANY || known.contains_key(&key)) {
            let slot = known.entry(key).or_default();
            *slot = slot.and(effect);
        }
    };
    for (index, object) in code.objects.iter().enumerate() {
        let id = ObjectId(index as u32);
        if matches!(object.origin, Origin::Field(..))
            && linked.root(id) == id
            && let Some(place) = part(id)
        {
            grow(place, effect_on(program, function, id));
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
                if let Some((param, path)) = handed.get(*index).copied().flatten().and_then(part) {
                    let apart = if apart { Effect::IN_GOROUTINE } else { Effect::default() };
                    let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    if path.matches('.').count() < LONGEST {
                        grow((param, path), effect.and(apart));
                    }
                }
            }
        }
    }
}

/// The lock that an object is, as callers of the function know it. `None` if they cannot name it, such as an element of
/// a list.
fn lock_path(program: &Program, function: usize, object: ObjectId) -> Option<LockPath> {
    let AccessPath { base, fields } = AccessPath::of(program, function, object);
    if fields.iter().any(|name| name == EACH) {
        return None;
    }
    let param = match base {
        None => None,
        Some(base) => Some(program.function(function).params.iter().position(|param| param.object == base)?),
    };
    Some((param, fields))
}

/// The locks that a function takes, itself or through others, and how.
fn locks(program: &Program, function: usize) -> BTreeSet<(LockPath, LockMode)> {
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
                    found.extend(lock_path(program, function, *lock).map(|path| (path, *mode)));
                }
                EventKind::Call(callee, handed) => {
                    found.extend(locks_of_call(program, function, *callee, handed));
                }
                _ => {}
            }
        }
    }
    found
}

/// The locks that a call takes, as callers of the calling function know them.
fn locks_of_call(
    program: &Program,
    function: usize,
    callee: usize,
    handed: &[Option<ObjectId>],
) -> impl Iterator<Item = (LockPath, LockMode)> {
    let locks = program.functions[callee].summary.locks.iter();
    let seen_from_here = move |((param, fields), mode): &(LockPath, LockMode)| {
        let path = match param {
            None => (None, fields.clone()),
            Some(index) => {
                let object = handed.get(*index).copied().flatten()?;
                let (param, mut path) = lock_path(program, function, object)?;
                path.extend_from_slice(fields);
                (param, path)
            }
        };
        Some((path, *mode))
    };
    locks.filter_map(seen_from_here).filter(|((_, fields), _)| fields.len() <= LONGEST)
}

/// True if an event for which `is` holds happens in the function itself, not in a goroutine or thread it starts.
fn own(program: &Program, function: usize, is: impl Fn(&EventKind) -> bool) -> bool {
    let code = program.function(function);
    let bodies = code.bodies.iter().enumerate().zip(&program.functions[function].events);
    bodies
        .filter(|((index, body), _)| !is_apart(program, function, body, *index))
        .flat_map(|(_, blocks)| blocks.iter().flat_map(|block| &block.0))
        .any(|event| is(&event.kind))
}

/// Marks the functions that run in goroutines: those that are started, and those they call.
pub(super) fn find_goroutines(program: &mut Program) {
    let started = started(program);
    for function in reached(program, started.clone()) {
        program.functions[function].in_goroutine = true;
    }
    let is_main = |function: &usize| {
        let function = program.function(*function);
        function.is_main && !function.on_thread
    };
    let mains: Vec<usize> = (0..program.functions.len()).filter(is_main).collect();
    for function in reached(program, started.into_iter().chain(mains).collect()) {
        program.functions[function].on_worker = true;
    }
}

/// The functions that goroutines run or call.
fn started(program: &Program) -> Vec<usize> {
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
    queue
}

/// These functions, and those that they call.
fn reached(program: &Program, mut queue: Vec<usize>) -> BTreeSet<usize> {
    let mut seen = BTreeSet::new();
    while let Some(function) = queue.pop() {
        if !seen.insert(function) {
            continue;
        }
        // A closure that is passed on may run in a thread of its own.
        let code = program.function(function);
        let bodies = code.bodies.iter().zip(&program.functions[function].events);
        let blocks = bodies.filter(|(body, _)| body.kind != BodyKind::Closure).flat_map(|(_, blocks)| blocks);
        queue.extend(blocks.flat_map(|block| &block.0).filter_map(|event| match event.kind {
            EventKind::Call(callee, _) => Some(callee),
            _ => None,
        }));
    }
    seen
}

fn is_in_goroutine(program: &Program, function: usize, body: &Body, index: usize) -> bool {
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
