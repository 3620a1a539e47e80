use gochan::prelude::*;

fn main() {
    let ch = chan!(u32);
    let consumer = go!([ch] {
        let mut sum = 0;
        for n in &ch {
            sum += n;
            if sum > 10 { break; }
        }
        ch.close(); //~ receiver_close
        sum
    });
    for n in 0.. {
        if ch.send(n).is_err() { break; }
    }
    println!("{}", consumer.join().unwrap());
}
