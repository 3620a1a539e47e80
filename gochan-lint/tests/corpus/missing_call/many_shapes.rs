use gochan::prelude::*;
use std::sync::Arc;

struct Server { jobs: Chan<u32>, wg: WaitGroup, on_tick: fn() }
impl Server {
    fn run(&self) { println!("run"); }
    fn start(self: Arc<Self>) {
        let this = self.clone();
        go!(this.run); //~ missing_call
        let s = self.clone();
        go!({ s.run() });
        go!(Self::main_loop); //~ missing_call
        go!(self.on_tick); //~ missing_call
        let s = self.clone();
        go!(s.run());
        let f = self.on_tick;
        go!(f());
    }
    fn main_loop() {}
}

trait Worker: Send + Sync + 'static { fn work(&self); }

fn spawn_all<W: Worker>(workers: Vec<Arc<W>>) {
    for w in &workers {
        let w = Arc::clone(w);
        go!(w.work); //~ missing_call
    }
    for w in workers {
        go!(w.work());
    }
}

fn names() {
    gochan::go!(worker); //~ missing_call
    gochan::go!(helpers::worker); //~ missing_call
    gochan::go!(crate::helpers::worker); //~ missing_call
    gochan::go! { worker() };
    gochan::go!(helpers::worker());
    go!(worker::<u32>); //~ missing_call
    go!(worker2::<u32>());
    go!(<Server as Default>::default); //~ missing_call
}
fn worker() {}
fn worker2<T>() {}
mod helpers { pub fn worker() {} }

fn literals() {
    let name = String::from("x");
    go!(|| println!("hi")); //~ missing_call
    go!(|| { println!("hi") }); //~ missing_call
    go!(move || { println!("{name}"); }); //~ missing_call
    go!(move |x: i32| println!("{x}")); //~ missing_call
    go!(|i: usize, j: usize| { println!("{i}{j}") }); //~ missing_call
    go!(|i: usize, j: usize| { println!("{i}{j}") }(1, 2));
    go!(|| { println!("hi") }());
    go!(move || { println!("hi") }());
    go!((|| println!("hi"))());
    go!((|| println!("hi"))); //~ missing_call
    go!(async { 1 }); //~ missing_call
    go!(async move { work().await }); //~ missing_call
}
async fn work() {}

fn clone_list() {
    let ch = chan!(u32);
    let wg = WaitGroup::new();
    go!([ch, wg] || { send!(ch <- 1); wg.done(); }); //~ missing_call
    go!([ch] worker); //~ missing_call
    go!([ch] || { send!(ch <- 1); }());
    go!([ch] { send!(ch <- 1); });
    let job = move || { wg.done(); };
    go!(job); //~ missing_call
    let job2 = || {};
    go!([ch] job2); //~ missing_call
    let job3 = || {};
    go!(job3());
    let boxed: Box<dyn FnOnce() + Send> = Box::new(|| {});
    go!(boxed); //~ missing_call
    let boxed: Box<dyn FnOnce() + Send> = Box::new(|| {});
    go!(boxed());
}

fn block_bodies() {
    let n = 3;
    go!({
        move || println!("{n}") //~ missing_call
    });
    go!({
        let f = move || println!("{n}"); //~ missing_call
    });
    go!({
        let f = move || println!("{n}");
        f();
    });
    go!({
        || { println!("x") }; //~ missing_call
    });
    go!({
        println!("start");
        async move { work().await } //~ missing_call
    });
    go!({
        let fut = async move { work().await };
        block_on(fut);
    });
    go!({
        let fs: Vec<_> = (0..3).map(|i| move || println!("{i}")).collect();
        for f in fs { f(); }
    });
    go!({
        [1, 2, 3].iter().for_each(|x| println!("{x}"));
    });
    let h = go!({ move || n + 1 });
    let f = h.join().unwrap();
    f();
    go! {
        let cb = |x: i32| x + n;
        register(cb);
    }
    go!({ worker }); //~ missing_call
    go!({ worker; }); //~ missing_call
    go!({ worker() });
    go!({
        if n > 2 { move || println!("{n}") } else { move || println!("{n}") };
    });
    go!(|| { || println!("nested") }()); //~ missing_call
    go!(|x: i32| { move || println!("{x}") }(3)); //~ missing_call
}
fn register(_: impl Fn(i32) -> i32) {}
fn block_on<F>(_: F) {}

#[cfg(target_os = "plan9")]
fn other_os() {
    let s = Server::default();
    go!(s.run); //~ missing_call
    go!(s.wg.wait); //~ missing_call
}
macro_rules! not_go { ($($t:tt)*) => {} }
fn foreign() { not_go!(worker); }

fn chained() {
    go!(make().run); //~ missing_call
    go!(make().run());
    go!(handlers()[0]); //~ missing_call
    go!(handlers()[0]());
    go!((handlers()[0])());
    go!(fetch(1)?); //~ missing_call
}
