//! A test in virtual time: one bubble, in which the goroutines that can run take turns.

use super::bubble::Bubble;
use super::director::{Choice, Director, Event, Options};
use super::drive::{GoroutinesLeft, TimedOut, group_of, on_thread, timed_out, verdict};
use super::options::{Body, Test};
use super::own_workers::{CountedThread, outlive_goroutines};
use super::report::Verdict;
use std::sync::mpsc::Sender;
use std::time::Instant;

#[track_caller]
pub(super) fn run(test: &Test, body: impl Body) {
    let _thread = CountedThread::of_tests();
    let group = group_of(test);
    let deadline = test.timeout.map(|timeout| Instant::now() + timeout);
    let drive = {
        let (test, group) = (test.clone(), group.clone());
        move |tell: Sender<Verdict>| {
            let bubble = Bubble::new(group.clone(), Box::new(InTurn { tell: tell.clone() }));
            let (end, result) = bubble.run(test.attributes(), test.place, body);
            let _ = tell.send(verdict(&test, &group, bubble, end, result));
            GoroutinesLeft::of(bubble, end)
        }
    };
    on_thread(deadline, None, drive).unwrap_or_else(|TimedOut| timed_out(test, &group)).raise();
}

/// The one that has been able to run for the longest is next.
struct InTurn {
    tell: Sender<Verdict>,
}

impl Director for InTurn {
    fn choose(&self, _: &Options<'_>) -> Choice {
        Choice::Run(0)
    }

    fn is_asked_often(&self) -> bool {
        false
    }

    fn saw(&self, _: Event) {}

    fn has_seen_enough(&self) -> bool {
        false
    }

    fn stuck(&self, what: &str) -> ! {
        let _ = self.tell.send(Verdict::stuck(what));
        outlive_goroutines()
    }
}
