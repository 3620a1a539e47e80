//! A placeholder for a context.

use super::prelude::*;

pub(super) const LINT: Lint = Lint {
    id: "todo_context",
    level: Level::Allow,
    summary: "`todo()` is left in the code",
    explanation: "\
`todo()` marks a place where the right context is not available yet. Once all code passes its context on, none is \
left.",
    at_run_time: "\
Nothing: the context never ends.",
    near: "clippy `todo` for the macro; Go has `context.TODO` to search for.",
    bad: "\
work(&gochan::context::todo());",
    good: "\
work(&gochan::context::background());",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    for (id, object) in code.objects() {
        let Origin::Call(path, _) = &object.origin else { continue };
        let own = code.program.resolve(code.index, path).is_some();
        if path.last().is_some_and(|name| name == "todo") && !own && *code.kind(id) == Kind::Context {
            found.push(
                code.finding(LINT.id, object.span, "the right context is still to come")
                    .label("`todo()`")
                    .help("pass the caller's context"),
            );
        }
    }
}
