//! State of a thread that is in use across an operation that waits.

use super::prelude::*;
use crate::ir::Call;
use crate::link::{Inside, Scope, body_of, first_switch, place_of, runs_in, switches};

pub(super) const LINT: Lint = Lint {
    id: "thread_local_across_blocking",
    level: Level::Warn,
    summary: "a thread-local is being initialised, or a scope of the thread is open, across an operation that waits",
    explanation: "\
Goroutines of one worker take turns on one thread and share its thread-locals. Code that is sound because nothing \
else runs on the thread meanwhile breaks if a goroutine waits inside it:

* The initialiser of a `thread_local!`, or of `ThreadLocal::get_or`. The next goroutine of the worker that uses the \
value finds it uninitialised and runs the initialiser again; the second value replaces, and drops, the first one \
while it is in use. Compute the value first and pass it in, or initialise without waiting, such as with an empty \
cell that is filled later.
* A scope of another crate: `ScopedKey::set`, `critical_section::with`, `second_stack::buffer`, PyO3's \
`Python::attach` and JNI's `attach_current_thread`, and the `block_on` of an executor. Other goroutines of the \
worker run inside the scope, and if they open and close scopes in another order, the nesting breaks: two threads in \
one critical section, a dangling reference, an executor within an executor. Wait outside the scope, and pass the \
value as an argument.
* A span of `tracing`: the guards of `enter` and `entered`, `in_scope`, and `#[instrument]`, if gochan is used \
without its feature `tracing`. Events of other goroutines are logged in that span. With the feature the current span \
belongs to the goroutine, and it may wait in all of them.

Every operation that waits counts, directly or in a workspace function that is called, and so does `gosched`. Within \
a scope, so do `select!` with `default`, `Context::err` and `Context::check`, which let other goroutines run once a \
goroutine has had its worker for long. Operations that never wait, such as `try_send`, `len` and `close`, do not \
switch.

If the code must wait there, use `Backend::Threads`, on which each goroutine has its own thread.",
    at_run_time: "\
Builds with debug assertions and `#[gochan::test]` end the process when a goroutine switches inside an initialiser \
or a scope that the runtime recognises. Otherwise: values dropped while in use, aliased slices, spans of other \
goroutines in the log.",
    near: "clippy `await_holding_lock` is similar; tracing's documentation of `Span::enter` in async code.",
    bad: "\
let limits = chan!(u32, 1);
send!(limits <- 3);
scoped_thread_local!(static LIMIT: u32);
LIMIT.set(&1, || {
    println!(\"{}\", recv!(limits));
});",
    good: "\
let limits = chan!(u32, 1);
send!(limits <- 3);
scoped_thread_local!(static LIMIT: u32);
let limit = recv!(limits);
LIMIT.set(&limit, || {
    LIMIT.with(|limit| println!(\"{limit}\"));
});",
    check: Check::Function(check),
};

/// The ways of switching that matter in an initialiser, whose operations rarely switch without waiting.
const IN_INITIALISER: Switches = Switches::WAITS.and(Switches::LOCKS).and(Switches::YIELDS);

/// The ways of switching that matter on an executor's thread, which may wait for other tasks.
const IN_EXECUTOR: Switches = IN_INITIALISER;

/// The ways of switching that matter in other scopes. A task that waits leaves a span open as well.
const IN_SCOPE: Switches = Switches::ANY.and(Switches::AWAITS);

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    if code.function.owner.as_deref() == Some(crate::read::THREAD_LOCAL) {
        found.extend(declared(code));
    }
    for (body, _) in code.bodies() {
        if code.has_own_thread(body) {
            continue;
        }
        for (_, event) in code.all(body) {
            if let EventKind::Unknown(call) = &event.kind {
                found.extend(made_on_demand(code, call, event.span));
                found.extend(closure(code, call, event.span));
            }
        }
        guards(code, body, found);
    }
    found.extend(instrumented(code));
}

/// `thread_local!(static X: T = …)`
fn declared(code: Code<'_>) -> Option<Diagnostic> {
    let waits = |index: usize| first_switch(code.program, index, BodyId(0), IN_INITIALISER);
    // `Default::default()` of a type of the workspace, which only the declaration names.
    let span = waits(code.index).or_else(|| {
        let Ty::Path(owner, _) = &code.function.returns else { return None };
        let (_, event) = code.all(BodyId(0)).find(|(_, event)| match &event.kind {
            EventKind::Unknown(call) => Code::is_path(call, &["Default", "default"]),
            _ => false,
        })?;
        default_waits(code, owner).then_some(event.span)
    })?;
    Some(initialiser(code, span, &code.function.name).note(code.function.span, "initialised here"))
}

/// True if the `Default` of a type of the workspace waits.
fn default_waits(code: Code<'_>, owner: &str) -> bool {
    let default = code.program.method(code.index, owner, "default");
    default.is_some_and(|default| code.program.functions[default].summary.switches.has(IN_INITIALISER))
}

/// `local.get_or(|| …)`
fn made_on_demand(code: Code<'_>, call: &Call, span: Span) -> Option<Diagnostic> {
    let receiver = call.receiver.filter(|_| call.is_method)?;
    let Kind::ThreadLocal(made) = code.kind(receiver) else { return None };
    let span = match (call.path[0].as_str(), &call.args[..]) {
        ("get_or" | "get_or_try", [make]) => {
            let inside = make.object.map_or(Inside::Named(&make.named), Inside::Object);
            waits_inside(code, inside, span, IN_INITIALISER)?
        }
        ("get_or_default", []) => made.as_ref().filter(|made| default_waits(code, made)).map(|_| span)?,
        _ => return None,
    };
    Some(initialiser(code, span, code.name(receiver)))
}

fn initialiser(code: Code<'_>, span: Span, name: &str) -> Diagnostic {
    let message = format!("the initialiser of the thread-local `{name}` may wait");
    code.finding(LINT.id, span, message)
        .label("another goroutine of this worker may initialise it meanwhile")
        .help("compute the value before and pass it in, or initialise from what is there already; with `Backend::Threads` each goroutine has thread-locals of its own")
}

/// `KEY.set(&value, || …)`, `runtime.block_on(async { … })`
fn closure(code: Code<'_>, call: &Call, span: Span) -> Option<Diagnostic> {
    let (scope, inside) =
        runs_in(code.program, code.index, call).filter(|(scope, _)| is_meant(code, *scope))?;
    if scope == Scope::Executor {
        let (function, body) = body_of(code.program, code.index, inside)?;
        if !code.program.function(function).bodies[body.at()].is_async {
            return None;
        }
    }
    let ways = if scope == Scope::Executor { IN_EXECUTOR } else { IN_SCOPE };
    waits_inside(code, inside, span, ways).map(|span| finding(code, span, scope))
}

/// The place that switches in the code that a call runs, or the call itself if that code is in another function.
fn waits_inside(code: Code<'_>, inside: Inside<'_>, call: Span, ways: Switches) -> Option<Span> {
    let (function, body) = body_of(code.program, code.index, inside)?;
    let waits = first_switch(code.program, function, body, ways)?;
    Some(if function == code.index { waits } else { call })
}

/// Guards that live while something switches.
fn guards(code: Code<'_>, body: BodyId, found: &mut Vec<Diagnostic>) {
    let scope = |id: ObjectId| match *code.kind(id) {
        Kind::Scoped(scope) => Some(scope).filter(|scope| is_meant(code, *scope)),
        _ => None,
    };
    if !code.linked.kinds.iter().any(|kind| matches!(kind, Kind::Scoped(_))) {
        return;
    }
    let params = code.body(body).params.iter().copied();
    let start: Vec<ObjectId> = params.filter(|param| scope(*param).is_some()).collect();
    let mut reported: Vec<ObjectId> = Vec::new();
    code.forward(
        body,
        start,
        |a, b| {
            let mut both = a.clone();
            both.extend(b.iter().filter(|guard| !a.contains(guard)));
            both.sort();
            both
        },
        |live, event, _| {
            match &event.kind {
                EventKind::New(id) if scope(*id).is_some() && !live.contains(id) => live.push(*id),
                EventKind::ScopeEnd(id)
                | EventKind::Dropped(id)
                | EventKind::DroppedAtOnce(id)
                | EventKind::Escape(id, _) => live.retain(|guard| guard != id),
                // `exit` leaves the span, and returns it.
                EventKind::Unknown(call) if call.is_method && call.path[0] == "exit" => {
                    let left = call.receiver.map(|receiver| code.linked.root(receiver));
                    live.retain(|guard| left != Some(*guard));
                }
                _ => {}
            }
            live.sort();
            let Some(guard) = live.iter().find(|guard| !reported.contains(guard)).copied() else { return };
            if switches(code.program, code.index, body, &event.kind).has(IN_SCOPE) {
                reported.push(guard);
                let span = place_of(code.program, code.index, event, IN_SCOPE);
                let finding = scope(guard).map(|scope| finding(code, span, scope));
                let note = |finding: Diagnostic| finding.note(code.object(guard).span, "begins here");
                found.extend(finding.map(note));
            }
        },
    );
}

/// Functions with `#[instrument]` that wait.
fn instrumented(code: Code<'_>) -> Option<Diagnostic> {
    let attribute = code.function.instrumented.filter(|_| is_meant(code, Scope::Span))?;
    if code.has_own_thread(BodyId(0)) {
        return None;
    }
    let span = first_switch(code.program, code.index, BodyId(0), IN_SCOPE)?;
    Some(finding(code, span, Scope::Span).note(attribute, "the span of the whole function"))
}

/// With the feature `tracing`, a span belongs to the goroutine.
fn is_meant(code: Code<'_>, scope: Scope) -> bool {
    scope != Scope::Span || !code.program.units[code.linked.unit].file.tracing
}

fn finding(code: Code<'_>, span: Span, scope: Scope) -> Diagnostic {
    let (message, help) = match scope {
        Scope::Key => (
            "other goroutines of this worker run with the value that this goroutine has set",
            "wait before or after `set`, or pass the value as an argument",
        ),
        Scope::Critical => {
            ("other goroutines of this worker run inside this critical section", "wait outside it")
        }
        Scope::Stack => (
            "other goroutines of this worker use the stack that this slice lies on",
            "wait outside it, or use a `Vec`",
        ),
        Scope::Python => (
            "other goroutines of this worker run while this one has attached the thread to Python",
            "wait before or after, and take along what is needed",
        ),
        Scope::Jni => (
            "other goroutines of this worker run while this one has attached the thread to the Java VM",
            "wait before or after, and take along what is needed",
        ),
        Scope::Span => (
            "other goroutines of this worker run within this span",
            "turn on gochan's feature `tracing`, or use `in_scope` for what does not wait",
        ),
        Scope::Executor => (
            "this holds the executor's thread, and other goroutines run within its `block_on`",
            "use a future, such as that of `recv_async`, or wait outside `block_on`",
        ),
    };
    code.finding(LINT.id, span, message).label("waits inside it").help(help)
}
