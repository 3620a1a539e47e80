//! A group that counts more or fewer goroutines than are started.

use super::prelude::*;

pub(super) const LINT: Lint = Lint {
    id: "add_mismatch",
    level: Level::Warn,
    summary: "`add(n)` with a different number of goroutines",
    explanation: "\
Both numbers are visible in the code: the count, and the number of goroutines that call `done`. If fewer are \
started, `wait` never returns. If more are started, `wait` returns early, or the count drops below zero, which \
panics with `negative WaitGroup counter`.",
    at_run_time: "\
Too high a count: `fatal error: all goroutines are asleep - deadlock!` if no other goroutine can run; otherwise the \
dump shows a goroutine that waits forever in `WaitGroup wait`, which `#[gochan::test]` reports as leaked. Too low a \
count: `sync: negative WaitGroup counter`.",
    near: "none checks the number; go vet `waitgroup` looks only at where `Add` is called.",
    bad: "\
let wg = WaitGroup::new();
wg.add(3);
for n in 0..4 {
    go!([wg] { defer!(wg.done()); work(n); });
}
wg.wait();",
    good: "\
let wg = WaitGroup::new();
wg.add(4);
for n in 0..4 {
    go!([wg] { defer!(wg.done()); work(n); });
}
wg.wait();",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    for (group, object) in code.objects() {
        if *code.kind(group) != Kind::WaitGroup
            || matches!(object.origin, Origin::Typed(_) | Origin::Field(..) | Origin::Static(_))
        {
            continue;
        }
        if let Some((added, started, span)) =
            counts(code, group, object.body, object.loops).filter(|(a, b, _)| a != b)
        {
            let name = code.name(group);
            found.push(
                code.finding(
                    LINT.id,
                    span,
                    format!("`{name}` counts {added} goroutines, but {started} are started"),
                )
                .label("does not match")
                .help("add 1 right before each `go!`, or use the same constant for both"),
            );
        }
    }
}

/// How much is added, how many goroutines are started that call `done`, and the first `add`. `None` if unknown.
fn counts(code: Code<'_>, group: ObjectId, home: BodyId, loops: u32) -> Option<(i64, i64, Span)> {
    let (mut added, mut started, mut first) = (0i64, 0i64, None);
    for (body, block, event) in code.everywhere() {
        let graph = &code.body(body).blocks[block.at()];
        let turns = || {
            let plain = body == home && graph.branches == 0 && loops == 0;
            graph.turns.filter(|_| plain).and_then(|turns| i64::try_from(turns).ok())
        };
        let inside = code.agent(body) != code.agent(home);
        match &event.kind {
            EventKind::Add(to, number) if *to == group => {
                added = added.checked_add(turns()?.checked_mul((*number)?)?)?;
                first = first.or(Some(event.span));
            }
            EventKind::Spawn(Started::Body(inner), by, _) => {
                if *by == Some(group) {
                    return None;
                }
                let done =
                    code.of_agent(*inner).filter(|(.., event)| code.effect(event, group).has(Effect::DONE));
                let mut once = done.map(|(at, block, event)| {
                    let graph = &code.body(at).blocks[block.at()];
                    // A negative `add` may count down more than one.
                    let one =
                        matches!(event.kind, EventKind::Done(_)) && !code.snippet(event.span).contains("add");
                    (graph.loops == 0, one)
                });
                match (once.next(), once.next()) {
                    (None, _) => {}
                    (Some((true, true)), None) => started = started.checked_add(turns()?)?,
                    _ => return None,
                }
            }
            EventKind::Done(to) if *to == group && !inside => return None,
            EventKind::Done(_) => {}
            _ if code.effect(event, group).has(Effect::ADDS.and(Effect::DONE).and(Effect::ESCAPES)) => {
                match &event.kind {
                    EventKind::Spawn(Started::Function(..), None, _)
                        if !code.effect(event, group).has(Effect::ADDS.and(Effect::ESCAPES)) =>
                    {
                        started = started.checked_add(turns()?)?;
                    }
                    _ => return None,
                }
            }
            _ => {}
        }
    }
    (started > 0).then_some((added, started, first?))
}
