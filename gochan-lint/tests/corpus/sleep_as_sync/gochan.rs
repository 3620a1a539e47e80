use gochan::prelude::*;

fn example() {
    go!(work(1));
    gochan::time::sleep(Duration::from_millis(100)); //~ sleep_as_sync
    println!("done");
}
