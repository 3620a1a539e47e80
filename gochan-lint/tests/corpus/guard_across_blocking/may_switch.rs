use gochan::prelude::*;
use gochan::sync::errgroup::Group;
use gochan::sync::{Cond, Lazy, Mutex as Ours, Once, RwLock as OurRwLock, Semaphore};
use std::sync::{Arc, Mutex};

static SETTINGS: Lazy<Settings> = Lazy::new(Settings::load);

fn holds(shared: &Arc<Mutex<u32>>, room: &Sender<u32>) {
    let mut n = shared.lock().unwrap();
    room.send(1); //~ guard_across_blocking
    *n += 1;
}
fn in_time(shared: &Mutex<u32>, room: &Chan<u32>) {
    let mut n = shared.lock().unwrap();
    let _ = room.send_timeout(1, Duration::from_secs(1)); //~ guard_across_blocking
    *n += 1;
}
fn receives_in_time(shared: &Mutex<u32>, room: &Chan<u32>) {
    let mut n = shared.lock().unwrap();
    *n += room.recv_timeout(Duration::from_secs(1)).unwrap_or(0); //~ guard_across_blocking
}
fn yields(shared: &Mutex<u32>) {
    let mut n = shared.lock().unwrap();
    gochan::runtime::gosched(); //~ guard_across_blocking
    *n += 1;
}
fn looks(shared: &Mutex<u32>, room: &Chan<u32>) {
    let mut n = shared.lock().unwrap();
    select! { v = <-room => *n += v, default => {} } //~ guard_across_blocking
}
fn asks(ctx: &Context, shared: &Mutex<u32>) {
    let mut n = shared.lock().unwrap();
    while ctx.err().is_none() { *n += 1; } //~ guard_across_blocking
}
fn checks(ctx: &Context, shared: &Mutex<u32>) -> Result<(), ContextError> {
    let mut n = shared.lock().unwrap();
    ctx.check()?; //~ guard_across_blocking
    *n += 1;
    Ok(())
}
fn locks(shared: &Mutex<u32>, other: &Ours<u32>) {
    let mut n = shared.lock().unwrap();
    *n += *other.lock(); //~ guard_across_blocking
}
fn reads(shared: &parking_lot::RwLock<u32>, other: &OurRwLock<u32>) {
    let n = shared.read();
    *other.write() += *n; //~ guard_across_blocking
}
fn once(shared: &Mutex<u32>, once: &Once) {
    let _n = shared.lock().unwrap();
    once.call_once(|| work(1)); //~ guard_across_blocking
}
fn lazy(shared: &Mutex<u32>) {
    let mut n = shared.lock().unwrap();
    *n += SETTINGS.total(); //~ guard_across_blocking
}
fn places(ctx: &Context, shared: &Mutex<u32>, places: &Semaphore) {
    let mut n = shared.lock().unwrap();
    places.acquire(ctx, 1).unwrap(); //~ guard_across_blocking
    *n += 1;
}
fn group(shared: &Mutex<u32>) {
    let group = Group::new();
    group.go(|| fallible());
    let _n = shared.lock().unwrap();
    group.wait().unwrap(); //~ guard_across_blocking
}
fn condition(shared: &Mutex<u32>, ready: &Ours<bool>, cond: &Cond) {
    let mut ready = ready.lock();
    let _n = shared.lock().unwrap();
    while !*ready { ready = cond.wait(ready); } //~ guard_across_blocking
}
fn through(ctx: &Context, shared: &Mutex<u32>) {
    let mut n = shared.lock().unwrap();
    *n += step(ctx); //~ guard_across_blocking
}
fn step(ctx: &Context) -> u32 { if ctx.check().is_ok() { 1 } else { 0 } }
fn in_closure(shared: &Mutex<u32>, room: &Chan<u32>) {
    let take = || room.recv().unwrap_or(0);
    let mut n = shared.lock().unwrap();
    *n += take(); //~ guard_across_blocking
}
fn given(shared: &Mutex<Option<u32>>, room: &Chan<u32>) {
    let n = shared.lock().unwrap();
    n.unwrap_or_else(|| recv!(room)); //~ guard_across_blocking
}
fn ran(shared: &Mutex<u32>, room: &Chan<u32>) {
    let mut n = shared.lock().unwrap();
    *n += timed(|| recv!(room)); //~ guard_across_blocking
}
fn timed<R>(f: impl FnOnce() -> R) -> R { f() }
