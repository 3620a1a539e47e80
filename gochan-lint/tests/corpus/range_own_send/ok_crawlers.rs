//! The same with a queue of one's own, a goroutine for each send, or another channel.

use gochan::prelude::*;
use std::collections::{HashSet, VecDeque};

fn crawl(start: String) -> HashSet<String> {
    let mut queue = VecDeque::from([start]);
    let mut seen = HashSet::new();
    while let Some(url) = queue.pop_front() {
        if seen.insert(url.clone()) { queue.extend(links(&url)); }
    }
    seen
}

fn concurrent_crawl(start: String, limit: usize) {
    let found = chan!(Vec<String>);
    go!([found] { send!(found <- vec![start]); });
    let mut running = 1;
    while running > 0 {
        let links = recv!(found);
        running -= 1;
        for link in links.into_iter().take(limit) {
            running += 1;
            go!([found] { send!(found <- self::links(&link)); });
        }
    }
}

fn try_again(jobs: Vec<Job>) {
    let queue = chan!(Job, 64);
    go!([queue] { for job in jobs { send!(queue <- job); } });
    for job in &queue {
        if job.is_last() { break; }
        if job.run().is_err() { send!(queue <- job.again()); }
    }
}

fn answers(requests: Receiver<Request>) {
    for request in &requests {
        send!(request.reply <- request.answer());
    }
}

fn sieve(input: Receiver<u32>, output: Sender<u32>, prime: u32) {
    for n in &input {
        if n % prime != 0 { send!(output <- n); }
    }
    close!(output);
}
