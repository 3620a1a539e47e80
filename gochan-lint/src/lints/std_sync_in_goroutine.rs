//! Blocking the thread instead of the goroutine.

use super::prelude::*;

pub(super) const LINT: Lint = Lint {
    id: "std_sync_in_goroutine",
    level: Level::Warn,
    summary: "a goroutine sleeps, waits or joins through std, which blocks its whole worker",
    explanation: "\
`thread::sleep`, `thread::park`, std's channels, barriers and condition variables, and `JoinHandle::join` of a \
thread block the thread: no goroutine of the same worker runs until the call returns, and if the call waits for one \
of them, all wait forever. The runtime reports such a worker after a while.

gochan has its own version of each: `time::sleep`, channels, `sync`, `JoinHandle`. Wrap calls that must block in \
`blocking(…)`. A std `Mutex` is fine as long as nothing that may switch runs while it is held; \
`guard_across_blocking` reports that.",
    at_run_time: "\
The runtime reports a worker whose goroutine has not returned to the scheduler, with the place where that goroutine \
was spawned. If every goroutine that could wake it is on that worker, the program hangs.",
    near: "clippy `await_holding_lock`, distantly; tokio's advice against blocking in tasks.",
    bad: "\
go!({
    std::thread::sleep(Duration::from_secs(1));
}).join().unwrap();",
    good: "\
go!({
    gochan::time::sleep(Duration::from_secs(1));
}).join().unwrap();",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    for (body, _, event) in code.everywhere() {
        let Some((what, instead)) = blocks_thread(code, &event.kind).filter(|_| code.is_in_goroutine(body))
        else {
            continue;
        };
        found.push(
            code.finding(LINT.id, event.span, format!("{what} blocks every goroutine of this worker"))
                .label("blocks the thread")
                .help(instead),
        );
    }
}

fn blocks_thread(code: Code<'_>, kind: &EventKind) -> Option<(&'static str, &'static str)> {
    match kind {
        EventKind::Unknown(call) if !call.is_method => {
            if Code::is_path(call, &["thread", "sleep"]) {
                Some(("`thread::sleep`", "use `gochan::time::sleep`"))
            } else if Code::is_path(call, &["thread", "park"])
                || Code::is_path(call, &["thread", "park_timeout"])
            {
                Some(("`thread::park`", "wait on a channel or a `gochan::sync::Cond`"))
            } else {
                None
            }
        }
        EventKind::Unknown(call) => {
            let std = call.receiver.is_some_and(|receiver| *code.kind(receiver) == Kind::ThreadBlocking);
            let waits = matches!(call.path[0].as_str(), "recv" | "recv_timeout" | "wait" | "iter" | "next");
            (std && waits).then_some((
                "this wait of std",
                "use gochan's channel, `WaitGroup` or `Cond`, or `blocking(…)`",
            ))
        }
        EventKind::Join(Some(handle), _) if *code.kind(*handle) == Kind::ThreadBlocking => Some((
            "joining a thread",
            "join it in `blocking(…)`, or let it send on a channel when it is done",
        )),
        EventKind::CondWait(_, Flavour::Blocking) => Some(("this `Condvar`", "use `gochan::sync::Cond`")),
        _ => None,
    }
}
