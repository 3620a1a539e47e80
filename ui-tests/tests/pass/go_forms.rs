//! Every form of `go!`, with what each promises about when things are evaluated.

use std::sync::{Arc, Mutex};

use gochan::prelude::*;

type Log = Arc<Mutex<Vec<&'static str>>>;

fn note<T>(log: &Log, what: &'static str, value: T) -> T {
    log.lock().unwrap().push(what);
    value
}

fn add(a: i32, b: i32) -> i32 {
    a + b
}

fn largest<T: Ord>(items: Vec<T>) -> Option<T> {
    items.into_iter().max()
}

fn apply(f: impl Fn(&str) -> usize, text: &'static str) -> usize {
    f(text)
}

struct Counter {
    count: i32,
    step: fn(i32) -> i32,
}

impl Counter {
    fn advance(&mut self, by: i32) -> i32 {
        self.count += by;
        self.count
    }

    fn shared(self: Arc<Self>) -> i32 {
        self.count
    }

    fn start(self: &Arc<Self>) -> i32 {
        let by_clone = go!([this = self] { this.count }).join().unwrap();
        let by_method = go!(Arc::clone(self).shared()).join().unwrap();
        let by_field = go!((self.step)(by_method)).join().unwrap();
        by_clone + by_field
    }
}

macro_rules! start {
    (block $body:block) => {
        go!($body).join().unwrap()
    };
    ($call:expr) => {
        go!($call).join().unwrap()
    };
}

fn calls() {
    assert_eq!(go!(add(1, 2)).join().unwrap(), 3);
    assert_eq!(go!(largest::<u8>(vec![1, 3, 2])).join().unwrap(), Some(3));
    assert_eq!(go!(largest(vec![1, 3, 2])).join().unwrap(), Some(3));
    assert_eq!(go!(apply(|text| text.len(), "four")).join().unwrap(), 4);
    assert_eq!(go!(Some(7)).join().unwrap(), Some(7));
    assert_eq!(go!(<i32 as From<u8>>::from(7)).join().unwrap(), 7);
    assert_eq!(go!((add)(1, 2),).join().unwrap(), 3);
    assert_eq!(start!(add(2, 3)), 5);

    let mut calls = 0;
    let mut again = move || {
        calls += 1;
        calls
    };
    assert_eq!(again(), 1);
    assert_eq!(go!(again()).join().unwrap(), 2);

    let table: [fn(i32) -> i32; 2] = [|n| n + 1, |n| n * 10];
    assert_eq!(go!(table[1](4)).join().unwrap(), 40);
    let boxed: Box<dyn FnOnce(i32) -> i32 + Send> = Box::new(|n| n + 1);
    assert_eq!(go!(boxed(1)).join().unwrap(), 2);
}

fn methods() {
    let counter = Counter { count: 1, step: |n| n + 1 };
    assert_eq!(go!(counter.advance(4)).join().unwrap(), 5);
    assert_eq!(go!("1,2,3".split(',').map(str::len).sum::<usize>()).join().unwrap(), 3);
    assert_eq!(Arc::new(Counter { count: 1, step: |n| n * 3 }).start(), 4);
}

fn literals() {
    let base = 10;
    let pair = (1, 2);
    assert_eq!(go!(|| { base + 1 }()).join().unwrap(), 11);
    assert_eq!(go!(move || -> i64 { base.into() }()).join().unwrap(), 10);
    assert_eq!(go!(|n: i32, (a, b)| { n + a + b + base }(3, pair)).join().unwrap(), 16);
    assert_eq!(go!((|n: i32| n * 2)(base)).join().unwrap(), 20);
    let swapped = go!(|a: i32, b: i32| { (a, b) }(pair.1, pair.0)).join().unwrap();
    assert_eq!(swapped, (2, 1));
    assert!(go!(|f: Box<dyn Fn(i32) -> bool + Send>| { f(3) }(Box::new(|n| n == 3))).join().unwrap());
}

fn blocks() {
    let text = String::from("moved");
    assert_eq!(go!({ text.len() }).join().unwrap(), 5);
    let handle = go! {
        let a = 1;
        add(a, 2)
    };
    assert_eq!(handle.join().unwrap(), 3);
    go!(println!("a macro runs whole")).join().unwrap();
    go!(for _ in 0..3 {}).join().unwrap();
    let result = go!({
        let n: i32 = "12".parse()?;
        Ok::<i32, std::num::ParseIntError>(n)
    });
    assert_eq!(result.join().unwrap(), Ok(12));
    assert_eq!(start!(block { 4 }), 4);
}

fn jobs_static<T>(jobs: Chan<T>) -> &'static Chan<T> {
    Box::leak(Box::new(jobs))
}

fn clone_lists() {
    let jobs = chan!(i32, 4);
    let borrowed = &jobs;
    go!([borrowed] { send!(borrowed <- 1) }).join().unwrap();
    assert!(go!([jobs] Chan::send(jobs_static(jobs), 2)).join().unwrap().is_ok());
    go!([jobs] |n: i32| { send!(jobs <- n) }(3)).join().unwrap();
    go!([mut jobs] { std::mem::replace(&mut jobs, Chan::nil()) }).join().unwrap();
    go!([out = jobs.sender(),] { send!(out <- 4) }).join().unwrap();
    close!(jobs);
    assert_eq!(jobs.iter().sum::<i32>(), 10);

    let mut count = 1;
    assert_eq!(go!([mut count] { count += 1; count }).join().unwrap(), 2);
    count += 10;
    assert_eq!(count, 11);
}

fn order() {
    let log = Log::default();
    let pick = |what| note(&log, what, add as fn(i32, i32) -> i32);
    go!((pick("callee"))(note(&log, "first", 1), note(&log, "second", 2))).join().unwrap();
    let receiver = note(&log, "receiver", Counter { count: 0, step: |n| n });
    go!(receiver.advance(note(&log, "argument", 1))).join().unwrap();
    assert_eq!(*log.lock().unwrap(), ["callee", "first", "second", "receiver", "argument"]);
}

fn question_mark() -> Result<i32, std::num::ParseIntError> {
    let handle = go!(add("1".parse()?, "2".parse()?));
    assert_eq!(handle.join().unwrap(), 3);
    go!(add("x".parse()?, 1));
    unreachable!()
}

fn each_turn_of_a_loop() {
    let out = chan!(usize, 1000);
    for turn in 0..1000 {
        go!([out] { send!(out <- turn) });
    }
    let mut seen: Vec<usize> = out.iter().take(1000).collect();
    seen.sort_unstable();
    assert!(seen.into_iter().eq(0..1000));
}

fn main() {
    calls();
    methods();
    literals();
    blocks();
    clone_lists();
    order();
    assert!(question_mark().is_err());
    each_turn_of_a_loop();
}
