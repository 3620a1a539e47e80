//! Work lists on unbuffered channels whose only reader feeds them.

use gochan::prelude::*;
use std::collections::HashSet;

fn crawl(start: String) -> HashSet<String> {
    let urls = chan!(String);
    go!([urls] { send!(urls <- start); });
    let mut seen = HashSet::new();
    for url in &urls { //~ leaked_receive
        if !seen.insert(url.clone()) { continue; }
        for link in links(&url) {
            send!(urls <- link); //~ range_own_send
        }
    }
    seen
}

struct Walker { limit: usize }

impl Walker {
    fn sizes(&self, root: Folder) -> u64 {
        let (todo, folders) = chan!(Folder).split();
        go!([todo] { send!(todo <- root); });
        let (mut bytes, mut visited) = (0, 0);
        while let Some(folder) = folders.recv() {
            bytes += folder.bytes();
            visited += 1;
            if visited == self.limit { break; }
            for child in folder.children() {
                todo.send(child).unwrap(); //~ range_own_send
            }
        }
        bytes
    }
}

/// A retry goes back to the end of the queue that this loop reads.
fn with_retries(jobs: Vec<Job>) {
    let queue = chan!(Job);
    go!([queue] { for job in jobs { send!(queue <- job); } close!(queue); });
    for job in &queue {
        if job.run().is_err() {
            queue.send(job.again()).unwrap(); //~ range_own_send
        }
    }
}

fn through_helper(first: u64) {
    let numbers = chan!(u64);
    go!([numbers] { send!(numbers <- first); });
    for n in &numbers {
        if n == 1 { break; }
        requeue(&numbers, n); //~ range_own_send
    }
}
fn requeue(numbers: &Chan<u64>, n: u64) {
    send!(numbers <- if n % 2 == 0 { n / 2 } else { 3 * n + 1 });
}

fn by_iterator(seed: u32) {
    let ch = chan!(u32);
    let back = ch.clone();
    go!([ch] { send!(ch <- seed); });
    for n in ch.iter() {
        match n {
            0 => break,
            n => back.send(n - 1).unwrap(), //~ range_own_send
        }
    }
}

fn in_goroutine(seed: u32) {
    let ticks = chan!(u32);
    send_later(seed);
    go!({
        let own = chan!(u32);
        go!([own] { send!(own <- seed); });
        for n in &own {
            if n > 10 { break; }
            send!(own <- n + 1); //~ range_own_send
        }
    });
    close!(ticks);
}
