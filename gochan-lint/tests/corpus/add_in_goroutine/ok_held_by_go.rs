use gochan::prelude::*;

fn walk(wg: &WaitGroup, depth: u32) {
    if depth == 0 { return; }
    wg.add(1);
    go!([wg] {
        defer!(wg.done());
        walk(&wg, depth - 1);
    });
}

fn main() {
    let wg = WaitGroup::new();
    walk(&wg, 3);
    let group = wg.clone();
    wg.go(move || {
        group.add(1);
        go!([group] { defer!(group.done()); work(1); });
    });
    wg.wait();
}
