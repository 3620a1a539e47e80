//! Two locks that are acquired in two orders.

use super::prelude::*;
use std::collections::BTreeMap;

pub(super) const LINT: Lint = Lint {
    id: "lock_order",
    level: Level::Warn,
    summary: "two locks are acquired in one order here and in the opposite order there",
    explanation: "\
One goroutine holds the first lock and waits for the second; another holds the second and waits for the first. Both \
wait forever, and so does every goroutine that needs either lock later. This depends on timing, so tests rarely show \
it.

Acquire the locks in the same order everywhere, or hold one at a time.",
    at_run_time: "\
`fatal error: all goroutines are asleep - deadlock!` if no other goroutine can run; otherwise the dump shows two \
goroutines that wait forever in `Mutex lock`, which `#[gochan::test]` reports as leaked.",
    near: "none in go vet or clippy; lockdep and `parking_lot`'s `deadlock_detection` at run time.",
    bad: "\
fn one(a: &Mutex<u32>, b: &Mutex<u32>) {
    let (a, b) = (a.clone(), b.clone());
    go!({ let first = a.lock(); let second = b.lock(); });
    let second = b.lock();
    let first = a.lock();
}",
    good: "\
fn one(a: &Mutex<u32>, b: &Mutex<u32>) {
    let (a, b) = (a.clone(), b.clone());
    go!({ let first = a.lock(); let second = b.lock(); });
    let first = a.lock();
    let second = b.lock();
}",
    check: Check::Program(check),
};

fn check(program: &Program, found: &mut Vec<Diagnostic>) {
    let mut edges: BTreeMap<(String, String), (usize, Span)> = BTreeMap::new();
    for index in 0..program.functions.len() {
        let code = Code::of(program, index);
        for (body, _) in code.bodies() {
            code.guards(body, |event, _, live| {
                for (taken, _) in code.locks_taken(&event.kind) {
                    for held in
                        live.iter().filter(|held| held.flavour != Flavour::Cell && held.lock != held.guard)
                    {
                        let edge = (code.lock_name(held.lock, &[]), taken.clone());
                        edges.entry(edge).or_insert((index, event.span));
                    }
                }
            });
        }
    }
    for ((a, b), &(index, span)) in &edges {
        let Some(&(other, place)) = edges.get(&(b.clone(), a.clone())).filter(|_| a < b) else { continue };
        // The later place of the two is reported.
        let unit = |function: usize| program.functions[function].unit;
        let (last, first) = if (unit(index), span) > (unit(other), place) {
            ((index, span), (other, place))
        } else {
            ((other, place), (index, span))
        };
        let code = Code::of(program, last.0);
        let source = &program.units[unit(first.0)].source;
        let line = source.position(first.1.start).line;
        let finding = code
            .finding(
                LINT.id,
                last.1,
                "this lock is taken while another is held; elsewhere it is the other way round",
            )
            .label("may wait forever")
            .help(format!("acquire them in the order of {}:{line}", source.path.display()));
        found.push(if unit(first.0) == unit(last.0) {
            finding.note(first.1, "in the other order here")
        } else {
            finding
        });
    }
}
