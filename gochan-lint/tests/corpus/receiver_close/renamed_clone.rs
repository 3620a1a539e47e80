use gochan::prelude::*;

fn main() {
    let jobs = chan!(u32);
    let inbox = jobs.clone();
    let consumer = go!({
        while let Some(n) = inbox.recv() {
            if n > 3 { break; }
        }
        inbox.close(); //~ receiver_close
    });
    for n in 0..10 { let _ = jobs.send(n); }
    consumer.join().unwrap();
}
