//! A goroutine that reads a place which the loop changes meanwhile.

use super::prelude::*;

pub(super) const LINT: Lint = Lint {
    id: "loop_variable",
    level: Level::Deny,
    summary: "a goroutine reads a place that the enclosing loop overwrites in every iteration",
    explanation: "\
A goroutine runs later. If it reads a place that the loop overwrites in each iteration, such as a static, a raw \
pointer, a `Cell` or an atomic, it sees the value of a later iteration, and several goroutines see the same value. \
This is the loop-variable mistake that Go had until 1.22; here it needs a shared place.

Copy the value of the iteration into the goroutine: `let mine = …;` before the `go!`, which captures by value.",
    at_run_time: "\
Nothing, except values that are processed twice or not at all.",
    near: "go vet `loopclosure`.",
    bad: "\
let current = Arc::new(AtomicUsize::new(0));
for n in 0..4 {
    current.store(n, Ordering::SeqCst);
    go!([current] { println!(\"{}\", current.load(Ordering::SeqCst)); });
}
wait_for_all();",
    good: "\
for n in 0..4 {
    go!({ println!(\"{n}\"); });
}
wait_for_all();",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    for (outer, graph) in code.bodies() {
        for (block, event) in code.all(outer) {
            let EventKind::Spawn(Started::Body(inner), ..) = event.kind else { continue };
            let loops = graph.blocks[block.at()].loops;
            if loops == 0 {
                continue;
            }
            let around = code.cycle(outer, block);
            for (place, object) in code.objects() {
                let reused = object.body != outer
                    || object.loops < loops
                    || matches!(object.origin, Origin::Static(_));
                let written = reused
                    && code.events_in(outer, &around).any(|(_, event)| writes(code, &event.kind, place));
                if !written || code.is_within(object.body, inner) {
                    continue;
                }
                let inside = code.within(inner);
                let mut reads = inside
                    .flat_map(|(body, _)| code.all(body).map(move |(at, event)| (body, at, event)))
                    .filter(|(.., event)| reads(code, &event.kind, place));
                // A goroutine that reads in a loop wants the newest value.
                let stored =
                    code.events_in(outer, &around).any(|(_, event)| stores(code, &event.kind, place));
                let read = reads.find(|(body, at, _)| stored || code.body(*body).blocks[at.at()].loops == 0);
                let name = code.name(place);
                found.extend(read.map(|(.., read)| {
                    code.finding(
                        LINT.id,
                        read.span,
                        format!("`{name}` may belong to a later iteration by now"),
                    )
                    .label("read when the goroutine runs")
                    .help("take the turn's value into a variable before the `go!`")
                }));
            }
        }
    }
}

/// True if the loop changes the place.
fn writes(code: Code<'_>, kind: &EventKind, place: ObjectId) -> bool {
    let counts = |call: &crate::ir::Call| {
        let of = call.receiver.is_some_and(|receiver| code.linked.root(receiver) == place);
        of && call.is_method && call.path[0].starts_with("fetch_")
    };
    stores(code, kind, place) || matches!(kind, EventKind::Unknown(call) if counts(call))
}

/// True if the loop assigns the value of its turn to the place.
fn stores(code: Code<'_>, kind: &EventKind, place: ObjectId) -> bool {
    match kind {
        EventKind::Assign(object) | EventKind::Store(object) => {
            code.base(*object) == place && is_shared(code, place)
        }
        EventKind::Unknown(call) => {
            let of = call.receiver.is_some_and(|receiver| code.linked.root(receiver) == place);
            of && call.is_method && matches!(call.path[0].as_str(), "store" | "set")
        }
        _ => false,
    }
}

/// True for places that a goroutine shares with the loop; it has its own copies of others.
fn is_shared(code: Code<'_>, place: ObjectId) -> bool {
    match &code.object(place).origin {
        Origin::Static(_) => true,
        Origin::Typed(Ty::Path(name, _)) => name == "*",
        Origin::Typed(Ty::Unknown) => code.object(place).name.ends_with("ptr"),
        _ => false,
    }
}

fn reads(code: Code<'_>, kind: &EventKind, place: ObjectId) -> bool {
    match kind {
        EventKind::Use(object) => code.base(*object) == place && is_shared(code, place),
        EventKind::Escape(object, _) => code.base(*object) == place && is_shared(code, place),
        EventKind::Unknown(call) => {
            let of = call.receiver.is_some_and(|receiver| code.linked.root(receiver) == place);
            of && call.is_method && matches!(call.path[0].as_str(), "load" | "get")
        }
        _ => false,
    }
}
