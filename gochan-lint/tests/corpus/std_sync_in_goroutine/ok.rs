use gochan::prelude::*;

fn example() {
    let m = Arc::new(std::sync::Mutex::new(0));
    go!([m] {
        *m.lock().unwrap() += 1;
        gochan::time::sleep(Duration::from_secs(1));
        gochan::blocking(|| std::thread::sleep(Duration::from_secs(1)));
    });
    std::thread::sleep(Duration::from_secs(1));
    wait_for_all();
}
