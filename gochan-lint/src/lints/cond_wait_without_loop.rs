//! A condition that is not asked again.

use super::prelude::*;

pub(super) const LINT: Lint = Lint {
    id: "cond_wait_without_loop",
    level: Level::Warn,
    summary: "`Cond::wait` outside a loop that re-checks the condition",
    explanation: "\
A goroutine that wakes does not know why: another goroutine may have taken the item between the signal and this \
wake-up, and signals for other conditions wake it as well. Check the condition in a loop, `while !ready { guard = \
cond.wait(guard); }`, or call `cond.wait_while(…)`.",
    at_run_time: "\
Nothing, except that the condition may not hold after the wait.",
    near: "the documentation of Go's `sync.Cond`; clippy has none.",
    bad: "\
let (m, cond) = (Mutex::new(false), Cond::new());
let mut ready = m.lock();
if !*ready { ready = cond.wait(ready); }",
    good: "\
let (m, cond) = (Mutex::new(false), Cond::new());
let mut ready = m.lock();
while !*ready { ready = cond.wait(ready); }",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    for (body, block, event) in code.everywhere() {
        if let EventKind::CondWait(cond, flavour) = event.kind
            // What only wraps another's `wait` leaves the loop to its callers.
            && !(flavour == Flavour::Blocking && code.function.name.starts_with("wait"))
            && code.body(body).blocks[block.at()].loops == 0
        {
            let name = code.name(cond);
            found.push(
                code.finding(
                    &LINT,
                    event.span,
                    format!("the condition of `{name}` is not checked again after the wait"),
                )
                .label("may wake for nothing")
                .help("wait in a `while` loop, or use `wait_while`"),
            );
        }
    }
}
