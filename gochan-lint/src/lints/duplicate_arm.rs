//! The same operation twice in one `select!`.

use super::prelude::*;

pub(super) const LINT: Lint = Lint {
    id: "duplicate_arm",
    level: Level::Warn,
    summary: "the same operation twice in one `select!`",
    explanation: "\
Two arms that receive from the same channel, or send the same value on it, compete at random: each body handles half \
of the values. Usually one of the arms was meant to name another channel. Arms with guards are not compared.",
    at_run_time: "\
Nothing: half of the values go to the other body.",
    near: "clippy `match_same_arms`, staticcheck SA4014 for repeated conditions.",
    bad: "\
fn next(a: &Receiver<u32>, b: &Receiver<u32>) -> u32 {
    select! {
        n = <-a => n,
        n = <-a => n + 1,
    }
}",
    good: "\
fn next(a: &Receiver<u32>, b: &Receiver<u32>) -> u32 {
    select! {
        n = <-a => n,
        n = <-b => n + 1,
    }
}",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    for (_, _, event) in code.everywhere() {
        let EventKind::Select(select) = &event.kind else { continue };
        for (index, arm) in select.arms.iter().enumerate() {
            let earlier = select.arms[..index].iter().find(|earlier| is_same(code, earlier, arm));
            if let Some(earlier) = earlier {
                found.push(
                    code.finding(LINT.id, arm.span, "this operation is an arm of the same `select!` already")
                        .label("the two compete at random")
                        .note(earlier.span, "the first")
                        .help("remove one, or name the other channel"),
                );
            }
        }
    }
}

fn is_same(code: Code<'_>, a: &crate::ir::Arm, b: &crate::ir::Arm) -> bool {
    let text = |span: Span| code.snippet(span).split_whitespace().collect::<String>();
    let channel = match (a.channel, b.channel) {
        (Some(a), Some(b)) => {
            let done = matches!(code.kind(a), Kind::Done(_)) && code.kind(a) == code.kind(b);
            a == b && !matches!(code.kind(a), Kind::After) || done
        }
        _ => text(a.channel_span) == text(b.channel_span) && !text(a.channel_span).contains('('),
    };
    channel && a.sends == b.sends && !a.guarded && !b.guarded && (!a.sends || text(a.span) == text(b.span))
}
