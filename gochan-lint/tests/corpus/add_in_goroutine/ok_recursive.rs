use gochan::prelude::*;

fn walk(wg: WaitGroup, depth: u32) {
    defer!(wg.done());
    if depth > 0 {
        wg.add(1);
        go!(walk(wg.clone(), depth - 1));
    }
}
fn main() {
    let wg = WaitGroup::new();
    wg.add(1);
    go!(walk(wg.clone(), 3));
    wg.wait();
}
