use gochan::prelude::*;
use gochan::time::sleep;

fn loop_of_spawns() {
    for n in 0..10 { go!(work(n)); }
    sleep(Duration::from_secs(1)); //~ sleep_as_sync
    println!("done");
}
fn block_form(total: Arc<AtomicU32>) {
    go!([total] { total.fetch_add(1, Ordering::SeqCst); });
    go!([total] { total.fetch_add(2, Ordering::SeqCst); });
    std::thread::sleep(Duration::from_millis(50)); //~ sleep_as_sync
    assert_eq!(total.load(Ordering::SeqCst), 3);
}
fn builder() {
    gochan::Builder::new().name("x").spawn(|| work(1));
    gochan::time::sleep(Duration::from_millis(50)); //~ sleep_as_sync
}
#[test]
fn in_test() {
    let seen = Arc::new(AtomicBool::new(false));
    go!([seen] { seen.store(true, Ordering::SeqCst); });
    sleep(Duration::from_millis(20)); //~ sleep_as_sync
    assert!(seen.load(Ordering::SeqCst));
}
