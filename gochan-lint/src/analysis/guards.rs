//! Which guards of locks are live where.

use super::code::Code;
use crate::ir::{BlockId, BodyId, ObjectId, Ty};
use crate::link::{Event, EventKind, Flavour, Kind, LockMode};
use crate::source::Span;
use std::collections::HashMap;

/// A live guard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Held {
    /// The guard.
    pub guard: ObjectId,
    /// The lock.
    pub lock: ObjectId,
    /// How it was locked.
    pub mode: LockMode,
    /// The library of the lock.
    pub flavour: Flavour,
    /// Where it was taken.
    pub span: Span,
}

impl<'p> Code<'p> {
    /// The objects that a call takes by value.
    pub fn given(self, callee: usize, handed: &'p [Option<ObjectId>]) -> impl Iterator<Item = ObjectId> + 'p {
        let params = self.program.function(callee).params.iter().zip(handed);
        params.filter(|(param, _)| !matches!(param.ty, Ty::Ref(_))).filter_map(|(_, handed)| *handed)
    }

    /// Follows the guards of a body: `at` is called for each event with the guards that are live then.
    pub fn guards(self, body: BodyId, mut at: impl FnMut(&'p Event, BlockId, &[Held])) {
        // The lock of a guard that is known only by its type is unknown.
        let by_type = |guard: ObjectId| {
            let Kind::Held(flavour) = *self.linked.kind(guard) else { return None };
            let (mode, span) = (LockMode::Exclusive, self.object(guard).span);
            Some(Held { guard, lock: guard, mode, flavour, span })
        };
        let start: Vec<Held> = self.body(body).params.iter().filter_map(|param| by_type(*param)).collect();
        let mut taken: HashMap<ObjectId, Held> = start.iter().map(|held| (held.guard, *held)).collect();
        for (_, event) in self.all(body) {
            let (guard, held) = match event.kind {
                EventKind::New(guard) => (guard, None),
                EventKind::Lock(lock, mode, guard, flavour) => {
                    let guard = self.linked.root(guard);
                    (guard, Some(Held { guard, lock, mode, flavour, span: event.span }))
                }
                _ => continue,
            };
            if let Some(held) = by_type(guard).or(held) {
                taken.entry(guard).or_insert(held);
            }
        }
        if taken.is_empty() {
            return;
        }
        let union = |a: &Vec<Held>, b: &Vec<Held>| {
            let mut both = a.clone();
            both.extend(b.iter().filter(|held| !a.contains(held)));
            both.sort();
            both
        };
        self.forward(body, start, union, |live, event, block| {
            if let EventKind::Call(callee, handed) = &event.kind {
                let kept = |held: &&Held| self.given(*callee, handed).all(|given| given != held.guard);
                at(event, block, &live.iter().filter(kept).copied().collect::<Vec<_>>());
            } else {
                at(event, block, live);
            }
            let gone = |live: &mut Vec<Held>, guard: ObjectId| live.retain(|held| held.guard != guard);
            match &event.kind {
                EventKind::New(guard) => {
                    if let Some(held) = taken.get(guard) {
                        gone(live, *guard);
                        live.push(*held);
                        live.sort();
                    }
                }
                EventKind::ScopeEnd(guard)
                | EventKind::Dropped(guard)
                | EventKind::DroppedAtOnce(guard)
                | EventKind::Assign(guard)
                | EventKind::Escape(guard, _) => gone(live, *guard),
                EventKind::Call(callee, handed) => {
                    self.given(*callee, handed).for_each(|guard| gone(live, guard));
                }
                _ => {}
            }
        });
    }
}
