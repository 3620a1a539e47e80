//! `go!(f)`: work that is named and never runs.

use super::{Check, Lint};
use crate::diagnostic::{Diagnostic, Level};
use crate::flow::Code;
use crate::ir::{BodyId, ObjectId, Origin, Where};
use crate::link::{EventKind, Program, Runner, Started};
use crate::source::Span;

pub(super) const LINT: Lint = Lint {
    id: "missing_call",
    level: Level::Deny,
    summary: "a `go!` that names a function without calling it",
    explanation: "\
`go!` runs a call. A function, method or closure that is only named does nothing. The macro itself rejects this \
where it is compiled; the lint also reports it in code that is not compiled now, such as code behind another `cfg`. \
It also finds the mistake that the compiler accepts: a goroutine whose last expression is a closure or an `async` \
block, which is dropped without having run.",
    at_run_time: "\
Nothing: the goroutine ends at once, and code that waits for its result waits forever.",
    near: "Go's compiler: `expression in go must be function call`; rustc `unused_must_use` for closures and futures.",
    bad: "go!({\n    move || work(1)\n});",
    good: "go!({\n    work(1)\n});",
    check: Check::File(check),
};

fn check(program: &Program, unit: usize, found: &mut Vec<Diagnostic>) {
    for rejected in program.units[unit].file.rejected.iter().filter(|rejected| rejected.name == "go") {
        if !rejected.message.contains("not called") || !rejected.certain && has_own(program, unit) {
            continue;
        }
        let mut diagnostic = Diagnostic::new(LINT.id, unit, rejected.span, rejected.message.clone())
            .label("named, not called")
            .help("add the call's parentheses");
        let source = &program.units[unit].source;
        if let Some(edits) = rejected.callable.and_then(|whole| parentheses(source.snippet(whole), whole)) {
            diagnostic = diagnostic.fix("call it", edits);
        }
        found.push(diagnostic);
    }
    let functions = program.functions.iter().enumerate().filter(|(_, linked)| linked.unit == unit);
    for (index, _) in functions {
        dropped_closures(Code::of(program, index), unit, found);
    }
}

/// What makes a call of the input of a `go!`; none if it takes arguments, or is no function.
fn parentheses(text: &str, whole: Span) -> Option<Vec<(Span, String)>> {
    let at = |place: u32| Span { start: place, end: place };
    let work = match text.strip_prefix('[').and_then(|list| list.split_once(']')) {
        Some((_, work)) => work.trim_start(),
        None => text,
    };
    if work.ends_with([',', '?']) || work.starts_with('&') || work.starts_with("async") {
        return None;
    }
    let literal = work.strip_prefix("move").map_or(work, str::trim_start);
    let Some(literal) = literal.strip_prefix('|') else {
        return Some(vec![(at(whole.end), "()".to_owned())]);
    };
    let body = literal.strip_prefix('|')?;
    let begin = whole.end - u32::try_from(body.trim_start().len()).ok()?;
    if body.trim_start().starts_with(['{', '-']) {
        return Some(vec![(at(whole.end), "()".to_owned())]);
    }
    Some(vec![(at(begin), "{ ".to_owned()), (at(whole.end), " }()".to_owned())])
}

/// What calls a closure without parameters that is the last expression of a block.
fn called(code: Code<'_>, span: Span) -> Option<Vec<(Span, String)>> {
    let text = code.snippet(span);
    let takes_none = text.strip_prefix("move").map_or(text, str::trim_start).starts_with("||");
    let rest = code.program.units[code.linked.unit].source.text.get(span.end as usize..)?.trim_start();
    let last = rest.strip_prefix(';').map_or(rest, str::trim_start).starts_with('}');
    let at = |place: u32| Span { start: place, end: place };
    // What is bound to a name would be another thing under it.
    let before = code.program.units[code.linked.unit].source.text.get(..span.start as usize)?.trim_end();
    let alone = before.ends_with(['{', ';', '}']);
    (takes_none && last && alone)
        .then(|| vec![(at(span.start), "(".to_owned()), (at(span.end), ")()".to_owned())])
}

/// True if the crate has a macro `go!` of its own.
fn has_own(program: &Program, unit: usize) -> bool {
    let package = program.units[unit].package;
    let mut units = program.units.iter().filter(|unit| unit.package == package);
    units.any(|unit| unit.file.macros.iter().any(|name| name == "go"))
}

/// Goroutines that build a closure nobody can have any use for.
fn dropped_closures(code: Code<'_>, unit: usize, found: &mut Vec<Diagnostic>) {
    for (_, _, event) in code.everywhere() {
        let EventKind::Spawn(Started::Body(body), _, handle) = &event.kind else { continue };
        if code.linked.runs[body.at()] == Runner::Goroutine && nobody_wants_the_result(code, *handle) {
            found.extend(last_closure(code, *body).map(|object| {
                let mut span = code.object(object).span;
                let whole = &code.program.units[unit].source.text;
                // `move` stands before the bars.
                if let Some(before) = whole.get(..span.start as usize).map(str::trim_end)
                    && before.ends_with("move")
                {
                    span.start = before.len() as u32 - 4;
                }
                let finding =
                    Diagnostic::new(LINT.id, unit, span, "the goroutine ends without calling this closure")
                        .label("built here, and dropped")
                        .help("call it, or put its code into the goroutine's block");
                match called(code, span) {
                    Some(edits) => finding.fix("call it", edits),
                    None => finding,
                }
            }));
            found.extend(code.all(*body).filter_map(|(_, event)| {
                let EventKind::Escape(closure, Where::Returned) = event.kind else { return None };
                let object = code.object(closure);
                let outside = matches!(object.origin, Origin::Closure(_))
                    && !code.is_within(object.body, *body)
                    && object.span != event.span;
                let end = Span { start: event.span.end, end: event.span.end };
                outside.then(|| {
                    let message = format!("the goroutine ends without calling `{}`", object.name);
                    Diagnostic::new(LINT.id, unit, event.span, message)
                        .label("named, and dropped")
                        .help("add the call's parentheses")
                        .fix("call it", vec![(end, "()".to_owned())])
                })
            }));
            found.extend(code.all(*body).filter_map(|(_, event)| {
                let EventKind::Name(named) = event.kind else { return None };
                let name = &code.program.function(named).name;
                let end = Span { start: event.span.end, end: event.span.end };
                let finding =
                    Diagnostic::new(LINT.id, unit, event.span, format!("`{name}` is named here, not called"))
                        .label("does nothing")
                        .help("add the call's parentheses");
                Some(finding.fix("call it", vec![(end, "()".to_owned())]))
            }));
        }
    }
}

/// The closure that a goroutine comes to, or drops as its last act.
fn last_closure(code: Code<'_>, body: BodyId) -> Option<ObjectId> {
    let called = |object: ObjectId| {
        let inside = code.bodies().filter(|&(inner, _)| code.is_within(inner, body));
        let mut events = inside.flat_map(|(inner, _)| code.all(inner));
        events.any(|(_, event)| match &event.kind {
            EventKind::Escape(used, Where::Returned) | EventKind::DroppedAtOnce(used) => {
                *used == object && !matches!(code.object(object).origin, Origin::Closure(_))
            }
            EventKind::Unknown(call) => {
                call.receiver == Some(object) || call.args.iter().any(|arg| arg.object == Some(object))
            }
            EventKind::RunDeferred(run) | EventKind::Spawn(Started::Body(run), ..) => {
                matches!(code.object(object).origin, Origin::Closure(of) if of == *run)
            }
            EventKind::New(_) => false,
            _ => code.mentions(event, object),
        })
    };
    let built = code
        .objects()
        .filter(|(_, object)| object.body == body && matches!(object.origin, Origin::Closure(_)));
    built.map(|(id, _)| id).filter(|id| !called(*id)).last()
}

/// True if the handle is dropped, or joined for nothing.
fn nobody_wants_the_result(code: Code<'_>, handle: Option<ObjectId>) -> bool {
    let Some(handle) = handle else { return true };
    let dropped = |object: ObjectId| {
        code.everywhere()
            .any(|(_, _, event)| matches!(event.kind, EventKind::DroppedAtOnce(lost) if lost == object))
    };
    let mut joined = None;
    for (_, _, event) in code.everywhere() {
        match &event.kind {
            EventKind::Join(Some(of), result) if *of == handle => joined = Some(*result),
            EventKind::DroppedAtOnce(_) | EventKind::New(_) | EventKind::Spawn(..) => {}
            _ if code.mentions(event, handle) => return false,
            _ => {}
        }
    }
    match joined {
        Some(result) => result.is_some_and(dropped),
        None => true,
    }
}
