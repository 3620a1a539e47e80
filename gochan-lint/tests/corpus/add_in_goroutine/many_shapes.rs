use gochan::prelude::*;
use gochan::sync::WaitGroup as Wg;
use std::sync::Arc;

struct Crawler { wg: WaitGroup, pages: Chan<String>, depth: usize }

impl Crawler {
    // each goroutine adds itself
    fn crawl_bad(self: Arc<Self>, urls: Vec<String>) {
        for url in urls {
            let this = self.clone();
            go!({
                this.wg.add(1); //~ add_in_goroutine
                defer!(this.wg.done());
                this.fetch(&url);
            });
        }
        self.wg.wait();
    }
    fn crawl_method(self: Arc<Self>, url: String) {
        let me = self.clone();
        go!(me.visit(url));
        self.wg.wait();
    }
    fn visit(&self, url: String) {
        self.wg.add(1); //~ add_in_goroutine
        defer!(self.wg.done());
        self.fetch(&url);
    }
    fn fetch(&self, _url: &str) {}
    fn good(self: Arc<Self>, url: String) {
        self.wg.add(1);
        let me = Arc::clone(&self);
        go!(me.good_visit(url));
        self.wg.wait();
    }
    fn good_visit(&self, url: String) {
        defer!(self.wg.done());
        self.fetch(&url);
    }
    // recursion with parent's own count held
    fn recurse(self: Arc<Self>, url: String, depth: usize) {
        defer!(self.wg.done());
        if depth == 0 { return; }
        self.fetch(&url);
        for link in ["a", "b"] {
            self.wg.add(1);
            let me = self.clone();
            go!(me.recurse(link.to_string(), depth - 1));
        }
    }
    fn start(self: Arc<Self>) {
        self.wg.add(1);
        let me = self.clone();
        go!(me.recurse("x".into(), 3));
        self.wg.wait();
    }
}

fn alias() {
    let wg = Wg::new();
    for i in 0..3 {
        let wg = wg.clone();
        go!(|n: i32| {
            wg.add(1); //~ add_in_goroutine
            println!("{n}");
            wg.done();
        }(i));
    }
    wg.wait();
}

fn by_arg() {
    let wg = WaitGroup::new();
    for i in 0..3 {
        go!(work(wg.clone(), i));
    }
    wg.wait();
}
fn work(wg: WaitGroup, i: i32) {
    wg.add(1); //~ add_in_goroutine
    defer!(wg.done());
    println!("{i}");
}

fn by_ref_helper() {
    let wg = Arc::new(WaitGroup::new());
    for i in 0..3 {
        let wg = Arc::clone(&wg);
        go!({
            enter(&wg);
            defer!(wg.done());
            println!("{i}");
        });
    }
    wg.wait();
}
fn enter(wg: &WaitGroup) { wg.add(1); } //~ add_in_goroutine

fn branch() {
    let wg = WaitGroup::new();
    go!([wg] {
        let Some(x) = maybe() else { return };
        if x > 1 {
            wg.add(1); //~ add_in_goroutine
            defer!(wg.done());
            println!("{x}");
        }
    });
    wg.wait();
}
fn maybe() -> Option<i32> { None }

fn nested_depth() {
    let wg = WaitGroup::new();
    go!([wg] {
        go!([wg] {
            go!([wg] {
                wg.add(1); //~ add_in_goroutine
                defer!(wg.done());
            });
        });
    });
    wg.wait();
}

fn inside_group() {
    go!({
        let inner = WaitGroup::new();
        for i in 0..3 {
            inner.add(1);
            go!([inner] { defer!(inner.done()); println!("{i}"); });
        }
        inner.wait();
    }).join().unwrap();
}

fn second_level_ok() {
    let wg = WaitGroup::new();
    wg.add(1);
    go!([wg] {
        defer!(wg.done());
        for i in 0..3 {
            wg.add(1);
            go!([wg] { defer!(wg.done()); println!("{i}"); });
        }
    });
    wg.wait();
}

fn second_level_late() {
    let wg = WaitGroup::new();
    wg.add(1);
    go!([wg] {
        wg.done();
        for i in 0..3 {
            wg.add(1); //~ add_in_goroutine
            go!([wg] { defer!(wg.done()); println!("{i}"); });
        }
    });
    wg.wait();
}

fn wg_go_nested() {
    let wg = WaitGroup::new();
    let inner = wg.clone();
    wg.go(move || {
        inner.add(1);
        let deep = inner.clone();
        go!({ defer!(deep.done()); println!("x"); });
    });
    wg.wait();
}

fn waits_elsewhere() {
    let wg = WaitGroup::new();
    let out = chan!(i32);
    go!([wg, out] { wg.wait(); close!(out); });
    for i in 0..3 {
        go!([wg, out] {
            wg.add(1); //~ add_in_goroutine
            defer!(wg.done());
            send!(out <- i);
        });
    }
    for v in &out { println!("{v}"); }
}

fn closure_var() {
    let wg = WaitGroup::new();
    let spawn = |i: i32| {
        go!([wg] {
            wg.add(1); //~ add_in_goroutine
            defer!(wg.done());
            println!("{i}");
        });
    };
    spawn(1);
    spawn(2);
    wg.wait();
}

fn closure_var_ok() {
    let wg = WaitGroup::new();
    let spawn = |i: i32| {
        wg.add(1);
        go!([wg] {
            defer!(wg.done());
            println!("{i}");
        });
    };
    spawn(1);
    wg.wait();
}

fn closure_spawned() {
    let wg = WaitGroup::new();
    let w = wg.clone();
    let task = move || {
        w.add(1); //~ add_in_goroutine
        defer!(w.done());
        println!("x");
    };
    go!(task());
    wg.wait();
}

fn builder() {
    let wg = WaitGroup::new();
    let w = wg.clone();
    gochan::Builder::new().name("x").spawn(move || {
        w.add(1); //~ add_in_goroutine
        defer!(w.done());
    });
    wg.wait();
}

fn scoped() {
    let wg = WaitGroup::new();
    gochan::scope(|s| {
        s.go(|| {
            wg.add(1); //~ add_in_goroutine
            wg.done();
        });
        wg.wait();
    });
}

fn thread_spawn() {
    let wg = WaitGroup::new();
    let w = wg.clone();
    std::thread::spawn(move || {
        w.add(1); //~ add_in_goroutine
        defer!(w.done());
    });
    wg.wait();
}

fn after_block() {
    let wg = WaitGroup::new();
    let ready = chan!(());
    go!([wg, ready] {
        wg.add(1); //~ add_in_goroutine
        send!(ready <- ()); //~ leaked_send
        defer!(wg.done());
    });
    wg.wait();
}

fn ufcs() {
    let wg = WaitGroup::new();
    go!([wg] {
        WaitGroup::add(&wg, 1); //~ add_in_goroutine
        defer!(wg.done());
    });
    wg.wait();
}

fn in_match(kind: u8) {
    let wg = WaitGroup::new();
    go!([wg] {
        match kind {
            0 => wg.add(1), //~ add_in_goroutine
            _ => {
                wg.add(2); //~ add_in_goroutine
                wg.done();
            }
        }
        wg.done();
    });
    wg.wait();
}

fn tuple_handles() {
    let (wg, ch) = (WaitGroup::new(), chan!(u32, 4));
    for i in 0..4 {
        go!([wg, ch] { wg.add(1); send!(ch <- i); wg.done(); }); //~ add_in_goroutine
    }
    wg.wait();
}
struct Pool { wg: WaitGroup }
impl Pool {
    fn submit(&self, f: impl FnOnce() + Send + 'static) {
        let wg = self.wg.clone();
        go!({
            wg.add(1); //~ add_in_goroutine
            defer!(wg.done());
            f();
        });
    }
    fn submit_ok(&self, f: impl FnOnce() + Send + 'static) {
        let wg = self.wg.clone();
        wg.add(1);
        go!({
            defer!(wg.done());
            f();
        });
    }
    fn wait(&self) { self.wg.wait(); }
}
