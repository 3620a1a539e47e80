//! What happens before what, in different goroutines.

use super::code::Code;
use super::effects::seen_inside;
use crate::ir::{BlockId, BodyId, BodyKind, ObjectId};
use crate::link::{Effect, Event, EventKind, Started, Wait};

impl<'p> Code<'p> {
    /// The channels and groups by which a goroutine says that it no longer does `what` with an object: it sends on
    /// them, closes them or calls `done` afterwards. `None` if it does not do that at all, or if its code is unknown.
    #[must_use]
    pub fn signals(self, started: &Started, what: Effect, object: ObjectId) -> Option<Vec<ObjectId>> {
        match started {
            Started::Body(inner) => self.signals_of(*inner, what, object),
            Started::Function(callee, handed) => {
                let there = Code::of(self.program, *callee);
                let inside = seen_inside(self, *callee, handed, object)?;
                let signals = there.signals_of(BodyId(0), what, inside)?;
                let outside = |signal: ObjectId| {
                    let param = there.function.params.iter().position(|param| param.object == signal)?;
                    handed.get(param).copied().flatten()
                };
                Some(signals.into_iter().filter_map(outside).collect())
            }
            Started::Unknown(_) => None,
        }
    }

    fn signals_of(self, agent: BodyId, what: Effect, object: ObjectId) -> Option<Vec<ObjectId>> {
        let does = |event: &Event| match event.kind {
            EventKind::RunDeferred(body) => {
                let mut within = self.within(body);
                within
                    .any(|(inner, _)| self.all(inner).any(|(_, event)| self.effect(event, object).has(what)))
            }
            _ => self.effect(event, object).has(what),
        };
        let within = || self.within(agent);
        if !within().any(|(body, _)| self.all(body).any(|(_, event)| does(event))) {
            return None;
        }
        let says = Effect::SENDS.and(Effect::CLOSES).and(Effect::DONE);
        let mut signals = Vec::new();
        for (body, graph) in within() {
            // A deferred call comes last.
            let deferred = graph.kind == BodyKind::Defer && graph.parent == Some(agent);
            if body != agent && !deferred {
                continue;
            }
            for (block, place, event) in self.places(body) {
                if !deferred && self.following(body, block, place).iter().any(|(_, event)| does(event)) {
                    continue;
                }
                let said = self.objects().map(|(id, _)| id).filter(|&id| {
                    let effect = self.effect(event, id);
                    id != object && effect.has(says) && !effect.has(Effect::IN_GOROUTINE)
                });
                signals.extend(said);
            }
        }
        Some(signals)
    }

    /// True if an event waits for one of these signals.
    #[must_use]
    pub fn hears(self, event: &Event, signals: &[ObjectId]) -> bool {
        match &event.kind {
            EventKind::Recv(from, ..) | EventKind::RangeEnd(from) => signals.contains(from),
            EventKind::Arm(arm) if !arm.sends => arm.channel.is_some_and(|from| signals.contains(&from)),
            EventKind::Wait(group) => signals.contains(group),
            _ => false,
        }
    }

    /// True if every wait for the group comes after a goroutine has done its adds. `start` is the event that starts the
    /// goroutine, in the body `outer`.
    #[must_use]
    pub fn adds_before_waits(self, outer: BodyId, start: &Event, group: ObjectId) -> bool {
        let EventKind::Spawn(started, by, handle) = &start.kind else { return false };
        let inside = |body| matches!(started, Started::Body(goroutine) if self.is_within(body, *goroutine));
        let waits = |event: &Event| self.effect(event, group).has(Effect::WAITS);
        let mut homes: Vec<BodyId> = self
            .everywhere()
            .filter(|(body, _, event)| !inside(*body) && waits(event))
            .map(|(body, ..)| body)
            .collect();
        homes.dedup();
        let [home] = homes[..] else { return false };
        let mut signals = self.signals(started, Effect::ADDS, group).unwrap_or_default();
        signals.extend(*by);
        signals.retain(|signal| *signal != group);
        let starts = |event: &Event| match event.kind {
            EventKind::RunDeferred(body) => self.is_within(outer, body),
            _ => std::ptr::eq(event, start),
        };
        let loops = |block: BlockId| self.body(home).blocks[block.at()].loops;
        let around = self.all(home).filter(|(_, event)| starts(event)).map(|(block, _)| loops(block)).max();
        let Some(around) = around else { return false };
        let handle = handle.map(|handle| self.linked.root(handle));
        let named = handle.is_some_and(|handle| !self.object(handle).name.is_empty());
        let joins = |joined: Option<ObjectId>| match (joined, handle) {
            (Some(joined), Some(handle)) if named => joined == handle,
            // One of several, which are kept in a list.
            (Some(joined), _) => !matches!(self.object(joined).origin, crate::ir::Origin::Spawn(_)),
            (None, _) => !named,
        };
        let mut ordered = true;
        self.forward(
            home,
            true,
            |a, b| *a && *b,
            |released, event, block| {
                if starts(event) {
                    *released = false;
                } else if waits(event) {
                    ordered &= *released;
                }
                let ends = match &event.kind {
                    EventKind::Join(joined, _) => joins(joined.map(|joined| self.linked.root(joined))),
                    EventKind::Block(Wait::Scope) => true,
                    EventKind::Call(callee, _) => !named && self.program.functions[*callee].summary.joins,
                    EventKind::RunDeferred(body) if !self.is_within(outer, *body) => {
                        let joined = |event: &Event| matches!(event.kind, EventKind::Join(..));
                        !named && self.all(*body).any(|(_, event)| joined(event))
                    }
                    _ => self.hears(event, &signals),
                };
                // A goroutine of a loop is waited for in a loop, or by what ends with all of them.
                let all = loops(block) >= around
                    || !matches!(event.kind, EventKind::Recv(..) | EventKind::Arm(_) | EventKind::Join(..));
                *released |= ends && all;
            },
        );
        ordered
    }
}
