//! The same with room, with gochan's own signals, and things that are no signals.

use gochan::prelude::*;
use gochan::signal;
use gochan::sync::Cond;

struct Daemon { config: Config, changed: Cond }

impl Daemon {
    fn run(&self) {
        let hangups = chan!(i32, 1);
        signals::notify(&hangups, &[SIGHUP]);
        for _ in &hangups { self.config.reload(); }
    }

    fn ours(&self, ctx: &Context) {
        let signals = signal::notify(&[Signal::Hangup]);
        loop {
            select! {
                Some(_) = <-signals else { return } => self.config.reload(),
                <-ctx.done() => return,
            }
        }
    }

    fn touch(&self) { self.changed.notify_all(); }
}

fn unknown_capacity(room: usize) {
    let ch = chan!(Signal, room);
    signals::notify(&ch, &[SIGCHLD]);
    for _ in &ch { reap(); }
}

fn not_a_signal(bus: &Bus) {
    let updates = chan!(Update);
    bus.register(&updates);
    for update in &updates { apply(update); }
}
