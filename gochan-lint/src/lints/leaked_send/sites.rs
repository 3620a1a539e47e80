//! Where goroutines send on a channel and receive from it, also in the functions that they call.

use crate::analysis::{Code, seen_inside};
use crate::ir::{BodyId, ObjectId};
use crate::link::{Effect, Event, EventKind, Started};
use crate::source::Span;

/// How many levels of calls are followed.
const DEPTH: u32 = 4;

/// An operation on a channel.
pub(super) struct Site<'p> {
    /// The function that contains it.
    pub(super) code: Code<'p>,
    pub(super) body: BodyId,
    pub(super) event: &'p Event,
    /// The channel in that function.
    pub(super) channel: ObjectId,
    /// The body of the first function that leads to it.
    pub(super) from: BodyId,
    /// It is in a loop, or in a function that is called in one.
    pub(super) repeats: bool,
}

/// The operations on a channel with this effect. `None` if one of them cannot be followed.
pub(super) fn sites<'p>(code: Code<'p>, channel: ObjectId, effect: Effect) -> Option<Vec<Site<'p>>> {
    let mut found = Vec::new();
    collect(code, channel, effect, None, false, DEPTH, &mut found)?;
    Some(found)
}

fn collect<'p>(
    code: Code<'p>,
    channel: ObjectId,
    effect: Effect,
    from: Option<BodyId>,
    repeats: bool,
    depth: u32,
    found: &mut Vec<Site<'p>>,
) -> Option<()> {
    for (body, block, event) in code.everywhere() {
        if !code.effect(event, channel).has(effect) {
            continue;
        }
        let home = from.unwrap_or(body);
        let repeats = repeats || code.body(body).blocks[block.at()].loops > code.object(channel).loops;
        match &event.kind {
            EventKind::Call(callee, handed) | EventKind::Spawn(Started::Function(callee, handed), ..) => {
                let inside = seen_inside(code, *callee, handed, channel)?;
                let depth = depth.checked_sub(1)?;
                let there = Code::of(code.program, *callee);
                let before = found.len();
                collect(there, inside, effect, Some(home), repeats, depth, found)?;
                if found.len() == before {
                    return None;
                }
            }
            _ => found.push(Site { code, body, event, channel, from: home, repeats }),
        }
    }
    Some(())
}

impl Site<'_> {
    pub(super) fn span(&self) -> Span {
        self.event.span
    }

    pub(super) fn unit(&self) -> usize {
        self.code.linked.unit
    }
}
