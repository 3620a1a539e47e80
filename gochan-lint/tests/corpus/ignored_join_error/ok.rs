use gochan::prelude::*;

fn example() {
    let worker = go!({ parse().unwrap() });
    worker.join().unwrap();
    let calm = go!({ 1 + 1 });
    let _ = calm.join();
}
