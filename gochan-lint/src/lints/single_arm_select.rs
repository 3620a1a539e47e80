//! A `select!` with a single arm.

use super::prelude::*;

pub(super) const LINT: Lint = Lint {
    id: "single_arm_select",
    level: Level::Warn,
    summary: "a `select!` with one arm and no `default`",
    explanation: "\
A `select!` with one arm waits for one operation. The operation alone is shorter: `recv!(rx)`, `send!(tx <- v)`, \
`for v in &rx`.",
    at_run_time: "\
Nothing: this lint is about readability, and a little time.",
    near: "staticcheck S1000.",
    bad: "\
let ch = chan!(u32, 1);
send!(ch <- 1);
select! {
    n = <-ch => println!(\"{n}\"),
}",
    good: "\
let ch = chan!(u32, 1);
send!(ch <- 1);
let n = recv!(ch);
println!(\"{n}\");",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    for (_, _, event) in code.everywhere() {
        let EventKind::Select(select) = &event.kind else { continue };
        let [arm] = &select.arms[..] else { continue };
        if select.has_default || select.has_else || select.biased || arm.guarded {
            continue;
        }
        let finding = code
            .finding(LINT.id, event.span, "this `select!` has one arm")
            .label("waits for one operation")
            .help("write the operation itself");
        let instead = plain(code, code.snippet(event.span), arm)
            .filter(|_| code.snippet(event.span).starts_with("select!"));
        found.push(match instead {
            Some(text) => finding.fix("use the plain operation", vec![(event.span, text)]),
            None => finding,
        });
    }
}

/// True for text that may contain a comment, which the fix would lose.
fn has_comment(text: &str) -> bool {
    text.contains("//") || text.contains("/*")
}

/// The operation without `select!`.
fn plain(code: Code<'_>, whole: &str, arm: &crate::ir::Arm) -> Option<String> {
    let (channel, body) = (code.snippet(arm.channel_span), code.snippet(arm.body));
    if has_comment(whole) {
        return None;
    }
    let operation = match (arm.sends, arm.bound) {
        (true, Bound::Discarded) => format!("{}!({});", code.macro_path("send")?, code.snippet(arm.span)),
        (false, Bound::Value) => {
            format!("let {} = {}!({channel});", code.snippet(arm.pattern?), code.macro_path("recv")?)
        }
        (false, Bound::Discarded) => format!("let _ = {channel}.recv();"),
        _ => return None,
    };
    Some(format!("{{ {operation} {body} }}"))
}
