//! Turns the operations of a body into events, which depend on the kinds of the objects.

use super::event::{BlockEvents, Event, EventKind, Face, Runner, Started, Stops, Switches, Wait};
use super::kind::{Kind, Side};
use super::kinds::LAZY;
use super::lazies::lazies;
use super::program::Program;
use crate::ir::{
    Arg, Arm, BodyId, BodyKind, Bound, Call, Capacity, ObjectId, Op, OpKind, Origin, Runs, Where,
};
use crate::source::Span;
use std::cell::RefCell;
use std::collections::HashSet;

/// The events of every block of every body of a function, where each body runs, and which bodies are passed to calls.
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
    let lazies = lazies(program, function);
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

fn at(span: Span, kinds: Vec<EventKind>) -> Vec<Event> {
    kinds.into_iter().map(|kind| Event { kind, span }).collect()
}

pub(super) struct Interpreter<'p> {
    pub(super) program: &'p Program,
    pub(super) function: usize,
    /// Results that their statement drops without an explicit `let _ =`.
    ignored: HashSet<ObjectId>,
    /// Results that are replaced by the zero value once the channel is closed.
    pub(super) defaulted: HashSet<ObjectId>,
    /// Objects reached through a `Lazy` of gochan.
    pub(super) lazies: HashSet<ObjectId>,
    runs: RefCell<Vec<Runner>>,
    handed: RefCell<Vec<bool>>,
}

impl Interpreter<'_> {
    pub(super) fn kind(&self, object: ObjectId) -> &Kind {
        self.program.functions[self.function].kind(object)
    }

    pub(super) fn root(&self, object: ObjectId) -> ObjectId {
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
            OpKind::Send(channel) => {
                one(EventKind::Send(self.root(*channel), self.face_of_send(*channel, Face::Panics)))
            }
            OpKind::Recv(channel, bound) => {
                one(EventKind::Recv(self.root(*channel), *bound, Stops::Goroutine))
            }
            OpKind::Range(over, call) => self.range(*over, call.as_ref(), op.span),
            OpKind::RangeEnd(channel) if self.kind(*channel).is_channel() && !self.tries(*channel) => {
                one(EventKind::RangeEnd(self.root(*channel)))
            }
            OpKind::RangeEnd(_) | OpKind::Defaulted(_) => Vec::new(),
            OpKind::Next => one(EventKind::Next),
            OpKind::MayPanic => one(EventKind::MayPanic),
            OpKind::DefaultArm => one(EventKind::DefaultArm),
            OpKind::Close(channel) => one(EventKind::Close(self.root(*channel), Face::Panics)),
            OpKind::Spawn(runs, handle) => one(EventKind::Spawn(self.started(runs), None, *handle)),
            OpKind::Defer(body) => one(EventKind::Defer(*body)),
            OpKind::RunDeferred(body) => one(EventKind::RunDeferred(*body)),
            OpKind::Call(call) => at(op.span, self.call(call)),
            OpKind::Select(select) => {
                let mut select = select.clone();
                for arm in &mut select.arms {
                    arm.channel = arm.channel.map(|channel| self.root(channel));
                }
                one(EventKind::Select(select))
            }
            OpKind::Arm(arm) => {
                let channel = arm.channel.map(|channel| self.root(channel));
                one(EventKind::Arm(Arm { channel, ..arm.clone() }))
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

    /// A turn of a `for` loop. `call` is the call that makes the iterator, if any.
    fn range(&self, over: ObjectId, call: Option<&Call>, span: Span) -> Vec<Event> {
        let kind = match self.kind(over) {
            // It takes the values that are available, and waits for none.
            _ if self.tries(over) => EventKind::Recv(self.root(over), Bound::Checked, Stops::Nothing),
            Kind::Channel(side, _) => EventKind::Range(self.root(over), *side),
            kind if kind.is_channel() => EventKind::Range(self.root(over), Side::Receive),
            _ if call.is_some() => return call.map_or_else(Vec::new, |call| at(span, self.call(call))),
            // A loop over something that blocks the thread blocks it on each turn.
            Kind::ThreadBlocking | Kind::Io => EventKind::Unknown(Call {
                path: vec!["next".to_owned()],
                receiver: Some(over),
                is_method: true,
                args: Vec::new(),
                generics: Vec::new(),
                result: None,
            }),
            _ => EventKind::Use(self.root(over)),
        };
        at(span, vec![kind])
    }

    /// The arguments of a call, in the order of the callee's parameters.
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
            // gochan's own functions are treated the same whether or not their source is part of the program.
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

    pub(super) fn runs(&self, body: BodyId, runner: Runner) {
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
                _ => {
                    let called = call.receiver.filter(|_| !call.is_method).map(|callee| self.root(callee));
                    Started::Unknown(
                        called.into_iter().chain(self.handed(call).into_iter().flatten()).collect(),
                    )
                }
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
        let targets = &self.program.functions[self.function].targets;
        if let Some(target) = call.result.and_then(|result| targets.get(&result)) {
            let name = call.path.last().map_or("", String::as_str);
            if let Some(events) = self.method(*target, name, call) {
                return events;
            }
        }
        let name = call.path.last().map_or("", String::as_str);
        if call.is_method
            && let Some(receiver) = call.receiver
            && let Some(events) = self.method(receiver, name, call)
        {
            return events;
        }
        // A call of a closure with a name.
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
            if self.program.never_returns[callee] {
                events.push(EventKind::Diverge);
            }
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
            // The scope waits for the goroutines started in it; its closure runs here.
            (false, [.., "scope"], _) if self.program.is_ours(self.unit(), &path) => {
                let mut events = self.closures(call);
                events.push(EventKind::Block(Wait::Scope));
                events
            }
            (true, ["go"], _) if self.closures_of(call).next().is_some() => {
                self.spawns(call, Runner::Goroutine)
            }
            (true, ["spawn"], _) if self.closures_of(call).next().is_some() => {
                // A `spawn` of another library runs its closure elsewhere.
                let ours = call.receiver.is_some_and(
                    |receiver| matches!(self.kind(receiver), Kind::Named(owner) if owner == "Builder"),
                );
                self.spawns(call, if ours { Runner::Goroutine } else { Runner::Thread })
            }
            (false, [.., "exit" | "abort"], _) if path.starts_with(&["std", "process"]) => {
                vec![EventKind::Diverge]
            }
            (false, [.., "goexit"], []) if self.program.is_ours(self.unit(), &path) => {
                vec![EventKind::Diverge]
            }
            (false, [.., "resume_unwind" | "panic_any"], [_])
                if path.contains(&"std") || path.contains(&"panic") =>
            {
                let mut events = self.given(call);
                events.push(EventKind::Diverge);
                events
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

    /// Receives from channels whose iterators are passed to a call: `list.extend(ch.iter())`.
    pub(super) fn iterated(&self, call: &Call) -> Vec<EventKind> {
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

    /// Whether the result of a call is used.
    pub(super) fn face(&self, call: &Call) -> Face {
        let ignored = call.result.is_some_and(|result| self.ignored.contains(&result));
        if ignored { Face::Panics } else { Face::Checked }
    }

    /// The face of a send that waits for room if there is none. An unbounded channel always has room, so the send only tries.
    pub(super) fn face_of_send(&self, channel: ObjectId, face: Face) -> Face {
        match self.kind(channel) {
            Kind::Channel(_, Some(Capacity::UNBOUNDED)) => Face::Tries,
            _ => face,
        }
    }

    pub(super) fn closures_of<'c>(&'c self, call: &'c Call) -> impl Iterator<Item = BodyId> + 'c {
        call.args.iter().filter_map(|arg| self.closure(arg.object?))
    }

    /// Closures passed to a call are assumed to run during the call.
    pub(super) fn closures(&self, call: &Call) -> Vec<EventKind> {
        self.closures_of(call).map(EventKind::RunDeferred).collect()
    }

    /// The same for a call that may not run them.
    pub(super) fn handed_over(&self, call: &Call) -> Vec<EventKind> {
        self.closures_of(call).for_each(|body| self.handed.borrow_mut()[body.at()] = true);
        self.closures(call)
    }
}
