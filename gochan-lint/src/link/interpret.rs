//! What the operations of a body mean, now that it is known what their objects are.

use super::Program;
use super::event::{BlockEvents, Event, EventKind, Face, LockMode, Runner, Started, Stops, Wait};
use super::kinds::{Kind, LAZY, Side};
use super::switch::Switches;
use crate::ir::{Arg, BodyId, BodyKind, Bound, Call, ObjectId, Op, OpKind, Origin, Runs, Where};
use std::cell::RefCell;
use std::collections::HashSet;

/// The events of every block of every body of a function, where each body runs, and which are handed to calls.
pub(super) type Interpreted = (Vec<Vec<BlockEvents>>, Vec<Runner>, Vec<bool>);

/// See [`Interpreted`].
pub(super) fn interpret(program: &Program, function: usize) -> Interpreted {
    let code = program.function(function);
    let runs = code.bodies.iter().map(|body| match body.kind {
        BodyKind::Goroutine => Runner::Goroutine,
        _ => Runner::Inline,
    });
    let runs = RefCell::new(runs.collect());
    let ops = code.bodies.iter().flat_map(|body| &body.blocks).flat_map(|block| &block.ops);
    let defaulted = ops.filter_map(|op| match op.kind {
        OpKind::Defaulted(object) => Some(object),
        _ => None,
    });
    let defaulted = defaulted.collect();
    let handed = RefCell::new(vec![false; code.bodies.len()]);
    let lazies = super::pauses::lazies(program, function);
    let interpreter =
        Interpreter { program, function, ignored: ignored(code), defaulted, lazies, runs, handed };
    let block = |ops: &Vec<Op>| BlockEvents(ops.iter().flat_map(|op| interpreter.op(op)).collect());
    let events =
        code.bodies.iter().map(|body| body.blocks.iter().map(|each| block(&each.ops)).collect()).collect();
    (events, interpreter.runs.into_inner(), interpreter.handed.into_inner())
}

fn ignored(code: &crate::ir::Function) -> HashSet<ObjectId> {
    let ops = || code.bodies.iter().flat_map(|body| &body.blocks).flat_map(|block| &block.ops);
    let mut ignored: HashSet<ObjectId> = ops()
        .filter_map(|op| match op.kind {
            OpKind::DroppedAtOnce(object) => Some(object),
            _ => None,
        })
        .collect();
    for op in ops() {
        if let OpKind::New(object) = op.kind {
            ignored.remove(&object);
        }
    }
    ignored
}

pub(super) struct Interpreter<'p> {
    pub(super) program: &'p Program,
    pub(super) function: usize,
    /// Results that their statement drops, without a `let _ =` that says so.
    ignored: HashSet<ObjectId>,
    /// Results that are the zero value once the channel is closed.
    defaulted: HashSet<ObjectId>,
    /// What is reached through a `Lazy` of gochan's.
    pub(super) lazies: HashSet<ObjectId>,
    runs: RefCell<Vec<Runner>>,
    handed: RefCell<Vec<bool>>,
}

impl Interpreter<'_> {
    pub(super) fn kind(&self, object: ObjectId) -> &Kind {
        self.program.functions[self.function].kind(object)
    }

    fn root(&self, object: ObjectId) -> ObjectId {
        self.program.functions[self.function].root(object)
    }

    pub(super) fn unit(&self) -> usize {
        self.program.functions[self.function].unit
    }

    fn op(&self, op: &Op) -> Vec<Event> {
        let mut events = self.meaning(op);
        if self.forces(op) {
            let kind = EventKind::Switches(Switches::LOCKS);
            events.insert(0, Event { kind, span: op.span });
        }
        events
    }

    fn meaning(&self, op: &Op) -> Vec<Event> {
        let one = |kind| vec![Event { kind, span: op.span }];
        match &op.kind {
            OpKind::New(object) => one(EventKind::New(self.root(*object))),
            OpKind::DroppedAtOnce(object) => one(EventKind::DroppedAtOnce(self.root(*object))),
            OpKind::Send(channel) => one(EventKind::Send(self.root(*channel), Face::Panics)),
            OpKind::Recv(channel, bound) => {
                one(EventKind::Recv(self.root(*channel), *bound, Stops::Goroutine))
            }
            // What is there already, and no more.
            OpKind::Range(channel, _) if self.tries(*channel) => {
                one(EventKind::Recv(self.root(*channel), Bound::Checked, Stops::Nothing))
            }
            OpKind::RangeEnd(channel) if self.tries(*channel) => Vec::new(),
            OpKind::Range(channel, _) if self.kind(*channel).is_channel() => {
                let side = match self.kind(*channel) {
                    Kind::Channel(side, _) => *side,
                    _ => Side::Receive,
                };
                one(EventKind::Range(self.root(*channel), side))
            }
            OpKind::RangeEnd(channel) if self.kind(*channel).is_channel() => {
                one(EventKind::RangeEnd(self.root(*channel)))
            }
            OpKind::RangeEnd(_) | OpKind::Defaulted(_) => Vec::new(),
            OpKind::Next => one(EventKind::Next),
            OpKind::MayPanic => one(EventKind::MayPanic),
            OpKind::DefaultArm => one(EventKind::DefaultArm),
            OpKind::Range(_, Some(call)) => {
                self.call(call).into_iter().map(|kind| Event { kind, span: op.span }).collect()
            }
            // Each turn of a loop over what blocks the thread waits for the next.
            OpKind::Range(object, None) if matches!(self.kind(*object), Kind::ThreadBlocking | Kind::Io) => {
                let call = Call {
                    path: vec!["next".to_owned()],
                    receiver: Some(*object),
                    is_method: true,
                    args: Vec::new(),
                    generics: Vec::new(),
                    result: None,
                };
                one(EventKind::Unknown(call))
            }
            OpKind::Range(object, None) => one(EventKind::Use(self.root(*object))),
            OpKind::Close(channel) => one(EventKind::Close(self.root(*channel), Face::Panics)),
            OpKind::Spawn(runs, handle) => one(EventKind::Spawn(self.started(runs), None, *handle)),
            OpKind::Defer(body) => one(EventKind::Defer(*body)),
            OpKind::RunDeferred(body) => one(EventKind::RunDeferred(*body)),
            OpKind::Call(call) => {
                self.call(call).into_iter().map(|kind| Event { kind, span: op.span }).collect()
            }
            OpKind::Select(select) => {
                let mut select = select.clone();
                for arm in &mut select.arms {
                    arm.channel = arm.channel.map(|channel| self.root(channel));
                }
                one(EventKind::Select(select))
            }
            OpKind::Arm(arm) => {
                let channel = arm.channel.map(|channel| self.root(channel));
                one(EventKind::Arm(crate::ir::Arm { channel, ..arm.clone() }))
            }
            OpKind::ScopeEnd(object) => one(EventKind::ScopeEnd(self.root(*object))),
            OpKind::Escape(object, to) => one(EventKind::Escape(self.root(*object), *to)),
            OpKind::Use(object) => one(EventKind::Use(self.root(*object))),
            OpKind::Name(path) => self
                .program
                .resolve(self.function, path)
                .map_or_else(Vec::new, |named| one(EventKind::Name(named))),
            OpKind::Assign(object) => one(EventKind::Assign(self.root(*object))),
            OpKind::Store(object) => one(EventKind::Store(self.root(*object))),
            OpKind::Return => one(EventKind::Return),
            OpKind::Diverge => one(EventKind::Diverge),
        }
    }

    /// The objects that a call hands over, as the callee's parameters.
    fn handed(&self, call: &Call) -> Vec<Option<ObjectId>> {
        let receiver = call.is_method.then(|| call.receiver.map(|object| self.root(object)));
        let args = call.args.iter().map(|arg| arg.object.map(|object| self.root(object)));
        receiver.into_iter().chain(args).collect()
    }

    fn callee(&self, call: &Call) -> Option<usize> {
        if call.is_method {
            let Kind::Named(owner) = self.kind(call.receiver?) else { return None };
            return self.program.method(self.function, owner, call.path.last()?);
        }
        match call.receiver {
            Some(_) => None,
            // What gochan's own functions do is known, and the same where their source is at hand.
            None if self.program.gochan.is_some()
                && self
                    .program
                    .expand(self.unit(), &call.path)
                    .first()
                    .is_some_and(|first| first == "gochan") =>
            {
                None
            }
            None => self.program.resolve(self.function, &call.path),
        }
    }

    fn runs(&self, body: BodyId, runner: Runner) {
        self.runs.borrow_mut()[body.at()] = runner;
    }

    fn started(&self, runs: &Runs) -> Started {
        match runs {
            Runs::Body(body) => Started::Body(*body),
            Runs::Call(call) => match (self.callee(call), call.receiver.map(|object| self.closure(object))) {
                (Some(callee), _) => Started::Function(callee, self.handed(call)),
                (None, Some(Some(body))) if !call.is_method => {
                    self.runs(body, Runner::Goroutine);
                    Started::Body(body)
                }
                _ => Started::Unknown(self.handed(call).into_iter().flatten().collect()),
            },
        }
    }

    fn closure(&self, object: ObjectId) -> Option<BodyId> {
        match self.program.function(self.function).objects[object.at()].origin {
            Origin::Closure(body) => Some(body),
            _ => None,
        }
    }

    fn call(&self, call: &Call) -> Vec<EventKind> {
        let mut events = self.known_call(call);
        let pauses = self.pauses(call);
        if pauses != Switches::NEVER {
            events.push(EventKind::Switches(pauses));
        }
        events
    }

    fn known_call(&self, call: &Call) -> Vec<EventKind> {
        let name = call.path.last().map_or("", String::as_str);
        if call.is_method
            && let Some(receiver) = call.receiver
            && let Some(events) = self.method(receiver, name, call)
        {
            return events;
        }
        // A closure that has a name is called.
        if !call.is_method
            && let Some(body) = call.receiver.and_then(|callee| self.closure(callee))
        {
            // Its parameters are not followed.
            let mut events = self.given(call);
            events.push(EventKind::RunDeferred(body));
            return events;
        }
        if let Some(callee) = self.callee(call) {
            let mut events = self.handed_over(call);
            events.push(EventKind::Call(callee, self.handed(call)));
            return events;
        }
        let full =
            if call.is_method { call.path.clone() } else { self.program.expand(self.unit(), &call.path) };
        let call = &Call { path: full, ..call.clone() };
        let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
        let gives = |arg: &Arg| arg.object.map(|object| self.root(object));
        match (call.is_method, &path[..], &call.args[..]) {
            (false, [.., "drop"], [only]) => gives(only).map(EventKind::Dropped).into_iter().collect(),
            (false, [.., "thread", "spawn"], _) if self.closures_of(call).next().is_some() => {
                self.spawns(call, Runner::Thread)
            }
            (false, [.., "sleep"], [_]) if self.program.is_ours(self.unit(), &path) => {
                vec![EventKind::Block(Wait::Sleep)]
            }
            (false, [.., "blocking"], _) if self.program.is_ours(self.unit(), &path) => {
                self.closures_of(call).for_each(|body| self.runs(body, Runner::Blocking));
                let mut events = self.closures(call);
                events.push(EventKind::Block(Wait::Other));
                events
            }
            // The scope waits for all that was started in it; its closure runs here.
            (false, [.., "scope"], _) if self.program.is_ours(self.unit(), &path) => {
                let mut events = self.closures(call);
                events.push(EventKind::Block(Wait::Other));
                events
            }
            (true, ["go"], _) if self.closures_of(call).next().is_some() => {
                self.spawns(call, Runner::Goroutine)
            }
            (true, ["spawn"], _) if self.closures_of(call).next().is_some() => {
                // What somebody else starts runs elsewhere, whatever it is.
                let ours = call.receiver.is_some_and(
                    |receiver| matches!(self.kind(receiver), Kind::Named(owner) if owner == "Builder"),
                );
                self.spawns(call, if ours { Runner::Goroutine } else { Runner::Thread })
            }
            (true, ["join"], []) => vec![EventKind::Join(call.receiver.map(|it| self.root(it)), call.result)],
            _ => {
                let mut events = self.handed_over(call);
                events.extend(self.iterated(call));
                events.extend(self.given(call));
                events.extend(call.receiver.map(|object| EventKind::Use(self.root(object))));
                events.push(EventKind::Unknown(call.clone()));
                events
            }
        }
    }

    /// The arguments of a call that is not followed.
    fn given(&self, call: &Call) -> Vec<EventKind> {
        let given = call.args.iter().filter_map(|arg| {
            let object = self.root(arg.object?);
            Some(if arg.by_ref { EventKind::Use(object) } else { EventKind::Escape(object, Where::Given) })
        });
        given.collect()
    }

    /// Receives from the channels whose iterators a call is given: `list.extend(ch.iter())`.
    fn iterated(&self, call: &Call) -> Vec<EventKind> {
        let objects = &self.program.function(self.function).objects;
        let given = call.args.iter().filter_map(|arg| arg.object).filter(|&given| {
            let makes = |name: &str| matches!(name, "iter" | "into_iter") || LAZY.contains(&name);
            matches!(&objects[given.at()].origin, Origin::Method(_, name, _) if makes(name))
                && self.kind(given).is_channel()
        });
        given
            .map(|channel| EventKind::Recv(self.root(channel), Bound::Checked, self.stops(channel)))
            .collect()
    }

    fn spawns(&self, call: &Call, runner: Runner) -> Vec<EventKind> {
        let start = |body| {
            self.runs(body, runner);
            EventKind::Spawn(Started::Body(body), None, call.result)
        };
        self.closures_of(call).map(start).collect()
    }

    /// Whether anybody looks at what a call says.
    fn face(&self, call: &Call) -> Face {
        let ignored = call.result.is_some_and(|result| self.ignored.contains(&result));
        if ignored { Face::Panics } else { Face::Checked }
    }

    fn closures_of<'c>(&'c self, call: &'c Call) -> impl Iterator<Item = BodyId> + 'c {
        call.args.iter().filter_map(|arg| self.closure(arg.object?))
    }

    /// Closures that are handed over run, as far as we know, during the call.
    fn closures(&self, call: &Call) -> Vec<EventKind> {
        self.closures_of(call).map(EventKind::RunDeferred).collect()
    }

    /// The same, if only the callee knows whether it runs them.
    fn handed_over(&self, call: &Call) -> Vec<EventKind> {
        self.closures_of(call).for_each(|body| self.handed.borrow_mut()[body.at()] = true);
        self.closures(call)
    }

    /// A method of something of ours.
    fn method(&self, receiver: ObjectId, name: &str, call: &Call) -> Option<Vec<EventKind>> {
        let root = self.root(receiver);
        let first = call.args.first();
        let kind = self.kind(receiver);
        let event = match (kind, name) {
            (kind, _) if kind.is_channel() => {
                if matches!(name, "send" | "send_timeout" | "try_send" | "send_async") {
                    let value = first
                        .filter(|arg| !arg.by_ref)
                        .and_then(|arg| arg.object)
                        .map(|object| self.root(object));
                    let mut events: Vec<_> =
                        value.map(|object| EventKind::Escape(object, Where::Stored)).into_iter().collect();
                    let face = if name == "send" { self.face(call) } else { Face::Tries };
                    events.push(EventKind::Send(root, face));
                    return Some(events);
                }
                match name {
                    "recv" if call.result.is_some_and(|result| self.defaulted.contains(&result)) => {
                        EventKind::Recv(root, Bound::Value, Stops::Goroutine)
                    }
                    // A future is awaited, or nothing comes of it.
                    "recv" => EventKind::Recv(root, Bound::Checked, Stops::Goroutine),
                    "recv_async" => EventKind::Recv(root, Bound::Checked, Stops::Task),
                    "try_recv" | "recv_timeout" | "try_iter" => {
                        EventKind::Recv(root, Bound::Checked, Stops::Nothing)
                    }
                    name if ENDS.contains(&name) && self.tries(receiver) => {
                        let mut events = vec![EventKind::Recv(root, Bound::Checked, Stops::Nothing)];
                        events.extend(self.closures(call));
                        events.push(EventKind::Unknown(call.clone()));
                        return Some(events);
                    }
                    name if ENDS.contains(&name) => {
                        let side = match kind {
                            Kind::Channel(side, _) => *side,
                            _ => Side::Receive,
                        };
                        let mut events = vec![EventKind::Range(root, side)];
                        events.extend(self.closures(call));
                        events.extend([EventKind::RangeEnd(root), EventKind::Unknown(call.clone())]);
                        return Some(events);
                    }
                    name if LAZY.contains(&name) => {
                        let mut events = self.closures(call);
                        events.extend(self.iterated(call));
                        events.push(EventKind::Use(root));
                        return Some(events);
                    }
                    "any" | "all" | "extend" | "next" | "take" | "find" | "position" | "take_while" => {
                        // What the closures do, and, for all that we know, a receive.
                        let mut events = vec![EventKind::Recv(root, Bound::Checked, self.stops(receiver))];
                        events.extend(self.closures(call));
                        events.push(EventKind::Unknown(call.clone()));
                        return Some(events);
                    }
                    "iter" | "into_iter" => EventKind::Use(root),
                    // It says whether it closed the channel, and never panics.
                    "close" => EventKind::Close(root, Face::Checked),
                    "sender" | "receiver" | "split" | "same_channel" | "len" | "capacity" | "is_empty"
                    | "is_full" | "is_closed" | "is_nil" => EventKind::Use(root),
                    _ => return None,
                }
            }
            (Kind::WaitGroup, "add") => EventKind::Add(root, first.and_then(|arg| arg.number)),
            (Kind::WaitGroup, "done") => EventKind::Done(root),
            (Kind::WaitGroup, "wait") => EventKind::Wait(root),
            (Kind::WaitGroup, "go") => {
                let body = self.closures_of(call).next();
                let objects = call.args.iter().filter_map(|arg| arg.object).map(|object| self.root(object));
                let started = match body {
                    Some(body) => {
                        self.runs(body, Runner::Goroutine);
                        Started::Body(body)
                    }
                    None => Started::Unknown(objects.collect()),
                };
                EventKind::Spawn(started, Some(root), call.result)
            }
            (Kind::Cancel, "cancel" | "cancel_cause") => EventKind::Cancel(root),
            (Kind::Context, name) if name.starts_with("with_") || name == "without_cancel" => {
                EventKind::Derive(root, call.result?, name.to_owned())
            }
            (Kind::Context, _) => {
                let mut events = self.handed_over(call);
                events.push(EventKind::Use(root));
                events.push(EventKind::Unknown(call.clone()));
                return Some(events);
            }
            (Kind::Lock(flavour), "lock" | "write" | "borrow_mut") if call.args.is_empty() => {
                EventKind::Lock(root, LockMode::Exclusive, call.result?, *flavour)
            }
            (Kind::Lock(flavour), "read" | "borrow") if call.args.is_empty() => {
                EventKind::Lock(root, LockMode::Shared, call.result?, *flavour)
            }
            (Kind::Lock(flavour), "try_lock" | "try_read" | "try_write") => {
                EventKind::Lock(root, LockMode::Try, call.result?, *flavour)
            }
            (Kind::JoinHandle, "join") => EventKind::Join(Some(root), call.result),
            (Kind::Cond(flavour), "wait" | "wait_timeout") => {
                return Some(vec![EventKind::Use(root), EventKind::CondWait(root, *flavour)]);
            }
            (Kind::Once(_), "call_once" | "get_or_init" | "get_or_try_init") => {
                self.closures_of(call).for_each(|body| self.runs(body, Runner::Once));
                let mut events = vec![EventKind::Once(root, self.closures_of(call).next())];
                events.extend(self.closures(call));
                return Some(events);
            }
            _ => return None,
        };
        Some(vec![event])
    }
}

/// Methods of an iterator that take all that is left.
const ENDS: [&str; 9] = ["for_each", "fold", "sum", "product", "count", "collect", "last", "max", "min"];
