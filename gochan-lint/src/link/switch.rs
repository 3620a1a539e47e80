//! Whether other goroutines of the worker may run before an operation returns.
//!
//! Operations that do not wait do not switch: `try_send`, `len`, `close`, a poll of a future. `gosched` always
//! switches. `select!` with `default`, `Context::err` and `Context::check`, which loops poll, switch once a goroutine
//! has occupied its worker for long.

use super::event::{Event, EventKind, Face, LockMode, Runner, Stops, Switches};
use super::kind::{Flavour, Kind, Scope};
use super::program::Program;
use super::scope::{Inside, body_of, runs_in};
use super::summary::Summary;
use crate::ir::{BodyId, Call, ObjectId, Origin};
use crate::source::Span;

/// How many levels of nested closures are followed.
const DEPTH: u32 = 6;

/// How an event of a body may switch, including the closures it certainly runs.
#[must_use]
pub fn switches(program: &Program, function: usize, body: BodyId, event: &EventKind) -> Switches {
    of_event(program, function, body, event, DEPTH)
}

/// How a body may switch, including the closures it certainly runs.
#[must_use]
pub fn switches_in(program: &Program, function: usize, body: BodyId) -> Switches {
    of_body(program, function, body, DEPTH)
}

/// The first place in a body, or in a closure that it runs, that switches in one of these ways.
#[must_use]
pub fn first_switch(program: &Program, function: usize, body: BodyId, ways: Switches) -> Option<Span> {
    first_in(program, function, body, ways, DEPTH)
}

/// The first such place in a closure that an event runs, or the place of the event itself.
#[must_use]
pub fn place_of(program: &Program, function: usize, event: &Event, ways: Switches) -> Span {
    let inner = closures(program, function, &event.kind, DEPTH);
    inner.into_iter().find_map(|body| first_in(program, function, body, ways, DEPTH)).unwrap_or(event.span)
}

fn first_in(program: &Program, function: usize, body: BodyId, ways: Switches, depth: u32) -> Option<Span> {
    let mut events = program.functions[function].body_events(body);
    let found = events.find(|event| of_event(program, function, body, &event.kind, depth).has(ways))?;
    let inner = closures(program, function, &found.kind, depth);
    let inside =
        inner.into_iter().find_map(|body| first_in(program, function, body, ways, depth.checked_sub(1)?));
    Some(inside.unwrap_or(found.span))
}

fn of_body(program: &Program, function: usize, body: BodyId, depth: u32) -> Switches {
    let events = program.functions[function].body_events(body);
    events.fold(Switches::NEVER, |all, event| all.and(of_event(program, function, body, &event.kind, depth)))
}

fn of_event(program: &Program, function: usize, body: BodyId, event: &EventKind, depth: u32) -> Switches {
    let linked = &program.functions[function];
    let if_ours = |object: ObjectId, ours: &Kind, ways| {
        if linked.kind(object) == ours { ways } else { Switches::NEVER }
    };
    match event {
        EventKind::Send(_, face) if *face != Face::Tries => Switches::WAITS,
        EventKind::Recv(_, _, Stops::Goroutine) => Switches::WAITS,
        EventKind::Recv(_, _, Stops::Task) => Switches::AWAITS,
        EventKind::Range(..) | EventKind::Wait(_) | EventKind::Block(_) => Switches::WAITS,
        EventKind::CondWait(_, Flavour::Gochan) => Switches::WAITS,
        EventKind::Join(Some(handle), _) => if_ours(*handle, &Kind::JoinHandle, Switches::WAITS),
        EventKind::Lock(_, mode, _, Flavour::Gochan) if *mode != LockMode::Try => Switches::LOCKS,
        EventKind::Once(once, _) => if_ours(*once, &Kind::Once(Flavour::Gochan), Switches::LOCKS),
        EventKind::Select(select) if select.has_default => Switches::RARELY,
        EventKind::Select(_) => Switches::WAITS,
        EventKind::Switches(ways) => *ways,
        EventKind::Call(callee, handed) => {
            let Summary { switches, runs, .. } = &program.functions[*callee].summary;
            // A future does nothing until it is polled.
            let is_async =
                |function: usize, body: BodyId| program.function(function).bodies[body.at()].is_async;
            let own = if is_async(*callee, BodyId(0)) && !is_async(function, body) {
                Switches::NEVER
            } else {
                *switches
            };
            if *runs == 0 { own } else { own.and(of_closures(program, function, event, depth, handed.len())) }
        }
        EventKind::RunDeferred(_) => of_closures(program, function, event, depth, 1),
        EventKind::Unknown(call) => {
            let inner = of_closures(program, function, event, depth, call.args.len());
            match runs_in(program, function, call) {
                Some((scope, inside)) => inner.and(in_scope(program, function, scope, inside, depth)),
                None if RUNS_CLOSURES.contains(&call.path[0].as_str()) => {
                    inner.and(of_named(program, function, call))
                }
                None => inner,
            }
        }
        _ => Switches::NEVER,
    }
}

fn of_closures(program: &Program, function: usize, event: &EventKind, depth: u32, most: usize) -> Switches {
    let Some(depth) = depth.checked_sub(1).filter(|_| most > 0) else { return Switches::NEVER };
    let inner = closures(program, function, event, depth);
    inner.into_iter().fold(Switches::NEVER, |all, body| all.and(of_body(program, function, body, depth)))
}

/// How the contents of a known scope may switch.
fn in_scope(program: &Program, function: usize, scope: Scope, inside: Inside<'_>, depth: u32) -> Switches {
    let Some(depth) = depth.checked_sub(1) else { return Switches::NEVER };
    let Some((of, body)) = body_of(program, function, inside) else { return Switches::NEVER };
    // A function that is no `async fn` runs before the scope begins.
    if scope == Scope::Executor && !program.function(of).bodies[body.at()].is_async {
        return Switches::NEVER;
    }
    let ways = if of == function {
        of_body(program, of, body, depth)
    } else {
        program.functions[of].summary.switches
    };
    // The executor's thread waits for the future, and no goroutine switches.
    if scope == Scope::Executor { ways.without(Switches::AWAITS) } else { ways }
}

/// How functions that are passed to a call by name may switch.
fn of_named(program: &Program, function: usize, call: &Call) -> Switches {
    let named = call.args.iter().filter(|arg| !arg.named.is_empty());
    let functions = named.filter_map(|arg| program.resolve(function, &arg.named));
    let sync = functions.filter(|&callee| !program.function(callee).bodies[0].is_async);
    sync.fold(Switches::NEVER, |all, callee| all.and(program.functions[callee].summary.switches))
}

/// The closures of this function that an event certainly runs, in place and before it returns.
fn closures(program: &Program, function: usize, event: &EventKind, depth: u32) -> Vec<BodyId> {
    if depth == 0 {
        return Vec::new();
    }
    let linked = &program.functions[function];
    let code = program.function(function);
    let closure = |object: ObjectId| match code.objects[object.at()].origin {
        Origin::Closure(body) => Some(body),
        _ => None,
    };
    let in_place = |body: &BodyId| {
        matches!(linked.runs[body.at()], Runner::Inline | Runner::Once) && !code.bodies[body.at()].is_async
    };
    let given: Vec<BodyId> = match event {
        EventKind::RunDeferred(body) if !linked.handed[body.at()] => vec![*body],
        EventKind::Call(callee, handed) => {
            let runs = program.functions[*callee].summary.runs;
            let ran = handed.iter().zip(0..16).filter(|(_, index)| runs & 1 << index != 0);
            ran.filter_map(|(object, _)| closure((*object)?)).collect()
        }
        EventKind::Unknown(call) if runs_closures(program, function, call) => {
            call.args.iter().filter_map(|arg| closure(arg.object?)).collect()
        }
        _ => return Vec::new(),
    };
    given.into_iter().filter(in_place).collect()
}

/// True for unknown calls that certainly run their closures before they return.
fn runs_closures(program: &Program, function: usize, call: &Call) -> bool {
    let Some(name) = call.path.last() else { return false };
    if !call.is_method {
        return name == "catch_unwind" || runs_in(program, function, call).is_some();
    }
    let receiver = call.receiver.map(|receiver| &program.function(function).objects[receiver.at()].origin);
    let kind = call.receiver.map(|receiver| program.functions[function].kind(receiver));
    match name.as_str() {
        name if RUNS_CLOSURES.contains(&name) => true,
        "with" | "with_borrow" | "with_borrow_mut" => matches!(receiver, Some(Origin::Static(_))),
        "get_or" | "get_or_try" => matches!(kind, Some(Kind::ThreadLocal(_))),
        _ => runs_in(program, function, call).is_some(),
    }
}

/// The parameters that a function calls in place, as a bit set.
pub(super) fn runs(program: &Program, function: usize) -> u16 {
    let linked = &program.functions[function];
    let bit = |object: ObjectId| program.parameter_bit(function, object);
    linked.body_events(BodyId(0)).fold(0, |all, event| match &event.kind {
        EventKind::Unknown(call) if !call.is_method => all | call.receiver.map_or(0, bit),
        EventKind::Call(callee, handed) => {
            let runs = program.functions[*callee].summary.runs;
            let ran = handed.iter().zip(0..16).filter(|(_, index)| runs & 1 << index != 0);
            ran.fold(all, |all, (object, _)| all | object.map_or(0, bit))
        }
        _ => all,
    })
}

/// Methods that call their closures before they return, or whose result does so and is usually used at once.
pub const RUNS_CLOSURES: [&str; 22] = [
    "for_each",
    "try_for_each",
    "fold",
    "any",
    "all",
    "find",
    "position",
    "retain",
    "map",
    "filter",
    "filter_map",
    "flat_map",
    "and_then",
    "or_else",
    "unwrap_or_else",
    "map_or",
    "map_or_else",
    "map_err",
    "is_some_and",
    "is_none_or",
    "or_insert_with",
    "get_or_insert_with",
];
