//! Calls that may switch without being an operation of a channel, a group or a lock.

use super::event::{Stops, Switches};
use super::interpret::Interpreter;
use super::kind::{Flavour, Kind, Ours};
use super::kinds::{GIVES_ALL, LAZY, guarded};
use crate::ir::{Call, ObjectId, Op, OpKind, Origin};

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

    /// How a call may switch, in addition to its other events.
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
            // A method of the locked value, called through the guard.
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

    /// True for `ch.try_iter()` and lazy iterators made from it.
    pub(super) fn tries(&self, object: ObjectId) -> bool {
        self.iterates(object) == Some("try_iter")
    }

    /// What stops while an iterator over a channel has no value.
    pub(super) fn stops(&self, object: ObjectId) -> Stops {
        match self.iterates(object) {
            Some("try_iter") => Stops::Nothing,
            Some("stream") => Stops::Task,
            _ => Stops::Goroutine,
        }
    }

    /// The method of a channel that made the iterator behind an object.
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
