//! Goroutines that write to places which Rust does not guard.

use super::prelude::*;

pub(super) const LINT: Lint = Lint {
    id: "shared_static_mut",
    level: Level::Deny,
    summary: "a `static mut`, an `UnsafeCell` or a type with `unsafe impl Sync` is written in a goroutine without a lock",
    explanation: "\
Rust prevents data races except where `unsafe` code takes responsibility. Goroutines run on several threads: two \
that write a `static mut`, or through an `UnsafeCell`, race, and a race is undefined behaviour even if it only \
increments a counter.

An atomic, a `Mutex` or a channel does the same without `unsafe`.",
    at_run_time: "\
Nothing, except wrong values now and then; ThreadSanitizer on the threads backend detects the race.",
    near: "rustc `static_mut_refs`; Go's race detector.",
    bad: "\
static mut HITS: u32 = 0;
for _ in 0..4 {
    go!({ unsafe { HITS += 1; } }).join().unwrap();
}",
    good: "\
static HITS: AtomicU32 = AtomicU32::new(0);
for _ in 0..4 {
    go!({ HITS.fetch_add(1, Ordering::Relaxed); }).join().unwrap();
}",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    for write in writes(code) {
        if !write.is_map {
            found.push(
                code.finding(
                    LINT.id,
                    write.span,
                    format!("`{}` is written here by goroutines, without a lock", write.name),
                )
                .label("a data race")
                .help("use an atomic, a `Mutex`, or send the value to one goroutine that owns it"),
            );
        }
    }
}

/// A write that bypasses Rust's guarantees.
pub(super) struct Write {
    pub(super) name: String,
    pub(super) span: Span,
    pub(super) is_map: bool,
}

const CHANGES: [&str; 22] = [
    "push",
    "insert",
    "remove",
    "clear",
    "extend",
    "pop",
    "truncate",
    "sort",
    "append",
    "retain",
    "drain",
    "push_str",
    "entry",
    "get_mut",
    "push_back",
    "push_front",
    "pop_front",
    "pop_back",
    "replace",
    "swap",
    "write",
    "resize",
];

/// The writes of a function that run in a goroutine.
pub(super) fn writes(code: Code<'_>) -> Vec<Write> {
    let mut found = Vec::new();
    for (body, _) in code.bodies() {
        if !code.is_in_goroutine(body) {
            continue;
        }
        let mut locked = Vec::new();
        code.guards(body, |event, _, live| {
            if live.iter().any(|held| held.flavour != Flavour::Cell) {
                locked.push(event.span);
            }
        });
        for (_, event) in code.all(body) {
            let place = match &event.kind {
                EventKind::Assign(object) | EventKind::Store(object) => Some(*object),
                EventKind::Unknown(call) if call.is_method && CHANGES.contains(&call.path[0].as_str()) => {
                    call.receiver
                }
                EventKind::Unknown(call) if Code::is_path(call, &["ptr", "write"]) => {
                    call.args.first().and_then(|arg| arg.object)
                }
                _ => None,
            };
            let door = place.filter(|_| !locked.contains(&event.span)).and_then(|place| door(code, place));
            found.extend(door.map(|(name, is_map)| Write { name, span: event.span, is_map }));
        }
    }
    found
}

/// How a place bypasses Rust's guarantees, and whether it is a map.
fn door(code: Code<'_>, place: ObjectId) -> Option<(String, bool)> {
    let base = code.base(place);
    let unit = code.linked.unit;
    let is_cell = |ty: &Ty| mentions(ty, &["UnsafeCell", "SyncUnsafeCell"]) || is_unsafe_sync(code, ty);
    let through_get = || {
        let mut object = place;
        loop {
            match &code.object(object).origin {
                Origin::Method(_, name, _) if name == "get" || name == "get_mut" => return true,
                Origin::Method(of, ..) | Origin::Field(of, _) => object = *of,
                _ => return false,
            }
        }
    };
    match &code.object(base).origin {
        Origin::Static(name) => {
            let item = code.program.static_item(unit, name)?;
            let open = item.mutable || is_cell(&item.ty) && through_get();
            open.then(|| (name.clone(), is_map(code, &item.ty)))
        }
        Origin::Typed(ty) if is_unsafe_sync(code, ty) && through_get() => {
            let name = code.name(base).to_owned();
            Some((name, is_map(code, ty)))
        }
        _ => None,
    }
}

fn mentions(ty: &Ty, names: &[&str]) -> bool {
    match ty {
        Ty::Path(name, args) => {
            names.contains(&name.rsplit("::").next().unwrap_or(name))
                || args.iter().any(|arg| mentions(arg, names))
        }
        Ty::Ref(inner) => mentions(inner, names),
        Ty::Tuple(parts) => parts.iter().any(|part| mentions(part, names)),
        Ty::Unknown => false,
    }
}

fn is_unsafe_sync(code: Code<'_>, ty: &Ty) -> bool {
    let own = code.program.units[code.linked.unit].package;
    let units = code.program.units.iter().filter(|unit| unit.package == own);
    units.into_iter().any(|unit| unit.file.unsafe_sync.iter().any(|name| mentions(ty, &[name])))
}

/// True if the type, or a field of it, is a map.
fn is_map(code: Code<'_>, ty: &Ty) -> bool {
    const MAPS: [&str; 5] = ["HashMap", "BTreeMap", "HashSet", "BTreeSet", "IndexMap"];
    let own = code.program.units[code.linked.unit].package;
    let structs =
        code.program.units.iter().filter(|unit| unit.package == own).flat_map(|unit| &unit.file.structs);
    mentions(ty, &MAPS)
        || structs.into_iter().any(|known| {
            mentions(ty, &[known.name.as_str()])
                && known.fields.iter().any(|(_, field, _)| mentions(field, &MAPS))
        })
}
