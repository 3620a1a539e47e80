//! Panics that are passed on, shown or impossible as far as the code shows.

use gochan::prelude::*;

struct Importer { rows: Vec<String> }

impl Importer {
    fn run(&self) -> std::thread::Result<()> {
        let rows = self.rows.clone();
        go!({ for row in rows { parse(&row).unwrap(); } }).join()
    }

    fn shown(&self) {
        let rows = self.rows.len();
        let worker = go!({ assert!(rows > 0) });
        if let Err(panic) = worker.join() { eprintln!("{panic:?}"); }
    }
}

fn all(parts: Vec<u32>) -> u32 {
    let handles: Vec<_> = parts.into_iter().map(|part| go!({ checked(part).unwrap() })).collect();
    handles.into_iter().map(|handle| handle.join().unwrap()).sum()
}

fn calm(counter: Arc<AtomicU64>) {
    let worker = go!([counter] { counter.fetch_add(1, Ordering::Relaxed); });
    let _ = worker.join();
}

fn or_default() -> u32 {
    go!({ compute().unwrap() }).join().unwrap_or_default()
}
