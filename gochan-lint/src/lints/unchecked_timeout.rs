//! A deadline that is never checked.

use super::prelude::*;

pub(super) const LINT: Lint = Lint {
    id: "unchecked_timeout",
    level: Level::Allow,
    summary: "`with_timeout` on a context that is never checked",
    explanation: "\
A timeout does nothing by itself: the code must wait for `ctx.done()`, check `ctx.err()` or `ctx.check()`, or pass \
the context to a function that does. Otherwise the work continues as if there were no limit.",
    at_run_time: "\
Nothing: the timeout expires, and the work continues.",
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
                code.finding(LINT.id, object.span, format!("`{name}` is never checked for its timeout"))
                    .label("its end has no effect")
                    .help("pass it on, or ask `check()`"),
            );
        }
    }
}
