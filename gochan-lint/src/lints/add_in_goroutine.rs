//! `wg.add(1)` inside of what it counts.

use super::{Check, Lint};
use crate::diagnostic::{Diagnostic, Level};
use crate::flow::Code;
use crate::ir::{BodyId, BodyKind, ObjectId};
use crate::link::{Effect, EventKind, Kind, Started, effect_of};

pub(super) const LINT: Lint = Lint {
    id: "add_in_goroutine",
    level: Level::Deny,
    summary: "`WaitGroup::add` inside of the goroutine that it counts",
    explanation: "\
`wait` returns when the count is zero. If the goroutine counts itself, `wait` may come before it has started, find zero, \
and return while work is still to be done: results are missed, now and then. The count must be raised before the \
goroutine is spawned, by whoever spawns it; `wg.go(f)` does both.

What is fine: a goroutine that was counted before its start and raises the count for goroutines it starts itself, before \
its own `done`.

Near it: go vet `waitgroup`, staticcheck SA2000.",
    bad: "\
let wg = WaitGroup::new();
for job in jobs {
    go!([wg] {
        wg.add(1);
        defer!(wg.done());
        work(job);
    });
}
wg.wait();",
    good: "\
let wg = WaitGroup::new();
for job in jobs {
    wg.add(1);
    go!([wg] {
        defer!(wg.done());
        work(job);
    });
}
wg.wait();",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    for (goroutine, _) in code.bodies().filter(|(_, body)| body.kind == BodyKind::Goroutine) {
        for (body, _) in code.bodies().filter(|&(body, _)| code.agent(body) == goroutine) {
            for (_, event) in code.all(body) {
                for group in groups(&event.kind) {
                    let adds = effect_of(code.program, &event.kind, group).has(Effect::ADDS);
                    if adds
                        && is_outside(code, group, goroutine)
                        && !is_counted_already(code, group, goroutine)
                    {
                        report(code, event.span, group, found);
                    }
                }
            }
        }
    }
    // A function that counts itself, started with `go!`.
    for (body, _, event) in code.everywhere() {
        let EventKind::Spawn(Started::Function(callee, handed), None, _) = &event.kind else { continue };
        let summary = &code.program.functions[*callee].summary;
        for (index, group) in handed.iter().enumerate() {
            let Some(group) = *group else { continue };
            let effect = summary.param(index);
            let own = effect.has(Effect::ADDS) && !effect.has(Effect::IN_GOROUTINE);
            if own && is_waited_for(code, group, body) && !adds(code, group, body) {
                report(code, event.span, group, found);
            }
        }
    }
}

/// The groups that an event may raise.
fn groups(event: &EventKind) -> Vec<ObjectId> {
    match event {
        EventKind::Add(group, _) => vec![*group],
        EventKind::Call(_, handed) => handed.iter().flatten().copied().collect(),
        _ => Vec::new(),
    }
}

/// True if the group was there before the goroutine, and somebody else waits for it.
fn is_outside(code: Code<'_>, group: ObjectId, goroutine: BodyId) -> bool {
    let known = matches!(code.linked.kind(group), Kind::WaitGroup);
    let made = code.function.objects[group.at()].body;
    known && !code.is_within(made, goroutine) && is_waited_for(code, group, goroutine)
}

/// True if `wait` is called outside of `goroutine`, or may be by whoever handed the group to this function.
fn is_waited_for(code: Code<'_>, group: ObjectId, goroutine: BodyId) -> bool {
    let waits = code.everywhere().any(|(body, _, event)| {
        (body == goroutine || !code.is_within(body, goroutine))
            && effect_of(code.program, &event.kind, group).has(Effect::WAITS)
    });
    let handed = code.function.params.iter().any(|param| param.object == group)
        || matches!(code.function.objects[group.at()].origin, crate::ir::Origin::Field(..));
    waits || handed
}

/// True if the goroutine is counted before its start, and holds that count when it raises it.
fn is_counted_already(code: Code<'_>, group: ObjectId, goroutine: BodyId) -> bool {
    let Some(parent) = code.body(goroutine).parent else { return false };
    let inside = |body| code.agent(body) == goroutine;
    let done = code.everywhere().any(|(body, _, event)| {
        inside(body) && effect_of(code.program, &event.kind, group).has(Effect::DONE)
    });
    let counted = code.everywhere().any(|(_, _, event)| {
        matches!(&event.kind, EventKind::Spawn(Started::Body(body), Some(by), _) if *body == goroutine && *by == group)
    });
    counted || (done && adds(code, group, parent))
}

/// True if `body` itself raises the group.
fn adds(code: Code<'_>, group: ObjectId, body: BodyId) -> bool {
    code.all(body).any(|(_, event)| matches!(event.kind, EventKind::Add(raised, _) if raised == group))
}

fn report(code: Code<'_>, span: crate::source::Span, group: ObjectId, found: &mut Vec<Diagnostic>) {
    let name = &code.function.objects[group.at()].name;
    found.push(
        Diagnostic::new(
            LINT.id,
            code.linked.unit,
            span,
            format!("`{name}` is raised inside of the goroutine that it counts"),
        )
        .label("`wait` may have returned by now")
        .help(format!("call `{name}.add(1)` before the `go!`, or start the goroutine with `{name}.go(…)`")),
    );
}
