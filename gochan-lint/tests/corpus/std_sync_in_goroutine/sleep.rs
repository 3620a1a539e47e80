use gochan::prelude::*;

fn example() {
    go!({
        std::thread::sleep(Duration::from_secs(1)); //~ std_sync_in_goroutine
    });
    wait_for_all();
}
