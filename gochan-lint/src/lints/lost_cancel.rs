//! Cancel handles that are let go too early, or never.

use super::{Check, Lint};
use crate::diagnostic::{Diagnostic, Level};
use crate::flow::Code;
use crate::ir::{BodyId, ObjectId, Origin, Where};
use crate::link::{EventKind, Kind, Started};
use crate::source::Span;

pub(super) const LINT: Lint = Lint {
    id: "lost_cancel",
    level: Level::Deny,
    summary: "a cancel handle that is lost: dropped at once, forgotten, or released on some paths only",
    explanation: "\
A `CancelHandle` is what keeps its context alive: when the last one is dropped the context is cancelled. So a handle \
bound to `_` or left out by `..` cancels at once. A handle that is never touched again while the context goes elsewhere, \
into a goroutine, out of the function, into a structure, cancels it under whoever uses it when the scope ends. One that \
is used on some ways out and not on others was meant to be released on all. And one that is leaked (`mem::forget`, \
`ManuallyDrop`, `Box::leak`) keeps the context, its timer and its place in its parent for ever.

`defer!(cancel.cancel())` right behind the creation, or `with_context!`, releases on every way out.

Near it: go vet `lostcancel`.",
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
    for (index, kind) in code.linked.kinds.iter().enumerate() {
        let handle = ObjectId(index as u32);
        if *kind != Kind::Cancel || code.linked.root(handle) != handle {
            continue;
        }
        let object = &code.function.objects[index];
        if let Origin::Element(pair, _) = object.origin {
            one(code, handle, pair, found);
        }
    }
}

fn one(code: Code<'_>, handle: ObjectId, pair: ObjectId, found: &mut Vec<Diagnostic>) {
    let object = &code.function.objects[handle.at()];
    let report = |span: Span, message: String, label: &str| {
        Diagnostic::new(LINT.id, code.linked.unit, span, message)
            .label(label)
            .help("put `defer!(cancel.cancel());` right behind the creation, or use `with_context!`")
    };
    for (_, _, event) in code.everywhere() {
        match &event.kind {
            EventKind::DroppedAtOnce(dropped) if *dropped == handle => {
                found.push(report(
                    event.span,
                    "the cancel handle is dropped at once, which cancels the context".to_owned(),
                    "cancels here",
                ));
                return;
            }
            EventKind::Unknown(call) => {
                let leaks = call.path.last().is_some_and(|name| matches!(name.as_str(), "forget" | "leak"))
                    || call.path.iter().any(|part| part == "ManuallyDrop");
                let given = call
                    .args
                    .iter()
                    .any(|arg| arg.object.is_some_and(|given| code.linked.root(given) == handle));
                if leaks && given {
                    found.push(report(
                        event.span,
                        format!("`{}` is leaked: its context is never released", object.name),
                        "leaked here",
                    ));
                    return;
                }
            }
            _ => {}
        }
    }
    let context = code
        .function
        .objects
        .iter()
        .position(|other| matches!(other.origin, Origin::Element(of, 0) if of == pair));
    let mentioned = code.everywhere().any(|(_, _, event)| mentions(code, &event.kind, handle));
    if !mentioned {
        if let Some(context) = context.map(|index| ObjectId(index as u32))
            && let Some(how) = escapes(code, context, object.body)
        {
            found.push(report(
                object.span,
                format!("`{}` is never used, while its context is {how}", object.name),
                "dropped at the end of this scope, which cancels the context",
            ));
        }
        return;
    }
    paths(code, handle, &report, found);
}

/// True if the handle is used, in whatever way but by the end of its scope.
fn mentions(code: Code<'_>, kind: &EventKind, handle: ObjectId) -> bool {
    match kind {
        EventKind::Cancel(used)
        | EventKind::Dropped(used)
        | EventKind::Escape(used, _)
        | EventKind::Use(used)
        | EventKind::Assign(used) => *used == handle,
        EventKind::Call(_, handed) => handed.contains(&Some(handle)),
        EventKind::Spawn(Started::Function(_, handed), ..) => handed.contains(&Some(handle)),
        EventKind::Spawn(Started::Unknown(objects), ..) => objects.contains(&handle),
        EventKind::Unknown(call) => {
            let given =
                |object: Option<ObjectId>| object.is_some_and(|given| code.linked.root(given) == handle);
            given(call.receiver) || call.args.iter().any(|arg| given(arg.object))
        }
        _ => false,
    }
}

/// How the context goes where this scope does not follow.
fn escapes(code: Code<'_>, context: ObjectId, home: BodyId) -> Option<&'static str> {
    code.everywhere().find_map(|(body, block, event)| {
        let escapes = match &event.kind {
            EventKind::Escape(escaped, Where::Returned | Where::Stored)
                if *escaped == context && body == home =>
            {
                return Some("handed on");
            }
            EventKind::Spawn(Started::Function(_, handed), ..) => handed.contains(&Some(context)),
            EventKind::Spawn(Started::Unknown(objects), ..) => objects.contains(&context),
            EventKind::Spawn(Started::Body(inner), ..) => code.bodies().any(|(other, _)| {
                code.is_within(other, *inner)
                    && code.all(other).any(|(_, event)| uses(code, &event.kind, context))
            }),
            _ => false,
        };
        // Whoever waits for something afterwards may well wait for the goroutine.
        let place = code.events(body, block).iter().position(|other| std::ptr::eq(other, event))?;
        let waits = |kind: &EventKind| crate::link::blocks(code.program, kind);
        (escapes && code.can_follow(body, block, place, waits).is_none()).then_some("used by a goroutine")
    })
}

fn uses(code: Code<'_>, kind: &EventKind, context: ObjectId) -> bool {
    match kind {
        EventKind::Use(used) | EventKind::Derive(used, ..) => *used == context,
        EventKind::Call(_, handed) => handed.contains(&Some(context)),
        EventKind::Arm(arm) => {
            arm.channel.is_some_and(|channel| *code.linked.kind(channel) == Kind::Done(context))
        }
        EventKind::Recv(channel, ..) => *code.linked.kind(*channel) == Kind::Done(context),
        _ => false,
    }
}

/// Ways out of the scope on which a handle that is released elsewhere is not.
fn paths(
    code: Code<'_>,
    handle: ObjectId,
    report: &dyn Fn(Span, String, &str) -> Diagnostic,
    found: &mut Vec<Diagnostic>,
) {
    let object = &code.function.objects[handle.at()];
    let captured = |body: BodyId| {
        code.bodies()
            .filter(|&(inner, _)| inner != object.body && code.is_within(inner, body))
            .any(|(inner, _)| code.all(inner).any(|(_, event)| mentions(code, &event.kind, handle)))
    };
    let mut last_way_out = Span::default();
    let mut lost = Vec::new();
    code.forward(
        object.body,
        false,
        |a, b| *a || *b,
        |held, event, _| match &event.kind {
            EventKind::New(made) if *made == handle => *held = true,
            EventKind::Spawn(Started::Body(body), ..) | EventKind::Defer(body) if captured(*body) => {
                *held = false;
            }
            EventKind::RunDeferred(body) if captured(*body) => *held = false,
            EventKind::Assign(overwritten) if *overwritten == handle => *held = false,
            kind if mentions(code, kind, handle) && !matches!(kind, EventKind::Use(_)) => *held = false,
            EventKind::Return => last_way_out = event.span,
            EventKind::ScopeEnd(ended) if *ended == handle && *held => lost.push(last_way_out),
            _ => {}
        },
    );
    lost.sort_unstable();
    lost.dedup();
    for span in lost {
        let span = if span == Span::default() { object.span } else { span };
        found.push(
            report(
                span,
                format!("`{}` is not released on this way out, as it is on others", object.name),
                "leaves without releasing it",
            )
            .note(object.span, "the handle"),
        );
    }
}
