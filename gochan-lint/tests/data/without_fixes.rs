//! A fix would break these, change what they do, or lose a comment.
use gochan::prelude::*;
use gochan::sync::Mutex;
fn work() {}
struct S { wg: WaitGroup }
impl S {
    fn x1(self: std::sync::Arc<Self>) {
        let s = self.clone();
        s.wg.add(1);
        go!([s] {
            work();
            s.wg.done();
        });
        self.wg.wait();
    }
    fn x2(&self) {
        go!([wg = self.wg] {
            wg.add(1);
            defer!(wg.done());
            work();
        });
        self.wg.wait();
    }
}
fn x3() {
    let wg = WaitGroup::new();
    wg.add(1);
    let w = wg.clone();
    go!(move || {
        work();
        w.done();
    }());
    wg.wait();
}
fn x4() {
    let wg = WaitGroup::new();
    wg.add(1);
    go!([wg] {
        let inner = wg;
        work();
        inner.done();
    });
    wg.wait();
}
enum State { Idle, Busy(String) }
fn x5(m: &Mutex<State>) -> u32 {
    match *m.lock() {
        State::Idle => 0,
        _ => 1,
    }
}
fn takes(_: u32) {}
fn x6() {
    go!({ takes });
}
// The context that is returned would still be cancelled.
fn x7(p: &Context) -> Context {
    let (ctx, _) = p.with_cancel();
    ctx
}
// A comment.
fn x8(ch: Receiver<u32>) -> u32 {
    select! {
        // the answer
        v = <-ch => v,
    }
}
