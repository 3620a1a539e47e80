//! A ticker that is kept although nothing can stop it.

use super::prelude::*;

pub(super) const LINT: Lint = Lint {
    id: "tick_never_stopped",
    level: Level::Warn,
    summary: "a ticker that is leaked or kept in a static: it ticks until the program ends",
    explanation: "\
A ticker ends with the last handle of its channel, so `tick(d)` in a function that returns does no harm. A handle that \
is leaked (`mem::forget`, `ManuallyDrop`, `Box::leak`) or kept in a static is never dropped: the ticker wakes a worker \
at every tick for as long as the program runs.

Keep the ticker in a variable or a structure that is dropped, or call `Ticker::stop`.",
    at_run_time: "\
Ticks continue until the program ends.",
    near: "staticcheck SA1015.",
    bad: "\
fn start() {
    let beat = tick(Duration::from_secs(1));
    std::mem::forget(beat);
}",
    good: "\
fn three_times() {
    let beat = tick(Duration::from_secs(1));
    for _ in 0..3 { recv!(beat, ok); }
}",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    for (_, _, event) in code.everywhere() {
        let Some(tick) = kept(code, &event.kind).filter(|tick| is_ticker(code, *tick)) else { continue };
        found.push(
            code.finding(LINT.id, code.object(tick).span, "this ticker is never dropped")
                .label("ticks until the program ends")
                .note(event.span, "kept for ever")
                .help("keep it in a variable, which stops it at the end of its scope"),
        );
    }
}

/// The object that an event leaks or puts into a static.
fn kept(code: Code<'_>, kind: &EventKind) -> Option<ObjectId> {
    match kind {
        EventKind::Unknown(call) => {
            let name = call.path.last().map_or("", String::as_str);
            let leaks = matches!(name, "forget" | "leak" | "into_raw")
                || call.path.iter().any(|part| part == "ManuallyDrop");
            let base = call.receiver.map(|receiver| code.base(receiver));
            let in_static = base.is_some_and(|base| matches!(code.object(base).origin, Origin::Static(_)));
            let puts = matches!(name, "set" | "push" | "insert" | "replace" | "store") && in_static;
            let given = call.args.first().filter(|_| leaks || puts)?.object?;
            Some(code.linked.root(given))
        }
        EventKind::Escape(tick, Where::Returned) => {
            let is_static = code.function.owner.as_deref() == Some(crate::read::STATIC);
            is_static.then_some(*tick)
        }
        _ => None,
    }
}

fn is_ticker(code: Code<'_>, object: ObjectId) -> bool {
    match code.kind(object) {
        Kind::Tick => true,
        Kind::Timer => {
            matches!(&code.object(object).origin, Origin::Call(path, _) if path.iter().any(|part| part == "Ticker"))
        }
        _ => false,
    }
}
