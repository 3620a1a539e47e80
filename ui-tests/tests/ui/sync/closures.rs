use gochan::prelude::*;
use gochan::sync::errgroup;
use std::rc::Rc;
use std::time::Duration;

fn group_of_waits(wg: &WaitGroup, shared: Rc<u32>) {
    wg.go(move || println!("{shared}"));
}

fn group_of_errors(shared: Rc<u32>) {
    errgroup::group().go(move || Ok(println!("{shared}")));
}

fn later(shared: Rc<u32>) {
    gochan::time::after_func(Duration::ZERO, move || println!("{shared}"));
}

fn in_scope(shared: Rc<u32>) {
    gochan::scope(|s| drop(s.go(|| println!("{shared}"))));
}

fn result() {
    gochan::Builder::new().spawn(|| Rc::new(1));
}

fn borrowed(wg: &WaitGroup) {
    let list = vec![1];
    let first = &list[0];
    wg.go(move || println!("{first}"));
}

fn call(wg: &WaitGroup) {
    wg.go(println!("called"));
}

fn future(wg: &WaitGroup) {
    wg.go(async {});
}

fn main() {
    let wg = WaitGroup::new();
    group_of_waits(&wg, Rc::new(1));
    group_of_errors(Rc::new(1));
    later(Rc::new(1));
    in_scope(Rc::new(1));
    result();
    borrowed(&wg);
    call(&wg);
    future(&wg);
}
