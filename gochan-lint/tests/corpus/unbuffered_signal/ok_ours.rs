use gochan::prelude::*;

fn example() {
    let signals = gochan::signal::notify(&[Signal::Interrupt]);
    signals.recv();
}
