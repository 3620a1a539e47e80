use gochan::prelude::*;

fn for_each<T: Send, F: FnMut(T)>(ch: &Chan<T>, mut f: F) {
    for v in ch { f(v); }
}

fn run<T: Send>(ch: Chan<T>) {
    for_each(&ch, |v| drop(v));
    close!(ch); //~ receiver_close
}
