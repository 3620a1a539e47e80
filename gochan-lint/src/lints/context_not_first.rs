//! A context that is not the first parameter.

use super::prelude::*;

pub(super) const LINT: Lint = Lint {
    id: "context_not_first",
    level: Level::Warn,
    summary: "a `Context` parameter that is not the first",
    explanation: "\
By convention the context comes first, right after `self`, and is called `ctx`, so that a call shows at once whether \
it can be cancelled. Closures and methods that a trait prescribes are not reported.",
    at_run_time: "\
Nothing: this lint is about readability.",
    near: "revive `context-as-argument`.",
    bad: "\
fn fetch(name: &str, ctx: &Context) { work(1); }",
    good: "\
fn fetch(ctx: &Context, name: &str) { work(1); }",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    let declares = code.function.of_trait.is_none() || code.function.of_trait == code.function.owner;
    let params = || code.function.params.iter().filter(|param| param.name != "self");
    let is_context = |param: &crate::ir::Param| *code.kind(param.object) == Kind::Context;
    if !declares || params().next().is_none_or(is_context) {
        return;
    }
    if let Some(param) = params().find(|param| is_context(param)) {
        found.push(
            code.finding(LINT.id, param.span, "the context comes first by convention")
                .label("not the first parameter")
                .help("move it to the front"),
        );
    }
}
