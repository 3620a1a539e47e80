//! Registering an unbuffered channel for signals.

use super::prelude::*;

pub(super) const LINT: Lint = Lint {
    id: "unbuffered_signal",
    level: Level::Deny,
    summary: "an unbuffered channel is registered for signals",
    explanation: "\
Signal delivery does not wait: if no goroutine is receiving at that moment, a signal for an unbuffered channel is \
lost. `gochan::signal::notify` creates a channel of the right size; a registration that takes a channel needs a \
buffered one.",
    at_run_time: "\
Nothing: the signal is lost if no goroutine is receiving.",
    near: "go vet `sigchanyzer`, staticcheck SA1017.",
    bad: "\
let interrupts = chan!(u32);
notify(&interrupts, 2);
recv!(interrupts);",
    good: "\
let interrupts = chan!(u32, 1);
notify(&interrupts, 2);
recv!(interrupts);",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    for (_, _, event) in code.everywhere() {
        let given: Vec<ObjectId> = match &event.kind {
            EventKind::Unknown(call) if registers(&call.path) => {
                call.args.iter().filter_map(|arg| arg.object).map(|object| code.linked.root(object)).collect()
            }
            EventKind::Call(callee, handed) if code.program.function(*callee).name.starts_with("notify") => {
                handed.iter().flatten().copied().collect()
            }
            _ => continue,
        };
        let unbuffered =
            |id: &ObjectId| *code.kind(*id) == Kind::Channel(Side::Both, Some(Capacity::Exactly(0)));
        if let Some(channel) = given.into_iter().find(unbuffered) {
            let name = code.name(channel);
            found.push(
                code.finding(
                    LINT.id,
                    event.span,
                    format!("`{name}` is unbuffered: a signal that arrives while nothing receives is lost"),
                )
                .label("registered here")
                .note(code.object(channel).span, "unbuffered")
                .help("give the channel a capacity of at least 1"),
            );
        }
    }
}

fn registers(path: &[String]) -> bool {
    let last = path.last().map_or("", String::as_str);
    last.starts_with("notify") && last != "notify_one" && last != "notify_all"
        || path.len() > 1
            && path[path.len() - 2].starts_with("signal")
            && matches!(last, "register" | "subscribe")
}
