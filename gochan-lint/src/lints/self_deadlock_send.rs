//! A send that only its own goroutine could receive.

use super::prelude::*;
use crate::ir::Object;

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
        let Some(send) = (Channel { code, id: channel, object, capacity }).first_stuck_send() else {
            continue;
        };
        let name = code.name_at(send, channel);
        let message = format!("no other goroutine can receive from `{name}` while this send waits");
        found.push(
            code.finding(LINT.id, send, message)
                .label("waits forever")
                .note(object.span, format!("holds {capacity}"))
                .help("start the receiver before, or give the channel the capacity it needs"),
        );
    }
}

/// How many levels of calls are followed.
const DEPTH: u32 = 4;

/// A channel, followed through the body that makes it.
#[derive(Clone, Copy)]
struct Channel<'p> {
    code: Code<'p>,
    id: ObjectId,
    object: &'p Object,
    capacity: u64,
}

/// What has happened to the channel on a path.
#[derive(Clone, PartialEq, Default)]
struct State {
    sent: Vec<Span>,
    total: u64,
    /// Another goroutine may have it, or it was received from.
    shared: bool,
}

impl State {
    /// Where two paths meet: the fuller channel, shared if it is shared on either.
    fn join(a: &State, b: &State) -> State {
        let fuller = if b.total > a.total { b } else { a };
        State { shared: a.shared || b.shared, ..fuller.clone() }
    }
}

impl Channel<'_> {
    fn first_stuck_send(self) -> Option<Span> {
        let mut stuck = Vec::new();
        self.code.forward(
            self.object.body,
            State::default(),
            State::join,
            |state, event, block| match &event.kind {
                EventKind::Send(sent, Face::Panics | Face::Checked) if *sent == self.id => {
                    self.send(state, event.span, block, &mut stuck);
                }
                EventKind::New(made) if *made == self.id => *state = State::default(),
                EventKind::Call(callee, handed) if self.code.effect(event, self.id).has(Effect::SENDS) => {
                    let begins = Begins::of(self.code, *callee, handed, self.id, DEPTH);
                    if begins != Begins::Other {
                        self.send(state, event.span, block, &mut stuck);
                    }
                    state.shared |= begins != Begins::SendsOnly;
                }
                EventKind::ScopeEnd(_) | EventKind::New(_) => {}
                _ if self.is_captured_by(event) || self.is_given(event) => state.shared = true,
                _ => {}
            },
        );
        stuck.into_iter().min()
    }

    fn send(self, state: &mut State, span: Span, block: BlockId, stuck: &mut Vec<Span>) {
        if state.shared {
            // A path that was followed earlier reached this send with the channel still unshared.
            stuck.retain(|send| *send != span);
            return;
        }
        if state.sent.contains(&span) {
            return;
        }
        let turns = self.turns(block);
        match turns {
            Some(turns) if state.total.saturating_add(turns) > self.capacity => stuck.push(span),
            None if self.capacity == 0 => stuck.push(span),
            None => state.shared = true,
            Some(_) => {}
        }
        state.total = state.total.saturating_add(turns.unwrap_or(1));
        state.sent.push(span);
    }

    /// How often a send in `block` surely runs before something is received; none if that is unknown.
    fn turns(self, block: BlockId) -> Option<u64> {
        let graph = &self.code.body(self.object.body).blocks[block.at()];
        if graph.loops <= self.object.loops || graph.branches > 0 || self.is_drained_around(block) {
            return Some(1);
        }
        graph.turns.filter(|_| self.object.loops == 0)
    }

    /// True if the loop around `block` receives from the channel, or may.
    fn is_drained_around(self, block: BlockId) -> bool {
        let around = self.code.cycle(self.object.body, block);
        self.code.events_in(self.object.body, &around).any(|(_, event)| match event.kind {
            EventKind::RunDeferred(inner) => self.code.captures(inner, self.id),
            _ => self.code.effect(event, self.id).has(Effect::RECEIVES.and(Effect::ESCAPES)),
        })
    }

    /// True if an event does something else with the channel, or with the structure that contains it.
    fn is_given(self, event: &Event) -> bool {
        if self.code.mentions(event, self.id) || self.code.effect(event, self.id) != Effect::default() {
            return true;
        }
        let structure = self.code.holder(self.id);
        // What a known function does with the channel is its effect.
        let known = matches!(event.kind, EventKind::Call(..) | EventKind::Use(_));
        structure != self.id && !known && self.code.mentions(event, structure)
    }

    fn is_captured_by(self, event: &Event) -> bool {
        match &event.kind {
            EventKind::Spawn(Started::Body(inner), ..) | EventKind::RunDeferred(inner) => {
                self.code.captures(*inner, self.id)
            }
            _ => false,
        }
    }
}

/// How a function begins what it does with a channel.
#[derive(Clone, Copy, PartialEq)]
enum Begins {
    /// It sends once, and does nothing else.
    SendsOnly,
    /// It sends first.
    Sends,
    /// In another way.
    Other,
}

impl Begins {
    fn of(
        code: Code<'_>,
        callee: usize,
        handed: &[Option<ObjectId>],
        channel: ObjectId,
        depth: u32,
    ) -> Begins {
        let Some(inside) = seen_inside(code, callee, handed, channel).filter(|_| depth > 0) else {
            return Begins::Other;
        };
        let there = Code::of(code.program, callee);
        let mut events = there.places(BodyId(0)).filter(|(_, _, event)| {
            let captures = match &event.kind {
                EventKind::Spawn(Started::Body(inner), ..) | EventKind::RunDeferred(inner) => {
                    there.captures(*inner, inside)
                }
                _ => false,
            };
            captures || there.effect(event, inside) != Effect::default()
        });
        let Some((block, _, event)) = events.next() else { return Begins::Other };
        let graph = &there.body(BodyId(0)).blocks[block.at()];
        if graph.branches > 0 || graph.loops > 0 || graph.flagged {
            return Begins::Other;
        }
        let begins = match &event.kind {
            EventKind::Send(sent, Face::Panics | Face::Checked) if *sent == inside => Begins::SendsOnly,
            EventKind::Call(callee, handed) => Begins::of(there, *callee, handed, inside, depth - 1),
            _ => Begins::Other,
        };
        match (begins, events.next()) {
            (Begins::SendsOnly, Some(_)) => Begins::Sends,
            (begins, _) => begins,
        }
    }
}
