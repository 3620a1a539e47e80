use gochan::prelude::*;
use gochan::sync::Mutex;
use std::sync::Arc;

fn closed() {
    let (wg, ready) = (WaitGroup::new(), chan!(()));
    go!([wg, ready] {
        wg.add(1);
        close!(ready);
        defer!(wg.done());
    });
    ready.recv();
    wg.wait();
}

fn sent() {
    let (wg, ready) = (WaitGroup::new(), chan!(()));
    go!([wg, ready] {
        wg.add(1);
        send!(ready <- ());
        wg.done();
    });
    recv!(ready);
    wg.wait();
}

fn joined(conns: Receiver<u32>) {
    let wg = WaitGroup::new();
    let acceptor = go!([wg] {
        for c in &conns {
            wg.add(1);
            go!([wg] { //~ goroutine_in_loop_unbounded
                defer!(wg.done());
                println!("{c}");
            });
        }
    });
    acceptor.join().unwrap();
    wg.wait();
}

fn queued(items: Vec<u32>) {
    let (wg, queue) = (WaitGroup::new(), chan!(u32));
    go!([wg, queue] {
        for i in items {
            wg.add(1);
            send!(queue <- i);
        }
        close!(queue);
    });
    for i in &queue {
        println!("{i}");
        wg.done();
    }
    wg.wait();
}

fn another_group(jobs: Vec<u32>) {
    let (starters, wg) = (WaitGroup::new(), WaitGroup::new());
    for job in jobs {
        starters.add(1);
        go!([starters, wg] {
            defer!(starters.done());
            wg.add(1);
            go!([wg] {
                defer!(wg.done());
                println!("{job}");
            });
        });
    }
    starters.wait();
    wg.wait();
}

fn another_group_goes() {
    let (starters, wg) = (WaitGroup::new(), WaitGroup::new());
    let w = wg.clone();
    starters.go(move || {
        w.add(1);
        go!([w] { defer!(w.done()); });
    });
    starters.wait();
    wg.wait();
}

fn scope_ends() {
    let wg = WaitGroup::new();
    gochan::scope(|s| {
        let wg = &wg;
        s.go(move || {
            wg.add(1);
            go!([wg = *wg] { defer!(wg.done()); });
        });
    });
    wg.wait();
}

struct Server {
    draining: Mutex<bool>,
    wg: WaitGroup,
}

impl Server {
    fn accept(self: &Arc<Self>, conns: Receiver<u32>) {
        let server = self.clone();
        go!([server] {
            for c in &conns {
                let draining = server.draining.lock();
                if *draining {
                    return;
                }
                server.wg.add(1);
                drop(draining);
                go!([server] { //~ goroutine_in_loop_unbounded
                    defer!(server.wg.done());
                    println!("{c}");
                });
            }
        });
    }

    fn drain(&self) {
        *self.draining.lock() = true;
        self.wg.wait();
    }
}

fn negative() {
    let wg = WaitGroup::new();
    wg.add(2);
    go!([wg] {
        println!();
        wg.add(-2);
    });
    wg.wait();
}
