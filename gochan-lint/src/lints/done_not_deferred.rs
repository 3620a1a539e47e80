//! A `done` that a panic skips.

use super::prelude::*;

pub(super) const LINT: Lint = Lint {
    id: "done_not_deferred",
    level: Level::Warn,
    summary: "`wg.done()` as the last statement instead of deferred first",
    explanation: "\
If anything before it panics, the `done` at the end of the goroutine is skipped, and `wg.wait()` never returns. \
`defer!(wg.done())` as the first statement runs in every case. Early exits in the code itself are reported by \
`missing_done`.",
    at_run_time: "\
After a panic: `fatal error: all goroutines are asleep - deadlock!` if no other goroutine can run; otherwise the \
dump shows a goroutine that waits forever in `WaitGroup wait`, which `#[gochan::test]` reports as leaked.",
    near: "go vet `waitgroup`, from afar; staticcheck SA2003 for the lock that is deferred instead of the unlock.",
    bad: "\
let wg = WaitGroup::new();
wg.add(1);
go!([wg] {
    work(1);
    wg.done();
});
wg.wait();",
    good: "\
let wg = WaitGroup::new();
wg.add(1);
go!([wg] {
    defer!(wg.done());
    work(1);
});
wg.wait();",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    for (_, _, event) in code.everywhere() {
        let (there, body) = match &event.kind {
            EventKind::Spawn(Started::Body(body), None, _) => (code, *body),
            EventKind::Spawn(Started::Function(callee, _), None, _) => {
                (Code::of(code.program, *callee), BodyId(0))
            }
            _ => continue,
        };
        let Some((group, done)) = last_done(there, body) else { continue };
        if can_skip(there, body) {
            found.push(finding(there, body, group, done.span));
        }
    }
}

/// The only `done` of a goroutine, if it is the last thing that the goroutine does.
fn last_done(code: Code<'_>, body: BodyId) -> Option<(ObjectId, &Event)> {
    let mut dones = code.of_agent(body).filter_map(|(at, block, event)| match event.kind {
        EventKind::Done(group) => Some((at, block, group, event)),
        _ => None,
    });
    let (Some((at, block, group, done)), None) = (dones.next(), dones.next()) else { return None };
    let graph = &code.body(body).blocks[block.at()];
    let own_group = code.is_within(code.object(group).body, body)
        && !matches!(code.object(group).origin, Origin::Typed(_));
    if at != body || graph.branches > 0 || graph.loops > 0 || own_group {
        return None;
    }
    let (_, place, _) = code.places(body).find(|(.., other)| std::ptr::eq(*other, done))?;
    let is_end = |kind: &EventKind| {
        matches!(
            kind,
            EventKind::Return
                | EventKind::ScopeEnd(_)
                | EventKind::RunDeferred(_)
                | EventKind::DroppedAtOnce(_)
        )
    };
    let last = code.following(body, block, place).iter().all(|(_, event)| is_end(&event.kind));
    last.then_some((group, done))
}

/// True if a panic or an exit may come before the end of the body.
fn can_skip(code: Code<'_>, body: BodyId) -> bool {
    code.all(body).any(|(_, event)| match &event.kind {
        EventKind::Unknown(call) => {
            let name = call.path.last().map_or("", String::as_str);
            let calm = name.starts_with("fetch_")
                || matches!(name, "store" | "load" | "gosched" | "println!" | "eprintln!");
            !calm
        }
        EventKind::Call(..) | EventKind::MayPanic | EventKind::Diverge => true,
        EventKind::Return => event.span != Span::default(),
        _ => false,
    })
}

fn finding(code: Code<'_>, body: BodyId, group: ObjectId, done: Span) -> Diagnostic {
    let name = code.name(group);
    let finding = code
        .finding(LINT.id, done, format!("a panic before it skips this `{name}.done()`"))
        .label("not reached if something panics")
        .help(format!("put `defer!({name}.done());` first"));
    let span = code.body(body).span;
    let source = &code.program.units[code.linked.unit].source.text;
    let ends = source.get(done.end as usize..).is_some_and(|rest| rest.starts_with(';'));
    // The deferred call borrows the group until the end.
    let moved = code.of_agent(body).any(|(_, _, event)| match &event.kind {
        EventKind::Escape(gone, _) | EventKind::Dropped(gone) => *gone == group,
        EventKind::Call(callee, handed) => code.given(*callee, handed).any(|given| given == group),
        EventKind::Spawn(..) | EventKind::Unknown(_) => code.mentions(event, group),
        EventKind::Assign(changed) => *changed == group,
        _ => false,
    });
    // The name must mean the group at the start of the body as well.
    let same = code.snippet(done) == format!("{name}.done()")
        && !code.snippet(span).contains(&format!("let {name}"));
    let Some(defer) =
        code.macro_path("defer").filter(|_| same && ends && !moved && code.snippet(span).starts_with('{'))
    else {
        return finding;
    };
    let begin = Span { start: span.start + 1, end: span.start + 1 };
    let edits = vec![
        (begin, format!(" {defer}!({name}.done());")),
        (Span { end: done.end + 1, ..done }, String::new()),
    ];
    finding.fix("defer it", edits)
}
