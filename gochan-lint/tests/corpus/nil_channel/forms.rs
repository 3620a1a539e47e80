use gochan::prelude::*;

fn sends() { let tx = Sender::<u32>::nil(); send!(tx <- 1); } //~ nil_channel
fn receives() { let rx: Receiver<u32> = Receiver::nil(); work(rx.recv()); } //~ nil_channel
fn ranges() { let rx: Receiver<u32> = Default::default(); for n in &rx { work(n); } } //~ nil_channel
fn closes() { let ch = Chan::<u32>::default(); close!(ch); } //~ nil_channel
fn in_goroutine() {
    let ch: Chan<u32> = Chan::nil();
    go!([ch] { work(recv!(ch)); }); //~ nil_channel
}
