use gochan::prelude::*;
use gochan::sync::{Mutex, Semaphore};
use std::path::{Path, PathBuf};
use std::sync::Arc;

struct Walker { wg: WaitGroup, limit: Arc<Semaphore>, found: Arc<Mutex<Vec<PathBuf>>>, errors: Sender<String> }

impl Walker {
    fn visit(self: &Arc<Self>, ctx: &Context, folder: PathBuf) {
        let this = Arc::clone(self);
        self.wg.add(1);
        go!([ctx] {
            defer!(this.wg.done());
            if this.limit.acquire(&ctx, 1).is_err() { return; }
            let entries = list(&folder);
            this.limit.release(1);
            match entries {
                Ok(entries) => for entry in entries {
                    if entry.is_dir() { this.visit(&ctx, entry) } else { this.found.lock().push(entry) }
                },
                Err(error) => { let _ = this.errors.send(error.to_string()); }
            }
        });
    }
}

fn walk(ctx: &Context, root: &Path) -> Vec<PathBuf> {
    let (errors, told) = chan!(String).split();
    let found = Arc::new(Mutex::new(Vec::new()));
    let walker = Arc::new(Walker {
        wg: WaitGroup::new(),
        limit: Arc::new(Semaphore::new(16)),
        found: found.clone(),
        errors,
    });
    walker.visit(ctx, root.to_owned());
    let printer = go!({ for error in &told { eprintln!("{error}"); } });
    walker.wg.wait();
    drop(walker);
    printer.join().unwrap();
    let found = found.lock().clone();
    found
}
