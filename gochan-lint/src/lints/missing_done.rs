//! A counted goroutine that does not call `done` on every exit.

use super::prelude::*;
use std::collections::HashSet;

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
    // Many goroutines may follow many adds.
    let mut seen = HashSet::new();
    for (outer, _) in code.bodies() {
        for (block, place, event) in code.places(outer) {
            let EventKind::Add(group, number) = event.kind else { continue };
            if number.is_some_and(|number| number <= 0) || *code.kind(group) != Kind::WaitGroup {
                continue;
            }
            for (_, spawn) in code.following(outer, block, place) {
                if let EventKind::Spawn(started, None, _) = &spawn.kind
                    && seen.insert((std::ptr::from_ref(spawn), group, number == Some(1)))
                {
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
        Started::Body(body) => {
            // A closure with a name gets the group as an argument.
            let params = code.body(*body).params.iter().copied();
            let given = params
                .map(|param| code.linked.root(param))
                .find(|param| *code.kind(*param) == Kind::WaitGroup);
            (code, *body, Some(given.unwrap_or(group)))
        }
        Started::Function(callee, handed) => {
            let there = Code::of(code.program, *callee);
            (there, BodyId(0), seen_inside(code, *callee, handed, group))
        }
        Started::Unknown(_) => return None,
    };
    let inside = group_there.is_some_and(|group| {
        let within = there.within(body);
        within
            .flat_map(|(inner, _)| there.all(inner))
            .any(|(_, event)| there.effect(event, group).has(Effect::DONE.and(Effect::ESCAPES)))
    });
    // It waits for the others.
    let waits = group_there.is_some_and(|group| {
        there.of_agent(body).any(|(_, _, event)| there.effect(event, group).has(Effect::WAITS))
    });
    if waits && !inside {
        return None;
    }
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
            .finding(LINT.id, place, format!("this exit from the goroutine leaves `{name}` counted"))
            .label(label)
            .help(format!("put `defer!({name}.done());` first in the goroutine")),
        None => never(code, span, group),
    })
}

/// True if no known code calls `done` on the group.
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
    code.finding(LINT.id, span, format!("this goroutine is counted in `{name}` and can end without `done`"))
        .label("counted, and not counted down on every way")
        .help(format!("put `defer!({name}.done());` first in it, or start it with `{name}.go(…)`"))
}

/// The first exit without `done`: a place, or `None` for the end of the body. `None` outside if there is no such exit.
fn first_way_out(code: Code<'_>, body: BodyId, group: ObjectId) -> Option<Option<(Span, &'static str)>> {
    let lowers = |inner: BodyId| {
        let within = code.within(inner);
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
    // The state only grows, so exits that were found early stay valid.
    ways.sort_unstable();
    let (end, places): (Vec<_>, Vec<_>) = ways.into_iter().partition(|(span, _)| *span == Span::default());
    match (places.first(), end.is_empty()) {
        (Some(first), _) => Some(Some(*first)),
        (None, false) => Some(None),
        (None, true) => None,
    }
}
