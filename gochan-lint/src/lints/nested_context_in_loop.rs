//! A context that gets one level deeper on each turn.

use super::prelude::*;

pub(super) const LINT: Lint = Lint {
    id: "nested_context_in_loop",
    level: Level::Warn,
    summary: "a context that is derived from itself in each iteration of a loop",
    explanation: "\
Every derived context keeps its parent. `ctx = ctx.with_value(…)` in a loop builds a chain that grows by one in each \
iteration: memory grows, and looking up a value or the end takes longer and longer. A variable local to the \
iteration, `let turn = ctx.with_value(…)`, is dropped with the iteration.",
    at_run_time: "\
Memory grows, and `done()` takes longer and longer.",
    near: "Go's `fatcontext`.",
    bad: "\
let mut ctx = background();
for n in 0..10 {
    ctx = ctx.with_value(RequestId(n));
    work(&ctx);
}",
    good: "\
let ctx = background();
for n in 0..10 {
    let ctx = ctx.with_value(RequestId(n));
    work(&ctx);
}",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    for (body, graph) in code.bodies() {
        for (block, place, event) in code.places(body) {
            let EventKind::Assign(target) = event.kind else { continue };
            let loops = graph.blocks[block.at()].loops;
            let outside = code.object(target).body != body || code.object(target).loops < loops;
            let before = &code.events(body, block)[..place];
            // A clone is the same object, but not the same variable.
            let variable = format!("{}.", code.snippet(event.span));
            let own = before.iter().any(|event| matches!(&event.kind, EventKind::Derive(parent, _, name) if *parent == target && name != "without_cancel") && code.snippet(event.span).starts_with(&variable));
            if loops > 0 && outside && own {
                let name = code.name(target);
                found.push(
                    code.finding(
                        LINT.id,
                        event.span,
                        format!("`{name}` is one level deeper after each iteration"),
                    )
                    .label("grows without bound")
                    .help(format!("derive into a variable of the iteration: `let {name} = …;`")),
                );
            }
        }
    }
}
