//! Setting and cancelling while another thread fires and sleeps. An alarm that is slept through would end in a deadlock,
//! which shuttle reports.

use super::*;
use crate::shim;
use std::sync::atomic::AtomicUsize;

const SETTERS: usize = 2;
/// The clock stands still: an alarm is due, or not yet.
const NOW: Moment = Moment::from_bits(10);

/// Counts its drops.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
}

fn setters_and_a_sleeper() {
    let alarms: &'static Alarms = Box::leak(Box::new(Alarms::new()));
    let sleeper: &'static Sleeper = Box::leak(Box::new(Sleeper::new()));
    let dropped = Arc::new(AtomicUsize::new(0));
    let awaited = Arc::new(AtomicUsize::new(0));
    let either = Arc::new(AtomicUsize::new(0));
    let setters: Vec<_> = (0..SETTERS)
        .map(|_| {
            let (dropped, awaited, either) = (dropped.clone(), awaited.clone(), either.clone());
            shuttle::thread::spawn(move || {
                let set = |deadline, fired: &Arc<AtomicUsize>| {
                    let (fired, counted) = (fired.clone(), Counted(dropped.clone()));
                    alarms.set(Moment::from_bits(deadline), Some(sleeper), move || {
                        fired.fetch_add(1, SeqCst);
                        drop(counted);
                    })
                };
                let far = set(20, &either);
                let raced = set(10, &either);
                drop(set(5, &awaited));
                let cancelled = raced.cancel();
                assert!(far.cancel() && !far.cancel() && !raced.cancel());
                usize::from(cancelled)
            })
        })
        .collect();
    sleeper.adopt_thread();
    loop {
        while let Some(due) = alarms.pop_due(NOW) {
            due.0.closure.run();
        }
        if awaited.load(SeqCst) == SETTERS {
            break;
        }
        sleeper.lie_down();
        while alarms.first_seqcst() > NOW && sleeper.is_asleep() {
            shim::park();
        }
        sleeper.get_up();
    }
    let cancelled: usize = setters.into_iter().map(|setter| setter.join().unwrap()).sum();
    assert_eq!(either.load(SeqCst) + cancelled, SETTERS, "each is fired or cancelled, not both");
    assert_eq!(dropped.load(SeqCst), 3 * SETTERS, "each closure goes once");
    assert_eq!(alarms.first(), Moment::NEVER);
}

#[test]
fn no_alarm_is_slept_through_at_random() {
    shuttle::check_random(setters_and_a_sleeper, 20_000);
}

#[test]
fn no_alarm_is_slept_through_under_rare_schedules() {
    shuttle::check_pct(setters_and_a_sleeper, 20_000, 3);
}
