use gochan::prelude::*;

fn run(ch: Chan<u32>) {
    if ch.close() {
        println!("closed by us");
    }
    let again = ch.close();
    println!("{again}");
}
