//! A nil channel outside of `select!`.

use super::prelude::*;

pub(super) const LINT: Lint = Lint {
    id: "nil_channel",
    level: Level::Warn,
    summary: "an operation on a nil channel outside `select!`",
    explanation: "\
Every operation on a nil channel waits forever, and `close!` panics with `close of nil channel`. In `select!` this \
is useful, because it disables an arm. Anywhere else the goroutine never continues: `all goroutines are asleep - \
deadlock!`.",
    at_run_time: "\
`fatal error: all goroutines are asleep - deadlock!` if no other goroutine can run; otherwise the dump shows a \
goroutine that waits forever in `nil channel`, which `#[gochan::test]` reports as leaked. A close panics: `close of \
nil channel`.",
    near: "none in go vet; rustc has no nil.",
    bad: "\
let ch: Chan<u32> = Chan::nil();
ch.recv();",
    good: "\
let ch: Chan<u32> = Chan::nil();
select! {
    n = <-ch => println!(\"{n}\"),
    default => println!(\"off\"),
}",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    for (_, _, event) in code.everywhere() {
        let channel = match event.kind {
            EventKind::Send(channel, Face::Panics | Face::Checked)
            | EventKind::Recv(channel, _, Stops::Goroutine | Stops::Task)
            | EventKind::Range(channel, _)
            | EventKind::Close(channel, Face::Panics) => channel,
            _ => continue,
        };
        if *code.kind(channel) == Kind::Nil && !code.object(channel).blurred {
            let name = code.name(channel);
            found.push(
                code.finding(LINT.id, event.span, format!("`{name}` is a nil channel"))
                    .label("waits forever")
                    .help("make it with `chan!`, or use it as an arm of `select!` that is off"),
            );
        }
    }
}
