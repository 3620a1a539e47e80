//! Goroutines whose panics end in nobody's hands.

use gochan::prelude::*;

struct Importer { rows: Vec<String> }

impl Importer {
    fn run(&self) {
        let rows = self.rows.clone();
        let parser = go!({ for row in rows { parse(&row).unwrap(); } });
        let _ = parser.join(); //~ ignored_join_error
    }

    fn all(parts: Vec<String>) {
        for part in parts {
            let handle = go!(import(part));
            handle.join().ok(); //~ ignored_join_error
        }
    }
}

fn import(part: String) -> usize {
    let rows = part.parse::<usize>().expect("a number of rows");
    assert!(rows > 0);
    rows
}

fn background_check(config: Config) {
    let check = go!({
        if !config.is_valid() { panic!("the configuration is wrong"); }
    });
    serve();
    let _ = check.join(); //~ ignored_join_error
}

fn through_a_call(path: String) {
    let _ = go!(load(path)).join(); //~ ignored_join_error
}
fn load(path: String) -> Vec<u8> { read_all(&path) }
fn read_all(path: &str) -> Vec<u8> { std::fs::read(path).unwrap() }

fn pair() {
    let (left, right) = (go!({ left_half().unwrap() }), go!({ right_half().unwrap() }));
    let _ = left.join(); //~ ignored_join_error
    right.join().unwrap();
}

fn at_the_end(jobs: Receiver<u32>) {
    let worker = go!([jobs] { for job in &jobs { run(job).unwrap(); } });
    defer!({ let _ = worker.join(); }); //~ ignored_join_error unwind_blocking
    feed();
}
