//! Questions about paths through a body.

use crate::ir::{BlockId, Body, BodyId, BodyKind, Function};
use crate::link::{Event, EventKind, Linked, Program};
use std::collections::VecDeque;

/// A function, its graphs and what happens in them.
#[derive(Clone, Copy)]
pub struct Code<'p> {
    /// The program.
    pub program: &'p Program,
    /// Which function.
    pub index: usize,
    /// As it was read.
    pub function: &'p Function,
    /// As it was linked.
    pub linked: &'p Linked,
}

impl<'p> Code<'p> {
    /// A function of the program.
    #[must_use]
    pub fn of(program: &'p Program, index: usize) -> Code<'p> {
        Code { program, index, function: program.function(index), linked: &program.functions[index] }
    }

    /// All bodies.
    pub fn bodies(self) -> impl Iterator<Item = (BodyId, &'p Body)> {
        self.function.bodies.iter().zip(0..).map(|(body, index)| (BodyId(index), body))
    }

    /// A body.
    #[must_use]
    pub fn body(self, body: BodyId) -> &'p Body {
        &self.function.bodies[body.at()]
    }

    /// What happens in a block.
    #[must_use]
    pub fn events(self, body: BodyId, block: BlockId) -> &'p [Event] {
        &self.linked.events[body.at()][block.at()].0
    }

    /// Everything that happens in a body.
    pub fn all(self, body: BodyId) -> impl Iterator<Item = (BlockId, &'p Event)> {
        let blocks = self.linked.events[body.at()].iter().zip(0..);
        blocks.flat_map(|(events, block)| events.0.iter().map(move |event| (BlockId(block), event)))
    }

    /// Everything that happens in the function, with its body.
    pub fn everywhere(self) -> impl Iterator<Item = (BodyId, BlockId, &'p Event)> {
        self.bodies()
            .flat_map(move |(body, _)| self.all(body).map(move |(block, event)| (body, block, event)))
    }

    /// The goroutine, or the function itself, whose thread of control a body belongs to.
    #[must_use]
    pub fn agent(self, mut body: BodyId) -> BodyId {
        loop {
            let this = self.body(body);
            match this.parent {
                Some(parent) if this.kind != BodyKind::Goroutine => body = parent,
                _ => return body,
            }
        }
    }

    /// True if `inner` is `outer` or written somewhere inside of it.
    #[must_use]
    pub fn is_within(self, inner: BodyId, outer: BodyId) -> bool {
        let mut body = Some(inner);
        while let Some(this) = body {
            if this == outer {
                return true;
            }
            body = self.body(this).parent;
        }
        false
    }

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

    /// True if an event for which `is` holds can come after place number `place` of `block`.
    #[must_use]
    pub fn can_follow(
        self,
        body: BodyId,
        block: BlockId,
        place: usize,
        is: impl Fn(&EventKind) -> bool,
    ) -> Option<&'p Event> {
        let events = self.events(body, block);
        if let Some(event) = events[place + 1..].iter().find(|event| is(&event.kind)) {
            return Some(event);
        }
        let blocks = &self.body(body).blocks;
        let mut seen = vec![false; blocks.len()];
        let mut queue: VecDeque<BlockId> = blocks[block.at()].next.iter().copied().collect();
        while let Some(next) = queue.pop_front() {
            if next.at() >= blocks.len() || std::mem::replace(&mut seen[next.at()], true) {
                continue;
            }
            if let Some(event) = self.events(body, next).iter().find(|event| is(&event.kind)) {
                return Some(event);
            }
            queue.extend(&blocks[next.at()].next);
        }
        None
    }
}
