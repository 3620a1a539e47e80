//! Cancel handles that are dropped too early, or never.

mod handle;
mod leaves;
mod paths;

use super::lint::{Check, Lint};
use crate::analysis::Code;
use crate::diagnostic::{Diagnostic, Level};
use crate::ir::{Object, ObjectId, Origin, Where};
use crate::link::{Event, EventKind, Kind, Started};
use crate::source::Span;
use handle::{ID, report, uses_handle};
use leaves::{Events, escapes, is_kept, outlives};
use paths::{deferred_outside, is_left_behind, paths, returned_dead, spawned_dead};

pub(in crate::lints) const LINT: Lint = Lint {
    id: ID,
    level: Level::Deny,
    summary: "a cancel handle that is dropped while its context is in use, or never",
    explanation: "\
A `CancelHandle` keeps its context alive: dropping the last one cancels the context. A handle bound to `_` or left \
out by `..` therefore cancels at once. A handle that is dropped at the end of its scope, or overwritten, while the \
context is still used elsewhere, in a goroutine, by the caller or in a struct, cancels the context of its users. A \
handle that is leaked (`mem::forget`, `ManuallyDrop`, `Box::leak`) keeps the context, its timer and its entry in the \
parent forever.

Not reported: a handle whose drop releases it on every exit while the context stays inside the function. An early \
`return` or `?` before `cancel.cancel()` is right: the drop cancels.

`defer!(cancel.cancel())` right after the creation, or `with_context!`, releases it on every exit.",
    at_run_time: "\
Dropped too early: `context canceled` although nothing called `cancel`. Never released: timers and children that \
live as long as the parent.",
    near: "go vet `lostcancel`.",
    bad: "\
let (ctx, _) = background().with_cancel();
go!(work(ctx.clone()));",
    good: "\
let (ctx, cancel) = background().with_cancel();
defer!(cancel.cancel());
go!(work(ctx.clone())).join().unwrap();",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    let of_context = |kind: &Kind| matches!(kind, Kind::Cancel | Kind::ContextAndCancel);
    if !code.linked.kinds.iter().any(of_context) {
        return;
    }
    let events = Events::of(code);
    for (id, object) in code.objects() {
        match code.kind(id) {
            Kind::Cancel => {
                if let Origin::Element(pair, _) | Origin::Field(pair, _) = object.origin
                    && *code.kind(pair) == Kind::ContextAndCancel
                {
                    found.extend(one(code, &events, id, pair));
                } else if let Origin::Typed(_) | Origin::Field(..) | Origin::Content(_) = object.origin {
                    // The function that made it has passed it here.
                    found.extend(events.iter().find_map(|event| never_released(code, event, id)));
                }
            }
            Kind::ContextAndCancel => found.extend(context_only(code, &events, id, object)),
            _ => {}
        }
    }
}

/// The edits that release the handle after the `let` that makes it. `hole` is the pattern in place of its name.
fn deferred(
    code: Code<'_>,
    events: &Events<'_>,
    handle: ObjectId,
    pair: ObjectId,
    hole: Option<Span>,
) -> Option<Vec<(Span, String)>> {
    let text = &code.program.units[code.linked.unit].source.text;
    let made = code.object(pair).span;
    let behind = text.get(made.end as usize..)?;
    let end = made.end + u32::try_from(behind.len() - behind.trim_start().len()).ok()? + 1;
    let line = text.get(..made.start as usize)?.rsplit('\n').next()?;
    let declared = line.trim_start().strip_prefix("let ")?;
    if !behind.trim_start().starts_with(';') || !declared.starts_with('(') {
        return None;
    }
    let name = if hole.is_some() { "cancel" } else { code.name(handle) };
    // Not if the name is taken, or if the handle moves elsewhere.
    let taken = hole.is_some() && code.function.objects.iter().any(|object| object.name == "cancel");
    let moves = code.everywhere().any(|(_, _, event)| {
        uses_handle(code, &event.kind, handle)
            && !matches!(event.kind, EventKind::Cancel(_) | EventKind::Use(_))
    });
    let moves =
        moves || code.bodies().any(|(body, graph)| graph.parent.is_some() && code.captures(body, handle));
    if taken || moves {
        return None;
    }
    // The context that is handed on would be cancelled as well.
    let context = context_of(code, pair);
    let handed_on = code.everywhere().any(|(_, _, event)| match event.kind {
        EventKind::Escape(gone, Where::Returned | Where::Stored) => Some(gone) == context,
        _ => false,
    });
    if handed_on || context.is_some_and(|context| is_left_behind(code, events, context)) {
        return None;
    }
    let indent: String = line.chars().take_while(|c| c.is_whitespace()).collect();
    let release = format!("\n{indent}{}!({name}.cancel());", code.macro_path("defer")?);
    let named = hole.map(|hole| (hole, name.to_owned()));
    Some(named.into_iter().chain([(Span { start: end, end }, release)]).collect())
}

fn with_fix(finding: Diagnostic, edits: Option<Vec<(Span, String)>>) -> Diagnostic {
    match edits {
        Some(edits) => finding.fix("release it on every way out", edits),
        None => finding,
    }
}

/// `background().with_cancel().0`: the handle does not outlive the statement.
fn context_only(code: Code<'_>, events: &Events<'_>, pair: ObjectId, object: &Object) -> Option<Diagnostic> {
    let parts = code.function.objects.iter().filter_map(|part| match &part.origin {
        Origin::Field(of, name) if *of == pair => Some(name.as_str()),
        Origin::Element(of, 0) if *of == pair => Some("0"),
        Origin::Element(of, _) if *of == pair => Some("1"),
        _ => None,
    });
    let parts: Vec<&str> = parts.collect();
    let source = &code.program.units[code.linked.unit].source.text;
    let rest = source.get(object.span.end as usize..).unwrap_or("");
    // In a longer chain the pair lives on.
    let ends = rest.strip_prefix(".0").is_some_and(|rest| rest.trim_start().starts_with(';'));
    let lost = object.name.is_empty()
        && (ends || leaves_its_statement(code, events, pair))
        && parts.contains(&"0")
        && !parts.contains(&"1");
    // `let pair = …; pair.0.clone()`: the pair ends with the scope, the clone of the context does not.
    let goes_on = || {
        let first = code
            .objects()
            .find(|(_, part)| matches!(&part.origin, Origin::Field(of, name) if *of == pair && name == "0"));
        first.is_some_and(|(id, _)| {
            events.iter().any(|event| matches!(event.kind, EventKind::Escape(gone, Where::Returned | Where::Stored) if gone == id))
                || is_left_behind(code, events, id)
        })
    };
    let whole = events.iter().any(|event| uses_handle(code, &event.kind, pair));
    let lost = lost
        || !object.name.is_empty()
            && object.name != "with_context"
            && !parts.contains(&"1")
            && !whole
            && goes_on();
    lost.then(|| {
        let message = "the cancel handle is dropped with the rest of the pair, which cancels the context";
        report(code, pair, object.span, message.to_owned(), "cancels at the end of this statement")
    })
}

/// True for `Session { ctx: background().with_cancel().0 }`, and for a context that is passed to a goroutine.
fn leaves_its_statement(code: Code<'_>, events: &Events<'_>, pair: ObjectId) -> bool {
    let is_context = |id: ObjectId| matches!(&code.object(id).origin, Origin::Field(of, name) if *of == pair && name == "0");
    events.iter().any(|event| match &event.kind {
        EventKind::Escape(gone, Where::Returned | Where::Stored) => is_context(*gone),
        EventKind::Spawn(Started::Function(_, handed), ..) => {
            handed.iter().flatten().any(|id| is_context(*id))
        }
        EventKind::Spawn(Started::Unknown(objects), ..) => objects.iter().any(|id| is_context(*id)),
        _ => false,
    })
}

fn one(code: Code<'_>, events: &Events<'_>, handle: ObjectId, pair: ObjectId) -> Option<Diagnostic> {
    let object = code.object(handle);
    for event in events.iter() {
        if let EventKind::DroppedAtOnce(dropped) = event.kind
            && dropped == handle
        {
            let message = "the cancel handle is dropped at once, which cancels the context".to_owned();
            let finding = report(code, handle, event.span, message, "cancels here");
            let is_hole = matches!(code.snippet(event.span), "_" | "..");
            let edits = is_hole.then(|| deferred(code, events, handle, pair, Some(event.span))).flatten();
            return Some(with_fix(finding, edits));
        }
        if let Some(finding) = never_released(code, event, handle) {
            return Some(finding);
        }
    }
    if events.iter().any(|event| uses_handle(code, &event.kind, handle)) {
        // Otherwise the end of the scope releases it in time.
        let used = context_of(code, pair).is_some_and(|context| {
            escapes(code, events, context, handle)
                .or_else(|| outlives(code, events, context, handle))
                .is_some()
                || is_kept(code, events, context)
        });
        let uneven = if used { paths(code, handle) } else { None };
        let uneven = uneven.map(|finding| with_fix(finding, deferred(code, events, handle, pair, None)));
        return uneven
            .or_else(|| deferred_outside(code, handle))
            .or_else(|| returned_dead(code, events, handle, context_of(code, pair)?))
            .or_else(|| spawned_dead(code, events, handle, context_of(code, pair)?));
    }
    let context = context_of(code, pair)?;
    let how = escapes(code, events, context, handle).or_else(|| outlives(code, events, context, handle));
    let Some(how) = how else { return returned_dead(code, events, handle, context) };
    Some(report(
        code,
        handle,
        object.span,
        format!("`{}` is never used, although its context is {how}", object.name),
        "dropped at the end of this scope, which cancels the context",
    ))
}

/// The context of a pair.
fn context_of(code: Code<'_>, pair: ObjectId) -> Option<ObjectId> {
    let mut objects = code.function.objects.iter();
    let context = objects.position(|other| matches!(&other.origin, Origin::Element(of, 0) if *of == pair));
    Some(ObjectId(context? as u32))
}

fn never_released(code: Code<'_>, event: &Event, handle: ObjectId) -> Option<Diagnostic> {
    let how = leaks(code, event, handle)?;
    let message = format!("`{}` is {how}: its context is never released", code.name(handle));
    Some(report(code, handle, event.span, message, "moved here and never released"))
}

/// How an event keeps the handle from ever being dropped.
fn leaks(code: Code<'_>, event: &Event, handle: ObjectId) -> Option<&'static str> {
    match &event.kind {
        // `*KEPT.lock() = Some(cancel)`
        EventKind::Escape(gone, Where::Stored) if *gone == handle => {
            let mut places = code.everywhere().filter_map(|(_, _, other)| match other.kind {
                EventKind::Store(place) | EventKind::Assign(place) if other.span == event.span => Some(place),
                _ => None,
            });
            places
                .any(|place| matches!(code.object(code.base(place)).origin, Origin::Static(_)))
                .then_some("kept in a static")
        }
        EventKind::Unknown(call) => {
            let given =
                call.args.iter().any(|arg| arg.object.is_some_and(|given| code.linked.root(given) == handle));
            let name = call.path.last().map_or("", String::as_str);
            let leaks = matches!(name, "forget" | "leak" | "into_raw")
                || call.path.iter().any(|part| part == "ManuallyDrop");
            let base = call.receiver.map(|receiver| code.base(receiver));
            let in_static = base.is_some_and(|base| matches!(code.object(base).origin, Origin::Static(_)));
            match (given, leaks, in_static) {
                (true, true, _) => Some("leaked"),
                (true, _, true)
                    if matches!(name, "set" | "push" | "insert" | "replace" | "store" | "get_or_init") =>
                {
                    Some("kept in a static")
                }
                _ => None,
            }
        }
        _ => None,
    }
}
