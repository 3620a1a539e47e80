//! A counted goroutine that is not counted down on every way out.

use super::prelude::*;

pub(super) const LINT: Lint = Lint {
    id: "missing_done",
    level: Level::Deny,
    summary: "a goroutine that was counted by `add` can end without `done`",
    explanation: "\
`wait` returns when every `add` has been matched by a `done`. A goroutine that leaves early, through `return`, `?` \
or a panic, before it calls `done`, or that never calls it, leaves the count above zero, and `wait` never returns: \
`all goroutines are asleep - deadlock!`.

`defer!(wg.done())` as the first statement covers every exit; `wg.go(f)` does all three steps.",
    at_run_time: "\
`fatal error: all goroutines are asleep - deadlock!` if no other goroutine can run; otherwise the dump shows a \
goroutine that waits forever in `WaitGroup wait`, which `#[gochan::test]` reports as leaked.",
    near: "go vet `waitgroup`, from afar.",
    bad: "\
let wg = WaitGroup::new();
wg.add(1);
go!([wg] {
    if nothing_to_do() { return; }
    work(1);
    wg.done();
});
wg.wait();",
    good: "\
let wg = WaitGroup::new();
wg.add(1);
go!([wg] {
    defer!(wg.done());
    if nothing_to_do() { return; }
    work(1);
});
wg.wait();",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    for (outer, _) in code.bodies() {
        for (block, place, event) in code.places(outer) {
            let EventKind::Add(group, number) = event.kind else { continue };
            if number.is_some_and(|number| number <= 0) || *code.kind(group) != Kind::WaitGroup {
                continue;
            }
            for (_, spawn) in code.following(outer, block, place) {
                if let EventKind::Spawn(started, None, _) = &spawn.kind {
                    found.extend(goroutine(code, started, spawn.span, group, number));
                }
            }
        }
    }
}

fn goroutine(
    code: Code<'_>,
    started: &Started,
    span: Span,
    group: ObjectId,
    number: Option<i64>,
) -> Option<Diagnostic> {
    let (there, body, group_there) = match started {
        Started::Body(body) => (code, *body, Some(group)),
        Started::Function(callee, handed) => {
            let there = Code::of(code.program, *callee);
            (there, BodyId(0), seen_inside(code, *callee, handed, group))
        }
        Started::Unknown(_) => return None,
    };
    let inside = group_there.is_some_and(|group| {
        let within = there.bodies().filter(|&(inner, _)| there.is_within(inner, body));
        within
            .flat_map(|(inner, _)| there.all(inner))
            .any(|(_, event)| there.effect(event, group).has(Effect::DONE.and(Effect::ESCAPES)))
    });
    if !inside {
        return is_never_done(code, group).then(|| never(code, span, group));
    }
    let group = group_there?;
    // It counts items, not itself.
    let items = number != Some(1)
        && there.of_agent(body).any(|(at, block, event)| {
            matches!(event.kind, EventKind::Done(lowered) if lowered == group)
                && there.body(at).blocks[block.at()].loops > 0
        });
    if items {
        return None;
    }
    let leaves = first_way_out(there, body, group)?;
    let name = there.name(group);
    Some(match leaves {
        Some((place, label)) => there
            .finding(&LINT, place, format!("this exit from the goroutine leaves `{name}` counted"))
            .label(label)
            .help(format!("put `defer!({name}.done());` first in the goroutine")),
        None => never(code, span, group),
    })
}

/// True if no code that is seen counts the group down.
fn is_never_done(code: Code<'_>, group: ObjectId) -> bool {
    let local = !matches!(
        code.object(group).origin,
        Origin::Typed(_) | Origin::Field(..) | Origin::Static(_) | Origin::Unknown
    );
    local
        && !code
            .everywhere()
            .any(|(_, _, event)| code.effect(event, group).has(Effect::DONE.and(Effect::ESCAPES)))
}

fn never(code: Code<'_>, span: Span, group: ObjectId) -> Diagnostic {
    let name = code.name(group);
    code.finding(&LINT, span, format!("this goroutine is counted in `{name}` and can end without `done`"))
        .label("counted, and not counted down on every way")
        .help(format!("put `defer!({name}.done());` first in it, or start it with `{name}.go(…)`"))
}

/// The first way out without `done`: a place, or none for the end of the body. No way out: no answer.
fn first_way_out(code: Code<'_>, body: BodyId, group: ObjectId) -> Option<Option<(Span, &'static str)>> {
    let lowers = |inner: BodyId| {
        let within = code.bodies().filter(|&(other, _)| code.is_within(other, inner));
        within
            .flat_map(|(other, _)| code.all(other))
            .any(|(_, event)| code.effect(event, group).has(Effect::DONE.and(Effect::ESCAPES)))
    };
    let mut ways = Vec::new();
    code.forward(
        body,
        true,
        |a, b| *a || *b,
        |counted, event, _| match &event.kind {
            EventKind::Defer(inner)
            | EventKind::RunDeferred(inner)
            | EventKind::Spawn(Started::Body(inner), ..)
                if lowers(*inner) =>
            {
                *counted = false;
            }
            _ if code.effect(event, group).has(Effect::DONE.and(Effect::ESCAPES)) => *counted = false,
            EventKind::Return if *counted => ways.push((event.span, "leaves here")),
            EventKind::MayPanic if *counted => ways.push((event.span, "may panic before the `done`")),
            EventKind::Diverge if *counted && !code.snippet(event.span).contains("process") => {
                let panics = ["panic", "unreachable", "todo", "unimplemented"];
                if panics.iter().any(|name| code.snippet(event.span).starts_with(name)) {
                    ways.push((event.span, "panics before the `done`"));
                }
            }
            _ => {}
        },
    );
    // The state only grows, so what was noted early holds.
    ways.sort_unstable();
    let (end, places): (Vec<_>, Vec<_>) = ways.into_iter().partition(|(span, _)| *span == Span::default());
    match (places.first(), end.is_empty()) {
        (Some(first), _) => Some(Some(*first)),
        (None, false) => Some(None),
        (None, true) => None,
    }
}
