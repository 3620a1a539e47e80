use gochan::prelude::*;

fn run() {
    let ch = chan!(u32, 4);
    for n in 0..3 { send!(ch <- n); }
    for n in &ch { work(n); } //~ leaked_receive
}
