//! What the linter knows of a program: for each function and each goroutine, closure or deferred call in it, a
//! control-flow graph of the operations that could matter.
//!
//! Reading a file ([`crate::read`]) gives this without looking at any other file. Names are resolved as far as scopes
//! go: each local variable that could hold a handle is an [`Object`], and clones, clone lists and captures lead back to
//! the object they came from. What needs other files, such as the type of a field or what a function does with its
//! arguments, is left as a question ([`Origin`], [`Call`]) that [`crate::link`] answers.

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
    /// Functions and methods, also those inside of others.
    pub functions: Vec<Function>,
    /// Statics, thread-locals left out: these are functions of [`THREAD_LOCAL`](crate::read::THREAD_LOCAL).
    pub statics: Vec<Static>,
    /// Types that `unsafe impl Sync` makes shareable.
    pub unsafe_sync: Vec<String>,
    /// Modules with a body, and those declared.
    pub module_names: Vec<String>,
    /// Structs with named or numbered fields; other types, without.
    pub structs: Vec<Struct>,
    /// `type Jobs = Chan<Job>;`
    pub aliases: Vec<(String, Ty)>,
    /// Macros that the file defines.
    pub macros: Vec<String>,
    /// What could not be read although it is a macro of gochan: the message is the macro's own.
    pub rejected: Vec<Rejected>,
    /// Modules declared without a body: other files.
    pub modules: Vec<ModuleDecl>,
    /// What the crate calls gochan.
    pub gochan: String,
    /// gochan is used with its feature `tracing`: the current span is the goroutine's.
    pub tracing: bool,
    /// The paths of what `use` declarations bring in by a glob from other crates.
    pub globs: Vec<Vec<String>>,
    /// What `use` declarations bring in: a name, and the path behind it.
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
    /// Inline modules around it, then its name.
    pub path: Vec<String>,
    /// `#[path = "…"]`
    pub file: Option<String>,
}

/// A struct and the types of its fields.
#[derive(Debug)]
pub struct Struct {
    /// Its name.
    pub name: String,
    /// Field names, or numbers, and types.
    pub fields: Vec<(String, Ty, Span)>,
}

/// A macro call that its grammar refuses.
#[derive(Debug)]
pub struct Rejected {
    /// Which macro.
    pub name: String,
    /// It is gochan's for sure, not by a glob of the own crate.
    pub certain: bool,
    /// What to underline.
    pub span: Span,
    /// What the compiler would say.
    pub message: String,
    /// The input, as far as it is an expression that could be called.
    pub callable: Option<Span>,
}

/// A type, as far as it tells handles apart.
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
    /// True for a path that ends so.
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
    /// It is a plain `main` or test: it has a thread of its own, which no goroutine shares.
    pub on_thread: bool,
    /// Where `#[instrument]` of tracing stands above it.
    pub instrumented: Option<Span>,
    /// The modules and functions of its file that it is inside of.
    pub module: Vec<String>,
    /// Where its name stands.
    pub span: Span,
    /// Everything that could be a handle.
    pub objects: Vec<Object>,
    /// The first is the function's own; the others are goroutines, closures, deferred calls.
    pub bodies: Vec<Body>,
}

/// A parameter.
#[derive(Debug)]
pub struct Param {
    /// Its name, if it is a plain one.
    pub name: String,
    /// Its type.
    pub ty: Ty,
    /// The object that it is inside the function.
    pub object: ObjectId,
    /// Where its name stands.
    pub span: Span,
}

/// Something that is, or could be, a channel, a group, a context, a lock, and so on.
#[derive(Debug)]
pub struct Object {
    /// What its first variable is called; empty for a temporary.
    pub name: String,
    /// Where it comes from.
    pub origin: Origin,
    /// The type that is written where it is bound.
    pub written: Ty,
    /// The body in which it came to be.
    pub body: BodyId,
    /// How many loops are around that place in the body.
    pub loops: u32,
    /// Where.
    pub span: Span,
    /// The variable it was bound to was assigned again, or is bound in several ways: nothing is sure.
    pub blurred: bool,
}

/// The field that stands for each element of a collection in its turn of a loop; `[0]` and the like are those that code
/// picks by number.
pub const EACH: &str = "[]";

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
    /// A parameter, or a variable with a written type.
    Typed(Ty),
    /// What `go!` and the like return.
    Spawn(BodyId),
    /// A closure that is a value.
    Closure(BodyId),
    /// A static or constant, by its name.
    Static(String),
    /// A number from elsewhere, a vector, whatever is no handle, with the type it shows.
    Plain(Ty),
    /// Received from a channel, or bound by a pattern that is not followed.
    Unknown,
}

/// The capacity of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capacity {
    /// Known.
    Exactly(u64),
    /// An expression.
    Unknown,
}

/// An argument of a call.
#[derive(Debug, Clone)]
pub struct Arg {
    /// The object, if it is one.
    pub object: Option<ObjectId>,
    /// A number that is known.
    pub number: Option<i64>,
    /// Its type, as far as the expression shows it.
    pub ty: Ty,
    /// By `&` or `&mut`.
    pub by_ref: bool,
    /// The path of what it names, if that is no object: a function, maybe.
    pub named: Vec<String>,
    /// Where it stands.
    pub span: Span,
}

/// What a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyKind {
    /// A function's.
    Function,
    /// A goroutine's.
    Goroutine,
    /// A closure's.
    Closure,
    /// That of `defer!`, which runs at the end of the block it is in.
    Defer,
}

/// A control-flow graph.
#[derive(Debug)]
pub struct Body {
    /// What it is.
    pub kind: BodyKind,
    /// The body it is written in.
    pub parent: Option<BodyId>,
    /// Its parameters, for closures and literals.
    pub params: Vec<ObjectId>,
    /// The first is where it begins; the last is its end, which every way out leads to.
    pub blocks: Vec<Block>,
    /// Where it stands.
    pub span: Span,
    /// A future runs it when it is polled.
    pub is_async: bool,
}

/// Operations one after the other.
#[derive(Debug, Default)]
pub struct Block {
    /// In order.
    pub ops: Vec<Op>,
    /// What may follow.
    pub next: Vec<BlockId>,
    /// How many loops of this body are around it.
    pub loops: u32,
    /// How often those loops run it, if that is written there.
    pub turns: Option<u64>,
    /// How many branches are around it: it may be left out.
    pub branches: u32,
    /// It is under an `if` that asks a flag.
    pub guarded: bool,
    /// It is behind an `if` that asks a flag and leaves.
    pub flagged: bool,
}

/// An operation and where it stands.
#[derive(Debug, Clone)]
pub struct Op {
    /// What.
    pub kind: OpKind,
    /// Where.
    pub span: Span,
}

/// How a received value is bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// Not at all.
    Discarded,
    /// `v = <-rx`, `recv!(rx)`: the zero value once closed.
    Value,
    /// With `ok`, as `Option`, or in a way that ends when the channel is closed.
    Checked,
}

/// What a goroutine runs.
#[derive(Debug, Clone)]
pub enum Runs {
    /// A body that stands there.
    Body(BodyId),
    /// A call of something else.
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
    /// `::<A, B>` behind the name.
    pub generics: Vec<Ty>,
    /// The object that is its result.
    pub result: Option<ObjectId>,
}

/// See [`Op`].
#[derive(Debug, Clone)]
pub enum OpKind {
    /// An object comes to be, or a variable gets it.
    New(ObjectId),
    /// `_`: a value that is dropped at once.
    DroppedAtOnce(ObjectId),
    /// `send!(ch <- v)`
    Send(ObjectId),
    /// `recv!(ch)`
    Recv(ObjectId, Bound),
    /// `for v in ch`, `while let Some(v) = ch.recv()`: at the loop's head. What it is if this is no channel.
    Range(ObjectId, Option<Call>),
    /// The range has come to its end.
    RangeEnd(ObjectId),
    /// `unwrap`, `expect`: goes on, or panics.
    MayPanic,
    /// The next turn of a `for` loop: it has an end of its own.
    Next,
    /// The begin of a `default`'s body.
    DefaultArm,
    /// `close!(ch)`
    Close(ObjectId),
    /// `go!`, `wg.go(f)`, `s.go(f)`, `Builder::spawn(f)`; with the handle.
    Spawn(Runs, Option<ObjectId>),
    /// `defer!`: the body runs when the block ends that this stands in.
    Defer(BodyId),
    /// The end of the block in which `Defer` stands; on every way out of it.
    RunDeferred(BodyId),
    /// Any other call.
    Call(Call),
    /// The begin of a `select!`; its arms follow as blocks.
    Select(Select),
    /// The begin of an arm's body.
    Arm(Arm),
    /// The variable's scope ends, or it is overwritten: what it holds is dropped.
    ScopeEnd(ObjectId),
    /// The value goes where it is not followed.
    Escape(ObjectId, Where),
    /// An object is mentioned in a way that is not followed.
    Use(ObjectId),
    /// What was received, or the zero value: `recv().unwrap_or_default()`.
    Defaulted(ObjectId),
    /// A path stands for itself, as a statement or as what the body comes to.
    Name(Vec<String>),
    /// `return`, `?`, the last expression.
    Return,
    /// Diverges: `panic!`, `unreachable!`, `exit`.
    Diverge,
    /// An assignment to an object's variable.
    Assign(ObjectId),
    /// An assignment to what it points to.
    Store(ObjectId),
}

/// Where a value goes that is not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Where {
    /// It is what the body comes to.
    Returned,
    /// Into a structure, an array, a channel, a variable that is somewhere else.
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
    /// Where the `default`'s body stands.
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
    /// What the value is bound to.
    pub pattern: Option<Span>,
    /// Its body.
    pub body: Span,
}
