//! Daemons that register a channel without room.

use gochan::prelude::*;
use gochan::signal;

struct Daemon { config: Config }

impl Daemon {
    fn run(&self) {
        let hangups = chan!(i32);
        signal::notify(&hangups, &[SIGHUP]); //~ unbuffered_signal
        for _ in &hangups {
            self.config.reload();
        }
    }

    fn stop_on_interrupt(&self) {
        let stop = Chan::<i32>::new();
        go!([stop] {
            recv!(stop);
            exit();
        });
        signal::notify(&stop, &[SIGINT, SIGTERM]); //~ unbuffered_signal
    }
}

fn split_handles() {
    let (tx, rx) = chan!(Signal).split();
    signals::register(tx, SIGUSR1); //~ unbuffered_signal
    for _ in &rx { dump(); }
}

fn named_capacity() {
    const ROOM: usize = 0;
    let ch = chan!(Signal, ROOM);
    os::signal::notify(ch.sender(), &[SIGCHLD]); //~ unbuffered_signal
    for _ in &ch { reap(); }
}

fn subscribes(signals: &Signals) {
    let quit = chan!(());
    signal_hook::subscribe(&quit, SIGQUIT); //~ unbuffered_signal
    recv!(quit);
}

fn by_own_helper() {
    let ch = chan!(Signal);
    notify_all_signals(&ch); //~ unbuffered_signal
    recv!(ch);
}
fn notify_all_signals(ch: &Chan<Signal>) {
    for number in 1..32 { raw_register(number, ch.clone()); }
}
