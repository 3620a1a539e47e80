use gochan::prelude::*;

fn example() {
    let m = Mutex::new(0);
    {
        let mut first = m.lock();
        *first += 1;
    }
    let second = m.lock();
}
