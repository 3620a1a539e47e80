use gochan::prelude::*;

fn example() {
    let (ch, left) = (chan!(u32, 8), Arc::new(AtomicUsize::new(3)));
    for n in 0..3 {
        go!([ch, left] {
            send!(ch <- n);
            if left.fetch_sub(1, Ordering::AcqRel) == 1 {
                close!(ch);
            }
        });
    }
    wait_for_all();
}
