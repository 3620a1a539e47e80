//! Goroutines that make a future and do not run it.

use super::prelude::*;
use crate::ir::FUTURE;

pub(super) const LINT: Lint = Lint {
    id: "future_not_run",
    level: Level::Deny,
    summary: "a goroutine that makes a future, which nothing polls",
    explanation: "\
A call of an `async fn` does nothing but make a future. `go!(fetch(n))` starts a goroutine that makes the future and \
ends: nothing of the function runs, and nothing says so. The same happens with `wg.go(|| fetch(n))`, with \
`Builder::spawn`, and with an `async` block as the last expression of a goroutine.

Run the future in the goroutine: `go!({ gochan::block_on(fetch(n)) })` parks the goroutine while the future waits. A \
future that needs an executor belongs to that executor.",
    at_run_time: "\
Nothing happens.",
    near: "rustc's `unused_must_use`, which does not see the value that a closure returns.",
    bad: "\
async fn fetch(n: u32) { println!(\"{n}\"); }
go!(fetch(1)).join().unwrap();",
    good: "\
async fn fetch(n: u32) { println!(\"{n}\"); }
go!({ gochan::block_on(fetch(1)) }).join().unwrap();",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    for (_, _, event) in code.everywhere() {
        let EventKind::Spawn(started, _, handle) = &event.kind else { continue };
        let (span, name) = match started {
            Started::Function(callee, _) if is_async(code, *callee) => {
                (event.span, Some(code.program.function(*callee).name.as_str()))
            }
            Started::Body(body)
                if code.linked.runs[body.at()] == Runner::Goroutine && !code.is_by_helper(&event.kind)
                    || matches!(event.kind, EventKind::Spawn(_, Some(_), _)) =>
            {
                let Some((span, name)) = future_of(code, *body) else { continue };
                (span, name)
            }
            _ => continue,
        };
        if handle.is_some_and(|handle| is_result_used(code, handle)) {
            continue;
        }
        let message = match name {
            Some(name) => format!("`{name}` is async: this goroutine makes its future and does not run it"),
            None => "this goroutine makes a future and does not run it".to_owned(),
        };
        found.push(
            code.finding(LINT.id, span, message)
                .label("nothing polls it")
                .help("run it in the goroutine: `gochan::block_on(…)`"),
        );
    }
}

/// True for an `async fn`, and for a function that returns `impl Future`.
fn is_async(code: Code<'_>, function: usize) -> bool {
    let function = code.program.function(function);
    function.bodies.first().is_some_and(|body| body.is_async) || function.returns.is_called(FUTURE)
}

/// The future that a goroutine returns, if it always returns one: its place, and the function that makes it.
fn future_of(code: Code<'_>, body: BodyId) -> Option<(Span, Option<&str>)> {
    let mut returned = code.all(body).filter_map(|(_, event)| match event.kind {
        EventKind::Escape(object, Where::Returned) => Some(object),
        _ => None,
    });
    let object = returned.next()?;
    if returned.next().is_some() {
        return None;
    }
    let made = code.object(object);
    let made_by = match &made.origin {
        // `missing_call` reports a block in a `go!`.
        Origin::Closure(inner) if code.body(*inner).is_async => {
            return (code.body(body).kind != BodyKind::Goroutine).then_some((made.span, None));
        }
        Origin::Call(path, _) => code.program.resolve(code.index, path)?,
        Origin::Method(receiver, name, _) => match code.kind(*receiver) {
            Kind::Named(owner) => code.program.method(code.index, owner, name)?,
            _ => return None,
        },
        _ => return None,
    };
    is_async(code, made_by).then(|| (made.span, Some(code.program.function(made_by).name.as_str())))
}

/// True if something takes the future out of the handle.
fn is_result_used(code: Code<'_>, handle: ObjectId) -> bool {
    let handle = code.linked.root(handle);
    let dropped = |result: ObjectId| {
        let lost = |event: &Event| matches!(event.kind, EventKind::DroppedAtOnce(lost) if lost == result);
        code.everywhere().any(|(_, _, event)| lost(event))
    };
    code.everywhere().any(|(_, _, event)| match &event.kind {
        EventKind::Join(Some(joined), result) if code.linked.root(*joined) == handle => {
            result.is_none_or(|result| !dropped(code.linked.root(result)))
        }
        EventKind::Escape(gone, _) => *gone == handle,
        _ => false,
    })
}
