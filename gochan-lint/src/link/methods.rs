//! The events of methods of channels, groups, contexts and locks.

use super::event::{EventKind, Face, LockMode, Runner, Started, Stops};
use super::interpret::Interpreter;
use super::kind::{Kind, Ours, Side};
use super::kinds::LAZY;
use crate::ir::{Bound, Call, ObjectId, Where};

impl Interpreter<'_> {
    /// The events of a method of one of gochan's types, or of one like it; none if the method is not known.
    pub(super) fn method(&self, receiver: ObjectId, name: &str, call: &Call) -> Option<Vec<EventKind>> {
        let root = self.root(receiver);
        match self.kind(receiver) {
            kind if kind.is_channel() => self.channel_method(receiver, name, call),
            Kind::WaitGroup => self.group_method(root, name, call).map(|event| vec![event]),
            Kind::Context => self.context_method(root, name, call),
            Kind::Lock(flavour) => {
                let mode = match name {
                    "lock" | "write" | "borrow_mut" if call.args.is_empty() => LockMode::Exclusive,
                    "read" | "borrow" if call.args.is_empty() => LockMode::Shared,
                    "try_lock" | "try_read" | "try_write" => LockMode::Try,
                    _ => return None,
                };
                Some(vec![EventKind::Lock(root, mode, call.result?, *flavour)])
            }
            Kind::Ours(Ours::Select) if matches!(name, "recv" | "send") => {
                let channel = call.args.first().and_then(|arg| arg.object);
                let channel = self.root(channel.filter(|channel| self.kind(*channel).is_channel())?);
                let operation = match name {
                    "recv" => EventKind::Recv(channel, Bound::Checked, Stops::Nothing),
                    _ => EventKind::Send(channel, Face::Tries),
                };
                // It happens later, or not at all.
                Some(vec![operation, EventKind::Escape(channel, Where::Given)])
            }
            Kind::Cancel if matches!(name, "cancel" | "cancel_cause") => Some(vec![EventKind::Cancel(root)]),
            Kind::JoinHandle if name == "join" => Some(vec![EventKind::Join(Some(root), call.result)]),
            Kind::Cond(flavour) if matches!(name, "wait" | "wait_timeout") => {
                Some(vec![EventKind::Use(root), EventKind::CondWait(root, *flavour)])
            }
            Kind::Once(_) if matches!(name, "call_once" | "get_or_init" | "get_or_try_init") => {
                self.closures_of(call).for_each(|body| self.runs(body, Runner::Once));
                let mut events = vec![EventKind::Once(root, self.closures_of(call).next())];
                events.extend(self.closures(call));
                Some(events)
            }
            _ => None,
        }
    }

    fn channel_method(&self, receiver: ObjectId, name: &str, call: &Call) -> Option<Vec<EventKind>> {
        let root = self.root(receiver);
        // The events of a method before its closures run, of the closures, and after them.
        let around = |before: EventKind, after: Vec<EventKind>| {
            let mut events = vec![before];
            events.extend(self.closures(call));
            events.extend(after);
            Some(events)
        };
        let event = match name {
            "send" | "send_timeout" | "try_send" | "send_async" => {
                return Some(self.send_method(root, name, call));
            }
            "recv" if call.result.is_some_and(|result| self.defaulted.contains(&result)) => {
                EventKind::Recv(root, Bound::Value, Stops::Goroutine)
            }
            "recv" => EventKind::Recv(root, Bound::Checked, Stops::Goroutine),
            // A future that is not awaited does nothing.
            "recv_async" => EventKind::Recv(root, Bound::Checked, Stops::Task),
            "try_recv" | "recv_timeout" | "try_iter" => EventKind::Recv(root, Bound::Checked, Stops::Nothing),
            name if ENDS.contains(&name) && self.tries(receiver) => {
                let received = EventKind::Recv(root, Bound::Checked, Stops::Nothing);
                return around(received, vec![EventKind::Unknown(call.clone())]);
            }
            name if ENDS.contains(&name) => {
                let side = match self.kind(receiver) {
                    Kind::Channel(side, _) => *side,
                    _ => Side::Receive,
                };
                let after = vec![EventKind::RangeEnd(root), EventKind::Unknown(call.clone())];
                return around(EventKind::Range(root, side), after);
            }
            name if LAZY.contains(&name) => {
                let mut events = self.closures(call);
                events.extend(self.iterated(call));
                events.push(EventKind::Use(root));
                return Some(events);
            }
            // They may receive, and may run their closures.
            // As many as the sender sends, as far as the code shows.
            "take" | "replace"
                if call.args.iter().all(|arg| arg.number.is_none())
                    && call.args.len() == usize::from(name == "replace") =>
            {
                EventKind::Use(root)
            }
            "take" if call.args.first().is_some_and(|arg| arg.number.is_none()) => {
                let range = EventKind::Range(root, Side::Receive);
                return around(range, vec![EventKind::RangeEnd(root), EventKind::Unknown(call.clone())]);
            }
            "any" | "all" | "extend" | "next" | "take" | "find" | "position" | "take_while" => {
                let received = EventKind::Recv(root, Bound::Checked, self.stops(receiver));
                return around(received, vec![EventKind::Unknown(call.clone())]);
            }
            "iter" | "into_iter" | "into" => EventKind::Use(root),
            // It returns whether it closed the channel, and never panics.
            "close" => EventKind::Close(root, Face::Checked),
            "sender" | "receiver" | "split" | "same_channel" | "len" | "capacity" | "is_empty"
            | "is_full" | "is_closed" | "is_nil" => EventKind::Use(root),
            _ => return None,
        };
        Some(vec![event])
    }

    fn send_method(&self, channel: ObjectId, name: &str, call: &Call) -> Vec<EventKind> {
        let value = call.args.first().filter(|arg| !arg.by_ref).and_then(|arg| arg.object);
        let value = value.map(|object| EventKind::Escape(self.root(object), Where::Stored));
        let face = if name == "send" { self.face_of_send(channel, self.face(call)) } else { Face::Tries };
        value.into_iter().chain([EventKind::Send(channel, face)]).collect()
    }

    fn group_method(&self, group: ObjectId, name: &str, call: &Call) -> Option<EventKind> {
        Some(match name {
            // `done` in other words.
            "add" if call.args.first().and_then(|arg| arg.number).is_some_and(|number| number < 0) => {
                EventKind::Done(group)
            }
            "add" => EventKind::Add(group, call.args.first().and_then(|arg| arg.number)),
            "done" => EventKind::Done(group),
            "wait" => EventKind::Wait(group),
            "go" => {
                let objects = call.args.iter().filter_map(|arg| arg.object).map(|object| self.root(object));
                let started = match self.closures_of(call).next() {
                    Some(body) => {
                        self.runs(body, Runner::Goroutine);
                        Started::Body(body)
                    }
                    None => Started::Unknown(objects.collect()),
                };
                EventKind::Spawn(started, Some(group), call.result)
            }
            _ => return None,
        })
    }

    fn context_method(&self, context: ObjectId, name: &str, call: &Call) -> Option<Vec<EventKind>> {
        if name.starts_with("with_") || name == "without_cancel" {
            return Some(vec![EventKind::Derive(context, call.result?, name.to_owned())]);
        }
        let mut events = self.handed_over(call);
        events.push(EventKind::Use(context));
        events.push(EventKind::Unknown(call.clone()));
        Some(events)
    }
}

/// Methods that consume the rest of an iterator.
const ENDS: [&str; 9] = ["for_each", "fold", "sum", "product", "count", "collect", "last", "max", "min"];
