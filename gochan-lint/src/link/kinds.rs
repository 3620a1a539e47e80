//! Finds the kinds of a function's objects.

use super::getters::{Aliases, is_handle};
use super::kind::{Flavour, Kind, Ours, Side};
use super::program::Program;
use super::scope;
use crate::ir::{BodyId, CALLED, CONTENT, Capacity, Function, Object, ObjectId, Origin, Ty};
use std::collections::HashMap;

/// The kinds and roots of a function's objects, the objects that were made in addition, and what methods that are called
/// through `Deref` are called on, by their results.
pub(super) type Resolved = (Vec<Kind>, Vec<ObjectId>, Vec<Object>, HashMap<ObjectId, ObjectId>);

/// See [`Resolved`].
pub(super) fn resolve(program: &Program, function: usize) -> Resolved {
    let unit = program.functions[function].unit;
    let code = program.function(function);
    let aliases = Aliases::of(code);
    let (kinds, roots) = (Vec::new(), Vec::new());
    let mut resolver = Resolver { program, function, unit, code, kinds, roots, aliases };
    for index in 0..code.objects.len() {
        let id = ObjectId(index as u32);
        let object = &code.objects[index];
        let (kind, root) = match resolver.object(id, &object.origin) {
            (Kind::Other | Kind::ThreadLocal(None), _) if object.written != Ty::Unknown => {
                (resolver.written(object), id)
            }
            known => known,
        };
        resolver.make_fields(id, &kind);
        resolver.kinds.push(kind);
        resolver.roots.push(root);
    }
    let Resolver { mut kinds, mut roots, aliases, .. } = resolver;
    let mut made = Vec::new();
    for (object, kind) in aliases.made.into_inner() {
        roots.push(ObjectId(kinds.len() as u32));
        kinds.push(kind);
        made.push(object);
    }
    (kinds, roots, made, aliases.targets.into_inner())
}

/// The kind of the content of a guard's lock.
pub(super) fn guarded(program: &Program, function: usize, guard: ObjectId) -> Option<Kind> {
    Resolver::linked(program, function).guarded(guard)
}

/// The name of the type of the workspace that `fields` lead to from an object.
#[must_use]
pub fn owner_of(program: &Program, function: usize, object: ObjectId, fields: &[String]) -> Option<String> {
    let resolver = Resolver::linked(program, function);
    let root = program.functions[function].root(object);
    let start = program.functions[function].kind(root).clone();
    match fields.iter().fold(start, |kind, name| resolver.field_of(root, &kind, name)) {
        Kind::Named(owner) => Some(owner),
        _ => None,
    }
}

pub(super) struct Resolver<'p> {
    pub(super) program: &'p Program,
    pub(super) function: usize,
    pub(super) unit: usize,
    pub(super) code: &'p Function,
    kinds: Vec<Kind>,
    roots: Vec<ObjectId>,
    pub(super) aliases: Aliases,
}

impl<'p> Resolver<'p> {
    /// For a function whose objects are resolved.
    pub(super) fn linked(program: &'p Program, function: usize) -> Resolver<'p> {
        let linked = &program.functions[function];
        let (kinds, roots) = (linked.kinds.clone(), linked.roots.clone());
        let (unit, code) = (linked.unit, program.function(function));
        Resolver { program, function, unit, code, kinds, roots, aliases: Aliases::default() }
    }
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
            Origin::Call(path, args) => {
                let handed: Vec<_> = args.iter().map(|arg| arg.object).collect();
                let callee = self.program.resolve(self.function, path);
                match callee.and_then(|callee| self.got(callee, &handed)) {
                    Some(got) => got,
                    None if callee.is_none() && self.buffers(path, &handed) => (Kind::Io, id),
                    None => (self.call(path, args.first().and_then(|arg| arg.number)), id),
                }
            }
            Origin::Method(callee, name, _) if name == CALLED => self.called(id, *callee),
            Origin::Content(guard) => self.content(*guard),
            Origin::Method(receiver, name, args) => self.method(id, *receiver, name, args),
            Origin::Element(of, index) => self.element(id, *of, *index),
            Origin::Field(of, name) => (self.field(*of, name), self.same_field(self.known(*of).1, name, id)),
            Origin::Typed(Ty::Unknown) => self.closure_param(id).unwrap_or((Kind::Other, id)),
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

    /// The kind that the type annotation of a `let` shows.
    fn written(&self, object: &Object) -> Kind {
        match (self.ty(&object.written), &object.origin) {
            // `let rx: Receiver<u32> = Default::default();`
            (Kind::Channel(..), Origin::Call(path, _)) if path.ends_with(&["default".to_owned()]) => {
                Kind::Nil
            }
            (kind, _) => kind,
        }
    }

    pub(super) fn full(&self, path: &[String]) -> Vec<String> {
        self.program.expand(self.unit, path)
    }

    /// The type that a function of the workspace returns.
    pub(super) fn returned(&self, callee: usize) -> Kind {
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
        if let [.., owner, name] = names[..]
            && matches!(name, "new" | "default" | "nil" | "with_capacity" | "unbounded")
            && let Some(meant) = self.program.alias(self.unit, owner).filter(|meant| !self.has_alias(meant))
        {
            match self.ty(meant) {
                Kind::Channel(side, _) if name == "new" => {
                    return Kind::Channel(side, Some(Capacity::Exactly(0)));
                }
                Kind::Channel(side, _) if name == "unbounded" => {
                    return Kind::Channel(side, Some(Capacity::UNBOUNDED));
                }
                Kind::Channel(..) if name != "with_capacity" => return Kind::Nil,
                kind => return kind,
            }
        }
        let maker =
            matches!(names[..], [.., "new" | "with_capacity" | "unbounded" | "nil" | "default" | "from"]);
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
            [.., "Chan", "unbounded"] => Kind::Channel(Side::Both, Some(Capacity::UNBOUNDED)),
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
            [.., "Mutex" | "RwLock" | "FairMutex", "new" | "default"] => Kind::Lock(flavour(blocking)),
            [.., "Cond" | "Condvar", "new" | "default"] => Kind::Cond(flavour(blocking)),
            [.., "Once" | "OnceCell" | "Lazy" | "OnceLock" | "LazyLock", "new"] => {
                Kind::Once(flavour(blocking))
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

    /// True for a buffer around something that blocks the thread: `BufReader::new(&stream)`.
    fn buffers(&self, path: &[String], args: &[Option<ObjectId>]) -> bool {
        let [.., owner, maker] = path else { return false };
        matches!(owner.as_str(), "BufReader" | "BufWriter" | "LineWriter")
            && matches!(maker.as_str(), "new" | "with_capacity")
            && args.iter().flatten().any(|inner| *self.known(*inner).0 == Kind::Io)
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
        if let Some((kind, target)) = self.dereferenced(receiver, known) {
            self.aliases.targets.borrow_mut().insert(id, target);
            return (if name == "clone" { kind } else { Kind::Other }, id);
        }
        if let Some(callee) = known {
            let handed: Vec<_> =
                [Some(receiver)].into_iter().chain(args.iter().map(|arg| arg.object)).collect();
            if let Some(got) = self.got(callee, &handed) {
                return got;
            }
        }
        // `option.map(|parent| parent.with_cancel())`
        if !kind.is_channel()
            && matches!(name, "map" | "and_then" | "map_or_else" | "or_else" | "then" | "get_or_insert_with")
            && let Some(body) = args.last().and_then(|arg| self.closure(arg.object?))
            && let Some((made, root)) = self.of_closure(body, id)
        {
            return (made, root);
        }
        match (kind, name) {
            (
                Kind::Channel(..) | Kind::WaitGroup | Kind::Cancel | Kind::ContextAndCancel | Kind::Named(_),
                "unwrap_or_else" | "unwrap_or" | "or_else" | "or" | "ok_or" | "ok_or_else" | "filter" | "ok"
                | "get_or_insert_with",
            ) if !(kind.is_channel() && name == "filter") && known.is_none() => (kind.clone(), root),
            (kind, "take") if args.is_empty() && known.is_none() && is_handle(kind) => (kind.clone(), root),
            (kind, "replace") if args.len() == 1 && known.is_none() && is_handle(kind) => {
                (kind.clone(), root)
            }
            (Kind::Channel(_, capacity), "sender") => (Kind::Channel(Side::Send, *capacity), root),
            (Kind::Channel(_, capacity), "receiver") => (Kind::Channel(Side::Receive, *capacity), root),
            (Kind::Channel(..), "split") => (Kind::Halves, root),
            (Kind::Cancel | Kind::Context | Kind::WaitGroup | Kind::JoinHandle, "into") => {
                (kind.clone(), root)
            }
            (kind, "into") if kind.is_channel() => (kind.clone(), root),
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
            // They return the guard.
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
            // The content of a cell is the same each time.
            (Kind::Once(_), "get" | "get_mut" | "get_or_init") => {
                match self.type_of(id, 0).map(|ty| self.ty(&ty)).filter(is_handle) {
                    Some(content) => {
                        let object = self.made(root, CONTENT, &content);
                        (content, object)
                    }
                    None => (Kind::Other, id),
                }
            }
            (_, name) if known.is_none() && PICKS.contains(&name) => {
                (self.type_of(id, 0).map_or(Kind::Other, |ty| self.ty(&ty)), id)
            }
            (Kind::Ours(Ours::Errgroup), "go") => (Kind::JoinHandle, id),
            (Kind::Named(owner), _) => {
                match known {
                    Some(callee) => (self.returned(callee), id),
                    // Methods of a builder return it.
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
            (Kind::Io, _) => (Kind::Io, id),
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

    fn closure(&self, object: ObjectId) -> Option<BodyId> {
        match self.code.objects.get(object.at())?.origin {
            Origin::Closure(body) => Some(body),
            _ => None,
        }
    }

    fn capacity(&self, root: ObjectId) -> Option<Capacity> {
        match self.kinds.get(root.at()) {
            Some(Kind::Channel(_, capacity)) => *capacity,
            _ => None,
        }
    }

    fn field(&self, of: ObjectId, name: &str) -> Kind {
        let (kind, root) = self.known(of);
        if name.starts_with('[') {
            // `for stream in listener.incoming()`
            let other = if *kind == Kind::Io { Kind::Io } else { Kind::Other };
            return self.of_list(of).map_or(other, |element| self.ty(&element));
        }
        self.field_of(root, kind, name)
    }

    /// The kind of a field of an object of this kind.
    pub(super) fn field_of(&self, object: ObjectId, kind: &Kind, name: &str) -> Kind {
        match (kind, name) {
            (Kind::Lock(_), CONTENT) => return self.protected(object).unwrap_or(Kind::Other),
            (Kind::ContextAndCancel, "0") => return Kind::Context,
            (Kind::ContextAndCancel, "1") => return Kind::Cancel,
            (Kind::Tuple(parts), name) => {
                let part = name.parse::<usize>().ok().and_then(|index| parts.get(index));
                return part.map_or(Kind::Other, |ty| self.ty(ty));
            }
            _ => {}
        }
        let Kind::Named(owner) = kind else { return Kind::Other };
        let package = self.program.units[self.unit].package;
        let structure = self.program.structure(package, owner);
        let field = structure.and_then(|known| known.fields.iter().find(|(field, ..)| field == name));
        field.map_or(Kind::Other, |(_, ty, _)| self.ty(ty))
    }
}

/// Methods that return a part of what a collection or a cell contains.
pub const PICKS: [&str; 16] = [
    "get",
    "get_mut",
    "get_or_init",
    "first",
    "last",
    "first_mut",
    "last_mut",
    "front",
    "back",
    "pop",
    "pop_front",
    "pop_back",
    "remove",
    "swap_remove",
    "next",
    "nth",
];

/// Methods of a channel that return an iterator over its values.
pub(super) const GIVES_ALL: [&str; 4] = ["iter", "into_iter", "try_iter", "stream"];

/// Lazy methods of an iterator.
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

/// Types whose values are distinguished even if a constructor with another name made them.
fn blocking_type(name: &str) -> bool {
    name.starts_with("Atomic")
}

/// The library of a type whose name gochan shares with libraries that block the thread.
pub(super) fn flavour(blocking: bool) -> Flavour {
    if blocking { Flavour::Blocking } else { Flavour::Gochan }
}

/// True for paths of the standard library and of crates whose operations block the thread.
pub(super) fn blocking_root(path: &[&str]) -> bool {
    path.len() > 1 && matches!(path[0], "std" | "parking_lot" | "crossbeam" | "crossbeam_channel" | "flume")
}
