use gochan::prelude::*;
struct Pool {
    group: WaitGroup,
}

impl Pool {
    fn start(&self, n: isize) {
        self.group.add(n);
        for _ in 0..n {
            let group = self.group.clone();
            go!({
                defer!(group.done());
                work();
            });
        }
    }

    fn counted(&self) -> WaitGroup {
        self.group.add(1);
        self.group.clone()
    }

    fn start_counted(&self) {
        let group = self.counted();
        go!({
            defer!(group.done());
            work();
        });
        self.group.wait();
    }
}

fn in_thread() {
    let wg = WaitGroup::new();
    wg.add(1);
    let inner = wg.clone();
    std::thread::spawn(move || {
        defer!(inner.done());
        inner.add(1);
        let last = inner.clone();
        go!({
            defer!(last.done());
            work();
        });
    });
    wg.wait();
}

fn own_group_in_goroutine(items: Vec<u32>) {
    let handle = go!({
        let wg = WaitGroup::new();
        for _ in &items {
            wg.add(1);
            go!([wg] {
                defer!(wg.done());
                work();
            });
        }
        wg.wait();
    });
    handle.join().unwrap();
}

fn work() {}
