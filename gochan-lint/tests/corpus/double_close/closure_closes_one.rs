use gochan::prelude::*;

struct Entry {
    ready: Chan<()>,
}

fn shared(keys: &[u32]) {
    let entry = Entry { ready: chan!(()) };
    for _ in keys {
        let end = || close!(entry.ready);
        end(); //~ double_close
    }
}
