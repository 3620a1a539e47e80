use gochan::prelude::*;

fn deferred_later() {
    let wg = WaitGroup::new();
    wg.add(1);
    go!([wg] {
        println!("begin");
        defer!({ println!("end"); wg.done(); });
        if idle() { return; }
        work(parse().unwrap());
    });
    wg.wait();
}
fn finish(wg: &WaitGroup) { wg.done(); }
fn by_helper() {
    let wg = WaitGroup::new();
    wg.add(1);
    go!([wg] {
        defer!(finish(&wg));
        work(1);
    });
    wg.wait();
}
fn worker(wg: WaitGroup) {
    defer!(wg.done());
    work(1);
}
fn by_call() {
    let wg = WaitGroup::new();
    for _ in 0..3 {
        wg.add(1);
        go!(worker(wg.clone()));
    }
    wg.wait();
}
fn by_group() {
    let wg = WaitGroup::new();
    wg.go(|| { if idle() { return; } work(1); });
    wg.wait();
}
fn handed_to_unknown() {
    let wg = WaitGroup::new();
    wg.add(1);
    go!(serve(wg.clone()));
    wg.wait();
}
struct Guard(WaitGroup);
impl Drop for Guard { fn drop(&mut self) { self.0.done(); } }
fn by_drop() {
    let wg = WaitGroup::new();
    wg.add(1);
    let guard = Guard(wg.clone());
    go!({ let _guard = guard; work(1); });
    wg.wait();
}
fn per_item(rx: Receiver<u32>) {
    let wg = WaitGroup::new();
    wg.add(3);
    go!([wg] {
        for n in &rx {
            work(n);
            wg.done();
        }
    });
    wg.wait();
}
