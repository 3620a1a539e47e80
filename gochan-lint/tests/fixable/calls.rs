use gochan::prelude::*;
use std::rc::Rc;

fn work() {}
fn takes(_: u32) {}
fn makes<T: Default>() -> T {
    T::default()
}
unsafe fn dangerous() {}
async fn later() {}
struct Server {
    handler: fn(),
    boxed: Box<dyn Fn() + Send + Sync>,
}
impl Server {
    fn run() {}
    fn on(self: std::sync::Arc<Self>) {
        (self.handler)();
        (self.boxed)();
    }
    fn starts(self: std::sync::Arc<Self>) {
        let this = self.clone();
        go!(this.on);
        go!(Self::run);
        go!({ Server::run });
        let this = self.clone();
        go!({ (this.boxed)() });
    }
}
fn starts() {
    go!(work);
    go!({ work });
    go!({ work; });
    go!(|| { work() });
    go!(move || work());
    go!(|| -> u32 { 5 });
    go!({ || work() });
    go!({ move || { work() } });
    let job = || work();
    go!(job);
    let wg = WaitGroup::new();
    wg.go(|| work);
    wg.go(|| { work });
    wg.go(move || || work());
    wg.wait();
    go!({
        // a comment
        work
    });
}
fn need_more() {
    go!({ takes });
    go!({ makes::<u32> });
    go!({ later });
    go!({ dangerous });
    let n = Rc::new(1);
    println!("{n}");
}
