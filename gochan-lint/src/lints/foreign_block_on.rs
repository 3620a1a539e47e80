//! Another executor in a goroutine.

use super::prelude::*;
use crate::link::{Scope, runs_in};

pub(super) const LINT: Lint = Lint {
    id: "foreign_block_on",
    level: Level::Warn,
    summary: "an executor's `block_on` in a goroutine: it holds the goroutine's worker",
    explanation: "\
`block_on` of tokio, futures, pollster or smol blocks its thread until the future is ready. In a goroutine that \
thread is a worker: every other goroutine of the worker waits as long.

`gochan::block_on` parks the goroutine instead. A future that needs its own executor can run there, with a channel \
for the result; or wrap the call in `blocking(|| …)`, which uses a thread that may block.",
    at_run_time: "\
The runtime reports a worker whose goroutine has not returned to the scheduler, with the place where that goroutine \
was spawned.",
    near: "none in clippy; tokio panics on a nested `block_on` of its own.",
    bad: "\
go!({
    pollster::block_on(async { println!(\"done\") });
}).join().unwrap();",
    good: "\
go!({
    gochan::block_on(async { println!(\"done\") });
}).join().unwrap();",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    for (body, _, event) in code.everywhere() {
        let EventKind::Unknown(call) = &event.kind else { continue };
        let named = call.path.last().is_some_and(|name| name == "block_on");
        let blocks = named && (call.is_method || !ours(code, &call.path))
            || runs_in(code.program, code.index, call).is_some_and(|(scope, _)| scope == Scope::Executor);
        if blocks && code.is_on_worker(body) {
            found.push(
                code.finding(
                    LINT.id,
                    event.span,
                    "this blocks every goroutine of the worker until the future is ready",
                )
                .label("holds the worker's thread")
                .help("use `gochan::block_on`, or wrap it: `blocking(|| …)`"),
            );
        }
    }
}

fn ours(code: Code<'_>, path: &[String]) -> bool {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    code.program.is_ours(code.linked.unit, &path)
}
