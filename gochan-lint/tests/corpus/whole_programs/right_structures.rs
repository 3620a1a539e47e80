//! Right programs: channels in structures, and what is easily mistaken.
use gochan::prelude::*;
use gochan::sync::{Mutex, RwLock};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

struct Worker {
    result: Chan<u32>,
    stop: Chan<()>,
}
impl Worker {
    fn new() -> Worker {
        Worker { result: chan!(u32), stop: chan!(()) }
    }
    fn process(&self) {
        send!(self.result <- 1);
    }
    fn results(&self) -> Receiver<u32> {
        self.result.receiver()
    }
    fn collect(&self) -> u32 {
        self.result.iter().sum()
    }
    fn watch(&self) {
        recv!(self.stop);
    }
}
fn by_a_getter() {
    let worker = Arc::new(Worker::new());
    go!([worker] { worker.process(); });
    println!("{}", recv!(worker.results()));
}
fn by_another_clone() {
    let worker = Arc::new(Worker { result: chan!(u32), stop: chan!(()) });
    let other = worker.clone();
    go!({ worker.process(); });
    go!({ println!("{}", other.collect()); }).join().unwrap();
}
fn destructured() {
    let worker = Worker::new();
    let Worker { result, .. } = worker;
    go!([result] { send!(result <- 1); });
    println!("{}", recv!(result));
}
fn by_its_field() {
    let worker = Arc::new(Worker::new());
    go!([worker] { worker.process(); });
    let n = recv!(worker.result);
    println!("{n}");
    go!([worker] { close!(worker.stop); });
    worker.watch();
}
fn handed_to_a_list(all: &Mutex<Vec<Arc<Worker>>>) {
    let worker = Arc::new(Worker::new());
    all.lock().push(worker.clone());
    go!({ worker.process(); });
}
fn returned() -> Arc<Worker> {
    let worker = Arc::new(Worker::new());
    go!([worker] { worker.process(); });
    worker
}
struct App {
    worker: Worker,
    name: String,
}
fn nested() {
    let app = Arc::new(App { worker: Worker::new(), name: "a".to_owned() });
    go!([app] { app.worker.process(); });
    println!("{} {}", app.name, recv!(app.worker.result));
}
trait Sink: Send + Sync {
    fn put(&self, n: u32);
    fn output(&self) -> Receiver<u32>;
}
impl Sink for Worker {
    fn put(&self, n: u32) {
        send!(self.result <- n);
    }
    fn output(&self) -> Receiver<u32> {
        self.result.receiver()
    }
}
fn as_a_trait_object() {
    let sink: Arc<dyn Sink> = Arc::new(Worker::new());
    go!([sink] { sink.put(1); });
    println!("{}", recv!(sink.output()));
}
fn generic<S: Sink + 'static>(sink: Arc<S>) {
    go!([sink] { sink.put(1); });
    println!("{:?}", sink.output().recv());
}
fn in_a_map() {
    let mut map = HashMap::new();
    map.insert("a", Worker::new());
    let worker = &map["a"];
    let ch = worker.result.clone();
    go!({ send!(ch <- 1); });
    println!("{}", recv!(worker.result));
}
fn in_a_closure() {
    let worker = Arc::new(Worker::new());
    let answer = {
        let worker = worker.clone();
        move || recv!(worker.result)
    };
    go!({ worker.process(); });
    println!("{}", answer());
}
fn given_to_unknown_code(consume: impl FnOnce(Receiver<u32>)) {
    let ch = chan!(u32);
    go!([ch] { send!(ch <- 1); });
    consume(ch.receiver());
}
fn stops_after_all_is_sent() {
    let (events, stop, wg) = (chan!(u32), chan!(()), WaitGroup::new());
    wg.go({
        let events = events.clone();
        move || {
            for n in 0..3 {
                send!(events <- n);
            }
        }
    });
    let reader = go!([events, stop] {
        loop {
            select! {
                n = <-events => println!("{n}"),
                <-stop => return,
            }
        }
    });
    wg.wait();
    close!(stop);
    reader.join().unwrap();
}
fn a_context_that_ends_with_the_senders(parent: &Context) {
    let (ctx, cancel) = parent.with_cancel();
    let events = chan!(u32);
    let reader = go!([events, ctx] {
        loop {
            select! {
                n = <-events => println!("{n}"),
                <-ctx.done() => return,
            }
        }
    });
    let writer = go!([events] {
        for n in 0..3 {
            send!(events <- n);
        }
    });
    writer.join().unwrap();
    cancel.cancel();
    reader.join().unwrap();
}
fn with_a_timeout_for_the_whole(ctx: &Context) -> Option<u32> {
    let found = chan!(u32, 1);
    go!([found] { send!(found <- 1); });
    select! {
        n = <-found => Some(n),
        <-ctx.done() => None,
    }
}
fn waits_for_its_own_goroutine() {
    let done = chan!(());
    go!([done] { close!(done); });
    recv!(done);
}
fn fed_by_itself_first() {
    let token = chan!((), 1);
    send!(token <- ());
    for _ in 0..3 {
        recv!(token);
        println!("holds the token");
        send!(token <- ());
    }
}
fn polled_by_itself() {
    let ch = chan!(u32, 1);
    if let Ok(n) = ch.try_recv() {
        println!("{n}");
    }
    send!(ch <- 1);
    close!(ch);
}
fn closed_in_a_branch(early: bool) {
    let stop = chan!(());
    if early {
        close!(stop);
    } else {
        go!([stop] { close!(stop); });
    }
    recv!(stop);
}
fn by_a_timer() {
    let stop = chan!(());
    let inner = stop.clone();
    gochan::time::after_func(Duration::from_millis(1), move || inner.close());
    recv!(stop);
}
struct Table {
    rows: RwLock<Vec<u32>>,
}
impl Table {
    fn sum(&self) -> u32 {
        let rows = self.rows.read();
        rows.iter().sum()
    }
    fn twice(&self) -> u32 {
        self.sum() + self.sum()
    }
    fn grow(&self) {
        let next = self.sum() + 1;
        self.rows.write().push(next);
    }
    fn of_two(&self, other: &Table) -> u32 {
        let mine = self.rows.read();
        mine.len() as u32 + other.sum()
    }
}
fn rounds(list: &[Vec<u32>]) {
    for round in list {
        let wg = WaitGroup::new();
        for &n in round {
            wg.go(move || println!("{n}"));
        }
        wg.wait();
    }
}
fn one_for_each_round(wg: &WaitGroup, rounds: u32) {
    for n in 0..rounds {
        wg.go(move || println!("left {n}"));
        wg.go(move || println!("right {n}"));
        wg.wait();
    }
}
async fn fetch(n: u32) -> u32 {
    n
}
fn polls_in_goroutines(wg: &WaitGroup) {
    wg.go(|| {
        let n = gochan::block_on(fetch(1));
        println!("{n}");
    });
    let future = fetch(2);
    go!({ gochan::block_on(future) });
}
fn select_in_scope(a: &Receiver<u32>, b: &Receiver<u32>) -> (u32, u32) {
    let (mut n, mut m) = (0, 0);
    for _ in 0..2 {
        select! {
            got = <-a => n = got,
            got = <-b => m = got,
        }
    }
    select! {
        n = <-a => return (n, m),
        _ = <-b => {}
    }
    (n, m)
}
