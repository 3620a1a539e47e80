//! A ticker that nobody stops.

use super::prelude::*;

pub(super) const LINT: Lint = Lint {
    id: "tick_never_stopped",
    level: Level::Warn,
    summary: "a `tick` in a function that returns: it cannot be stopped",
    explanation: "\
`tick(d)` returns only the channel of a ticker, so the ticker cannot be stopped: it is meant for tickers that live \
as long as the program. After the function has returned, the ticker lives as long as any handle of the channel. \
`Ticker::new(d)` with `defer!(ticker.stop())` stops with the function, whatever handles remain.",
    at_run_time: "\
Ticks continue while a handle of the channel lives.",
    near: "staticcheck SA1015.",
    bad: "\
fn three_times() {
    let beat = tick(Duration::from_secs(1));
    for _ in 0..3 { recv!(beat, ok); }
}",
    good: "\
fn three_times() {
    let beat = Ticker::new(Duration::from_secs(1));
    defer!(beat.stop());
    for _ in 0..3 { beat.channel().recv(); }
}",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    if code.function.is_main || code.function.is_test {
        return;
    }
    for (tick, object) in code.objects() {
        let Origin::Call(path, _) = &object.origin else { continue };
        let is_ticker = *code.kind(tick) == Kind::Timer
            && path.iter().any(|part| part == "Ticker")
            && !code.everywhere().any(|(_, _, event)| match &event.kind {
                EventKind::Unknown(call) => {
                    call.path.last().is_some_and(|name| name == "stop") && code.mentions(event, tick)
                }
                _ => false,
            });
        // The beat of a loop that serves until its context ends.
        let serves = code.everywhere().any(|(body, block, event)| {
            let looped = code.body(body).blocks[block.at()].loops > object.loops;
            let EventKind::Select(select) = &event.kind else { return false };
            let has =
                |is: &dyn Fn(ObjectId) -> bool| select.arms.iter().any(|arm| arm.channel.is_some_and(is));
            looped
                && has(&|channel| channel == tick)
                && has(&|channel| matches!(code.kind(channel), Kind::Done(_)))
        });
        if (*code.kind(tick) == Kind::Tick && !serves || is_ticker)
            && code.can_end(object.body)
            && !code.escapes(tick)
        {
            found.push(
                code.finding(&LINT, object.span, "this ticker cannot be stopped, and the function returns")
                    .label("ticks as long as a handle of its channel lives")
                    .help("use `Ticker::new(…)` and `defer!(ticker.stop())`"),
            );
        }
    }
}
