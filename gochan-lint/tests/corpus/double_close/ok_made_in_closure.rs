use gochan::prelude::*;
use std::collections::HashMap;

struct Entry {
    ready: Chan<()>,
}

fn cached(keys: &[u32], entries: &mut HashMap<u32, Entry>) {
    for key in keys {
        entries.entry(*key).or_insert_with(|| {
            let entry = Entry { ready: chan!(()) };
            close!(entry.ready);
            entry
        });
    }
}

fn called(keys: &[u32]) {
    for _ in keys {
        let ended = || {
            let entry = Entry { ready: chan!(()) };
            close!(entry.ready);
            entry
        };
        ended();
    }
}
