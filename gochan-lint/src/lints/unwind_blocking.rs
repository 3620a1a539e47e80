//! Waiting while unwinding.

use super::prelude::*;

pub(super) const LINT: Lint = Lint {
    id: "unwind_blocking",
    level: Level::Warn,
    summary: "an operation that waits, in a `Drop` impl or a `defer!`: it may run while unwinding",
    explanation: "\
Destructors and deferred calls also run while a panic unwinds. A goroutine does not switch then, because other \
goroutines would see that the thread is panicking. Instead the thread itself blocks, with every goroutine of its \
worker; if the awaited goroutine is among them, the process is aborted.

Use operations that do not wait: close, cancel, `try_send`, a buffered channel.",
    at_run_time: "\
The process is aborted if the awaited goroutine can only run on this worker; otherwise the worker's thread blocks.",
    near: "none for Rust; clang-tidy's `bugprone-exception-escape` checks destructors in a similar way.",
    bad: "\
let (done, finished) = (chan!(u32), chan!(u32));
go!([done] { recv!(done); });
defer!(send!(done <- 1));
work(1);",
    good: "\
let (done, finished) = (chan!(u32), chan!(u32));
go!([done] { done.recv(); });
defer!(close!(done));
work(1);",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    let drops = code.function.of_trait.as_deref() == Some("Drop") && code.function.name == "drop";
    for (body, graph) in code.bodies() {
        let deferred = graph.kind == BodyKind::Defer;
        if !(deferred || drops && !code.is_apart(code.agent(body))) {
            continue;
        }
        let asks = code.all(body).any(|(_, event)| matches!(&event.kind, EventKind::Unknown(call) if call.path.last().is_some_and(|name| name == "panicking")));
        if asks {
            continue;
        }
        let waits = code.all(body).find(|(_, event)| match event.kind {
            // Operations on a buffer that return a slot, as in a semaphore.
            EventKind::Send(channel, _) | EventKind::Recv(channel, ..)
                if matches!(code.made_here(channel), Some(Capacity::Exactly(1..))) =>
            {
                false
            }
            EventKind::Recv(channel, ..) if deferred && is_place_in_semaphore(code, channel) => false,
            EventKind::Call(callee, ref handed) if deferred && gives_place_back(code, callee, handed) => {
                false
            }
            // A goroutine that the value owns ends with it.
            EventKind::Join(handle, _) => handle.is_some_and(|handle| {
                let owned = matches!(code.object(handle).origin, Origin::Field(..));
                *code.kind(handle) == Kind::JoinHandle && !(drops && owned)
            }),
            _ => crate::link::waits(code.program, &event.kind),
        });
        found.extend(waits.map(|(_, event)| {
            code.finding(LINT.id, event.span, "this may wait while a panic unwinds")
                .label("blocks the whole worker then")
                .help("use what does not wait: close, cancel, `try_send`, or a channel with room")
        }));
    }
}

/// True for a channel on which this function or its callers also send: the receive at the end returns the slot that the
/// send has taken.
fn is_place_in_semaphore(code: Code<'_>, channel: ObjectId) -> bool {
    let sends = |code: Code<'_>, channel: ObjectId| {
        code.everywhere().any(|(_, _, event)| code.effect(event, channel).has(Effect::SENDS))
    };
    if sends(code, channel) {
        return true;
    }
    let Some(param) = code.function.params.iter().position(|param| param.object == channel) else {
        return false;
    };
    let functions = (0..code.program.functions.len()).map(|function| Code::of(code.program, function));
    functions.into_iter().any(|caller| {
        caller.everywhere().any(|(_, _, event)| match &event.kind {
            EventKind::Call(callee, handed) | EventKind::Spawn(Started::Function(callee, handed), ..) => {
                let given = handed.get(param).copied().flatten().filter(|_| *callee == code.index);
                given.is_some_and(|given| sends(caller, given))
            }
            _ => false,
        })
    })
}

/// True for `self.release()` after `self.acquire()`: one receives from the field on which the other sends.
fn gives_place_back(code: Code<'_>, callee: usize, handed: &[Option<ObjectId>]) -> bool {
    let fields = code.program.functions[callee].summary.fields.iter();
    let mut received = fields
        .filter(|(_, effect)| effect.has(Effect::RECEIVES))
        .filter_map(|((index, name), _)| Some((handed.get(*index).copied().flatten()?, name)));
    received.any(|(base, name)| {
        code.everywhere().any(|(_, _, event)| match &event.kind {
            EventKind::Call(callee, handed) => {
                let fields = code.program.functions[*callee].summary.fields.iter();
                fields.into_iter().any(|((index, field), effect)| {
                    field == name
                        && effect.has(Effect::SENDS)
                        && handed.get(*index).copied().flatten() == Some(base)
                })
            }
            _ => false,
        })
    })
}
