use gochan::prelude::*;

fn example(flag: Arc<AtomicBool>) {
    go!([flag] { flag.store(true, Ordering::SeqCst); });
    std::thread::sleep(Duration::from_millis(100)); //~ sleep_as_sync
    assert!(flag.load(Ordering::SeqCst));
}
