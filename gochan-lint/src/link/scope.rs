//! Scopes that other crates keep open for a thread while a closure runs or a guard lives.
//!
//! Goroutines of a worker share its thread: one that waits inside such a scope leaves it open for the others.

use super::kind::{Flavour, Kind, Scope};
use super::program::Program;
use crate::ir::{Arg, BodyId, Call, ObjectId, Origin, Ty};

/// The code that runs in a scope.
#[derive(Debug, Clone, Copy)]
pub enum Inside<'c> {
    /// A closure, or a future.
    Object(ObjectId),
    /// The function that this path names.
    Named(&'c [String]),
}

/// The kind of a type by its full path, or by its name alone if a glob may have imported it.
pub(super) fn of_type(program: &Program, unit: usize, path: &[&str], args: &[Ty]) -> Option<Kind> {
    let (name, before) = path.split_last()?;
    let guard = |root: &str| match root {
        "std" | "parking_lot" => Some(Kind::Held(Flavour::Blocking)),
        "gochan" => Some(Kind::Held(Flavour::Gochan)),
        _ => None,
    };
    let (root, kind) = match *name {
        "Span" => ("tracing", Kind::Opens(Scope::Span)),
        "EnteredSpan" | "Entered" => ("tracing", Kind::Scoped(Scope::Span)),
        "ScopedKey" => ("scoped_tls", Kind::Opens(Scope::Key)),
        "Stack" => ("second_stack", Kind::Opens(Scope::Stack)),
        "GILGuard" | "GILPool" | "Python" => ("pyo3", Kind::Scoped(Scope::Python)),
        "AttachGuard" => ("jni", Kind::Scoped(Scope::Jni)),
        "ThreadLocal" | "CachedThreadLocal" => {
            let made = match args.first() {
                Some(Ty::Path(name, _)) => Some(name.clone()),
                _ => None,
            };
            ("thread_local", Kind::ThreadLocal(made))
        }
        "MutexGuard" | "RwLockReadGuard" | "RwLockWriteGuard" if before.len() > 1 => return guard(before[0]),
        "MutexGuard" | "RwLockReadGuard" | "RwLockWriteGuard" => return guard(before.first()?),
        _ => return None,
    };
    let known = match before.first() {
        Some(first) => *first == root,
        None => {
            let file = &program.units[unit].file;
            file.globs.iter().any(|path| path.first().is_some_and(|first| first == root))
                && program.structure(program.units[unit].package, name).is_none()
        }
    };
    known.then_some(kind)
}

/// The kind of the result of another crate's function, if it is the guard of a scope or opens one.
pub(super) fn made_by(program: &Program, unit: usize, path: &[&str]) -> Option<Kind> {
    let (function, owner) = path.split_last()?;
    match (*function, owner) {
        ("acquire", ["critical_section"]) => return Some(Kind::Scoped(Scope::Critical)),
        ("acquire_gil" | "acquire" | "new" | "default" | "with_capacity" | "current" | "none", _) => {}
        _ => return None,
    }
    match of_type(program, unit, owner, &[])? {
        // A token proves that the thread is attached; it does not attach it.
        Kind::Scoped(Scope::Python) if owner.ends_with(&["Python"]) && *function != "acquire_gil" => None,
        Kind::Held(_) => None,
        kind => Some(kind),
    }
}

/// The scope whose guard a method returns. `text` returns the source text of its receiver.
pub(super) fn entered(kind: &Kind, name: &str, args: &[Arg], text: impl FnOnce() -> String) -> Option<Scope> {
    match name {
        "attach_current_thread" if args.is_empty() => Some(Scope::Jni),
        "entered" if args.is_empty() => Some(Scope::Span),
        // Other types have a method `enter`, too.
        "enter" if args.is_empty() => {
            let is_span = match kind {
                Kind::Opens(Scope::Span) => true,
                Kind::Named(name) => name == "Span",
                _ => false,
            };
            (is_span || text().to_lowercase().contains("span")).then_some(Scope::Span)
        }
        _ => None,
    }
}

/// The scope in which an unknown call runs its argument.
#[must_use]
pub fn runs_in<'c>(program: &Program, function: usize, call: &'c Call) -> Option<(Scope, Inside<'c>)> {
    let inside = |arg: &'c Arg| match arg.object {
        Some(object) => Some(Inside::Object(object)),
        None if arg.named.is_empty() => None,
        None => Some(Inside::Named(&arg.named)),
    };
    let last = || call.args.last().and_then(inside);
    let scope = if call.is_method {
        let kind = call.receiver.map(|receiver| program.functions[function].kind(receiver));
        match (call.path[0].as_str(), call.args.len()) {
            ("set", 2) => {
                let is_static = call.receiver.is_some_and(|key| {
                    matches!(program.function(function).objects[key.at()].origin, Origin::Static(_))
                });
                (is_static || kind == Some(&Kind::Opens(Scope::Key))).then_some(Scope::Key)
            }
            ("buffer" | "uninit_slice", 2) | ("uninit", 1) => {
                (kind == Some(&Kind::Opens(Scope::Stack))).then_some(Scope::Stack)
            }
            ("in_scope", 1) => Some(Scope::Span),
            ("attach_current_thread" | "attach_current_thread_for_scope" | "with_attached", 1)
            | ("with_local_frame" | "with_local_frame_returning_local", 2) => Some(Scope::Jni),
            ("block_on", 1 | 2) => Some(Scope::Executor),
            // A method of futures, by an extension trait.
            ("block_on", 0) => return Some((Scope::Executor, Inside::Object(call.receiver?))),
            _ => None,
        }
    } else if call.receiver.is_none() {
        let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
        let unit = program.functions[function].unit;
        match path[..] {
            ["critical_section", "with"] => Some(Scope::Critical),
            ["second_stack", "buffer" | "uninit_slice" | "uninit"] => Some(Scope::Stack),
            [ref owner @ .., "with_gil" | "attach" | "try_attach"] => {
                let kind = of_type(program, unit, owner, &[]);
                (kind == Some(Kind::Scoped(Scope::Python))).then_some(Scope::Python)
            }
            // It parks the goroutine, and has no state of the thread.
            ["gochan", "block_on"] => None,
            [.., "block_on"] => (!program.is_ours(unit, &path)).then_some(Scope::Executor),
            _ => None,
        }
    } else {
        None
    };
    Some((scope?, last()?))
}

/// The body of a closure, an `async` block, or the `async fn` of the workspace that made a future.
#[must_use]
pub fn body_of(program: &Program, function: usize, inside: Inside<'_>) -> Option<(usize, BodyId)> {
    let object = match inside {
        Inside::Named(path) => return Some((program.resolve(function, path)?, BodyId(0))),
        Inside::Object(object) => object,
    };
    let linked = &program.functions[function];
    match &program.function(function).objects[object.at()].origin {
        Origin::Closure(body) => Some((function, *body)),
        Origin::Call(path, _) => Some((program.resolve(function, path)?, BodyId(0))),
        Origin::Method(receiver, name, _) => {
            let Kind::Named(owner) = linked.kind(*receiver) else { return None };
            Some((program.method(function, owner, name)?, BodyId(0)))
        }
        _ => None,
    }
}
