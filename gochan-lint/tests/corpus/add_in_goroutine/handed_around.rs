use gochan::prelude::*;
use gochan::sync::{Lazy, Mutex};
use std::sync::Arc;

fn spawn<F: FnOnce() + Send + 'static>(work: F) {
    go!(work());
}

fn on_a_thread(work: impl FnOnce() + Send + 'static) {
    std::thread::spawn(move || work());
}

struct Workers;

impl Workers {
    fn run(&self, work: impl FnOnce() + Send + 'static) {
        go!({
            work();
        });
    }
}

fn by_helper() {
    let wg = WaitGroup::new();
    let counted = wg.clone();
    spawn(move || {
        counted.add(1); //~ add_in_goroutine
        defer!(counted.done());
    });
    wg.wait();
}

fn by_thread() {
    let wg = WaitGroup::new();
    let counted = wg.clone();
    on_a_thread(move || {
        counted.add(1); //~ add_in_goroutine
        defer!(counted.done());
    });
    wg.wait();
}

fn by_method(workers: &Workers) {
    let wg = WaitGroup::new();
    let counted = wg.clone();
    workers.run(move || {
        counted.add(1); //~ add_in_goroutine
        defer!(counted.done());
    });
    wg.wait();
}

fn closure_with_a_name() {
    let wg = WaitGroup::new();
    let counted = wg.clone();
    let count = move || counted.add(1); //~ add_in_goroutine
    go!([wg] {
        count();
        defer!(wg.done());
    });
    wg.wait();
}

#[derive(Clone)]
struct Pool {
    wg: WaitGroup,
}

impl Pool {
    fn wg(&self) -> &WaitGroup {
        &self.wg
    }
    fn group(&self) -> WaitGroup {
        self.wg.clone()
    }
}

impl std::ops::Deref for Pool {
    type Target = WaitGroup;
    fn deref(&self) -> &WaitGroup {
        &self.wg
    }
}

fn by_getter(pool: &Pool) {
    go!([pool = *pool] {
        pool.wg().add(1); //~ add_in_goroutine
        defer!(pool.wg().done());
    });
    pool.wg().wait();
}

fn by_getter_and_field(pool: &Pool) {
    go!([pool = *pool] {
        pool.wg().add(1); //~ add_in_goroutine
        defer!(pool.wg.done());
    });
    pool.wg.wait();
}

fn by_getter_of_a_clone(pool: &Pool) {
    go!([pool = *pool] {
        let wg = pool.group();
        wg.add(1); //~ add_in_goroutine
        defer!(wg.done());
    });
    pool.group().wait();
}

fn by_deref(pool: &Pool) {
    go!([pool = *pool] {
        pool.add(1); //~ add_in_goroutine
        defer!(pool.done());
    });
    pool.wait();
}

struct Outer {
    pool: Pool,
}

fn two_deep(outer: Arc<Outer>) {
    go!([outer] {
        outer.pool.wg().add(1); //~ add_in_goroutine
        defer!(outer.pool.wg().done());
    });
    outer.pool.wg.wait();
}

static TASKS: Lazy<WaitGroup> = Lazy::new(WaitGroup::new);

fn of_a_static() {
    go!({
        TASKS.add(1); //~ add_in_goroutine
        defer!(TASKS.done());
    });
    TASKS.wait();
}

mod types {
    pub type Wg = gochan::WaitGroup;
    pub use gochan::{WaitGroup as Group, go};
}

fn of_an_alias() {
    let wg = types::Wg::new();
    go!([wg] {
        wg.add(1); //~ add_in_goroutine
        defer!(wg.done());
    });
    wg.wait();
}

fn of_another_name() {
    let wg = types::Group::new();
    go!([wg] {
        wg.add(1); //~ add_in_goroutine
        defer!(wg.done());
    });
    wg.wait();
}

fn macro_by_path() {
    let wg = WaitGroup::new();
    types::go!([wg] {
        wg.add(1); //~ add_in_goroutine
        defer!(wg.done());
    });
    wg.wait();
}

fn macro_by_crate_path() {
    let wg = WaitGroup::new();
    crate::types::go!([wg] {
        wg.add(1); //~ add_in_goroutine
        defer!(wg.done());
    });
    wg.wait();
}

fn taken(pool: &mut Pool) {
    let waits = pool.wg.clone();
    let wg = std::mem::take(&mut pool.wg);
    go!({
        wg.add(1); //~ add_in_goroutine
        defer!(wg.done());
    });
    waits.wait();
}

fn in_a_tuple() {
    let wg = WaitGroup::new();
    let pair = (wg.clone(), 1);
    go!({
        pair.0.add(pair.1); //~ add_in_goroutine
        defer!(pair.0.done());
    });
    wg.wait();
}

fn in_a_matched_tuple() {
    let wg = WaitGroup::new();
    let pair = (wg.clone(), 1);
    let (counted, _) = pair;
    go!({
        counted.add(1); //~ add_in_goroutine
        defer!(counted.done());
    });
    wg.wait();
}

fn under_a_lock(shared: &Arc<Mutex<WaitGroup>>) {
    go!([shared = *shared] {
        shared.lock().add(1); //~ add_in_goroutine
        defer!(shared.lock().done());
    });
    let waits = shared.lock().clone();
    waits.wait();
}

trait Counts {
    fn group(&self) -> &WaitGroup;
}

impl Counts for Outer {
    fn group(&self) -> &WaitGroup {
        &self.pool.wg
    }
}

fn by_trait<C: Counts + Send + Sync + 'static>(counts: &Arc<C>) {
    go!([counts = *counts] {
        counts.group().add(1); //~ add_in_goroutine
        defer!(counts.group().done());
    });
    counts.group().wait();
}

fn by_dynamic_trait(counts: Arc<dyn Counts + Send + Sync>) {
    go!([counts] {
        counts.group().add(1); //~ add_in_goroutine
        defer!(counts.group().done());
    });
    counts.group().wait();
}

fn optional(group: Option<WaitGroup>) {
    if let Some(wg) = &group {
        go!([wg = *wg] {
            wg.add(1); //~ add_in_goroutine
            defer!(wg.done());
        });
        wg.wait();
    }
}
