use gochan::prelude::*;

fn example() {
    let ch = chan!(u32, 8);
    let sender = go!([ch] { for n in 0..8 { send!(ch <- n); } });
    sender.join().unwrap();
    close!(ch);
    for n in &ch { work(n); }
}

fn stops_a_sender_that_looks() {
    let words = chan!(u32);
    let talker = go!([words] { (0..).take_while(|word| words.send(*word).is_ok()).count() });
    for word in words.iter().take(3) {
        println!("{word}");
    }
    close!(words);
    println!("{}", talker.join().unwrap());
}
