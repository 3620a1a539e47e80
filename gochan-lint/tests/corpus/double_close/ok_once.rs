use gochan::prelude::*;

fn example() {
    let (ch, once) = (chan!(u32, 8), Arc::new(Once::new()));
    for n in 0..3 {
        go!([ch, once] {
            work(n);
            once.call_once(|| close!(ch));
        });
    }
    wait_for_all();
}
