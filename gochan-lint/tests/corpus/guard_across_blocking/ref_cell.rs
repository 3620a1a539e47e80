use gochan::prelude::*;

fn run(rx: &Receiver<u32>) {
    let cell = RefCell::new(0);
    let mut held = cell.borrow_mut();
    *held += rx.recv().unwrap(); //~ guard_across_blocking
}
