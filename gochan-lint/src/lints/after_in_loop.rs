//! A deadline that starts anew on each turn.

use super::prelude::*;

pub(super) const LINT: Lint = Lint {
    id: "after_in_loop",
    level: Level::Warn,
    summary: "`after(d)` in a `select!` in a loop, meant as a deadline for the whole loop",
    explanation: "\
The operand of an arm is evaluated each time the `select!` is reached, so `after(d)` starts a new timer on every \
iteration. The loop ends only if nothing happens for that long; a busy loop never ends.

Create the timer once before the loop, `let deadline = after(d);`, or use a context with a timeout. A timeout per \
iteration is not reported where it is evident: as the only arm besides a receive.",
    at_run_time: "\
Nothing: the deadline never expires while values arrive.",
    near: "staticcheck SA1015 for `time.Tick`, and the advice in Go's documentation of `time.After`.",
    bad: "\
fn collect(a: &Receiver<u32>, b: &Receiver<u32>) {
    loop {
        select! {
            Some(n) = <-a else { return } => println!(\"{n}\"),
            Some(n) = <-b else { return } => println!(\"{n}\"),
            <-after(Duration::from_secs(5)) => return,
        }
    }
}",
    good: "\
fn collect(a: &Receiver<u32>, b: &Receiver<u32>) {
    let deadline = after(Duration::from_secs(5));
    loop {
        select! {
            Some(n) = <-a else { return } => println!(\"{n}\"),
            Some(n) = <-b else { return } => println!(\"{n}\"),
            <-deadline => return,
        }
    }
}",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    for (body, graph) in code.bodies() {
        for (block, event) in code.all(body) {
            let EventKind::Select(select) = &event.kind else { continue };
            let loops = graph.blocks[block.at()].loops;
            if loops == 0 {
                continue;
            }
            for arm in &select.arms {
                let Some(channel) = arm.channel.filter(|channel| *code.kind(*channel) == Kind::After) else {
                    continue;
                };
                let object = code.object(channel);
                let others: Vec<_> = select.arms.iter().filter(|other| other.span != arm.span).collect();
                let per_turn = others.is_empty() || others.len() == 1 && !others[0].sends;
                if object.body != body
                    || object.loops < loops
                    || per_turn
                    || !leaves(code, body, block, arm.span)
                {
                    continue;
                }
                found.push(
                    code.finding(LINT.id, arm.span, "this timer starts anew on each turn of the loop")
                        .label("not a deadline for the loop")
                        .help("make it before the loop: `let deadline = after(…);`"),
                );
            }
        }
    }
}

/// True if the arm leaves the loop.
fn leaves(code: Code<'_>, body: BodyId, select: BlockId, arm: Span) -> bool {
    let taken =
        code.all(body).find(|(_, event)| matches!(&event.kind, EventKind::Arm(other) if other.span == arm));
    taken.is_some_and(|(block, _)| !code.reachable(body, block)[select.at()])
}
