//! A deadline that nobody looks at.

use super::prelude::*;

pub(super) const LINT: Lint = Lint {
    id: "unchecked_timeout",
    level: Level::Allow,
    summary: "`with_timeout` on a context that nobody asks",
    explanation: "\
A timeout does nothing by itself: somebody has to wait for `ctx.done()`, ask `ctx.err()` or `ctx.check()`, or be called with the context. If nobody does, the work goes on as if there were no limit.",
    at_run_time: "Nothing: the time passes, and the work goes on.",
    near: "go vet `lostcancel`, from afar.",
    bad: "\
with_context!(ctx = background().with_timeout(Duration::from_secs(1)) => {
    work(1);
});",
    good: "\
with_context!(ctx = background().with_timeout(Duration::from_secs(1)) => {
    work(&ctx);
});",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    for (context, object) in code.objects() {
        let Origin::Element(pair, 0) = object.origin else { continue };
        let limited = matches!(&code.object(pair).origin, Origin::Method(_, name, _) if name.starts_with("with_timeout") || name.starts_with("with_deadline"));
        let done = code.objects().any(|(id, _)| *code.kind(id) == Kind::Done(context));
        let asked = done || code.everywhere().any(|(_, _, event)| code.mentions(event, context));
        if limited && *code.kind(context) == Kind::Context && !asked {
            let name = code.name(context);
            found.push(
                code.finding(&LINT, object.span, format!("nobody asks whether `{name}` has timed out"))
                    .label("its end has no effect")
                    .help("pass it on, or ask `check()`"),
            );
        }
    }
}
