use gochan::prelude::*;
use std::sync::Arc;

fn start() -> Chan<u32> {
    let ch = chan!(u32);
    go!([ch] { send!(ch <- 1); });
    ch
}
fn dropped_result() {
    start(); //~ leaked_send
}
fn discarded_result() {
    let _ = start(); //~ leaked_send
}
fn inline() {
    let ch = chan!(u32);
    go!([ch] { send!(ch <- 1); }); //~ leaked_send
}
struct Worker {
    result: Chan<u32>,
    name: String,
}
impl Worker {
    fn new() -> Worker {
        Worker { result: chan!(u32), name: String::new() }
    }
    fn process(&self) {
        println!("{}", self.name);
        send!(self.result <- 1); //~ leaked_send
    }
}
fn of_a_field() {
    let worker = Arc::new(Worker { result: chan!(u32), name: "a".to_owned() });
    go!([worker] { worker.process(); });
}
fn of_a_new_one() {
    let worker = Arc::new(Worker::new());
    go!([worker] { worker.process(); });
}
