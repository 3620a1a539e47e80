use gochan::prelude::*;
use std::sync::Arc;

fn work(n: u32) {
    assert!(n < 10);
}
struct Pool {
    wg: WaitGroup,
    names: Vec<String>,
}
impl Pool {
    fn counts_late(&self) {
        let wg = self.wg.clone();
        go!([wg] {
            wg.add(1);
            defer!(wg.done());
            work(1);
        });
        self.wg.wait();
    }
    fn ends_last(self: Arc<Self>) {
        let wg = self.wg.clone();
        wg.add(1);
        go!([wg] {
            for name in &self.names {
                println!("{name}");
            }
            work(2);
            wg.done();
        });
    }
}
fn counts_late() {
    let wg = WaitGroup::new();
    for n in 0..3 {
        go!([wg] {
            wg.add(1);
            defer!(wg.done());
            work(n);
        });
    }
    wg.wait();
}
fn in_a_branch(b: bool) {
    let wg = WaitGroup::new();
    if b {
        // one goroutine
        go!([wg] {
            wg.add(2);
            work(1);
            wg.done();
            wg.done();
        });
    }
    match b {
        true => {
            go!([wg] { wg.add(1); defer!(wg.done()); work(3); });
        }
        false => {}
    }
    wg.wait();
}
fn as_an_argument(handles: &mut Vec<gochan::JoinHandle<()>>) {
    let wg = WaitGroup::new();
    handles.push(
        go!([wg] {
            wg.add(1);
            defer!(wg.done());
            work(1);
        }),
    );
    let handle =
        go!([wg] {
            wg.add(1);
            defer!(wg.done());
            work(1);
        });
    handles.push(handle);
    wg.wait();
}
fn gives_the_group_on() {
    let wg = WaitGroup::new();
    wg.add(1);
    go!([wg] {
        work(1);
        let other = wg.clone();
        wg.done();
        drop(other);
    });
    wg.add(1);
    go!([wg] {
        work(1);
        finish(wg);
    });
    wg.wait();
}
fn finish(wg: WaitGroup) {
    work(2);
    wg.done();
}
fn with_a_result() -> u32 {
    let wg = WaitGroup::new();
    wg.add(1);
    let handle = go!([wg] {
        let n = "5".parse::<u32>().unwrap();
        wg.done();
        n
    });
    wg.wait();
    handle.join().unwrap()
}
fn mutable(mut wg: WaitGroup) {
    wg.add(1);
    go!([mut wg] {
        work(1);
        wg = WaitGroup::new();
        wg.add(1);
        wg.done();
    });
    wg = WaitGroup::new();
    wg.wait();
}
