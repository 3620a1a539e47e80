//! A crate that has types of its own under gochan's names, elsewhere.
#![allow(dead_code)]
mod own;

use gochan::context::CancelHandle;
use gochan::prelude::*;
use gochan::sync::Mutex;

fn serve(ctx: Context) { ctx.done().recv(); }
fn locks(m: &Mutex<u32>) {
    let first = m.lock();
    let second = m.lock(); //~ double_lock
    println!("{first}{second}");
}
fn closes(ch: Chan<u32>) {
    for n in &ch { println!("{n}"); }
    ch.close(); //~ receiver_close
}
fn closes_by_reference(ch: &Chan<u32>) {
    ch.recv();
    ch.close(); //~ receiver_close
}
fn discards(parent: &Context) {
    let (ctx, _) = parent.with_cancel(); //~ lost_cancel
    go!(serve(ctx));
}
fn forgets(cancel: CancelHandle) { std::mem::forget(cancel); } //~ lost_cancel
fn one_way(parent: &Context, now: bool) {
    let (ctx, cancel) = parent.with_cancel(); //~ lost_cancel
    go!(serve(ctx));
    if now { cancel.cancel(); }
}
fn guards(m: &Mutex<u32>, rx: &Receiver<u32>) {
    let guard = m.lock();
    rx.recv(); //~ guard_across_blocking
    println!("{guard}");
}
fn adds() {
    let wg = WaitGroup::new();
    go!([wg] {
        wg.add(1); //~ add_in_goroutine
        defer!(wg.done());
    });
    wg.wait();
}
fn ok_waits_with_room(list: Vec<u32>) {
    let (out, wg) = (chan!(u32, list.len()), WaitGroup::new());
    for n in list { wg.add(1); go!([out, wg] { defer!(wg.done()); send!(out <- n); }); }
    wg.wait();
    close!(out);
    for n in &out { println!("{n}"); }
}
fn closes_a_field(holder: &own::Holder) {
    for n in &holder.jobs { println!("{n}"); }
    holder.jobs.close(); //~ receiver_close
}
