use gochan::prelude::*;
use gochan::sync::Mutex;
use std::cell::RefCell;

struct State {
    items: Mutex<Vec<u32>>,
    input: Receiver<u32>,
    output: Sender<u32>,
}

impl State {
    fn receiver_first(&self) {
        self.items.lock().push(recv!(self.input)); //~ guard_across_blocking
    }

    fn for_each(&self) {
        self.items.lock().iter().for_each(|item| { //~ guard_across_blocking
            send!(self.output <- *item);
        });
    }

    fn argument(&self) {
        self.output.send(self.items.lock().len() as u32).unwrap(); //~ guard_across_blocking
    }
}

fn cell(list: &RefCell<Vec<u32>>, input: &Receiver<u32>) {
    list.borrow_mut().push(input.recv().unwrap()); //~ guard_across_blocking
}

fn of_std(list: &std::sync::Mutex<Vec<u32>>, input: &Receiver<u32>) {
    list.lock().unwrap().push(recv!(input)); //~ guard_across_blocking
}
