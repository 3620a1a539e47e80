//! A scoped thread-local, and others on the same thread.

use super::prelude::*;

pub(super) const LINT: Lint = Lint {
    id: "thread_local_across_blocking",
    level: Level::Warn,
    summary: "a scoped thread-local is set across an operation that waits",
    explanation: "\
Goroutines of one worker take turns on one thread, and see the same thread-locals. While this goroutine waits inside of `KEY.set(…)`, or with the guard of `span.enter()` in its hand, others of the worker run with that setting; and if they set and end their own in another order, the nesting breaks: wrong spans at best, a dangling reference at worst.

Wait outside of it, or hand the value on as an argument; tracing has `in_scope` for the parts that do not wait.",
    at_run_time: "Spans of somebody else in the log; with `scoped_tls`, a dangling reference.",
    near: "clippy `await_holding_lock` is its kin; tracing's documentation of `Span::enter` in async code.",
    bad: "\
let span = info_span!(\"request\");
let _entered = span.enter();
gochan::time::sleep(Duration::from_secs(1));",
    good: "\
let span = info_span!(\"request\");
span.in_scope(|| println!(\"begins\"));
gochan::time::sleep(Duration::from_secs(1));",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    for (body, _) in code.bodies() {
        scoped(code, body, found);
        // Other things can be entered as well.
        let is_span = |id: ObjectId| {
            let text = code.snippet(code.object(id).span);
            text.to_lowercase().contains("span")
                || matches!(code.kind(id), Kind::Named(name) if name == "Span")
        };
        let entered = |id: ObjectId| match &code.object(id).origin {
            Origin::Method(of, name, args) => {
                args.is_empty() && (name == "entered" || name == "enter" && is_span(*of))
            }
            _ => false,
        };
        let mut first = None;
        code.forward(
            body,
            false,
            |a, b| *a || *b,
            |live, event, _| match event.kind {
                EventKind::New(id) if entered(id) => *live = true,
                EventKind::ScopeEnd(id) | EventKind::Dropped(id) | EventKind::DroppedAtOnce(id)
                    if entered(id) =>
                {
                    *live = false;
                }
                // The end of a thread, as far as is known.
                EventKind::Join(handle, _)
                    if handle.is_none_or(|handle| *code.kind(handle) != Kind::JoinHandle) => {}
                _ if *live && crate::link::waits(code.program, &event.kind) => {
                    first = first.or(Some(event.span));
                }
                _ => {}
            },
        );
        found.extend(first.map(|span| finding(code, span)));
    }
}

/// `KEY.set(&value, || …)`
fn scoped(code: Code<'_>, body: BodyId, found: &mut Vec<Diagnostic>) {
    for (_, event) in code.all(body) {
        let EventKind::Unknown(call) = &event.kind else { continue };
        let is_static = call.receiver.is_some_and(|key| matches!(code.object(key).origin, Origin::Static(_)));
        if !(is_static && call.is_method && call.path[0] == "set" && call.args.len() == 2) {
            continue;
        }
        let inner = call.args[1].object.and_then(|closure| match code.object(closure).origin {
            Origin::Closure(inner) => Some(inner),
            _ => None,
        });
        let waits = inner.and_then(|inner| {
            code.of_agent(code.agent(inner)).find(|(at, _, event)| {
                code.is_within(*at, inner) && crate::link::waits(code.program, &event.kind)
            })
        });
        found.extend(waits.map(|(_, _, event)| finding(code, event.span)));
    }
}

fn finding(code: Code<'_>, span: Span) -> Diagnostic {
    code.finding(
        &LINT,
        span,
        "other goroutines of this worker run with this goroutine's thread-local meanwhile",
    )
    .label("waits inside of it")
    .help("wait outside, or hand the value on as an argument")
}
