//! An arm of a `select!` that binds a name instead of assigning to it.

use super::prelude::*;

pub(super) const LINT: Lint = Lint {
    id: "select_shadows",
    level: Level::Warn,
    summary: "`n = <-a` in a `select!` binds a new `n`, and the mutable one outside keeps its value",
    explanation: "\
In Go, `case n = <-a` assigns to a variable that exists. In `select!`, `n = <-a` is a pattern: it binds a new `n` for \
the arm, as `case n := <-a` does. An arm that never reads its `n`, beside a mutable variable of that name outside, is \
probably meant to assign.

Bind another name and assign in the arm: `value = <-a => n = value`.",
    at_run_time: "\
The variable keeps the value that it had before.",
    near: "rustc's `unused_variables`, whose suggestion is to call it `_n`.",
    bad: "\
let a = chan!(u32, 1);
send!(a <- 7);
let mut n = 0;
select! {
    n = <-a => {}
    default => n += 1,
}
println!(\"{n}\");",
    good: "\
let a = chan!(u32, 1);
send!(a <- 7);
let mut n = 0;
select! {
    value = <-a => n = value,
    default => n += 1,
}
println!(\"{n}\");",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    for (_, _, event) in code.everywhere() {
        let EventKind::Select(select) = &event.kind else { continue };
        for arm in &select.arms {
            let (Some(pattern), Some(outside)) = (arm.pattern, arm.shadows) else { continue };
            let name = code.snippet(pattern);
            let message = format!("this binds a new `{name}`; the one outside keeps its value");
            found.push(
                code.finding(LINT.id, pattern, message)
                    .label("never read in this arm")
                    .note(outside, "the mutable variable outside")
                    .help(format!("bind another name and assign: `value = <-… => {name} = value`")),
            );
        }
    }
}
