//! A send that only its own goroutine could receive.

use super::prelude::*;

pub(super) const LINT: Lint = Lint {
    id: "self_deadlock_send",
    level: Level::Deny,
    summary: "a send that waits for a later receive of the same goroutine",
    explanation: "\
A send on an unbuffered channel waits for a receiver, and so does the send that exceeds the capacity of a buffer. If \
the only receive comes later in the same goroutine, the send waits forever: `all goroutines are asleep - deadlock!`, \
or a goroutine that never continues.

Start the receiver first, give the channel the capacity it needs, or send from a separate goroutine.",
    at_run_time: "\
`fatal error: all goroutines are asleep - deadlock!` if no other goroutine can run; otherwise the dump shows a \
goroutine that waits forever in `chan send`, which `#[gochan::test]` reports as leaked.",
    near: "none in go vet or staticcheck.",
    bad: "\
let ch = chan!(u32);
send!(ch <- 1);
println!(\"{}\", recv!(ch));",
    good: "\
let ch = chan!(u32, 1);
send!(ch <- 1);
println!(\"{}\", recv!(ch));",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    for (channel, object) in code.objects() {
        let Some(Capacity::Exactly(capacity)) = code.made_here(channel) else { continue };
        let mut places = Vec::new();
        code.forward(
            object.body,
            State { sent: Vec::new(), total: 0, shared: false },
            |a, b| {
                let fuller = if b.total > a.total { b } else { a };
                State { shared: a.shared || b.shared, ..fuller.clone() }
            },
            |state, event, block| {
                let captured = match &event.kind {
                    EventKind::Spawn(Started::Body(inner), ..) | EventKind::RunDeferred(inner) => {
                        code.captures(*inner, channel)
                    }
                    _ => false,
                };
                match &event.kind {
                    EventKind::Send(sent, Face::Panics | Face::Checked) if *sent == channel => {
                        if state.shared {
                            // On a way that was followed before this one it looked otherwise.
                            places.retain(|place| *place != event.span);
                            return;
                        }
                        if state.sent.contains(&event.span) {
                            return;
                        }
                        let graph = &code.body(object.body).blocks[block.at()];
                        let around = code.cycle(object.body, block);
                        let drained =
                            code.events_in(object.body, &around).any(|(_, event)| match event.kind {
                                EventKind::RunDeferred(inner) => code.captures(inner, channel),
                                _ => code.effect(event, channel).has(Effect::RECEIVES.and(Effect::ESCAPES)),
                            });
                        let turns = if graph.branches > 0 && graph.loops > object.loops || drained {
                            Some(1)
                        } else if graph.loops > object.loops {
                            graph.turns.filter(|_| object.loops == 0)
                        } else {
                            Some(1)
                        };
                        match turns {
                            Some(turns) if state.total.saturating_add(turns) > capacity => {
                                places.push(event.span);
                            }
                            None if capacity == 0 => places.push(event.span),
                            None => state.shared = true,
                            Some(_) => {}
                        }
                        state.total = state.total.saturating_add(turns.unwrap_or(1));
                        state.sent.push(event.span);
                    }
                    EventKind::New(made) if *made == channel => {
                        *state = State { sent: Vec::new(), total: 0, shared: false };
                    }
                    EventKind::ScopeEnd(_) | EventKind::New(_) => {}
                    _ if captured || code.mentions(event, channel) => state.shared = true,
                    _ => {}
                }
            },
        );
        places.sort_unstable();
        if let Some(first) = places.first() {
            let name = code.name(channel);
            found.push(
                code.finding(
                    &LINT,
                    *first,
                    format!("no other goroutine can receive from `{name}` while this send waits"),
                )
                .label("waits forever")
                .note(object.span, format!("holds {capacity}"))
                .help("start the receiver before, or give the channel the capacity it needs"),
            );
        }
    }
}

#[derive(Clone, PartialEq)]
struct State {
    sent: Vec<Span>,
    total: u64,
    /// Others may have it, or it was received from.
    shared: bool,
}
