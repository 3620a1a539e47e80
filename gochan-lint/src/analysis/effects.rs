//! What events and calls do with objects.

use super::code::Code;
use crate::ir::{BodyId, Call, EACH, ObjectId, Origin};
use crate::link::{Effect, Event, EventKind, RUNS_CLOSURES, Started, effect_of};

impl<'p> Code<'p> {
    /// What an event does with an object.
    #[must_use]
    pub fn effect(self, event: &Event, object: ObjectId) -> Effect {
        effect_of(self.program, self.index, &event.kind, object)
    }

    /// True if the object goes where it cannot be followed.
    #[must_use]
    pub fn escapes(self, object: ObjectId) -> bool {
        let mut object = object;
        loop {
            if self.everywhere().any(|(_, _, event)| self.effect(event, object).has(Effect::ESCAPES)) {
                return true;
            }
            // With the structure that it is a field of.
            match &self.object(object).origin {
                Origin::Field(of, name) if !name.starts_with('[') => object = self.linked.root(*of),
                _ => return false,
            }
        }
    }

    /// True if an event mentions the object in any way other than the end of its scope.
    #[must_use]
    pub fn mentions(self, event: &Event, object: ObjectId) -> bool {
        let is = |other: &ObjectId| self.linked.root(*other) == object;
        let any = |objects: &[Option<ObjectId>]| objects.iter().flatten().any(is);
        match &event.kind {
            EventKind::Send(other, _)
            | EventKind::Recv(other, ..)
            | EventKind::Range(other, _)
            | EventKind::Close(other, _)
            | EventKind::Add(other, _)
            | EventKind::Done(other)
            | EventKind::Wait(other)
            | EventKind::Cancel(other)
            | EventKind::Lock(other, ..)
            | EventKind::Derive(other, ..)
            | EventKind::DroppedAtOnce(other)
            | EventKind::Dropped(other)
            | EventKind::Escape(other, _)
            | EventKind::Use(other)
            | EventKind::CondWait(other, _)
            | EventKind::Once(other, _)
            | EventKind::Store(other)
            | EventKind::Assign(other) => is(other),
            EventKind::Join(handle, _) => handle.as_ref().is_some_and(is),
            EventKind::Call(_, handed) => any(handed),
            EventKind::Spawn(Started::Function(_, handed), group, _) => any(handed) || any(&[*group]),
            EventKind::Spawn(Started::Unknown(objects), group, _) => objects.iter().any(is) || any(&[*group]),
            EventKind::Spawn(Started::Body(_), group, _) => any(&[*group]),
            EventKind::Unknown(call) => {
                any(&[call.receiver]) || call.args.iter().any(|arg| any(&[arg.object]))
            }
            EventKind::Arm(arm) => any(&[arm.channel]),
            EventKind::Select(select) => select.arms.iter().any(|arm| any(&[arm.channel])),
            _ => false,
        }
    }

    /// True if the body, or one nested in it, mentions the object.
    #[must_use]
    pub fn captures(self, body: BodyId, object: ObjectId) -> bool {
        self.within(body).any(|(inner, _)| self.all(inner).any(|(_, event)| self.mentions(event, object)))
    }

    /// True if the path of an unknown call ends in these segments.
    #[must_use]
    pub fn is_path(call: &Call, end: &[&str]) -> bool {
        !call.is_method
            && call.path.len() >= end.len()
            && call.path[call.path.len() - end.len()..].iter().zip(end).all(|(a, b)| a == b)
    }

    /// The events of the closures that a call certainly runs before it returns: `list.iter().for_each(|item| …)`.
    pub fn during(self, call: &Call) -> impl Iterator<Item = &'p Event> {
        let runs = call.is_method && RUNS_CLOSURES.contains(&call.path[0].as_str());
        let given: Vec<ObjectId> = call.args.iter().filter(|_| runs).filter_map(|arg| arg.object).collect();
        let closures = given.into_iter().filter_map(move |object| match self.object(object).origin {
            Origin::Closure(body) => Some(body),
            _ => None,
        });
        closures.flat_map(move |body| self.all(body).map(|(_, event)| event))
    }
}

/// The object of the callee that corresponds to an object of the caller, which is passed itself or as a field of an
/// argument.
#[must_use]
pub fn seen_inside(
    code: Code<'_>,
    callee: usize,
    handed: &[Option<ObjectId>],
    object: ObjectId,
) -> Option<ObjectId> {
    let there = Code::of(code.program, callee);
    let param = |object: ObjectId| {
        let index = handed.iter().position(|handed| *handed == Some(object))?;
        there.function.params.get(index).map(|param| param.object)
    };
    param(object).or_else(|| {
        let Origin::Field(base, name) = &code.object(object).origin else { return None };
        if name == EACH {
            return None;
        }
        let base = param(code.linked.root(*base))?;
        let mut objects = there.objects();
        let found = objects.find(|(_, field)| {
            matches!(&field.origin, Origin::Field(of, field) if there.linked.root(*of) == base && field == name)
        });
        found.map(|(id, _)| id)
    })
}

/// True if an event for which `is` holds happens on every call of a function, judging by its branches.
#[must_use]
pub fn surely_does(code: Code<'_>, callee: usize, is: impl Fn(&EventKind) -> bool) -> bool {
    let there = Code::of(code.program, callee);
    there.all(BodyId(0)).any(|(block, event)| {
        let graph = &there.body(BodyId(0)).blocks[block.at()];
        graph.branches == 0 && graph.loops == 0 && !graph.flagged && is(&event.kind)
    })
}
