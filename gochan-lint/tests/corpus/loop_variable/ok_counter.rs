use gochan::prelude::*;

fn example() {
    let done = Arc::new(AtomicUsize::new(0));
    for n in 0..4 {
        go!([done] { work(n); done.fetch_add(1, Ordering::SeqCst); });
    }
    wait_for_all();
}
