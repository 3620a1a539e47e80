//! What the objects of a function are.

use super::scope::Scope;
use super::{Program, scope};
use crate::ir::{Capacity, Function, Object, ObjectId, Origin, Ty};

/// Which ends of a channel a handle has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// `Chan`
    Both,
    /// `Sender`
    Send,
    /// `Receiver`
    Receive,
}

/// Whose lock it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flavour {
    /// gochan's: parks the goroutine.
    Gochan,
    /// The standard library's, or another that blocks the thread.
    Blocking,
    /// `RefCell`: does not block at all.
    Cell,
}

/// A type of gochan's whose methods wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ours {
    /// `sync::Semaphore`
    Semaphore,
    /// `sync::errgroup::Group`
    Errgroup,
    /// `sync::singleflight::Group`
    Singleflight,
    /// The `Select` whose arms are not known before it runs.
    Select,
}

/// What an object is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A channel, with its capacity if it is made here.
    Channel(Side, Option<Capacity>),
    /// The nil channel.
    Nil,
    /// What `split()` returns.
    Halves,
    /// A `WaitGroup`.
    WaitGroup,
    /// A `Context`.
    Context,
    /// A `CancelHandle`.
    Cancel,
    /// What `with_cancel()` and the like return.
    ContextAndCancel,
    /// The done channel of a context.
    Done(ObjectId),
    /// The channel of `after(d)`.
    After,
    /// The channel of `tick(d)`.
    Tick,
    /// A `Ticker` or `Timer`.
    Timer,
    /// A mutex or a reader-writer lock.
    Lock(Flavour),
    /// What locking returns.
    Guard(ObjectId, Flavour),
    /// A `Cond` or `Condvar`.
    Cond(Flavour),
    /// A socket, a process, the standard input: its operations block the thread.
    Io,
    /// A `Once`, `OnceCell`, `Lazy`.
    Once(Flavour),
    /// Another type of gochan's that waits.
    Ours(Ours),
    /// A guard of a lock, known by its type.
    Held(Flavour),
    /// A guard that keeps its thread in a scope of another crate.
    Scoped(Scope),
    /// What opens such a scope.
    Opens(Scope),
    /// A `ThreadLocal`, and the name of the type of its values.
    ThreadLocal(Option<String>),
    /// What `go!` returns.
    JoinHandle,
    /// A thread's handle, a barrier, a channel of the standard library: blocks the thread.
    ThreadBlocking,
    /// A value of a type of this name.
    Named(String),
    /// A tuple of these types.
    Tuple(Vec<Ty>),
    /// Anything else.
    Other,
}

impl Kind {
    /// True for channels of gochan, nil and timers' included.
    #[must_use]
    pub fn is_channel(&self) -> bool {
        matches!(self, Kind::Channel(..) | Kind::Nil | Kind::Done(_) | Kind::After | Kind::Tick)
    }
}

/// The kinds and roots of a function's objects.
pub(super) fn resolve(program: &Program, function: usize) -> (Vec<Kind>, Vec<ObjectId>) {
    let unit = program.functions[function].unit;
    let code = program.function(function);
    let mut resolver = Resolver { program, function, unit, code, kinds: Vec::new(), roots: Vec::new() };
    for index in 0..code.objects.len() {
        let id = ObjectId(index as u32);
        let object = &code.objects[index];
        let (kind, root) = match resolver.object(id, &object.origin) {
            (Kind::Other | Kind::ThreadLocal(None), _) if object.written != Ty::Unknown => {
                (resolver.written(object), id)
            }
            known => known,
        };
        resolver.kinds.push(kind);
        resolver.roots.push(root);
    }
    (resolver.kinds, resolver.roots)
}

/// The kind of what a guard leads to.
pub(super) fn guarded(program: &Program, function: usize, guard: ObjectId) -> Option<Kind> {
    let linked = &program.functions[function];
    let (kinds, roots) = (linked.kinds.clone(), linked.roots.clone());
    let (unit, code) = (linked.unit, program.function(function));
    Resolver { program, function, unit, code, kinds, roots }.guarded(guard)
}

pub(super) struct Resolver<'p> {
    pub(super) program: &'p Program,
    pub(super) function: usize,
    pub(super) unit: usize,
    pub(super) code: &'p Function,
    kinds: Vec<Kind>,
    roots: Vec<ObjectId>,
}

impl Resolver<'_> {
    /// Objects refer to earlier ones only.
    pub(super) fn known(&self, object: ObjectId) -> (&Kind, ObjectId) {
        match self.kinds.get(object.at()) {
            Some(kind) => (kind, self.roots[object.at()]),
            None => (&Kind::Other, object),
        }
    }

    fn object(&self, id: ObjectId, origin: &Origin) -> (Kind, ObjectId) {
        match origin {
            Origin::ChanMacro(capacity, _) => (Kind::Channel(Side::Both, Some(*capacity)), id),
            Origin::Call(path, args) => (self.call(path, args.first().and_then(|arg| arg.number)), id),
            Origin::Method(receiver, name, args) => self.method(id, *receiver, name, args),
            Origin::Element(of, index) => self.element(id, *of, *index),
            Origin::Field(of, name) => (self.field(*of, name), id),
            Origin::Typed(ty) => (self.ty(ty), id),
            Origin::Spawn(_) => (Kind::JoinHandle, id),
            Origin::Plain(ty) => (self.ty(ty), id),
            Origin::Static(name) => {
                let known = self.program.static_item(self.unit, name);
                (known.map_or(Kind::Other, |known| self.ty(&known.ty)), id)
            }
            Origin::Closure(_) | Origin::Unknown => (Kind::Other, id),
        }
    }

    /// What a `let` with a type says.
    fn written(&self, object: &Object) -> Kind {
        match (self.ty(&object.written), &object.origin) {
            // `let rx: Receiver<u32> = Default::default();`
            (Kind::Channel(..), Origin::Call(path, _)) if path.ends_with(&["default".to_owned()]) => {
                Kind::Nil
            }
            (kind, _) => kind,
        }
    }

    fn full(&self, path: &[String]) -> Vec<String> {
        self.program.expand(self.unit, path)
    }

    /// The type that a function of the workspace returns.
    fn returned(&self, callee: usize) -> Kind {
        let function = self.program.function(callee);
        match &function.returns {
            Ty::Path(name, _) if name == "Self" => {
                function.owner.as_ref().map_or(Kind::Other, |owner| self.path(owner, &[]))
            }
            ty => self.ty(ty),
        }
    }

    fn call(&self, path: &[String], first: Option<i64>) -> Kind {
        let full = self.full(path);
        let names: Vec<&str> = full.iter().map(String::as_str).collect();
        let blocking = blocking_root(&names);
        if let Some(callee) = self.program.resolve(self.function, path) {
            return self.returned(callee);
        }
        let maker = matches!(names[..], [.., "new" | "with_capacity" | "nil" | "default" | "from"]);
        let ours = match &names[..] {
            [owner @ .., _] if maker => self.program.is_ours(self.unit, owner),
            whole => self.program.is_ours(self.unit, whole),
        };
        if let Some(kind) = scope::made_by(self.program, self.unit, &names) {
            return kind;
        }
        match names[..] {
            ["std", "net", _, ..] | ["std", "process", "Command", ..] | ["std", "io", "stdin"] => Kind::Io,
            ["std", "os", "unix", "net", ..] | ["reqwest", "blocking", ..] | ["ureq", ..] => Kind::Io,
            ["std", .., "Barrier", "new"]
            | ["std", .., "mpsc", "sync_channel"]
            | ["std", .., "thread", "spawn"]
            | ["std", .., "mpsc", "channel"]
            | ["thread", "spawn"]
            | ["mpsc", "channel" | "sync_channel"] => Kind::ThreadBlocking,
            [.., "RefCell", "new"] => Kind::Lock(Flavour::Cell),
            [.., "thread", "Builder", "new"] => Kind::ThreadBlocking,
            [.., owner, _] if blocking_type(owner) => Kind::Named(owner.to_owned()),
            [.., owner, "new" | "default"] if !ours && !blocking => match owner {
                "Default" | "Builder" => Kind::Other,
                owner => Kind::Named(owner.to_owned()),
            },
            _ if !ours && !blocking && !maker => Kind::Other,
            [.., "Chan", "new"] => Kind::Channel(Side::Both, Some(Capacity::Exactly(0))),
            [.., "Chan", "with_capacity"] => {
                let known = first.and_then(|number| u64::try_from(number).ok()).map(Capacity::Exactly);
                Kind::Channel(Side::Both, Some(known.unwrap_or(Capacity::Unknown)))
            }
            [.., "Chan" | "Sender" | "Receiver", "nil" | "default"] => Kind::Nil,
            [.., "WaitGroup", "new" | "default"] => Kind::WaitGroup,
            [.., "background" | "todo"] => Kind::Context,
            [.., "notify_context"] => Kind::ContextAndCancel,
            [.., "Group", "with_context"] => {
                let parts = ["gochan::sync::errgroup::Group", "gochan::context::Context"];
                Kind::Tuple(parts.map(|part| Ty::Path(part.to_owned(), Vec::new())).to_vec())
            }
            [.., "after"] => Kind::After,
            [.., "tick"] => Kind::Tick,
            [.., "Ticker" | "Timer", "new"] => Kind::Timer,
            [.., "Mutex" | "RwLock" | "FairMutex", "new" | "default"] => {
                Kind::Lock(if blocking { Flavour::Blocking } else { Flavour::Gochan })
            }
            [.., "Cond" | "Condvar", "new" | "default"] => {
                Kind::Cond(if blocking { Flavour::Blocking } else { Flavour::Gochan })
            }
            [.., "Once" | "OnceCell" | "Lazy" | "OnceLock" | "LazyLock", "new"] => {
                Kind::Once(if blocking { Flavour::Blocking } else { Flavour::Gochan })
            }
            ["Default", "default"] => Kind::Other,
            [ref owner @ .., "new" | "default"] if self.ours(owner).is_some() => {
                self.ours(owner).map_or(Kind::Other, Kind::Ours)
            }
            [.., owner, "new" | "default"] => Kind::Named(owner.to_owned()),
            [.., owner, "from" | "with_capacity"] if owner.starts_with(char::is_uppercase) => {
                Kind::Named(owner.to_owned())
            }
            _ => Kind::Other,
        }
    }

    fn method(
        &self,
        id: ObjectId,
        receiver: ObjectId,
        name: &str,
        args: &[crate::ir::Arg],
    ) -> (Kind, ObjectId) {
        let (kind, root) = self.known(receiver);
        let known = match kind {
            Kind::Named(owner) => self.program.method(self.function, owner, name),
            _ => None,
        };
        let text = || {
            let span = self.code.objects[receiver.at()].span;
            self.program.units[self.unit].source.snippet(span).to_owned()
        };
        if let (None, Some(scope)) = (known, scope::entered(kind, name, args, text)) {
            return (Kind::Scoped(scope), id);
        }
        match (kind, name) {
            (Kind::Channel(_, capacity), "sender") => (Kind::Channel(Side::Send, *capacity), root),
            (Kind::Channel(_, capacity), "receiver") => (Kind::Channel(Side::Receive, *capacity), root),
            (Kind::Channel(..), "split") => (Kind::Halves, root),
            (kind, name) if kind.is_channel() && (GIVES_ALL.contains(&name) || LAZY.contains(&name)) => {
                (kind.clone(), root)
            }
            (
                Kind::Context,
                "with_cancel"
                | "with_timeout"
                | "with_deadline"
                | "with_cancel_cause"
                | "with_timeout_cause"
                | "with_deadline_cause",
            ) => (Kind::ContextAndCancel, id),
            (Kind::Context, "with_value" | "without_cancel") => (Kind::Context, id),
            (Kind::Context, "done") => (Kind::Done(root), id),
            (Kind::Timer, "channel") => (Kind::Channel(Side::Receive, Some(Capacity::Unknown)), id),
            (Kind::Lock(flavour), "lock" | "write" | "borrow_mut" | "borrow" | "read") if args.is_empty() => {
                (Kind::Guard(root, *flavour), id)
            }
            (Kind::Lock(flavour), "try_lock" | "try_read" | "try_write") => (Kind::Guard(root, *flavour), id),
            (kind, "borrow" | "borrow_mut") => (kind.clone(), root),
            // The guard comes back.
            (Kind::Cond(_), "wait" | "wait_while" | "wait_timeout") => {
                match args.first().and_then(|arg| arg.object).map(|guard| self.known(guard)) {
                    Some((kind, guard)) => (kind.clone(), guard),
                    None => (Kind::Other, id),
                }
            }
            (Kind::Io, _) => (Kind::Io, id),
            (Kind::ThreadBlocking, "name" | "stack_size" | "spawn") => (Kind::ThreadBlocking, id),
            (Kind::Named(owner), "go" | "spawn") if owner == "Builder" || owner == "Group" => {
                (Kind::JoinHandle, id)
            }
            (Kind::WaitGroup | Kind::Other, "go") => (Kind::JoinHandle, id),
            (Kind::Ours(Ours::Errgroup), "go") => (Kind::JoinHandle, id),
            (Kind::Named(owner), _) => {
                match known {
                    Some(callee) => (self.returned(callee), id),
                    // A builder's steps.
                    None if owner == "Builder" => (kind.clone(), id),
                    None => (Kind::Other, id),
                }
            }
            _ => (Kind::Other, id),
        }
    }

    fn element(&self, id: ObjectId, of: ObjectId, index: u32) -> (Kind, ObjectId) {
        let (kind, root) = self.known(of);
        match (kind, index) {
            (Kind::ThreadBlocking, _) => (Kind::ThreadBlocking, id),
            (Kind::ContextAndCancel, 0) => (Kind::Context, id),
            (Kind::ContextAndCancel, 1) => (Kind::Cancel, id),
            (Kind::Halves, 0) => (Kind::Channel(Side::Send, self.capacity(root)), root),
            (Kind::Halves, 1) => (Kind::Channel(Side::Receive, self.capacity(root)), root),
            (Kind::Tuple(parts), index) => {
                (parts.get(index as usize).map_or(Kind::Other, |ty| self.ty(ty)), id)
            }
            _ => (Kind::Other, id),
        }
    }

    fn capacity(&self, root: ObjectId) -> Option<Capacity> {
        match self.kinds.get(root.at()) {
            Some(Kind::Channel(_, capacity)) => *capacity,
            _ => None,
        }
    }

    fn field(&self, of: ObjectId, name: &str) -> Kind {
        if name.starts_with('[') {
            return self.of_list(of).map_or(Kind::Other, |element| self.ty(&element));
        }
        match (self.known(of).0, name) {
            (Kind::ContextAndCancel, "0") => return Kind::Context,
            (Kind::ContextAndCancel, "1") => return Kind::Cancel,
            (Kind::Tuple(parts), name) => {
                let part = name.parse::<usize>().ok().and_then(|index| parts.get(index));
                return part.map_or(Kind::Other, |ty| self.ty(ty));
            }
            _ => {}
        }
        let (Kind::Named(owner), _) = self.known(of) else { return Kind::Other };
        let package = self.program.units[self.unit].package;
        let structure = self.program.structure(package, owner);
        let field = structure.and_then(|known| known.fields.iter().find(|(field, ..)| field == name));
        field.map_or(Kind::Other, |(_, ty, _)| self.ty(ty))
    }

    pub(super) fn ty(&self, ty: &Ty) -> Kind {
        match ty {
            Ty::Ref(inner) => self.ty(inner),
            Ty::Tuple(parts) if parts.is_empty() => Kind::Other,
            Ty::Tuple(parts) => match &parts[..] {
                [context, cancel] if self.ty(context) == Kind::Context && self.ty(cancel) == Kind::Cancel => {
                    Kind::ContextAndCancel
                }
                _ => Kind::Tuple(parts.clone()),
            },
            Ty::Unknown => Kind::Other,
            Ty::Path(name, args) => self.path(name, args),
        }
    }

    /// The type of gochan's that a path leads to, for those who only use it.
    fn ours(&self, path: &[&str]) -> Option<Ours> {
        let ours = match *path {
            [.., "Semaphore"] => Ours::Semaphore,
            [.., "errgroup", "Group"] => Ours::Errgroup,
            [.., "singleflight", "Group"] => Ours::Singleflight,
            [.., "Select"] => Ours::Select,
            _ => return None,
        };
        let own = self.program.gochan == Some(self.program.units[self.unit].package);
        (!own && self.program.is_ours(self.unit, path)).then_some(ours)
    }

    fn has_alias(&self, ty: &Ty) -> bool {
        match ty {
            Ty::Path(name, args) => {
                self.program.alias(self.unit, name).is_some() || args.iter().any(|arg| self.has_alias(arg))
            }
            Ty::Ref(inner) => self.has_alias(inner),
            Ty::Tuple(parts) => parts.iter().any(|part| self.has_alias(part)),
            Ty::Unknown => false,
        }
    }

    fn path(&self, name: &str, args: &[Ty]) -> Kind {
        // An alias of an alias is not worth to be followed, nor one of itself.
        if let Some(meant) = self.program.alias(self.unit, name).filter(|meant| !self.has_alias(meant)) {
            return self.ty(meant);
        }
        let written: Vec<String> = name.split("::").map(str::to_owned).collect();
        let full = self.full(&written);
        let names: Vec<&str> = full.iter().map(String::as_str).collect();
        let blocking = blocking_root(&names);
        let ours = self.program.is_ours(self.unit, &names);
        if let Some(kind) = scope::of_type(self.program, self.unit, &names, args) {
            return kind;
        }
        if let Some(ours) = self.ours(&names) {
            return Kind::Ours(ours);
        }
        // By whatever name it was imported.
        let name = if names.len() > 1 { names.last().copied().unwrap_or(name) } else { name };
        match (name, args) {
            (
                "Chan" | "Sender" | "Receiver" | "WaitGroup" | "CancelHandle" | "Mutex" | "RwLock" | "Once"
                | "OnceCell" | "Cond" | "Condvar" | "JoinHandle" | "Ticker" | "Timer",
                _,
            ) if !blocking && !ours => Kind::Named(name.to_owned()),
            ("Arc" | "Rc" | "Box" | "Option" | "Pin", [inner]) => self.ty(inner),
            // The types of `Result<(Context, CancelHandle), E>` are those of its value.
            ("Result", [inner, ..]) => self.ty(inner),
            ("Lazy" | "LazyLock" | "LocalKey" | "ManuallyDrop", [inner, ..]) => self.ty(inner),
            ("Chan", _) => Kind::Channel(Side::Both, None),
            ("Sender", _) if !blocking => Kind::Channel(Side::Send, None),
            ("Receiver", _) if !blocking => Kind::Channel(Side::Receive, None),
            ("Sender" | "Receiver" | "SyncSender" | "Barrier", _) => Kind::ThreadBlocking,
            ("WaitGroup", _) => Kind::WaitGroup,
            ("Context", _) if ours => Kind::Context,
            ("CancelHandle", _) => Kind::Cancel,
            ("Mutex" | "RwLock", _) => Kind::Lock(if blocking { Flavour::Blocking } else { Flavour::Gochan }),
            ("RefCell", _) => Kind::Lock(Flavour::Cell),
            ("Cond" | "Condvar", _) => Kind::Cond(if blocking { Flavour::Blocking } else { Flavour::Gochan }),
            (
                "TcpStream" | "TcpListener" | "UdpSocket" | "UnixStream" | "UnixListener" | "Child"
                | "Command" | "Stdin",
                _,
            ) if names.first() == Some(&"std") => Kind::Io,
            ("Ticker" | "Timer", _) => Kind::Timer,
            ("JoinHandle", _) => {
                if blocking {
                    Kind::ThreadBlocking
                } else {
                    Kind::JoinHandle
                }
            }
            ("Once" | "OnceCell" | "OnceLock", _) => {
                Kind::Once(if ours { Flavour::Gochan } else { Flavour::Blocking })
            }
            ("Self", _) => self.code.owner.clone().map_or(Kind::Other, Kind::Named),
            _ => Kind::Named(name.to_owned()),
        }
    }
}

/// Methods of a channel whose result takes its values one by one.
pub(super) const GIVES_ALL: [&str; 4] = ["iter", "into_iter", "try_iter", "stream"];

/// Methods of an iterator that take nothing yet, and leave nothing out for good.
pub(super) const LAZY: [&str; 11] = [
    "map",
    "filter",
    "filter_map",
    "flat_map",
    "inspect",
    "enumerate",
    "peekable",
    "by_ref",
    "fuse",
    "zip",
    "chain",
];

/// Types whose makers are worth to be told apart, whatever they are called.
fn blocking_type(name: &str) -> bool {
    name.starts_with("Atomic")
}

/// True for what blocks the thread: of the standard library, or of crates known for it.
fn blocking_root(path: &[&str]) -> bool {
    path.len() > 1 && matches!(path[0], "std" | "parking_lot" | "crossbeam" | "crossbeam_channel" | "flume")
}
