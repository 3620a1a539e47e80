use gochan::prelude::*;
use gochan::sync::Mutex;
use std::sync::Arc;

struct State {
    total: Mutex<u32>,
    other: Mutex<u32>,
}

fn before_the_guard(state: Arc<State>) {
    defer!({
        *state.total.lock() += 1;
    });
    let total = state.total.lock();
    println!("{total}");
}

fn another_lock(state: Arc<State>) {
    let total = state.total.lock();
    defer!({
        *state.other.lock() += 1;
    });
    println!("{total}");
}

fn dropped(state: Arc<State>) {
    let total = state.total.lock();
    defer!({
        *state.total.lock() += 1;
    });
    println!("{total}");
    drop(total);
}
