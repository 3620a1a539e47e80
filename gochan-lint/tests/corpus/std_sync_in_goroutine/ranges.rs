use gochan::prelude::*;

fn values() {
    let (tx, rx) = std::sync::mpsc::channel::<u32>();
    go!({
        for n in rx { //~ std_sync_in_goroutine
            println!("{n}");
        }
    });
    tx.send(1).unwrap();
}
