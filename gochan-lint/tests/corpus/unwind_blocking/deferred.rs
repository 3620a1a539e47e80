use gochan::prelude::*;

fn run(wg: &WaitGroup) {
    defer!(wg.wait()); //~ unwind_blocking
    work(1);
}
