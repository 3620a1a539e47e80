use gochan::prelude::*;

fn example() {
    let current = Arc::new(AtomicUsize::new(0));
    for n in 0..4 {
        current.store(n, Ordering::SeqCst);
        go!([current] {
            println!("{}", current.load(Ordering::SeqCst)); //~ loop_variable
        });
    }
    wait_for_all();
}
