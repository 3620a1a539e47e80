//! Cancel handles that are let go too early, or never.

use super::{Check, Lint};
use crate::diagnostic::{Diagnostic, Level};
use crate::flow::Code;
use crate::ir::{Arg, BodyId, Call, Object, ObjectId, Origin, Where};
use crate::link::{Event, EventKind, Kind, Started};
use crate::source::Span;

pub(super) const LINT: Lint = Lint {
    id: "lost_cancel",
    level: Level::Deny,
    summary: "a cancel handle that is lost: dropped at once, forgotten, or released on some paths only",
    explanation: "\
A `CancelHandle` keeps its context alive: dropping the last one cancels the context. A handle bound to `_` or left \
out by `..` therefore cancels at once. A handle that is never used while the context is passed elsewhere, into a \
goroutine, out of the function or into a struct, cancels the context of its users when the scope ends. A handle that \
is used on some exits but not on others was probably meant to be released on all. A handle that is leaked \
(`mem::forget`, `ManuallyDrop`, `Box::leak`) keeps the context, its timer and its entry in the parent forever.

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
    for (id, object) in code.objects() {
        match code.kind(id) {
            Kind::Cancel => {
                if let Origin::Element(pair, _) | Origin::Field(pair, _) = object.origin
                    && *code.kind(pair) == Kind::ContextAndCancel
                {
                    found.extend(one(code, id, pair));
                } else if let Origin::Typed(_) = object.origin {
                    // Whoever made it handed it over.
                    found.extend(code.everywhere().find_map(|(_, _, event)| lost_for_ever(code, event, id)));
                }
            }
            Kind::ContextAndCancel => found.extend(context_only(code, id, object)),
            _ => {}
        }
    }
}

/// Releases the handle behind the `let` that makes it; `hole` is what stands where its name should.
fn deferred(
    code: Code<'_>,
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
    // Another of that name, or a handle that moves on, would be in the way.
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
    let indent: String = line.chars().take_while(|c| c.is_whitespace()).collect();
    let release = format!("\n{indent}{}!({name}.cancel());", code.macro_path("defer"));
    let named = hole.map(|hole| (hole, name.to_owned()));
    Some(named.into_iter().chain([(Span { start: end, end }, release)]).collect())
}

fn with_fix(finding: Diagnostic, edits: Option<Vec<(Span, String)>>) -> Diagnostic {
    match edits {
        Some(edits) => finding.fix("release it on every way out", edits),
        None => finding,
    }
}

fn report(code: Code<'_>, handle: ObjectId, span: Span, message: String, label: &str) -> Diagnostic {
    let name = match code.name(handle) {
        "it" | "_" => "cancel",
        name => name,
    };
    code.finding(&LINT, span, message)
        .label(label)
        .help(format!("put `defer!({name}.cancel());` right after the creation, or use `with_context!`"))
}

/// `background().with_cancel().0`: the handle does not outlive the statement.
fn context_only(code: Code<'_>, pair: ObjectId, object: &Object) -> Option<Diagnostic> {
    let parts = code.function.objects.iter().filter_map(|part| match &part.origin {
        Origin::Field(of, name) if *of == pair => Some(name.as_str()),
        Origin::Element(of, 0) if *of == pair => Some("0"),
        Origin::Element(of, _) if *of == pair => Some("1"),
        _ => None,
    });
    let parts: Vec<&str> = parts.collect();
    let source = &code.program.units[code.linked.unit].source.text;
    let rest = source.get(object.span.end as usize..).unwrap_or("");
    // A chain goes on with the pair alive.
    let ends = rest.strip_prefix(".0").is_some_and(|rest| rest.trim_start().starts_with(';'));
    let lost = object.name.is_empty()
        && (ends || leaves_its_statement(code, pair))
        && parts.contains(&"0")
        && !parts.contains(&"1");
    // `let pair = …; pair.0.clone()`: the pair ends with the scope, and the context goes on.
    let goes_on = || {
        let first = code
            .objects()
            .find(|(_, part)| matches!(&part.origin, Origin::Field(of, name) if *of == pair && name == "0"));
        first.is_some_and(|(id, _)| {
            code.everywhere().any(|(_, _, event)| matches!(event.kind, EventKind::Escape(gone, Where::Returned | Where::Stored) if gone == id))
        })
    };
    let whole = code.everywhere().any(|(_, _, event)| uses_handle(code, &event.kind, pair));
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

/// True for `Session { ctx: background().with_cancel().0 }`, and where a goroutine gets it.
fn leaves_its_statement(code: Code<'_>, pair: ObjectId) -> bool {
    let is_context = |id: ObjectId| matches!(&code.object(id).origin, Origin::Field(of, name) if *of == pair && name == "0");
    code.everywhere().any(|(_, _, event)| match &event.kind {
        EventKind::Escape(gone, Where::Returned | Where::Stored) => is_context(*gone),
        EventKind::Spawn(Started::Function(_, handed), ..) => {
            handed.iter().flatten().any(|id| is_context(*id))
        }
        EventKind::Spawn(Started::Unknown(objects), ..) => objects.iter().any(|id| is_context(*id)),
        _ => false,
    })
}

fn one(code: Code<'_>, handle: ObjectId, pair: ObjectId) -> Option<Diagnostic> {
    let object = code.object(handle);
    for (_, _, event) in code.everywhere() {
        if let EventKind::DroppedAtOnce(dropped) = event.kind
            && dropped == handle
        {
            let message = "the cancel handle is dropped at once, which cancels the context".to_owned();
            let finding = report(code, handle, event.span, message, "cancels here");
            let is_hole = matches!(code.snippet(event.span), "_" | "..");
            let edits = is_hole.then(|| deferred(code, handle, pair, Some(event.span))).flatten();
            return Some(with_fix(finding, edits));
        }
        if let Some(finding) = lost_for_ever(code, event, handle) {
            return Some(finding);
        }
    }
    if code.everywhere().any(|(_, _, event)| uses_handle(code, &event.kind, handle)) {
        let uneven = paths(code, handle);
        let uneven = uneven.map(|finding| with_fix(finding, deferred(code, handle, pair, None)));
        return uneven.or_else(|| deferred_outside(code, handle));
    }
    let context = code
        .function
        .objects
        .iter()
        .position(|other| matches!(&other.origin, Origin::Element(of, 0) if *of == pair));
    let context = ObjectId(context? as u32);
    let how = escapes(code, context, handle).or_else(|| outlives(code, context, handle))?;
    Some(report(
        code,
        handle,
        object.span,
        format!("`{}` is never used, although its context is {how}", object.name),
        "dropped at the end of this scope, which cancels the context",
    ))
}

fn lost_for_ever(code: Code<'_>, event: &Event, handle: ObjectId) -> Option<Diagnostic> {
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
                .any(|place| matches!(code.object(base(code, place)).origin, Origin::Static(_)))
                .then_some("kept in a static")
        }
        EventKind::Unknown(call) => {
            let given =
                call.args.iter().any(|arg| arg.object.is_some_and(|given| code.linked.root(given) == handle));
            let name = call.path.last().map_or("", String::as_str);
            let leaks = matches!(name, "forget" | "leak" | "into_raw")
                || call.path.iter().any(|part| part == "ManuallyDrop");
            let base = call.receiver.map(|receiver| base(code, receiver));
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

/// What a chain of methods and fields begins with.
fn base(code: Code<'_>, mut object: ObjectId) -> ObjectId {
    while let Origin::Method(of, ..) | Origin::Field(of, _) = code.object(object).origin {
        object = of;
    }
    object
}

/// True if the handle is used, in whatever way but by the end of its scope or by being overwritten.
fn uses_handle(code: Code<'_>, kind: &EventKind, handle: ObjectId) -> bool {
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
fn escapes(code: Code<'_>, context: ObjectId, id: ObjectId) -> Option<&'static str> {
    let handle = code.object(id);
    // A handle that is kept by its name is kept for what comes next, if anything does.
    let kept = handle.name.starts_with('_');
    code.everywhere().find_map(|(body, block, event)| {
        let place = code.events(body, block).iter().position(|other| std::ptr::eq(other, event))?;
        let ends = |kind: &EventKind| matches!(kind, EventKind::ScopeEnd(ended) if *ended == id);
        // A value escapes into the send that comes next.
        let sends = code
            .events(body, block)
            .get(place + 1)
            .is_some_and(|next| matches!(next.kind, EventKind::Send(..)));
        let after = place + usize::from(sends);
        // A closure runs where it is called.
        let goes_on = || {
            body != handle.body
                || code.can_follow_until(body, block, after, |kind| takes_time(code, kind), ends).is_some()
        };
        let stored = match &event.kind {
            EventKind::Escape(escaped, Where::Returned) if *escaped == context && body == handle.body => {
                return Some("handed on");
            }
            EventKind::Escape(escaped, Where::Stored) => *escaped == context,
            EventKind::Unknown(call) => keeps(code, call, context),
            _ => false,
        };
        if stored && body == handle.body {
            return (!kept || !goes_on()).then_some("handed on");
        }
        let escapes = match &event.kind {
            EventKind::Spawn(Started::Function(_, handed), ..) => handed.contains(&Some(context)),
            EventKind::Spawn(Started::Unknown(objects), ..) => objects.contains(&context),
            EventKind::Spawn(Started::Body(inner), ..) => {
                code.captures(*inner, context) || waits_for_end(code, *inner, context)
            }
            _ => false,
        };
        // Whoever waits for something afterwards may well wait for the goroutine.
        let waits = |kind: &EventKind| crate::link::blocks(code.program, kind);
        let lost =
            escapes && if kept { !goes_on() } else { code.can_follow(body, block, place, waits).is_none() };
        lost.then_some("used by a goroutine")
    })
}

/// True for what may last, as far as is known.
fn takes_time(code: Code<'_>, kind: &EventKind) -> bool {
    match kind {
        EventKind::Call(..) | EventKind::RunDeferred(_) => true,
        EventKind::Unknown(call) => !call.path.last().is_some_and(|name| name.ends_with('!')),
        kind => crate::link::blocks(code.program, kind),
    }
}

/// True for `contexts.push(ctx)` and the like.
fn keeps(code: Code<'_>, call: &Call, context: ObjectId) -> bool {
    const KEEP: [&str; 7] = ["push", "push_back", "push_front", "insert", "set", "replace", "store"];
    let given = |arg: &Arg| !arg.by_ref && arg.object.is_some_and(|given| code.linked.root(given) == context);
    call.is_method && KEEP.contains(&call.path[0].as_str()) && call.args.iter().any(given)
}

/// The scope of the handle ends, and the context is used behind it.
fn outlives(code: Code<'_>, context: ObjectId, handle: ObjectId) -> Option<&'static str> {
    let mut used = false;
    code.forward(
        code.object(handle).body,
        false,
        |a, b| *a || *b,
        |ended, event, _| match &event.kind {
            EventKind::New(made) if *made == handle => *ended = false,
            EventKind::ScopeEnd(gone) if *gone == handle => *ended = true,
            EventKind::New(_) | EventKind::ScopeEnd(_) => {}
            _ => used |= *ended && code.mentions(event, context),
        },
    );
    used.then_some("used behind the scope")
}

fn waits_for_end(code: Code<'_>, inside: BodyId, context: ObjectId) -> bool {
    let done = |channel: ObjectId| *code.kind(channel) == Kind::Done(context);
    let bodies = code.bodies().filter(|&(body, _)| code.is_within(body, inside));
    bodies.flat_map(|(body, _)| code.all(body)).any(|(_, event)| match &event.kind {
        EventKind::Arm(arm) => arm.channel.is_some_and(done),
        EventKind::Recv(channel, ..) => done(*channel),
        _ => false,
    })
}

/// The handle is released on some ways out of its scope, and not on others.
fn paths(code: Code<'_>, handle: ObjectId) -> Option<Diagnostic> {
    let object = code.object(handle);
    let captured = |body: BodyId| {
        let inside = code.bodies().filter(|&(inner, _)| inner != object.body && code.is_within(inner, body));
        inside
            .into_iter()
            .any(|(inner, _)| code.all(inner).any(|(_, event)| uses_handle(code, &event.kind, handle)))
    };
    // A closure that has the handle.
    let taken = |kind: &EventKind| match kind {
        EventKind::Escape(object, _) | EventKind::Use(object) | EventKind::New(object) => {
            matches!(code.object(*object).origin, Origin::Closure(body) if captured(body))
        }
        _ => false,
    };
    let mut way_out = Span::default();
    let (mut lost, mut overwritten) = (Vec::new(), Vec::new());
    code.forward(
        object.body,
        false,
        |a, b| *a || *b,
        |held, event, _| match &event.kind {
            EventKind::New(made) if *made == handle => *held = true,
            EventKind::Spawn(Started::Body(body), ..)
            | EventKind::Defer(body)
            | EventKind::RunDeferred(body)
                if captured(*body) =>
            {
                *held = false;
            }
            kind if taken(kind) => *held = false,
            EventKind::Assign(changed) if *changed == handle => {
                if *held {
                    overwritten.push(event.span);
                }
                *held = false;
            }
            kind if uses_handle(code, kind, handle) && !matches!(kind, EventKind::Use(_)) => *held = false,
            EventKind::Return => way_out = event.span,
            EventKind::ScopeEnd(ended) if *ended == handle && *held => lost.push(way_out),
            _ => {}
        },
    );
    if let Some(place) = overwritten.first() {
        let message =
            format!("`{}` is overwritten before it is used, which cancels its context", object.name);
        return Some(
            report(code, handle, object.span, message, "the handle").note(*place, "overwritten here"),
        );
    }
    lost.sort_unstable();
    lost.dedup();
    // Made for somebody else, who does not get it if something fails: dropping it is the release then.
    let mut uses =
        code.everywhere().filter(|(_, _, event)| uses_handle(code, &event.kind, handle)).peekable();
    let made_for_others = uses.peek().is_some()
        && uses.all(|(_, _, event)| match &event.kind {
            EventKind::Escape(..) => true,
            // `Task(ctx, cancel)`
            EventKind::Unknown(call) => {
                !call.is_method && call.path.last().is_some_and(|name| name.starts_with(char::is_uppercase))
            }
            _ => false,
        });
    if made_for_others {
        return None;
    }
    // A handle that is kept by its name is released by the end of its scope, and earlier only for a reason.
    if lost.is_empty() || object.name.starts_with('_') {
        return None;
    }
    let message = format!("`{}` is released on some exits from its scope, but not on others", object.name);
    let known = lost.into_iter().filter(|place| *place != Span::default());
    let finding = report(code, handle, object.span, message, "the handle");
    Some(known.fold(finding, |finding, place| finding.note(place, "leaves without releasing it")))
}

/// Each turn of a loop makes a handle, and a `defer!` outside of the loop is to release them all.
fn deferred_outside(code: Code<'_>, handle: ObjectId) -> Option<Diagnostic> {
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
