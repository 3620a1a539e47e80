//! Closures that run elsewhere than where they are written: those given to the workspace's own functions that start
//! goroutines with them, and those that have a name and are called in a goroutine.

use super::effects::{is_apart, waits};
use super::event::{Event, EventKind, Runner, Started};
use super::program::Program;
use crate::ir::{BodyId, BodyKind, ObjectId, Origin};
use rayon::prelude::*;

/// The parameters that a function runs, as bit sets: in place, in a goroutine, in a thread.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Runs {
    inline: u16,
    goroutine: u16,
    thread: u16,
}

/// Finds the goroutines that functions of the workspace start for their callers.
pub(super) fn start(program: &mut Program) {
    let known = helpers(program);
    for function in 0..program.functions.len() {
        rehome(program, function);
    }
    if known.iter().all(|runs| runs.goroutine | runs.thread == 0) {
        return;
    }
    for function in 0..program.functions.len() {
        let code = program.function(function);
        let closure = |object: ObjectId| match code.objects[object.at()].origin {
            Origin::Closure(body) => Some(body),
            _ => None,
        };
        let mut started = Vec::new();
        for (body, blocks) in program.functions[function].events.iter().enumerate() {
            for (block, events) in blocks.iter().enumerate() {
                for (place, event) in events.0.iter().enumerate() {
                    let EventKind::Call(callee, handed) = &event.kind else { continue };
                    let runs = known[*callee];
                    for (object, index) in handed.iter().zip(0..16) {
                        let runner = match 1 << index {
                            bit if runs.goroutine & bit != 0 => Runner::Goroutine,
                            bit if runs.thread & bit != 0 => Runner::Thread,
                            _ => continue,
                        };
                        let given = object.and_then(closure);
                        let waits = given.is_some() && waits_itself(program, *callee);
                        started.extend(
                            given.map(|given| (body, block, place, given, runner, waits, event.span)),
                        );
                    }
                }
            }
        }
        let linked = &mut program.functions[function];
        for (body, block, place, given, runner, waits, span) in started.into_iter().rev() {
            linked.runs[given.at()] = runner;
            linked.handed[given.at()] = false;
            let events = &mut linked.events[body][block].0;
            let kind = EventKind::Spawn(Started::Body(given), None, None);
            // A function that waits for the goroutine returns after it.
            events.insert(if waits { place } else { place + 1 }, Event { kind, span });
            // It does not run before the call.
            let earlier = events[..place]
                .iter()
                .rposition(|event| matches!(event.kind, EventKind::RunDeferred(ran) if ran == given));
            if let Some(earlier) = earlier {
                events.remove(earlier);
            }
        }
    }
}

/// True if a function waits for something outside of the goroutines it starts.
fn waits_itself(program: &Program, function: usize) -> bool {
    let bodies = program.function(function).bodies.iter().enumerate();
    let own = bodies.filter(|(index, body)| !is_apart(program, function, body, *index));
    let mut events =
        own.flat_map(|(index, _)| &program.functions[function].events[index]).flat_map(|block| &block.0);
    events.any(|event| waits(program, &event.kind))
}

/// What each function does with the closures that it is given.
fn helpers(program: &Program) -> Vec<Runs> {
    // Helpers are rarely nested deeper than this.
    const ROUNDS: usize = 6;
    let mut known = vec![Runs::default(); program.functions.len()];
    for _ in 0..ROUNDS {
        let found: Vec<Runs> = (0..program.functions.len())
            .into_par_iter()
            .map(|function| match program.function(function).params.is_empty() {
                true => Runs::default(),
                false => runs_of(program, function, &known),
            })
            .collect();
        if found == known {
            break;
        }
        known = found;
    }
    known
}

fn runs_of(program: &Program, function: usize, known: &[Runs]) -> Runs {
    let code = program.function(function);
    let linked = &program.functions[function];
    let bit = |object: ObjectId| program.parameter_bit(function, object);
    let mut runs = Runs::default();
    for declared in program.implementations(function) {
        runs.goroutine |= known[*declared].goroutine;
        runs.thread |= known[*declared].thread;
    }
    for (index, body) in code.bodies.iter().enumerate() {
        let apart = is_apart(program, function, body, index);
        let on_thread = is_on_thread(program, function, index);
        let mut add = |bits: u16, how: Runner| match how {
            Runner::Goroutine => runs.goroutine |= bits,
            Runner::Thread => runs.thread |= bits,
            _ if apart && on_thread => runs.thread |= bits,
            _ if apart => runs.goroutine |= bits,
            _ => runs.inline |= bits,
        };
        for event in linked.events[index].iter().flat_map(|block| &block.0) {
            match &event.kind {
                EventKind::Unknown(call) if !call.is_method => {
                    if let Some(callee) = call.receiver {
                        add(bit(callee), Runner::Inline);
                    } else if call.path.last().is_some_and(|name| name == "spawn") {
                        let ours = call.path.first().is_some_and(|root| root == "gochan");
                        let how = if ours { Runner::Goroutine } else { Runner::Thread };
                        call.args.iter().filter_map(|arg| arg.object).for_each(|given| add(bit(given), how));
                    }
                }
                EventKind::Unknown(call) if matches!(call.path[0].as_str(), "go" | "spawn") => {
                    let how = match call.path[0].as_str() {
                        "go" => Runner::Goroutine,
                        _ => Runner::Thread,
                    };
                    call.args.iter().filter_map(|arg| arg.object).for_each(|given| add(bit(given), how));
                }
                EventKind::Spawn(Started::Unknown(objects), ..) => {
                    objects.iter().for_each(|object| add(bit(*object), Runner::Goroutine));
                }
                EventKind::Call(callee, handed) | EventKind::Spawn(Started::Function(callee, handed), ..) => {
                    let there = known[*callee];
                    let spawned = matches!(event.kind, EventKind::Spawn(..));
                    for (object, index) in handed.iter().zip(0..16) {
                        let Some(bits) = object.map(bit).filter(|bits| *bits != 0) else { continue };
                        let has = |set: u16| set & 1 << index != 0;
                        if has(there.goroutine) || spawned && has(there.inline) {
                            add(bits, Runner::Goroutine);
                        }
                        if has(there.thread) {
                            add(bits, Runner::Thread);
                        }
                        if has(there.inline) && !spawned {
                            add(bits, Runner::Inline);
                        }
                    }
                }
                _ => {}
            }
        }
    }
    runs
}

/// True if the innermost body around it that runs apart is one of a thread.
fn is_on_thread(program: &Program, function: usize, mut index: usize) -> bool {
    let runs = &program.functions[function].runs;
    loop {
        match (runs[index], program.function(function).bodies[index].parent) {
            (Runner::Thread | Runner::Blocking, _) => return true,
            (Runner::Goroutine, _) | (_, None) => return false,
            (_, Some(parent)) => index = parent.at(),
        }
    }
}

/// A closure with a name that only one other body calls belongs to that body.
fn rehome(program: &mut Program, function: usize) {
    let code = program.function(function);
    let linked = &program.functions[function];
    let is_closure = |body: &crate::ir::Body| body.kind == BodyKind::Closure && !body.is_async;
    if !code.bodies.iter().any(is_closure) || !code.bodies.iter().any(|body| body.kind == BodyKind::Goroutine)
    {
        return;
    }
    let within = |mut inner: BodyId, outer: BodyId| loop {
        if inner == outer {
            return true;
        }
        match code.bodies[inner.at()].parent {
            Some(parent) => inner = parent,
            None => return false,
        }
    };
    let mut homes: Vec<Vec<BodyId>> = vec![Vec::new(); code.bodies.len()];
    for (index, blocks) in linked.events.iter().enumerate() {
        for event in blocks.iter().flat_map(|block| &block.0) {
            if let EventKind::RunDeferred(ran) = event.kind {
                homes[ran.at()].push(BodyId(index as u32));
            }
        }
    }
    let mut moves = Vec::new();
    for (index, body) in code.bodies.iter().enumerate().filter(|(_, body)| is_closure(body)) {
        let this = BodyId(index as u32);
        let [home, others @ ..] = &homes[index][..] else { continue };
        let inline = linked.runs[index] == Runner::Inline && !linked.handed[index];
        if inline
            && others.iter().all(|other| other == home)
            && Some(*home) != body.parent
            && !within(*home, this)
        {
            moves.push((this, *home));
        }
    }
    if moves.is_empty() {
        return;
    }
    let linked = &mut program.functions[function];
    linked.moved = true;
    let code = &mut program.units[linked.unit].file.functions[linked.index];
    for (closure, home) in moves {
        code.bodies[closure.at()].parent = Some(home);
    }
}
