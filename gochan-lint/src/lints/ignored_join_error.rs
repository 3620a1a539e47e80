//! A panic that goes unnoticed.

use super::prelude::*;

pub(super) const LINT: Lint = Lint {
    id: "ignored_join_error",
    level: Level::Warn,
    summary: "the result of `join` is discarded although the goroutine can panic",
    explanation: "\
`join` returns the panic of a goroutine as an `Err`. If the result is discarded, so is the panic: the work is not \
done, and the program continues as if it were. `join().unwrap()` propagates the panic; a `match` can report it.",
    at_run_time: "\
The report of the panic itself, and a program that continues without the result.",
    near: "rustc `unused_must_use`, clippy `let_underscore_must_use`; Go's `errcheck`.",
    bad: "\
let worker = go!({ parse().unwrap() });
let _ = worker.join();",
    good: "\
let worker = go!({ parse().unwrap() });
worker.join().unwrap();",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    for (_, _, event) in code.everywhere() {
        let EventKind::Join(Some(handle), Some(result)) = event.kind else { continue };
        if *code.kind(handle) == Kind::JoinHandle
            && is_thrown_away(code, result, event.span)
            && can_panic(code, handle)
        {
            found.push(
                code.finding(LINT.id, event.span, "a panic of this goroutine would be lost")
                    .label("its result is thrown away")
                    .help("`join().unwrap()` passes the panic on"),
            );
        }
    }
}

fn is_thrown_away(code: Code<'_>, result: ObjectId, span: Span) -> bool {
    let source = &code.program.units[code.linked.unit].source.text;
    let rest = source.get(span.end as usize..).unwrap_or("").trim_start();
    let taken = rest.starts_with(['.', '?']) && !rest.starts_with(".ok()");
    let dropped = code.everywhere().any(|(_, _, event)| match event.kind {
        EventKind::DroppedAtOnce(lost) => {
            lost == result || matches!(&code.object(lost).origin, Origin::Method(of, name, _) if *of == result && name == "ok")
        }
        _ => false,
    });
    dropped && !taken
}

fn can_panic(code: Code<'_>, handle: ObjectId) -> bool {
    code.everywhere().any(|(_, _, event)| match &event.kind {
        EventKind::Spawn(Started::Body(body), _, Some(of)) if *of == handle => {
            code.of_agent(*body).any(|(_, _, event)| match &event.kind {
                EventKind::MayPanic | EventKind::Diverge => true,
                EventKind::Call(callee, _) => code.program.functions[*callee].summary.panics,
                _ => false,
            })
        }
        EventKind::Spawn(Started::Function(callee, _), _, Some(of)) if *of == handle => {
            code.program.functions[*callee].summary.panics
        }
        _ => false,
    })
}
