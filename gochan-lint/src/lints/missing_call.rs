//! `go!(f)`: work that is named and never runs.

use super::lint::{Check, Lint};
use crate::analysis::Code;
use crate::diagnostic::{Diagnostic, Level};
use crate::ir::{BodyId, BodyKind, ObjectId, Origin, Where};
use crate::link::{Event, EventKind, Program, Runner, Started};
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
        let callable =
            rejected.callable.filter(|whole| needs_parentheses(program, unit, source.snippet(*whole)));
        if let Some(edits) = callable.and_then(|whole| parentheses(source.snippet(whole), whole)) {
            diagnostic = diagnostic.fix("call it", edits);
        }
        found.push(diagnostic);
    }
    let functions = program.functions.iter().enumerate().filter(|(_, linked)| linked.unit == unit);
    for (index, _) in functions {
        dropped_closures(Code::of(program, index), unit, found);
    }
}

/// True for a function literal, and for the name of a function or closure of the crate that can be called without
/// arguments. What is not known may need more.
fn needs_parentheses(program: &Program, unit: usize, text: &str) -> bool {
    let work = match text.strip_prefix('[').and_then(|list| list.split_once(']')) {
        Some((_, work)) => work.trim_start(),
        None => text,
    };
    if work.starts_with('|')
        || work.strip_prefix("move").is_some_and(|rest| rest.trim_start().starts_with('|'))
    {
        return true;
    }
    let (path, turbofish) = work.split_once("::<").map_or((work, false), |(path, _)| (path, true));
    let name = path.rsplit([':', '.']).next().unwrap_or_default().trim();
    let package = program.units[unit].package;
    let known = (0..program.functions.len()).filter(|&function| {
        program.unit(function).package == package && program.function(function).name == name
    });
    let mut known = known.peekable();
    if known.peek().is_none() {
        let text = &program.units[unit].source.text;
        return ["||", "move ||"].iter().any(|closure| text.contains(&format!("let {name} = {closure}")));
    }
    known.all(|known| can_be_called(program, known, path.contains('.'), turbofish))
}

/// True if a call of the function needs nothing but parentheses.
fn can_be_called(program: &Program, function: usize, is_method: bool, turbofish: bool) -> bool {
    let text = &program.unit(function).source.text;
    let function = program.function(function);
    let (start, end) = (function.span.start as usize, function.span.end as usize);
    let before = text.get(..start).unwrap_or_default().trim_end();
    let generic = text.get(end..).is_some_and(|rest| rest.starts_with('<') && !rest.starts_with("<'"));
    let params = if is_method { &["self"][..] } else { &[] };
    function.params.iter().map(|param| param.name.as_str()).eq(params.iter().copied())
        && function.bodies.first().is_some_and(|body| !body.is_async)
        && !before.trim_end_matches("fn").trim_end().ends_with("unsafe")
        && (turbofish || !generic)
}

/// The text that turns the input of a `go!` into a call, or `None` if it takes arguments or is no function.
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

/// The edits that call a closure without parameters that is the last expression of a block.
fn called(code: Code<'_>, span: Span) -> Option<Vec<(Span, String)>> {
    let text = code.snippet(span);
    let takes_none = text.strip_prefix("move").map_or(text, str::trim_start).starts_with("||");
    let rest = code.program.units[code.linked.unit].source.text.get(span.end as usize..)?.trim_start();
    let last = rest.strip_prefix(';').map_or(rest, str::trim_start).starts_with('}');
    let at = |place: u32| Span { start: place, end: place };
    // A closure that is bound to a name would change the meaning of the name.
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

/// Goroutines whose result is a closure that nothing can use.
fn dropped_closures(code: Code<'_>, unit: usize, found: &mut Vec<Diagnostic>) {
    for (_, _, event) in code.everywhere() {
        let EventKind::Spawn(Started::Body(body), _, handle) = &event.kind else { continue };
        // The function may use its result.
        if code.is_by_helper(&event.kind) {
            continue;
        }
        if code.linked.runs[body.at()] == Runner::Goroutine && is_result_unused(code, *handle) {
            found.extend(last_closure(code, *body).map(|closure| built(code, unit, closure)));
            found.extend(code.all(*body).filter_map(|(_, event)| named(code, unit, *body, event)));
        }
    }
}

/// A closure that the goroutine builds and drops.
fn built(code: Code<'_>, unit: usize, closure: ObjectId) -> Diagnostic {
    let mut span = code.object(closure).span;
    let whole = &code.program.units[unit].source.text;
    // `move` stands before the bars.
    if let Some(before) = whole.get(..span.start as usize).map(str::trim_end)
        && before.ends_with("move")
    {
        span.start = before.len() as u32 - 4;
    }
    let finding = Diagnostic::new(LINT.id, unit, span, "the goroutine ends without calling this closure")
        .label("built here, and dropped")
        .help("call it, or put its code into the goroutine's block");
    match called(code, span) {
        Some(edits) => finding.fix("call it", edits),
        None => finding,
    }
}

/// A closure from outside of the goroutine, or a function, that the goroutine names and does not call.
fn named(code: Code<'_>, unit: usize, body: BodyId, event: &Event) -> Option<Diagnostic> {
    let (message, label) = match event.kind {
        EventKind::Escape(closure, Where::Returned) => {
            let object = code.object(closure);
            let callable = match &object.origin {
                Origin::Closure(_) => true,
                Origin::Typed(ty) => ty.is_callable(),
                _ => false,
            };
            let outside = callable && !code.is_within(object.body, body) && object.span != event.span;
            if !outside {
                return None;
            }
            (format!("the goroutine ends without calling `{}`", object.name), "named, and dropped")
        }
        EventKind::Name(named) => {
            let name = &code.program.function(named).name;
            (format!("`{name}` is named here, not called"), "does nothing")
        }
        _ => return None,
    };
    let end = Span { start: event.span.end, end: event.span.end };
    let finding = Diagnostic::new(LINT.id, unit, event.span, message).label(label);
    let finding = finding.help("add the call's parentheses");
    let needs_arguments =
        matches!(event.kind, EventKind::Name(named) if !can_be_called(code.program, named, false, false));
    Some(if needs_arguments { finding } else { finding.fix("call it", vec![(end, "()".to_owned())]) })
}

/// The closure that is the result of a goroutine, or that it drops at its end.
fn last_closure(code: Code<'_>, body: BodyId) -> Option<ObjectId> {
    let called = |object: ObjectId| {
        let inside = code.within(body);
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
    let built =
        code.objects().filter(|(_, object)| object.body == body && is_dropped(code, body, &object.origin));
    built.map(|(id, _)| id).filter(|id| !called(*id)).last()
}

/// True for a closure, and for the future of a block except where `future_not_run` reports it.
fn is_dropped(code: Code<'_>, body: BodyId, origin: &Origin) -> bool {
    match origin {
        Origin::Closure(made) => !code.body(*made).is_async || code.body(body).kind == BodyKind::Goroutine,
        _ => false,
    }
}

/// True if the handle is dropped, or the result of its join unused.
fn is_result_unused(code: Code<'_>, handle: Option<ObjectId>) -> bool {
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
