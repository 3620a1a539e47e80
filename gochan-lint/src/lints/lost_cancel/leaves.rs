//! How a context leaves the scope of its handle.

use crate::analysis::Code;
use crate::ir::{Arg, BlockId, BodyId, Call, ObjectId, Where};
use crate::link::{Effect, Event, EventKind, Kind, Started};
use std::collections::{HashMap, HashSet};

/// The events of a function, without those that every exit repeats for each variable in scope.
pub(super) struct Events<'p> {
    pub(super) all: Vec<(BodyId, BlockId, usize, &'p Event)>,
    /// Where the scope of each object ends.
    ends: HashMap<ObjectId, Vec<(BlockId, usize)>>,
}

impl<'p> Events<'p> {
    pub(super) fn of(code: Code<'p>) -> Events<'p> {
        let mut events = Events { all: Vec::new(), ends: HashMap::new() };
        for (body, _) in code.bodies() {
            for (block, place, event) in code.places(body) {
                match event.kind {
                    EventKind::ScopeEnd(object) => {
                        events.ends.entry(object).or_default().push((block, place));
                    }
                    EventKind::RunDeferred(_) => {}
                    _ => events.all.push((body, block, place, event)),
                }
            }
        }
        events
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &'p Event> {
        self.all.iter().map(|(.., event)| *event)
    }
}

/// How the context leaves the scope.
pub(super) fn escapes(
    code: Code<'_>,
    events: &Events<'_>,
    context: ObjectId,
    id: ObjectId,
) -> Option<&'static str> {
    let handle = code.object(id);
    // A handle with a name that begins with `_` is kept for the code that follows, if any.
    let kept = handle.name.starts_with('_');
    events.all.iter().find_map(|&(body, block, place, event)| {
        let ends = |kind: &EventKind| matches!(kind, EventKind::ScopeEnd(ended) if *ended == id);
        // A value that escapes just before a send is sent.
        let sends = code
            .events(body, block)
            .get(place + 1)
            .is_some_and(|next| matches!(next.kind, EventKind::Send(..)));
        let after = place + usize::from(sends);
        // A closure runs in place.
        let goes_on = || {
            body != handle.body
                || code.can_follow_until(body, block, after, |kind| takes_time(code, kind), ends).is_some()
        };
        let stored = match &event.kind {
            EventKind::Escape(escaped, Where::Returned) if *escaped == context && body == handle.body => {
                return Some("handed on");
            }
            EventKind::Escape(escaped, Where::Stored) => *escaped == context,
            EventKind::Unknown(call) => keeps(code, call, context),
            _ => false,
        };
        if stored && body == handle.body {
            return (!kept || !goes_on()).then_some("handed on");
        }
        let escapes = match &event.kind {
            EventKind::Spawn(Started::Function(_, handed), ..) => handed.contains(&Some(context)),
            EventKind::Spawn(Started::Unknown(objects), ..) => objects.contains(&context),
            EventKind::Spawn(Started::Body(inner), ..) => {
                code.captures(*inner, context) || waits_for_end(code, *inner, context)
            }
            _ => false,
        };
        // Code that waits afterwards may wait for this goroutine.
        let waits = |kind: &EventKind| crate::link::blocks(code.program, kind);
        let lost =
            escapes && if kept { !goes_on() } else { code.can_follow(body, block, place, waits).is_none() };
        lost.then_some("used by a goroutine")
    })
}

/// True for objects that may outlive the scope.
fn takes_time(code: Code<'_>, kind: &EventKind) -> bool {
    match kind {
        EventKind::Call(..) | EventKind::RunDeferred(_) => true,
        EventKind::Unknown(call) => !call.path.last().is_some_and(|name| name.ends_with('!')),
        kind => crate::link::blocks(code.program, kind),
    }
}

/// True if a call takes the context by value and may keep it.
pub(super) fn is_kept(code: Code<'_>, events: &Events<'_>, context: ObjectId) -> bool {
    events.iter().any(|event| match &event.kind {
        EventKind::Unknown(call) if !call.is_method => call
            .args
            .iter()
            .any(|arg| !arg.by_ref && arg.object.is_some_and(|given| code.linked.root(given) == context)),
        EventKind::Call(callee, handed) => {
            code.given(*callee, handed).any(|given| given == context)
                && code.effect(event, context).has(Effect::ESCAPES)
        }
        _ => false,
    })
}

/// True for `contexts.push(ctx)` and the like.
fn keeps(code: Code<'_>, call: &Call, context: ObjectId) -> bool {
    const KEEP: [&str; 7] = ["push", "push_back", "push_front", "insert", "set", "replace", "store"];
    let given = |arg: &Arg| !arg.by_ref && arg.object.is_some_and(|given| code.linked.root(given) == context);
    call.is_method && KEEP.contains(&call.path[0].as_str()) && call.args.iter().any(given)
}

/// The context is used after the end of the handle's scope.
pub(super) fn outlives(
    code: Code<'_>,
    events: &Events<'_>,
    context: ObjectId,
    handle: ObjectId,
) -> Option<&'static str> {
    let home = code.object(handle).body;
    let uses: Vec<(BlockId, usize)> = events
        .all
        .iter()
        .filter(|(body, _, _, event)| {
            *body == home && !matches!(event.kind, EventKind::New(_)) && code.mentions(event, context)
        })
        .map(|&(_, block, place, _)| (block, place))
        .collect();
    let made = |block: BlockId| {
        let events = code.events(home, block).iter();
        events.clone().position(|event| matches!(event.kind, EventKind::New(made) if made == handle))
    };
    // A use in a block, after a place and before the handle is made again.
    let used = |block: BlockId, from: usize, until: usize| {
        uses.iter().any(|&(at, place)| at == block && place >= from && place < until)
    };
    let blocks = &code.body(home).blocks;
    let late = events.ends.get(&handle)?.iter().any(|&(block, place)| {
        if used(block, place, usize::MAX) {
            return true;
        }
        let mut seen = HashSet::new();
        let mut queue = blocks[block.at()].next.clone();
        while let Some(next) = queue.pop() {
            if next.at() >= blocks.len() || !seen.insert(next) {
                continue;
            }
            let again = made(next);
            if used(next, 0, again.unwrap_or(usize::MAX)) {
                return true;
            }
            if again.is_none() {
                queue.extend(&blocks[next.at()].next);
            }
        }
        false
    });
    late.then_some("used behind the scope")
}

fn waits_for_end(code: Code<'_>, inside: BodyId, context: ObjectId) -> bool {
    let done = |channel: ObjectId| *code.kind(channel) == Kind::Done(context);
    let bodies = code.within(inside);
    bodies.flat_map(|(body, _)| code.all(body)).any(|(_, event)| match &event.kind {
        EventKind::Arm(arm) => arm.channel.is_some_and(done),
        EventKind::Recv(channel, ..) => done(*channel),
        _ => false,
    })
}
