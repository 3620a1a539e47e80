//! The intermediate representation: for each function and each goroutine, closure or deferred call in it, a
//! control-flow graph of the operations that could matter.
//!
//! Reading a file ([`crate::read`]) produces this without looking at other files. Names are resolved within their
//! scopes: each local variable that could hold a handle is an [`Object`], and clones, clone lists and captures lead
//! back to the object they came from. What depends on other files, such as the type of a field or what a function does
//! with its arguments, is left open ([`Origin`], [`Call`]) for [`crate::link`].

use crate::source::Span;

macro_rules! index {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl $name {
            /// As an index.
            #[must_use]
            pub fn at(self) -> usize {
                self.0 as usize
            }
        }
    };
}

index! {
    /// An object of a function.
    ObjectId
}
index! {
    /// A body of a function.
    BodyId
}
index! {
    /// A block of a body.
    BlockId
}

/// What one file declares.
#[derive(Debug, Default)]
pub struct File {
    /// Functions and methods, including nested ones.
    pub functions: Vec<Function>,
    /// Statics, except thread-locals, which are functions of [`THREAD_LOCAL`](crate::read::THREAD_LOCAL).
    pub statics: Vec<Static>,
    /// Types with an `unsafe impl Sync`.
    pub unsafe_sync: Vec<String>,
    /// Modules with a body, and those declared.
    pub module_names: Vec<String>,
    /// Structs with their fields; other types without fields.
    pub structs: Vec<Struct>,
    /// `type Jobs = Chan<Job>;`
    pub aliases: Vec<(String, Ty)>,
    /// Macros that the file defines.
    pub macros: Vec<String>,
    /// Calls of gochan's macros that their grammar rejects.
    pub rejected: Vec<Rejected>,
    /// Modules declared without a body: other files.
    pub modules: Vec<ModuleDecl>,
    /// Macros around items whose input is not read, and their names.
    pub unread: Vec<(Span, String)>,
    /// The name under which the crate imports gochan.
    pub gochan: String,
    /// gochan's feature `tracing` is on: the current span belongs to the goroutine.
    pub tracing: bool,
    /// The paths that `use` declarations import by a glob from other crates.
    pub globs: Vec<Vec<String>>,
    /// The names that `use` declarations import, each with its path.
    pub imports: Vec<(String, Vec<String>)>,
}

/// A static.
#[derive(Debug)]
pub struct Static {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: Ty,
    /// `static mut`
    pub mutable: bool,
}

/// `mod name;`
#[derive(Debug, Clone)]
pub struct ModuleDecl {
    /// The folders of the inline modules around it, then its name.
    pub path: Vec<String>,
    /// `#[path = "…"]`, also within `cfg_attr`.
    pub files: Vec<String>,
    /// The file of `include!`, beside the file that contains it.
    pub included: Option<String>,
    /// The file may also be where the name of the module says, since no `#[path]` applies under every `cfg`.
    pub in_place: bool,
}

/// A struct and the types of its fields.
#[derive(Debug)]
pub struct Struct {
    /// Its name.
    pub name: String,
    /// The modules and functions of its file that contain it.
    pub module: Vec<String>,
    /// Field names, or numbers, and types.
    pub fields: Vec<(String, Ty, Span)>,
}

/// A macro call that its grammar rejects.
#[derive(Debug)]
pub struct Rejected {
    /// Which macro.
    pub name: String,
    /// It is certainly gochan's, not imported by a glob from its own crate.
    pub certain: bool,
    /// What to underline.
    pub span: Span,
    /// The message of the macro.
    pub message: String,
    /// The input, if it is an expression that could be called.
    pub callable: Option<Span>,
}

/// A type, in the detail needed to tell handles apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ty {
    /// The last segment of a path, and its type arguments.
    Path(String, Vec<Ty>),
    /// `&T`, `&mut T`
    Ref(Box<Ty>),
    /// `(A, B)`
    Tuple(Vec<Ty>),
    /// Anything else, or not written.
    Unknown,
}

impl Ty {
    /// True for what can be called, also behind a pointer: `fn()`, `impl Fn()`, `Box<dyn FnOnce()>`.
    #[must_use]
    pub fn is_callable(&self) -> bool {
        match self {
            Ty::Ref(inner) => inner.is_callable(),
            Ty::Path(name, parts) => match &parts[..] {
                _ if name == FUNCTION => true,
                [inner] => matches!(name.as_str(), "Box" | "Arc" | "Rc") && inner.is_callable(),
                _ => false,
            },
            Ty::Tuple(_) | Ty::Unknown => false,
        }
    }

    /// True for a path that ends in `name`.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        matches!(self, Ty::Path(known, _) if known == name)
    }
}

/// A function or method.
#[derive(Debug)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The type of the `impl` block around it.
    pub owner: Option<String>,
    /// The trait whose `impl` block it is in.
    pub of_trait: Option<String>,
    /// Parameters; `self` is the first if there is one.
    pub params: Vec<Param>,
    /// What it returns.
    pub returns: Ty,
    /// `main` under `#[gochan::main]`, or the plain `main`.
    pub is_main: bool,
    /// Under `#[test]` or the like.
    pub is_test: bool,
    /// It is a plain `main` or test: it runs on a thread that no goroutine shares.
    pub on_thread: bool,
    /// The place of its `#[instrument]` attribute of tracing.
    pub instrumented: Option<Span>,
    /// The modules and functions of its file that contain it.
    pub module: Vec<String>,
    /// The place of its name.
    pub span: Span,
    /// The channels in the fields of a new structure, if the function does nothing but make it in the end.
    pub makes: Vec<(String, Capacity)>,
    /// The variables that hold a new structure, with the channels in its fields.
    pub fresh: Vec<(ObjectId, Vec<(String, Capacity)>)>,
    /// Everything that could be a handle.
    pub objects: Vec<Object>,
    /// The first is the function's own; the others are goroutines, closures, deferred calls.
    pub bodies: Vec<Body>,
}

/// A parameter.
#[derive(Debug)]
pub struct Param {
    /// Its name, if its pattern is one.
    pub name: String,
    /// Its type.
    pub ty: Ty,
    /// Its object in the function.
    pub object: ObjectId,
    /// The place of its name.
    pub span: Span,
}

/// A value that is, or could be, a channel, a group, a context, a lock, and so on.
#[derive(Debug)]
pub struct Object {
    /// The name of its first variable; empty for a temporary.
    pub name: String,
    /// Where it comes from.
    pub origin: Origin,
    /// The type annotation where it is bound.
    pub written: Ty,
    /// The body in which it is made.
    pub body: BodyId,
    /// The number of loops around that place in the body.
    pub loops: u32,
    /// The place.
    pub span: Span,
    /// Its variable is assigned again, or bound in several ways: it may be another value.
    pub blurred: bool,
}

/// The field that represents each element of a collection in a loop over it; `[0]` and the like are elements picked by
/// number.
pub const EACH: &str = "[]";

/// The name of the type of what can be called: its inputs, as a tuple, and its result.
pub const FUNCTION: &str = "Fn";

/// The name of the type of futures.
pub const FUTURE: &str = "Future";

/// The method that stands for the call of a closure.
pub const CALLED: &str = "()";

/// The field that represents what a lock protects.
pub const CONTENT: &str = "*";

/// Where an object comes from.
#[derive(Debug, Clone)]
pub enum Origin {
    /// `chan!(T)`, `chan!(T, capacity)`.
    ChanMacro(Capacity, Span),
    /// The result of a path call: `WaitGroup::new()`, `background()`.
    Call(Vec<String>, Vec<Arg>),
    /// The result of a method: `ctx.with_cancel()`, `wg.clone()`, `m.lock()`.
    Method(ObjectId, String, Vec<Arg>),
    /// An element of a tuple: `let (ctx, cancel) = …`.
    Element(ObjectId, u32),
    /// A field: `self.jobs`.
    Field(ObjectId, String),
    /// What a lock protects, reached through this guard; the guard itself, if it is none.
    Content(ObjectId),
    /// A parameter, or a variable with a written type.
    Typed(Ty),
    /// The result of `go!` and the like.
    Spawn(BodyId),
    /// A closure.
    Closure(BodyId),
    /// A static or constant, by its name.
    Static(String),
    /// A value that is no handle, with the type that its expression shows.
    Plain(Ty),
    /// Received from a channel, or bound by a pattern that is not analysed.
    Unknown,
}

/// The capacity of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capacity {
    /// A known number.
    Exactly(u64),
    /// The value of an expression.
    Unknown,
}

impl Capacity {
    /// That of `Chan::unbounded()`: no send waits.
    pub const UNBOUNDED: Capacity = Capacity::Exactly(u64::MAX);
}

/// An argument of a call.
#[derive(Debug, Clone)]
pub struct Arg {
    /// The object that it is, if any.
    pub object: Option<ObjectId>,
    /// Its value, if that is a known number.
    pub number: Option<i64>,
    /// Its type, if the expression shows it.
    pub ty: Ty,
    /// Passed by `&` or `&mut`.
    pub by_ref: bool,
    /// The path of the item it names, such as a function; empty if it is an object.
    pub named: Vec<String>,
    /// Its place.
    pub span: Span,
}

/// What a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyKind {
    /// The body of a function.
    Function,
    /// The body of a goroutine.
    Goroutine,
    /// The body of a closure.
    Closure,
    /// The body of `defer!`, which runs at the end of the block that contains it.
    Defer,
}

/// A control-flow graph.
#[derive(Debug)]
pub struct Body {
    /// What it is.
    pub kind: BodyKind,
    /// The body that contains it.
    pub parent: Option<BodyId>,
    /// The parameters of a closure or a function literal.
    pub params: Vec<ObjectId>,
    /// The first block is the entry, the last one the exit, which all exits lead to.
    pub blocks: Vec<Block>,
    /// Its place.
    pub span: Span,
    /// It runs when its future is polled.
    pub is_async: bool,
}

/// Operations without a branch between them.
#[derive(Debug, Default)]
pub struct Block {
    /// The operations, in order.
    pub ops: Vec<Op>,
    /// The possible next blocks.
    pub next: Vec<BlockId>,
    /// The number of loops of this body around it.
    pub loops: u32,
    /// How often those loops run it, if the code shows it.
    pub turns: Option<u64>,
    /// The number of branches around it, which may skip it.
    pub branches: u32,
    /// It is inside an `if` that tests a flag.
    pub guarded: bool,
    /// It comes after an `if` that tests a flag and leaves.
    pub flagged: bool,
}

/// An operation and its place.
#[derive(Debug, Clone)]
pub struct Op {
    /// The operation.
    pub kind: OpKind,
    /// The place.
    pub span: Span,
}

/// How a received value is bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// Not at all.
    Discarded,
    /// `v = <-rx`, `recv!(rx)`: the zero value once closed.
    Value,
    /// With `ok`, as `Option`, or such that the close ends the loop.
    Checked,
}

/// What a goroutine runs.
#[derive(Debug, Clone)]
pub enum Runs {
    /// A body that is written there.
    Body(BodyId),
    /// A call of a function or method.
    Call(Call),
}

/// A call of a function or method.
#[derive(Debug, Clone)]
pub struct Call {
    /// `["a", "b", "f"]` of `a::b::f(…)`; the name alone for a method.
    pub path: Vec<String>,
    /// The receiver of a method.
    pub receiver: Option<ObjectId>,
    /// True for `x.f(…)`.
    pub is_method: bool,
    /// The arguments.
    pub args: Vec<Arg>,
    /// `::<A, B>` after the name.
    pub generics: Vec<Ty>,
    /// Its result.
    pub result: Option<ObjectId>,
}

/// See [`Op`].
#[derive(Debug, Clone)]
pub enum OpKind {
    /// An object is made, or bound to a variable.
    New(ObjectId),
    /// `_`: a value that is dropped at once.
    DroppedAtOnce(ObjectId),
    /// `send!(ch <- v)`
    Send(ObjectId),
    /// `recv!(ch)`
    Recv(ObjectId, Bound),
    /// `for v in ch`, `while let Some(v) = ch.recv()`: at the loop's head. The call that makes the iterator, in case it
    /// is no channel.
    Range(ObjectId, Option<Call>),
    /// The end of the range.
    RangeEnd(ObjectId),
    /// `unwrap`, `expect`: may panic.
    MayPanic,
    /// The next turn of a `for` loop, which ends by itself.
    Next,
    /// The start of a `default`'s body.
    DefaultArm,
    /// `close!(ch)`
    Close(ObjectId),
    /// `go!`, `wg.go(f)`, `s.go(f)`, `Builder::spawn(f)`; with the handle.
    Spawn(Runs, Option<ObjectId>),
    /// `defer!`: the body runs at the end of the block that contains this.
    Defer(BodyId),
    /// The end of the block that contains the `Defer`, on every exit from it.
    RunDeferred(BodyId),
    /// Any other call.
    Call(Call),
    /// The start of a `select!`; its arms follow as blocks.
    Select(Select),
    /// The start of an arm's body.
    Arm(Arm),
    /// The variable's scope ends, or it is overwritten: its value is dropped.
    ScopeEnd(ObjectId),
    /// The value goes where the analysis does not follow it.
    Escape(ObjectId, Where),
    /// An object is mentioned in a way that is not analysed.
    Use(ObjectId),
    /// The received value or the zero value: `recv().unwrap_or_default()`.
    Defaulted(ObjectId),
    /// A path alone, as a statement or as the value of the body.
    Name(Vec<String>),
    /// `return`, `?`, the last expression.
    Return,
    /// Diverges: `panic!`, `unreachable!`, `exit`.
    Diverge,
    /// An assignment to an object's variable.
    Assign(ObjectId),
    /// An assignment to the place that an object points to.
    Store(ObjectId),
}

/// Where a value goes that is no longer followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Where {
    /// It is the value of the body.
    Returned,
    /// Into a structure, an array, a channel, or a variable elsewhere.
    Stored,
    /// Into a call, a macro, a branch's value.
    Given,
}

/// A `select!`.
#[derive(Debug, Clone)]
pub struct Select {
    /// Its arms; `default` and `else` are not among them.
    pub arms: Vec<Arm>,
    /// There is a `default`.
    pub has_default: bool,
    /// There is an `else`.
    pub has_else: bool,
    /// `biased;`
    pub biased: bool,
    /// The place of the `default`'s body.
    pub default_body: Option<Span>,
}

/// An arm of a `select!`.
#[derive(Debug, Clone)]
pub struct Arm {
    /// The channel, if it is an object.
    pub channel: Option<ObjectId>,
    /// It sends.
    pub sends: bool,
    /// How a received value is bound.
    pub bound: Bound,
    /// The channel expression.
    pub channel_span: Span,
    /// The operation.
    pub span: Span,
    /// It has a guard.
    pub guarded: bool,
    /// The pattern that the value is bound to.
    pub pattern: Option<Span>,
    /// The mutable variable outside that has the name of the pattern, if the arm never reads the name.
    pub shadows: Option<Span>,
    /// Its body.
    pub body: Span,
}
