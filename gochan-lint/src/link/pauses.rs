//! Waits that are no operations of a channel, a group or a lock.

use super::Program;
use super::event::Stops;
use super::interpret::Interpreter;
use super::kinds::{Flavour, GIVES_ALL, Kind, LAZY, Ours, guarded};
use super::switch::Switches;
use crate::ir::{Call, ObjectId, Op, OpKind, Origin, Ty};
use std::collections::HashSet;

/// The objects of a function that are reached through a static `Lazy` of gochan's: the first use initialises it, and
/// the other goroutines wait for that.
pub(super) fn lazies(program: &Program, function: usize) -> HashSet<ObjectId> {
    let unit = program.functions[function].unit;
    let mut found = HashSet::new();
    for (index, object) in program.function(function).objects.iter().enumerate() {
        let lazy = match &object.origin {
            Origin::Static(name) => is_lazy(program, unit, name),
            Origin::Field(base, _) => found.contains(base),
            _ => false,
        };
        if lazy {
            found.insert(ObjectId(index as u32));
        }
    }
    found
}

fn is_lazy(program: &Program, unit: usize, name: &str) -> bool {
    let Some((unit, item)) = program.static_place(unit, name) else { return false };
    let Ty::Path(path, _) = &item.ty else { return false };
    let written: Vec<String> = path.split("::").map(str::to_owned).collect();
    let full = program.expand(unit, &written);
    let names: Vec<&str> = full.iter().map(String::as_str).collect();
    names.last() == Some(&"Lazy") && program.is_ours(unit, &names)
}

impl Interpreter<'_> {
    /// True for a use of a `Lazy` that initialises it, or waits for the goroutine that does.
    pub(super) fn forces(&self, op: &Op) -> bool {
        let lazy = |object: &ObjectId| self.lazies.contains(object);
        let is_static = |object: &ObjectId| {
            let code = self.program.function(self.function);
            matches!(code.objects[object.at()].origin, Origin::Static(_))
        };
        match &op.kind {
            _ if self.lazies.is_empty() => false,
            OpKind::Send(object)
            | OpKind::Recv(object, _)
            | OpKind::Range(object, _)
            | OpKind::Close(object) => lazy(object),
            // A use of the `Lazy` itself may be a reference to it.
            OpKind::Use(object) => lazy(object) && !is_static(object),
            OpKind::Call(call) => call.is_method && call.receiver.as_ref().is_some_and(lazy),
            _ => false,
        }
    }

    /// How a call may switch, beside what its other events say.
    pub(super) fn pauses(&self, call: &Call) -> Switches {
        let name = call.path.last().map_or("", String::as_str);
        if !call.is_method {
            if call.receiver.is_some() || !matches!(name, "gosched" | "force") {
                return Switches::NEVER;
            }
            let full = self.program.expand(self.unit(), &call.path);
            let path: Vec<&str> = full.iter().map(String::as_str).collect();
            let ours = |path: &[&str]| self.program.is_ours(self.unit(), path);
            return match path[..] {
                [.., "gosched"] if ours(&path) => Switches::YIELDS,
                [ref owner @ .., "force"] if owner.ends_with(&["Lazy"]) && ours(owner) => Switches::LOCKS,
                _ => Switches::NEVER,
            };
        }
        let Some(receiver) = call.receiver else { return Switches::NEVER };
        match (self.kind(receiver), name) {
            // Through the guard to what is locked.
            (Kind::Guard(..), "recv" | "send" | "recv_timeout" | "send_timeout" | "wait" | "acquire") => {
                match guarded(self.program, self.function, receiver) {
                    Some(Kind::WaitGroup) if name == "wait" => Switches::WAITS,
                    Some(Kind::Ours(_)) if matches!(name, "wait" | "acquire") => Switches::WAITS,
                    Some(kind) if kind.is_channel() => Switches::WAITS,
                    _ => Switches::NEVER,
                }
            }
            (kind, "recv_timeout" | "send_timeout") if kind.is_channel() => Switches::WAITS,
            (Kind::Context, "err" | "check") => Switches::RARELY,
            (Kind::Cond(Flavour::Gochan), "wait_while") => Switches::WAITS,
            (Kind::Ours(Ours::Semaphore), "acquire" | "permit")
            | (Kind::Ours(Ours::Errgroup), "wait")
            | (Kind::Ours(Ours::Singleflight), "run" | "do_")
            | (Kind::Ours(Ours::Select), "wait" | "wait_timeout") => Switches::WAITS,
            _ => Switches::NEVER,
        }
    }

    /// True for `ch.try_iter()` and what is made of it without taking anything.
    pub(super) fn tries(&self, object: ObjectId) -> bool {
        self.iterates(object) == Some("try_iter")
    }

    /// What waits while an iterator over a channel has nothing to give.
    pub(super) fn stops(&self, object: ObjectId) -> Stops {
        match self.iterates(object) {
            Some("try_iter") => Stops::Nothing,
            Some("stream") => Stops::Task,
            _ => Stops::Goroutine,
        }
    }

    /// The method by which a channel gave the iterator behind an object.
    fn iterates(&self, mut object: ObjectId) -> Option<&str> {
        let objects = &self.program.function(self.function).objects;
        while let Origin::Method(of, name, _) = &objects[object.at()].origin {
            if GIVES_ALL.contains(&name.as_str()) {
                return self.kind(*of).is_channel().then_some(name);
            }
            if !LAZY.contains(&name.as_str()) {
                return None;
            }
            object = *of;
        }
        None
    }
}
