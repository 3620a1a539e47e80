//! A map that goroutines write without a lock.

use super::prelude::*;

pub(super) const LINT: Lint = Lint {
    id: "unguarded_map",
    level: Level::Deny,
    summary: "a map behind a `static mut`, `UnsafeCell` or `unsafe impl Sync` is written from goroutines",
    explanation: "\
Go stops such a program with `fatal error: concurrent map writes`. Rust cannot detect it behind `unsafe`, and a hash \
map that two threads write at once corrupts memory.

Put the map into a `Mutex` or `RwLock`, or use `gochan::sync::Map`.",
    at_run_time: "\
Corrupt memory; Go reports `fatal error: concurrent map writes`.",
    near: "Go's runtime and race detector; rustc `static_mut_refs`.",
    bad: "\
static mut SEEN: BTreeMap<u32, u32> = BTreeMap::new();
for n in 0..4 {
    go!({ unsafe { SEEN.insert(n, n); } }).join().unwrap();
}",
    good: "\
static SEEN: Mutex<BTreeMap<u32, u32>> = Mutex::new(BTreeMap::new());
for n in 0..4 {
    go!({ SEEN.lock().insert(n, n); }).join().unwrap();
}",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    for write in super::shared_static_mut::writes(code).into_iter().filter(|write| write.is_map) {
        found.push(
            code.finding(
                LINT.id,
                write.span,
                format!("the map in `{}` is written here by goroutines, without a lock", write.name),
            )
            .label("concurrent map writes")
            .help("put it into a `Mutex` or `RwLock`, or use `gochan::sync::Map`"),
        );
    }
}
