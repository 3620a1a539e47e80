//! Paths through a body: which events can come before and after others.

use super::code::Code;
use crate::ir::{BlockId, BodyId, ObjectId};
use crate::link::{Event, EventKind};
use std::collections::VecDeque;

impl<'p> Code<'p> {
    /// Follows every path from the beginning of a body. `step` changes the state at each event; where paths meet their
    /// states are joined until nothing changes.
    pub fn forward<S: Clone + PartialEq>(
        self,
        body: BodyId,
        start: S,
        join: impl Fn(&S, &S) -> S,
        mut step: impl FnMut(&mut S, &'p Event, BlockId),
    ) {
        let blocks = &self.body(body).blocks;
        let mut states: Vec<Option<S>> = vec![None; blocks.len()];
        if blocks.is_empty() {
            return;
        }
        states[0] = Some(start);
        let mut queue = VecDeque::from([BlockId(0)]);
        while let Some(block) = queue.pop_front() {
            let Some(mut state) = states[block.at()].clone() else { continue };
            for event in self.events(body, block) {
                step(&mut state, event, block);
            }
            for &next in &blocks[block.at()].next {
                let Some(slot) = states.get_mut(next.at()) else { continue };
                let joined = slot.as_ref().map_or_else(|| state.clone(), |known| join(known, &state));
                if slot.as_ref() != Some(&joined) {
                    *slot = Some(joined);
                    queue.push_back(next);
                }
            }
        }
    }

    /// The first event found for which `is` holds and that can come after event number `place` of `block`.
    #[must_use]
    pub fn can_follow(
        self,
        body: BodyId,
        block: BlockId,
        place: usize,
        is: impl Fn(&EventKind) -> bool,
    ) -> Option<&'p Event> {
        self.can_follow_until(body, block, place, is, |_| false)
    }

    /// Like [`Code::can_follow`], on paths without an event for which `stops` holds.
    #[must_use]
    pub fn can_follow_until(
        self,
        body: BodyId,
        block: BlockId,
        place: usize,
        is: impl Fn(&EventKind) -> bool,
        stops: impl Fn(&EventKind) -> bool,
    ) -> Option<&'p Event> {
        let look = |events: &'p [Event]| {
            events
                .iter()
                .find(|event| is(&event.kind) || stops(&event.kind))
                .map(|event| (event, is(&event.kind)))
        };
        match look(&self.events(body, block)[place + 1..]) {
            Some((event, true)) => return Some(event),
            Some(_) => return None,
            None => {}
        }
        let blocks = &self.body(body).blocks;
        let mut seen = vec![false; blocks.len()];
        let mut queue: VecDeque<BlockId> = blocks[block.at()].next.iter().copied().collect();
        while let Some(next) = queue.pop_front() {
            if next.at() >= blocks.len() || std::mem::replace(&mut seen[next.at()], true) {
                continue;
            }
            match look(self.events(body, next)) {
                Some((event, true)) => return Some(event),
                Some(_) => continue,
                None => {}
            }
            queue.extend(&blocks[next.at()].next);
        }
        None
    }

    /// All events that can come after event number `place` of `block`.
    #[must_use]
    pub fn following(self, body: BodyId, block: BlockId, place: usize) -> Vec<(BlockId, &'p Event)> {
        let mut found: Vec<_> =
            self.events(body, block)[place + 1..].iter().map(|event| (block, event)).collect();
        let after = self.reachable(body, block);
        let blocks = (0..after.len()).filter(|&index| after[index]).map(|index| BlockId(index as u32));
        found.extend(blocks.flat_map(|next| self.events(body, next).iter().map(move |event| (next, event))));
        found
    }

    /// Like [`Code::following`], on paths without an event for which `stops` holds that do not enter block `avoided`.
    #[must_use]
    pub fn following_until(
        self,
        body: BodyId,
        block: BlockId,
        place: usize,
        avoided: Option<BlockId>,
        stops: impl Fn(&EventKind) -> bool,
    ) -> Vec<(BlockId, &'p Event)> {
        let blocks = &self.body(body).blocks;
        let mut found = Vec::new();
        let mut seen = vec![false; blocks.len()];
        if let Some(avoided) = avoided {
            seen[avoided.at()] = true;
        }
        let mut queue = VecDeque::from([(block, place + 1)]);
        while let Some((block, from)) = queue.pop_front() {
            let events = &self.events(body, block)[from..];
            let open = events.iter().take_while(|event| !stops(&event.kind)).count();
            found.extend(events[..open].iter().map(|event| (block, event)));
            if open == events.len() {
                let next = blocks[block.at()].next.iter().copied();
                let next = next.filter(|next| next.at() < blocks.len());
                queue.extend(
                    next.filter(|next| !std::mem::replace(&mut seen[next.at()], true)).map(|next| (next, 0)),
                );
            }
        }
        found
    }

    /// The blocks that can be reached from the end of `block`.
    #[must_use]
    pub fn reachable(self, body: BodyId, block: BlockId) -> Vec<bool> {
        let blocks = &self.body(body).blocks;
        let mut seen = vec![false; blocks.len()];
        let mut queue: Vec<BlockId> = blocks[block.at()].next.clone();
        while let Some(next) = queue.pop() {
            if next.at() < blocks.len() && !std::mem::replace(&mut seen[next.at()], true) {
                queue.extend(&blocks[next.at()].next);
            }
        }
        seen
    }

    /// The blocks of the loop around `block`: those that can come after it and before it again. Empty if there is no
    /// loop.
    #[must_use]
    pub fn cycle(self, body: BodyId, block: BlockId) -> Vec<BlockId> {
        let after = self.reachable(body, block);
        if !after[block.at()] {
            return Vec::new();
        }
        let blocks = (0..after.len()).map(|index| BlockId(index as u32));
        blocks
            .filter(|&other| after[other.at()] && (other == block || self.reachable(body, other)[block.at()]))
            .collect()
    }

    /// True if the body can end.
    #[must_use]
    pub fn can_end(self, body: BodyId) -> bool {
        let blocks = &self.body(body).blocks;
        blocks.len() < 2 || self.reachable(body, BlockId(0))[blocks.len() - 1]
    }

    /// The head of the loop around a close in `block`, if the close happens only on the last turn: it tests a flag or a
    /// count, or depends on a condition in a loop over the channel itself.
    #[must_use]
    pub fn last_turn(self, body: BodyId, block: BlockId, channel: ObjectId) -> Option<BlockId> {
        let blocks = &self.body(body).blocks;
        let around = self.cycle(body, block);
        let head = *around.iter().min()?;
        let ranged = self
            .events_in(body, &around)
            .any(|(_, event)| matches!(event.kind, EventKind::Range(over, _) if over == channel));
        let conditional = blocks[block.at()].branches > blocks[head.at()].branches;
        (blocks[block.at()].guarded || ranged && conditional).then_some(head)
    }
}
