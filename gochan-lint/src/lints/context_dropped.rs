//! A new root context where the caller has passed one.

use super::prelude::*;

pub(super) const LINT: Lint = Lint {
    id: "context_dropped",
    level: Level::Warn,
    summary: "a function that has a context calls another with `background()` or `todo()`",
    explanation: "\
A function called with `background()` does not notice when the caller's context ends: cancellation and deadlines \
stop here. Pass the context on. Work that should outlive the call uses `ctx.without_cancel()`, which keeps the \
values.",
    at_run_time: "\
Nothing at the call. The work that it started outlives its caller, and a test reports the goroutine as leaked.",
    near: "Go's `contextcheck`.",
    bad: "\
fn handle(ctx: &Context) {
    work(ctx);
    store(&background());
}",
    good: "\
fn handle(ctx: &Context) {
    work(ctx);
    store(&ctx.without_cancel());
}",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    // The caller of a function with an optional context may have none.
    let has_context =
        |param: &crate::ir::Param| *code.kind(param.object) == Kind::Context && !param.ty.is_called("Option");
    if !code.function.params.iter().any(has_context) {
        return;
    }
    for (id, object) in code.objects() {
        let Origin::Call(path, _) = &object.origin else { continue };
        let fresh = path.last().is_some_and(|name| name == "background" || name == "todo");
        if fresh && *code.kind(id) == Kind::Context {
            found.push(
                code.finding(LINT.id, object.span, "the context of the caller ends here")
                    .label("does not hear its cancel")
                    .help("pass the context on, or `without_cancel()` for work that outlives the call"),
            );
        }
    }
}
