//! An initialiser that needs its own result.

use super::prelude::*;
use std::collections::BTreeSet;

pub(super) const LINT: Lint = Lint {
    id: "once_recursion",
    level: Level::Deny,
    summary: "the initialiser of a `Once` or `Lazy` uses the same one",
    explanation: "\
Code that uses a `Once`, `OnceCell` or `Lazy` while it is being initialised waits for the initialiser. If the \
initialiser itself uses it, directly or through a function it calls, it waits for itself forever.

Move the shared part into a function that does not use it.",
    at_run_time: "\
`fatal error: all goroutines are asleep - deadlock!` if no other goroutine can run; otherwise the dump shows a \
goroutine that waits forever in the `Once`, which `#[gochan::test]` reports as leaked.",
    near: "none in go vet; clippy `unconditional_recursion`, distantly.",
    bad: "\
let once = Once::new();
once.call_once(|| {
    once.call_once(|| println!(\"inner\"));
});",
    good: "\
let (first, second) = (Once::new(), Once::new());
first.call_once(|| {
    second.call_once(|| println!(\"inner\"));
});",
    check: Check::Program(check),
};

fn check(program: &Program, found: &mut Vec<Diagnostic>) {
    let reach = reach(program);
    for index in 0..program.functions.len() {
        let code = Code::of(program, index);
        if let Some(name) = lazy(code) {
            found.extend(recursion(
                code,
                BodyId(0),
                &reach,
                &|event| mentions_static(code, event, name),
                name,
            ));
        }
        for (_, _, event) in code.everywhere() {
            let EventKind::Once(once, Some(body)) = event.kind else { continue };
            let name = once_name(code, once).unwrap_or_default();
            let base = match code.object(once).origin {
                Origin::Field(base, _) => Some(code.linked.root(base)),
                _ => None,
            };
            let same = |other: &EventKind| match other {
                EventKind::Once(again, _) => *again == once,
                // The field of another structure is another `Once`.
                EventKind::Call(callee, handed) => {
                    base.is_some_and(|base| handed.contains(&Some(base))) && reach[*callee].contains(&name)
                }
                _ => false,
            };
            let name = if base.is_some() { "" } else { &name };
            found.extend(recursion(code, body, &reach, &same, name));
        }
    }
}

fn recursion(
    code: Code<'_>,
    body: BodyId,
    reach: &[BTreeSet<String>],
    same: &dyn Fn(&EventKind) -> bool,
    name: &str,
) -> Option<Diagnostic> {
    // Nested closures may run elsewhere.
    let lazy = body == BodyId(0);
    let inside = code.bodies().filter(|&(inner, graph)| inner == body || lazy && graph.parent == Some(body));
    let mut events = inside.flat_map(|(inner, _)| code.all(inner));
    let again = events.find(|(_, event)| {
        same(&event.kind) || matches!(event.kind, EventKind::Call(callee, _) if !name.is_empty() && reach[callee].contains(name))
    });
    again.map(|(_, event)| {
        code.finding(LINT.id, event.span, "the initialiser comes back to what it initialises")
            .label("waits for itself")
            .help("split what both need into a function that does not ask for the result")
    })
}

/// The name of the `Lazy` static that this code initialises.
fn lazy(code: Code<'_>) -> Option<&str> {
    let is_static = code.function.owner.as_deref() == Some(crate::read::STATIC);
    let item = is_static.then(|| code.program.static_item(code.linked.unit, &code.function.name))??;
    is_lazy(&item.ty).then_some(item.name.as_str())
}

fn is_lazy(ty: &Ty) -> bool {
    matches!(ty, Ty::Path(path, _) if matches!(path.rsplit("::").next(), Some("Lazy" | "LazyLock")))
}

/// The name of a static, or of a field with its structure's.
fn once_name(code: Code<'_>, object: ObjectId) -> Option<String> {
    match &code.object(object).origin {
        Origin::Static(name) => Some(name.clone()),
        Origin::Field(base, name) => match code.kind(*base) {
            Kind::Named(owner) => Some(format!("{owner}.{name}")),
            _ => None,
        },
        _ => None,
    }
}

fn mentions_static(code: Code<'_>, event: &EventKind, name: &str) -> bool {
    let event = Event { kind: event.clone(), span: Span::default() };
    code.objects().any(|(id, object)| {
        matches!(&object.origin, Origin::Static(known) if known == name)
            && code
                .function
                .objects
                .iter()
                .zip(0..)
                .any(|(_, other)| code.base(ObjectId(other)) == id && code.mentions(&event, ObjectId(other)))
    })
}

/// The statics that each function uses, itself or through others.
fn reach(program: &Program) -> Vec<BTreeSet<String>> {
    let mut reach: Vec<BTreeSet<String>> = vec![BTreeSet::new(); program.functions.len()];
    let mut calls: Vec<Vec<usize>> = vec![Vec::new(); program.functions.len()];
    for index in 0..program.functions.len() {
        let code = Code::of(program, index);
        for (body, _, event) in code.everywhere() {
            match &event.kind {
                _ if code.is_apart(code.agent(body)) => {}
                EventKind::Once(once, _) => reach[index].extend(once_name(code, *once)),
                EventKind::Call(callee, _) => calls[index].push(*callee),
                _ => {}
            }
        }
        for object in &code.function.objects {
            if let Origin::Static(name) = &object.origin
                && program.static_item(code.linked.unit, name).is_some_and(|item| is_lazy(&item.ty))
            {
                reach[index].insert(name.clone());
            }
        }
    }
    let mut changed = true;
    while changed {
        changed = false;
        for index in 0..reach.len() {
            let more: Vec<String> =
                calls[index].iter().flat_map(|&callee| reach[callee].iter().cloned()).collect();
            for name in more {
                changed |= reach[index].insert(name);
            }
        }
    }
    reach
}
