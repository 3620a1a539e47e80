//! What becomes of a handle on the paths through its body.

use super::handle::{report, uses_handle};
use super::leaves::Events;
use crate::analysis::Code;
use crate::diagnostic::Diagnostic;
use crate::ir::{BodyId, BodyKind, ObjectId, Origin, Where};
use crate::link::{Event, EventKind, Started, blocks};
use crate::source::Span;

/// What becomes of a handle on the paths through its body.
#[derive(Default)]
struct Paths {
    /// Where its scope was left with the handle unused.
    lost: Vec<Span>,
    /// Where another handle was assigned to its variable before it was used.
    overwritten: Vec<Span>,
}

impl Paths {
    fn of(code: Code<'_>, handle: ObjectId) -> Paths {
        let object = code.object(handle);
        let mut paths = Paths::default();
        let mut exit = Span::default();
        code.forward(
            object.body,
            false,
            |a, b| *a || *b,
            |held, event, _| match &event.kind {
                EventKind::New(made) if *made == handle => *held = true,
                EventKind::Spawn(Started::Body(body), ..)
                | EventKind::Defer(body)
                | EventKind::RunDeferred(body)
                    if captures(code, *body, handle) =>
                {
                    *held = false;
                }
                kind if moves_closure(code, kind, handle) => *held = false,
                EventKind::Assign(changed) if *changed == handle => {
                    if *held {
                        paths.overwritten.push(event.span);
                    }
                    *held = false;
                }
                kind if uses_handle(code, kind, handle) && !matches!(kind, EventKind::Use(_)) => {
                    *held = false;
                }
                EventKind::Return => exit = event.span,
                EventKind::ScopeEnd(ended) if *ended == handle && *held => paths.lost.push(exit),
                _ => {}
            },
        );
        paths.lost.sort_unstable();
        paths.lost.dedup();
        paths
    }
}

/// True if `body`, or one nested in it, uses the handle.
fn captures(code: Code<'_>, body: BodyId, handle: ObjectId) -> bool {
    let home = code.object(handle).body;
    let mut inside = code.within(body).filter(|&(inner, _)| inner != home);
    inside.any(|(inner, _)| code.all(inner).any(|(_, event)| uses_handle(code, &event.kind, handle)))
}

/// True if a closure that uses the handle is made or moved.
fn moves_closure(code: Code<'_>, kind: &EventKind, handle: ObjectId) -> bool {
    match kind {
        EventKind::Escape(object, _) | EventKind::Use(object) | EventKind::New(object) => {
            matches!(code.object(*object).origin, Origin::Closure(body) if captures(code, body, handle))
        }
        _ => false,
    }
}

/// True if every use gives the handle away. If something fails before, dropping the handle releases it.
fn is_given_away(code: Code<'_>, handle: ObjectId) -> bool {
    let mut uses =
        code.everywhere().filter(|(_, _, event)| uses_handle(code, &event.kind, handle)).peekable();
    uses.peek().is_some()
        && uses.all(|(_, _, event)| match &event.kind {
            EventKind::Escape(..) => true,
            // `Task(ctx, cancel)`
            EventKind::Unknown(call) => {
                !call.is_method && call.path.last().is_some_and(|name| name.starts_with(char::is_uppercase))
            }
            _ => false,
        })
}

/// A handle that is released on some exits from its scope, and not on others.
pub(super) fn paths(code: Code<'_>, handle: ObjectId) -> Option<Diagnostic> {
    let object = code.object(handle);
    let paths = Paths::of(code, handle);
    if let Some(place) = paths.overwritten.first() {
        let message =
            format!("`{}` is overwritten before it is used, which cancels its context", object.name);
        return Some(
            report(code, handle, object.span, message, "the handle").note(*place, "overwritten here"),
        );
    }
    // A name that begins with `_` says that the end of the scope releases the handle.
    if paths.lost.is_empty() || object.name.starts_with('_') || is_given_away(code, handle) {
        return None;
    }
    let message = format!(
        "`{}` is dropped on some exits from its scope, although its context is used elsewhere",
        object.name
    );
    let known = paths.lost.into_iter().filter(|exit| *exit != Span::default());
    let finding = report(code, handle, object.span, message, "the handle");
    Some(known.fold(finding, |finding, exit| finding.note(exit, "leaves, which cancels the context")))
}

/// The context is returned from the scope whose end releases the handle, by a `defer!` or by dropping it.
pub(super) fn returned_dead(
    code: Code<'_>,
    events: &Events<'_>,
    handle: ObjectId,
    context: ObjectId,
) -> Option<Diagnostic> {
    let object = code.object(handle);
    // Contexts with values of this one end with it.
    let mut contexts = vec![context];
    for (id, derived) in code.objects() {
        if let Origin::Method(parent, name, _) = &derived.origin
            && name == "with_value"
            && contexts.contains(&code.linked.root(*parent))
        {
            contexts.push(id);
        }
    }
    let returned = |event: &Event| matches!(event.kind, EventKind::Escape(gone, Where::Returned) if contexts.contains(&gone));
    if !events.iter().any(returned) {
        return None;
    }
    let inside = |body: BodyId| code.is_within(body, object.body) && !code.is_apart(body);
    // Cancelling does not give it away.
    let keeps = |body: BodyId| {
        let mut within = code.within(body);
        within.all(|(inner, _)| {
            code.all(inner).all(|(_, event)| {
                !uses_handle(code, &event.kind, handle)
                    || matches!(event.kind, EventKind::Cancel(_) | EventKind::Use(_))
            })
        })
    };
    let gives = |event: &EventKind| match event {
        EventKind::Cancel(_) | EventKind::Use(_) | EventKind::Assign(_) | EventKind::Dropped(_) => false,
        EventKind::Defer(body) | EventKind::RunDeferred(body) => {
            captures(code, *body, handle) && !(inside(*body) && keeps(*body))
        }
        EventKind::Spawn(Started::Body(body), ..) => captures(code, *body, handle),
        kind => uses_handle(code, kind, handle) || moves_closure(code, kind, handle),
    };
    let mut dead = None;
    code.forward(
        object.body,
        // It is not made yet.
        true,
        |a, b| *a || *b,
        |given, event, _| match &event.kind {
            EventKind::New(made) if *made == handle => *given = false,
            EventKind::Escape(gone, Where::Returned) if contexts.contains(gone) && !*given => {
                dead = Some(event.span);
            }
            kind if gives(kind) => *given = true,
            _ => {}
        },
    );
    // A tuple of both is returned part by part.
    let later = |span: Span| {
        code.places(object.body).any(|(block, place, event)| {
            matches!(event.kind, EventKind::Escape(gone, Where::Returned) if contexts.contains(&gone))
                && event.span == span
                && code.can_follow(object.body, block, place, gives).is_some()
        })
    };
    let span = dead.filter(|span| !later(*span))?;
    let message =
        format!("`{}` is released at the end of this scope, although its context is handed on", object.name);
    let finding = report(code, handle, object.span, message, "released here, which cancels the context");
    Some(finding.note(span, "the context leaves the scope here"))
}

/// Each turn of a loop makes a handle, and a `defer!` outside of the loop releases them all.
pub(super) fn deferred_outside(code: Code<'_>, handle: ObjectId) -> Option<Diagnostic> {
    let object = code.object(handle);
    if object.loops == 0 {
        return None;
    }
    let keeper = code.all(object.body).find_map(|(block, event)| match &event.kind {
        // `last = Some(cancel)`
        EventKind::Escape(gone, Where::Stored) if *gone == handle => {
            code.all(object.body).find_map(|(_, other)| match other.kind {
                EventKind::Assign(place) if other.span == event.span => Some(place),
                _ => None,
            })
        }
        EventKind::Unknown(call) if call.is_method && code.body(object.body).blocks[block.at()].loops > 0 => {
            let given =
                call.args.iter().any(|arg| arg.object.is_some_and(|given| code.linked.root(given) == handle));
            call.receiver.filter(|_| given)
        }
        _ => None,
    })?;
    let keeper = code.linked.root(keeper);
    let outside = code.object(keeper).body == object.body && code.object(keeper).loops < object.loops;
    let deferred = code.everywhere().any(|(body, block, event)| {
        let around = code.body(body).blocks[block.at()].loops;
        matches!(event.kind, EventKind::Defer(inner) if around < object.loops && code.captures(inner, keeper))
    });
    (outside && deferred).then(|| {
        let message =
            format!("each iteration creates a `{}`, and all are released only after the loop", object.name);
        report(code, handle, object.span, message, "kept while the loop runs")
    })
}

/// True if a goroutine gets the context, and nothing that follows may wait for it.
pub(super) fn is_left_behind(code: Code<'_>, events: &Events<'_>, context: ObjectId) -> bool {
    let home = code.object(context).body;
    let gets = |event: &Event| match &event.kind {
        EventKind::Spawn(Started::Function(_, handed), by, _) => {
            by.is_none() && handed.contains(&Some(context))
        }
        EventKind::Spawn(Started::Body(body), by, _) => {
            by.is_none() && !code.is_by_helper(&event.kind) && code.captures(*body, context)
        }
        _ => false,
    };
    let may_wait = |kind: &EventKind| {
        match kind {
        EventKind::Unknown(call) => !call.path.last().is_some_and(|name| name.ends_with('!')),
        EventKind::RunDeferred(body) => code.within(*body).any(|(inner, _)| {
            code.all(inner).any(|(_, event)| {
                blocks(code.program, &event.kind)
                    || matches!(&event.kind, EventKind::Unknown(call) if !call.path.last().is_some_and(|name| name.ends_with('!')))
            })
        }),
        EventKind::Call(..) => true,
        kind => blocks(code.program, kind),
    }
    };
    events.all.iter().any(|&(body, block, place, event)| {
        body == home && gets(event) && code.can_follow(home, block, place, may_wait).is_none()
    })
}

/// A `defer!` releases the handle at the end of the scope, although a goroutine that nothing waits for has the context.
pub(super) fn spawned_dead(
    code: Code<'_>,
    events: &Events<'_>,
    handle: ObjectId,
    context: ObjectId,
) -> Option<Diagnostic> {
    let object = code.object(handle);
    let deferred =
        |body: BodyId| code.body(body).kind == BodyKind::Defer && code.body(body).parent == Some(object.body);
    let mut uses = events.all.iter().filter(|(.., event)| uses_handle(code, &event.kind, handle)).peekable();
    uses.peek()?;
    let only_deferred =
        uses.all(|(body, _, _, event)| deferred(*body) && matches!(event.kind, EventKind::Cancel(_)));
    // A function that goes on after the loop or block may wait there.
    let whole = object.loops == 0 && is_left_behind(code, events, context);
    (only_deferred && whole).then(|| {
        let message = format!(
            "`{}` is released at the end of this scope, although a goroutine has its context",
            object.name
        );
        report(code, handle, object.span, message, "released while the goroutine runs")
    })
}
