use gochan::prelude::*;

fn main() {
    let (ch, wg) = (chan!(u32, 10), WaitGroup::new());
    for n in 0..3 {
        let ch = ch.clone();
        wg.go(move || send!(ch <- n));
    }
    wg.wait();
    close!(ch);
    for n in &ch { work(n); }
}
