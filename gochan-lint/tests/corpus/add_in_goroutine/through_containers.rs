use gochan::prelude::*;
use gochan::sync::{Lazy, Mutex};
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

struct State {
    wg: WaitGroup,
}
fn behind_a_lock(state: &Arc<Mutex<State>>) {
    let s = state.clone();
    go!({
        s.lock().wg.add(1); //~ add_in_goroutine
        s.lock().wg.done();
    });
    let wg = state.lock().wg.clone();
    wg.wait();
}
struct Wrapped(WaitGroup, u32);
fn of_a_tuple_struct(w: &Arc<Wrapped>) {
    go!([w] {
        w.0.add(1); //~ add_in_goroutine
        w.0.done();
    });
    w.0.wait();
}
fn of_a_map(groups: &HashMap<String, WaitGroup>) {
    let wg = groups.get("a").unwrap().clone();
    go!([wg] {
        wg.add(1); //~ add_in_goroutine
        wg.done();
    });
    wg.wait();
}
fn of_a_vec(groups: Vec<WaitGroup>) {
    for wg in &groups {
        go!([wg] {
            wg.add(1); //~ add_in_goroutine
            wg.done();
        });
        wg.wait();
    }
}
fn of_an_option(group: Option<WaitGroup>) {
    if let Some(wg) = &group {
        go!([wg = *wg] {
            wg.add(1); //~ add_in_goroutine
            wg.done();
        });
        wg.wait();
    }
}
fn let_else(group: &Option<WaitGroup>) {
    let Some(wg) = group.clone() else { return };
    go!([wg] {
        wg.add(1); //~ add_in_goroutine
        wg.done();
    });
    wg.wait();
}
struct Group {
    inner: WaitGroup,
}
impl Deref for Group {
    type Target = WaitGroup;
    fn deref(&self) -> &WaitGroup {
        &self.inner
    }
}
fn by_deref(group: &Arc<Group>) {
    go!([group] {
        group.add(1); //~ add_in_goroutine
        group.done();
    });
    group.wait();
}
static ONCE: OnceLock<WaitGroup> = OnceLock::new();
fn of_a_once_lock() {
    go!({
        ONCE.get().unwrap().add(1); //~ add_in_goroutine
        ONCE.get().unwrap().done();
    });
    ONCE.get().unwrap().wait();
}
static LAZY: Lazy<State> = Lazy::new(|| State { wg: WaitGroup::new() });
fn of_a_lazy() {
    go!({
        LAZY.wg.add(1); //~ add_in_goroutine
        LAZY.wg.done();
    });
    LAZY.wg.wait();
}
fn of_a_box(wg: Box<WaitGroup>) {
    let w = wg.clone();
    go!({
        w.add(1); //~ add_in_goroutine
        w.done();
    });
    wg.wait();
}
struct Outer {
    inner: Arc<Inner>,
}
struct Inner {
    tasks: WaitGroup,
}
impl Outer {
    fn nested_fields(&self) {
        let inner = self.inner.clone();
        go!({
            inner.tasks.add(1); //~ add_in_goroutine
            inner.tasks.done();
        });
        self.inner.tasks.wait();
    }
    fn destructured(self: Arc<Self>) {
        let Outer { inner } = &*self;
        let tasks = inner.tasks.clone();
        go!([tasks] {
            tasks.add(1); //~ add_in_goroutine
            tasks.done();
        });
        tasks.wait();
    }
}
