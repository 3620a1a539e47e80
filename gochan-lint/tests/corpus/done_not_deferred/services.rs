//! `done` as the last statement, behind work that may panic or leave.

use gochan::prelude::*;
use std::collections::HashMap;

struct Downloader { client: Client, wg: WaitGroup, pages: Arc<Mutex<HashMap<String, String>>> }

impl Downloader {
    fn all(&self, urls: &[String]) {
        for url in urls {
            self.wg.add(1);
            let (wg, pages, url) = (self.wg.clone(), self.pages.clone(), url.clone());
            go!({
                let page = http_get(&url).unwrap(); //~ missing_done
                pages.lock().insert(url, page);
                wg.done(); //~ done_not_deferred
            });
        }
        self.wg.wait();
    }
}

fn resize(images: Vec<Image>, out: Sender<Image>) {
    let wg = WaitGroup::new();
    for image in images {
        wg.add(1);
        go!([wg, out] {
            let small = image.resize(64, 64).expect("an image of at least one pixel"); //~ missing_done
            send!(out <- small);
            wg.done(); //~ done_not_deferred
        });
    }
    wg.wait();
}

fn worker(id: usize, jobs: Receiver<Job>, wg: WaitGroup) {
    for job in &jobs {
        println!("{id}: {}", job.run());
    }
    wg.done(); //~ done_not_deferred
}

fn pool(jobs: &Receiver<Job>) {
    let wg = WaitGroup::new();
    wg.add(4);
    for id in 0..4 {
        go!(worker(id, jobs.clone(), wg.clone()));
    }
    wg.wait();
}

/// A return in front of it skips it as well.
fn index(docs: Vec<Document>) {
    let group = WaitGroup::new();
    for doc in docs {
        group.add(1);
        go!([group] {
            if doc.is_empty() { return; } //~ missing_done
            insert(doc);
            group.done(); //~ done_not_deferred
        });
    }
    group.wait();
}

fn with_assertion(parts: [u32; 2]) {
    let wg = WaitGroup::new();
    wg.add(1);
    go!([wg] {
        assert_eq!(checksum(&parts), 0);
        wg.done(); //~ done_not_deferred
    });
    wg.wait();
}

fn by_index(cells: Vec<u32>, wg: &WaitGroup) {
    wg.add(1);
    go!([wg] {
        let first = cells.first().copied().unwrap(); //~ missing_done
        record(first);
        wg.done(); //~ done_not_deferred
    });
}
