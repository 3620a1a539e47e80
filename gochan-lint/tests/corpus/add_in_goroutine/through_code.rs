use gochan::prelude::*;
use std::sync::Arc;

fn work() {}
fn run<F: FnOnce() + Send + 'static>(wg: &WaitGroup, f: F) {
    let wg = wg.clone();
    go!({
        wg.add(1); //~ add_in_goroutine
        f();
        wg.done(); //~ done_not_deferred
    });
}
fn by_a_generic_helper() {
    let wg = WaitGroup::new();
    run(&wg, work);
    wg.wait();
}
trait Task: Send + Sync + 'static {
    fn start(&self);
}
struct Job {
    wg: WaitGroup,
}
impl Task for Job {
    fn start(&self) {
        self.wg.add(1); //~ add_in_goroutine
        self.wg.done();
    }
}
fn by_a_trait(job: &Arc<Job>) {
    let j = job.clone();
    go!({ j.start(); });
    job.wg.wait();
}
fn by_a_closure_with_a_name() {
    let wg = WaitGroup::new();
    let job = {
        let wg = wg.clone();
        move || {
            wg.add(1); //~ add_in_goroutine
            wg.done();
        }
    };
    go!(job());
    wg.wait();
}
fn by_a_builder() {
    let wg = WaitGroup::new();
    let w = wg.clone();
    gochan::Builder::new()
        .name("x")
        .spawn(move || {
            w.add(1); //~ add_in_goroutine
            w.done();
        });
    wg.wait();
}
fn of_another_group() {
    let (outer, inner) = (WaitGroup::new(), WaitGroup::new());
    let i = inner.clone();
    outer.go(move || {
        i.add(1); //~ add_in_goroutine
        i.done();
    });
    inner.wait();
    outer.wait();
}
fn in_an_arm(rx: &Receiver<u32>, quit: &Receiver<()>) {
    let wg = WaitGroup::new();
    let (rx, quit) = (rx.clone(), quit.clone());
    go!([wg] {
        select! {
            n = <-rx => {
                wg.add(1); //~ add_in_goroutine
                println!("{n}");
                wg.done();
            }
            <-quit => {}
        }
    });
    wg.wait();
}
fn matched(kind: Option<u32>) {
    let wg = WaitGroup::new();
    go!([wg] {
        match kind {
            Some(n) if n > 2 => wg.add(1), //~ add_in_goroutine
            Some(_) => wg.add(2), //~ add_in_goroutine
            None => {}
        }
        defer!(wg.done());
    });
    wg.wait();
}
fn by_path() {
    let wg = WaitGroup::new();
    let w = wg.clone();
    go!({
        WaitGroup::add(&w, 1); //~ add_in_goroutine
        WaitGroup::done(&w);
    });
    wg.wait();
}
struct Pool {
    wg: WaitGroup,
}
impl Pool {
    fn group(&self) -> &WaitGroup {
        &self.wg
    }
    fn begin(&self) {
        self.group().add(1); //~ add_in_goroutine
    }
    fn spawn(self: &Arc<Self>) {
        let pool = self.clone();
        go!({
            pool.begin();
            defer!(pool.group().done());
            work();
        });
    }
    fn finish(&self) {
        self.group().wait();
    }
}
fn by_methods() {
    let pool = Arc::new(Pool { wg: WaitGroup::new() });
    pool.spawn();
    pool.finish();
}
fn in_a_scope() {
    let wg = WaitGroup::new();
    gochan::scope(|s| {
        s.go(|| {
            wg.add(1); //~ add_in_goroutine
            wg.done();
        });
        wg.wait();
    });
}
fn in_a_loop_of_the_goroutine(list: Vec<u32>) {
    let wg = WaitGroup::new();
    go!([wg] {
        for n in list {
            wg.add(1); //~ add_in_goroutine
            go!([wg] {
                defer!(wg.done());
                println!("{n}");
            });
        }
    });
    wg.wait();
}
fn mapped(list: Vec<u32>) {
    let wg = WaitGroup::new();
    let handles: Vec<_> = list
        .into_iter()
        .map(|n| {
            go!([wg] {
                wg.add(1); //~ add_in_goroutine
                println!("{n}");
                wg.done();
            })
        })
        .collect();
    wg.wait();
    drop(handles);
}
