//! A condition that is not checked again after the wait.

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
            // A wrapper of std's `wait` leaves the loop to its callers.
            && !(flavour == Flavour::Blocking && code.function.name.starts_with("wait"))
            && code.body(body).blocks[block.at()].loops == 0
            // A lock of `()` guards no condition.
            && !(flavour == Flavour::Blocking
                && code.objects().any(|(_, object)| guards_nothing(&object.origin)))
        {
            if looks_at_the_timeout(code, event.span) {
                continue;
            }
            let name = code.name(cond);
            found.push(
                code.finding(
                    LINT.id,
                    event.span,
                    format!("the condition of `{name}` is not checked again after the wait"),
                )
                .label("may wake for nothing")
                .help("wait in a `while` loop, or use `wait_while`"),
            );
        }
    }
}

/// True for a wait whose timeout is looked at.
fn looks_at_the_timeout(code: Code<'_>, wait: Span) -> bool {
    let text = &code.program.units[code.linked.unit].source.text;
    let (Some(before), Some(after)) = (text.get(..wait.start as usize), text.get(wait.end as usize..)) else {
        return false;
    };
    if !code.snippet(wait).contains(".wait_timeout(") {
        return false;
    }
    // `let (guard, timed_out) = …`
    let pattern = before.rsplit("let ").next().and_then(|pattern| pattern.trim_end().strip_suffix(") ="));
    let second = pattern.and_then(|pattern| pattern.rsplit_once(',')).map(|(_, second)| second.trim());
    after.starts_with(".1") || second.is_some_and(|second| second != "_")
}

/// `Mutex::new(())`
fn guards_nothing(origin: &Origin) -> bool {
    let Origin::Call(path, args) = origin else { return false };
    path.ends_with(&["Mutex".to_owned(), "new".to_owned()])
        && args.iter().any(|arg| arg.ty == Ty::Tuple(Vec::new()))
}
