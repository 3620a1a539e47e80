use gochan::prelude::*;

fn coordinator() {
    let (out, wg) = (chan!(u32), WaitGroup::new());
    for n in 0..4 {
        let out = out.clone();
        wg.go(move || send!(out <- n));
    }
    go!([out, wg] { wg.wait(); close!(out); });
    for n in &out { work(n); }
}
fn room() {
    let (out, wg) = (chan!(u32, 4), WaitGroup::new());
    for n in 0..4 {
        let out = out.clone();
        wg.go(move || send!(out <- n));
    }
    wg.wait();
    close!(out);
    for n in &out { work(n); }
}
fn room_by_variable(items: Vec<u32>) {
    let (out, wg) = (chan!(u32, items.len()), WaitGroup::new());
    for n in items {
        let out = out.clone();
        wg.go(move || send!(out <- n));
    }
    wg.wait();
    close!(out);
    for n in &out { work(n); }
}
fn drained_by_another() {
    let (out, wg) = (chan!(u32), WaitGroup::new());
    let printer = go!([out] { for n in &out { work(n); } });
    for n in 0..4 {
        let out = out.clone();
        wg.go(move || send!(out <- n));
    }
    wg.wait();
    close!(out);
    printer.join().unwrap();
}
fn drained_first() {
    let (out, wg) = (chan!(u32), WaitGroup::new());
    for n in 0..4 {
        let out = out.clone();
        wg.go(move || send!(out <- n));
    }
    for _ in 0..4 { work(recv!(out)); }
    wg.wait();
}
