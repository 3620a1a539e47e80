mod local;

use gochan::prelude::*;
use queue::Queue;

fn grow(queue: &Queue) {
    let mut items = queue.items.lock();
    items.push(1);
    println!("{}", queue.len()); //~ double_lock
}

fn hold(queue: &Queue) {
    let items = queue.items.lock();
    queue.wait(); //~ guard_across_blocking
    println!("{}", items.len());
}

fn main() {
    let ready = chan!((), 1);
    queue::finish(&ready);
    send!(ready <- ()); //~ send_after_close

    let own = chan!((), 1);
    local::finish(&own);
    send!(own <- ());
}
