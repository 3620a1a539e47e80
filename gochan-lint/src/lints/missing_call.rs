//! `go!(f)`: work that is named and never runs.

use super::{Check, Lint};
use crate::diagnostic::{Diagnostic, Level};
use crate::flow::Code;
use crate::ir::{BodyKind, Origin, Where};
use crate::link::{EventKind, Program};
use crate::source::Span;

pub(super) const LINT: Lint = Lint {
    id: "missing_call",
    level: Level::Deny,
    summary: "a `go!` that names work without calling it",
    explanation: "\
`go!` runs a call. A function, method or closure that is only named runs nothing. Where the macro is compiled it refuses \
that itself; this lint says so as well in code that is not compiled now, such as what another `cfg` selects. It also \
finds the mistake that the compiler accepts: a goroutine whose last act is to build a closure or an `async` block, which \
is then dropped without having run.

At run time there is nothing to see: the goroutine ends at once, and whoever waits for its result waits for ever.

Go's compiler demands the call as well (\"expression in go must be function call\").",
    bad: "go!({\n    move || work(1)\n});",
    good: "go!({\n    work(1)\n});",
    check: Check::File(check),
};

fn check(program: &Program, unit: usize, found: &mut Vec<Diagnostic>) {
    for rejected in program.units[unit].file.rejected.iter().filter(|rejected| rejected.name == "go") {
        if !rejected.message.contains("not called") {
            continue;
        }
        let mut diagnostic = Diagnostic::new(LINT.id, unit, rejected.span, rejected.message.clone())
            .label("named, not called")
            .help("add the call's parentheses");
        if let Some(callable) = rejected.callable {
            let end = Span { start: callable.end, end: callable.end };
            diagnostic = diagnostic.fix("call it", vec![(end, "()".to_owned())]);
        }
        found.push(diagnostic);
    }
    let functions = program.functions.iter().enumerate().filter(|(_, linked)| linked.unit == unit);
    for (index, _) in functions {
        dropped_closures(Code::of(program, index), unit, found);
    }
}

/// Goroutines that return a closure nobody can have any use for.
fn dropped_closures(code: Code<'_>, unit: usize, found: &mut Vec<Diagnostic>) {
    // A handle that is joined may well want the closure.
    let joined = code
        .everywhere()
        .any(|(_, _, event)| matches!(event.kind, EventKind::Block(crate::link::Wait::Join)));
    for (body, _) in code.bodies().filter(|(_, body)| body.kind == BodyKind::Goroutine && !joined) {
        for (_, event) in code.all(body) {
            let EventKind::Escape(object, Where::Returned) = event.kind else { continue };
            let origin = &code.function.objects[object.at()];
            if matches!(origin.origin, Origin::Closure(_)) && origin.name.is_empty() && origin.body == body {
                found.push(
                    Diagnostic::new(
                        LINT.id,
                        unit,
                        origin.span,
                        "the goroutine ends without calling this closure",
                    )
                    .label("built here, and dropped")
                    .help("call it, or put its code into the goroutine's block"),
                );
            }
        }
    }
}
