use gochan::prelude::*;

fn run(ch: Chan<u32>, mode: u32) {
    match mode {
        0 => close!(ch),
        1 => { work(1); close!(ch); }
        _ => {}
    }
}
