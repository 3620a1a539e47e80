//! The same work with `done` deferred, counted by `wg.go`, or behind nothing that can fail.

use gochan::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering};

struct Downloader { client: Client, wg: WaitGroup }

impl Downloader {
    fn all(&self, urls: &[String]) {
        for url in urls {
            let url = url.clone();
            self.wg.go(move || keep(http_get(&url).unwrap()));
        }
        self.wg.wait();
    }
}

fn resize(images: Vec<Image>, out: Sender<Image>) {
    let wg = WaitGroup::new();
    for image in images {
        wg.add(1);
        go!([wg, out] {
            defer!(wg.done());
            send!(out <- image.resize(64, 64).expect("an image of at least one pixel"));
        });
    }
    wg.wait();
}

fn worker(jobs: Receiver<Job>, wg: WaitGroup) {
    defer!(wg.done());
    for job in &jobs { job.run(); }
}

fn pool(jobs: &Receiver<Job>) {
    let wg = WaitGroup::new();
    wg.add(4);
    for _ in 0..4 { go!(worker(jobs.clone(), wg.clone())); }
    wg.wait();
}

fn count(hits: Arc<AtomicUsize>) {
    let wg = WaitGroup::new();
    wg.add(2);
    for _ in 0..2 {
        go!([wg, hits] { hits.fetch_add(1, Ordering::Relaxed); wg.done(); });
    }
    wg.wait();
}

/// Done halfway, on purpose: what follows is not waited for.
fn started(wg: &WaitGroup, service: Service) {
    wg.add(1);
    go!([wg] {
        service.bind();
        wg.done();
        service.serve();
    });
}
