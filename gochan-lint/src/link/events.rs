//! What the operations of a body mean, now that it is known what their objects are.

use super::Program;
use super::kinds::{Flavour, Kind};
use crate::ir::{Arg, BodyId, Bound, Call, ObjectId, Op, OpKind, Origin, Runs, Select, Where};
use crate::source::Span;
use std::collections::HashSet;

/// What happens in a block, in order.
#[derive(Debug, Default)]
pub struct BlockEvents(pub Vec<Event>);

/// Something that happens, and where. Objects are roots.
#[derive(Debug, Clone)]
pub struct Event {
    /// What.
    pub kind: EventKind,
    /// Where.
    pub span: Span,
}

/// How a lock is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockMode {
    /// Alone.
    Exclusive,
    /// With other readers.
    Shared,
    /// If it is free.
    Try,
}

/// How an operation takes a closed channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    /// It panics: a macro, or a method whose result is unwrapped or ignored.
    Panics,
    /// It says so, and somebody looks.
    Checked,
    /// It says so, and does not wait either.
    Tries,
}

/// What blocks, beside channels and locks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// `time::sleep`, which parks the goroutine.
    Sleep,
    /// `JoinHandle::join`
    Join,
    /// The end of a scope, an iterator, anything else of gochan's.
    Other,
}

/// See [`Event`].
#[derive(Debug, Clone)]
pub enum EventKind {
    /// A send.
    Send(ObjectId, Face),
    /// A receive; false if it does not wait.
    Recv(ObjectId, Bound, bool),
    /// The head of a range over the channel.
    Range(ObjectId),
    /// A close.
    Close(ObjectId, Face),
    /// `wg.add(n)`
    Add(ObjectId, Option<i64>),
    /// `wg.done()`
    Done(ObjectId),
    /// `wg.wait()`
    Wait(ObjectId),
    /// `cancel.cancel()`
    Cancel(ObjectId),
    /// A lock is taken; the guard.
    Lock(ObjectId, LockMode, ObjectId, Flavour),
    /// A goroutine starts; the group it is counted in, if that is `wg.go(f)`; its handle.
    Spawn(Started, Option<ObjectId>, Option<ObjectId>),
    /// `defer!`
    Defer(BodyId),
    /// What was deferred runs.
    RunDeferred(BodyId),
    /// A function of the workspace is called with these objects as its parameters.
    Call(usize, Vec<Option<ObjectId>>),
    /// Something unknown is called.
    Unknown(Call),
    /// Other waits.
    Block(Wait),
    /// A `select!`.
    Select(Select),
    /// The body of an arm begins.
    Arm(crate::ir::Arm),
    /// `ctx.with_…()`: the parent, the result, the method.
    Derive(ObjectId, ObjectId, String),
    /// An object comes to be.
    New(ObjectId),
    /// A value is dropped at once.
    DroppedAtOnce(ObjectId),
    /// What the variable holds is dropped.
    ScopeEnd(ObjectId),
    /// An explicit `drop(x)`.
    Dropped(ObjectId),
    /// It goes where it is not followed.
    Escape(ObjectId, Where),
    /// It is looked at.
    Use(ObjectId),
    /// It is overwritten.
    Assign(ObjectId),
    /// A way out.
    Return,
    /// Never comes back.
    Diverge,
}

/// What a goroutine runs.
#[derive(Debug, Clone)]
pub enum Started {
    /// A body.
    Body(BodyId),
    /// A function of the workspace, with these objects as its parameters.
    Function(usize, Vec<Option<ObjectId>>),
    /// Something else, with these objects.
    Unknown(Vec<ObjectId>),
}

/// The events of every block of every body of a function.
pub(super) fn interpret(program: &Program, function: usize) -> Vec<Vec<BlockEvents>> {
    let code = program.function(function);
    let interpreter = Interpreter { program, function, ignored: ignored(code) };
    let block = |ops: &Vec<Op>| BlockEvents(ops.iter().flat_map(|op| interpreter.op(op)).collect());
    code.bodies.iter().map(|body| body.blocks.iter().map(|each| block(&each.ops)).collect()).collect()
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

struct Interpreter<'p> {
    program: &'p Program,
    function: usize,
    /// Results that their statement drops, without a `let _ =` that says so.
    ignored: HashSet<ObjectId>,
}

impl Interpreter<'_> {
    fn kind(&self, object: ObjectId) -> &Kind {
        self.program.functions[self.function].kind(object)
    }

    fn root(&self, object: ObjectId) -> ObjectId {
        self.program.functions[self.function].root(object)
    }

    fn unit(&self) -> usize {
        self.program.functions[self.function].unit
    }

    fn op(&self, op: &Op) -> Vec<Event> {
        let one = |kind| vec![Event { kind, span: op.span }];
        match &op.kind {
            OpKind::New(object) => one(EventKind::New(self.root(*object))),
            OpKind::DroppedAtOnce(object) => one(EventKind::DroppedAtOnce(self.root(*object))),
            OpKind::Send(channel) => one(EventKind::Send(self.root(*channel), Face::Panics)),
            OpKind::Recv(channel, bound) => one(EventKind::Recv(self.root(*channel), *bound, true)),
            OpKind::Range(channel) if self.kind(*channel).is_channel() => {
                one(EventKind::Range(self.root(*channel)))
            }
            OpKind::Range(object) => one(EventKind::Use(self.root(*object))),
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
            OpKind::Assign(object) => one(EventKind::Assign(self.root(*object))),
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
        let name = call.path.last()?;
        if call.is_method {
            let Kind::Named(owner) = self.kind(call.receiver?) else { return None };
            return self.program.callee(self.unit(), Some(owner), name);
        }
        if call.receiver.is_some() {
            return None;
        }
        let owner = (call.path.len() > 1).then(|| call.path[call.path.len() - 2].as_str());
        let owner = match owner {
            Some("Self") => self.program.function(self.function).owner.as_deref(),
            owner => owner,
        };
        let method = owner.and_then(|owner| self.program.callee(self.unit(), Some(owner), name));
        method.or_else(|| self.program.callee(self.unit(), None, name))
    }

    fn started(&self, runs: &Runs) -> Started {
        match runs {
            Runs::Body(body) => Started::Body(*body),
            Runs::Call(call) => match (self.callee(call), call.receiver.map(|object| self.closure(object))) {
                (Some(callee), _) => Started::Function(callee, self.handed(call)),
                (None, Some(Some(body))) if !call.is_method => Started::Body(body),
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
        let name = call.path.last().map_or("", String::as_str);
        if call.is_method
            && let Some(receiver) = call.receiver
            && let Some(events) = self.method(receiver, name, call)
        {
            return events;
        }
        if let Some(callee) = self.callee(call) {
            return vec![EventKind::Call(callee, self.handed(call))];
        }
        let gives = |arg: &Arg| arg.object.map(|object| self.root(object));
        match (call.is_method, name, &call.args[..]) {
            (false, "drop", [only]) => gives(only).map(EventKind::Dropped).into_iter().collect(),
            (false, "sleep", [_]) if !call.path.iter().any(|part| part == "thread") => {
                vec![EventKind::Block(Wait::Sleep)]
            }
            // The scope waits for all that was started in it; its closure runs here.
            (false, "scope" | "blocking", _) | (true, "for_each" | "map", _) => {
                let mut events = self.closures(call);
                events.push(EventKind::Block(Wait::Other));
                events
            }
            (true, "go" | "spawn", _) if self.closures_of(call).next().is_some() => self
                .closures_of(call)
                .map(|body| EventKind::Spawn(Started::Body(body), None, call.result))
                .collect(),
            _ => {
                let mut events = self.closures(call);
                events.extend(call.args.iter().filter_map(|arg| {
                    let object = gives(arg)?;
                    Some(if arg.by_ref {
                        EventKind::Use(object)
                    } else {
                        EventKind::Escape(object, Where::Given)
                    })
                }));
                events.extend(call.receiver.map(|object| EventKind::Use(self.root(object))));
                events.push(EventKind::Unknown(call.clone()));
                events
            }
        }
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

    /// A method of something of ours.
    fn method(&self, receiver: ObjectId, name: &str, call: &Call) -> Option<Vec<EventKind>> {
        let root = self.root(receiver);
        let first = call.args.first();
        let kind = self.kind(receiver);
        let event = match (kind, name) {
            (kind, _) if kind.is_channel() => {
                if matches!(name, "send" | "send_timeout" | "try_send" | "send_async") {
                    let value = first.and_then(|arg| arg.object).map(|object| self.root(object));
                    let mut events: Vec<_> =
                        value.map(|object| EventKind::Escape(object, Where::Given)).into_iter().collect();
                    let face = if name == "send" { self.face(call) } else { Face::Tries };
                    events.push(EventKind::Send(root, face));
                    return Some(events);
                }
                match name {
                    "recv" => EventKind::Recv(root, Bound::Checked, true),
                    "try_recv" | "recv_timeout" | "recv_async" | "try_iter" => {
                        EventKind::Recv(root, Bound::Checked, false)
                    }
                    "iter" | "into_iter" => EventKind::Use(root),
                    "close" => EventKind::Close(root, self.face(call)),
                    _ => EventKind::Use(root),
                }
            }
            (Kind::WaitGroup, "add") => EventKind::Add(root, first.and_then(|arg| arg.number)),
            (Kind::WaitGroup, "done") => EventKind::Done(root),
            (Kind::WaitGroup, "wait") => EventKind::Wait(root),
            (Kind::WaitGroup, "go") => {
                let body = self.closures_of(call).next();
                let objects = call.args.iter().filter_map(|arg| arg.object).map(|object| self.root(object));
                let started = body.map_or_else(|| Started::Unknown(objects.collect()), Started::Body);
                EventKind::Spawn(started, Some(root), call.result)
            }
            (Kind::Cancel, "cancel" | "cancel_cause") => EventKind::Cancel(root),
            (Kind::Context, name) if name.starts_with("with_") || name == "without_cancel" => {
                EventKind::Derive(root, call.result?, name.to_owned())
            }
            (Kind::Context, _) => {
                let mut events = self.closures(call);
                events.push(EventKind::Use(root));
                return Some(events);
            }
            (Kind::Lock(flavour), "lock" | "write" | "borrow_mut") => {
                EventKind::Lock(root, LockMode::Exclusive, call.result?, *flavour)
            }
            (Kind::Lock(flavour), "read") => EventKind::Lock(root, LockMode::Shared, call.result?, *flavour),
            (Kind::Lock(flavour), "try_lock" | "try_read" | "try_write") => {
                EventKind::Lock(root, LockMode::Try, call.result?, *flavour)
            }
            (Kind::JoinHandle, "join") => EventKind::Block(Wait::Join),
            _ => return None,
        };
        Some(vec![event])
    }
}
