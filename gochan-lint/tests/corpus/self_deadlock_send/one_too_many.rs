use gochan::prelude::*;

fn run() {
    let ch = Chan::with_capacity(2);
    send!(ch <- 1);
    send!(ch <- 2);
    send!(ch <- 3); //~ self_deadlock_send
    for _ in 0..3 { println!("{}", recv!(ch)); }
}
