//! A nil channel outside of `select!`.

use super::prelude::*;

pub(super) const LINT: Lint = Lint {
    id: "nil_channel",
    level: Level::Warn,
    summary: "an operation on a nil channel outside of `select!`",
    explanation: "\
Every operation on a nil channel waits for ever, and `close!` panics with `close of nil channel`. In `select!` that is useful, it switches an arm off; anywhere else the goroutine is gone: `all goroutines are asleep - deadlock!`.",
    at_run_time: "`fatal error: all goroutines are asleep - deadlock!` if nobody else can run; otherwise a goroutine in the dump that waits for ever, which `#[gochan::test]` reports as leaked, in `nil channel`; a close panics: `close of nil channel`.",
    near: "none in go vet; rustc knows no nil.",
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
                code.finding(&LINT, event.span, format!("`{name}` is a nil channel"))
                    .label("waits for ever")
                    .help("make it with `chan!`, or use it as an arm of `select!` that is off"),
            );
        }
    }
}
