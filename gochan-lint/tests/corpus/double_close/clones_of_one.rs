use gochan::prelude::*;

fn run() {
    let a = chan!(u32, 1);
    let b = a.clone();
    let tx = a.sender();
    close!(a);
    close!(b); //~ double_close
    close!(tx); //~ double_close
}
