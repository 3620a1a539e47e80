//! Whether an idle worker, or a plain thread that waits, should look around before it sleeps, by what came of it the last
//! times; and whether it should let another thread have the processor meanwhile.

use super::policy::{
    AWAY, LONGEST_REFUSAL, MOST_REWARDS, SHORTEST_REFUSAL, SPIN, SPIN_IF_REWARDED, THREAD_PAUSES, TRY_AGAIN,
    VAIN_COSTS,
};
use std::cell::Cell;
use std::time::{Duration, Instant};

thread_local! {
    /// Of a thread that runs no goroutine, or is one.
    static OF_THREAD: Patience = const { Patience::new() };
}

/// The calling thread is about to sleep until `is_woken`. True if that came while it looked around, which it does only
/// while that has been rewarded: to sleep and to be woken costs the two threads many times what a hand-over takes.
pub(crate) fn look_around(is_woken: impl Fn() -> bool) -> bool {
    OF_THREAD.with(|patience| {
        let limit = patience.next();
        if limit.is_zero() {
            return false;
        }
        let start = Instant::now();
        loop {
            (0..THREAD_PAUSES).for_each(|_| std::hint::spin_loop());
            let woken = is_woken();
            let is_over = start.elapsed() > limit;
            if woken || is_over {
                patience.note(!is_over);
                return woken;
            }
        }
    })
}

#[derive(Debug)]
pub(crate) struct Patience {
    /// How much more often looking around was rewarded than in vain, weighted.
    credit: Cell<u32>,
    /// The times without credit, until it is tried again.
    skipped: Cell<u32>,
}

impl Patience {
    pub(crate) const fn new() -> Patience {
        Patience { credit: Cell::new(1), skipped: Cell::new(0) }
    }

    /// How long to look around this time.
    pub(crate) fn next(&self) -> Duration {
        match self.credit.get() {
            0 => {
                self.skipped.set((self.skipped.get() + 1) % TRY_AGAIN);
                if self.skipped.get() == 0 { SPIN_IF_REWARDED } else { Duration::ZERO }
            }
            1 => SPIN,
            _ => SPIN_IF_REWARDED,
        }
    }

    /// Whether work has come in that time. Later is too late: the thread has lost its processor meanwhile.
    pub(crate) fn note(&self, is_rewarded: bool) {
        let credit = self.credit.get();
        self.credit.set(if is_rewarded {
            (credit + 1).min(MOST_REWARDS)
        } else {
            credit.saturating_sub(VAIN_COSTS)
        });
    }
}

/// Whether a worker that looks around, where there are more workers than processors, should give its processor to another
/// one. If a thread of another program gets it, it comes back milliseconds later, so it is not offered again for a while.
#[derive(Debug)]
pub(crate) struct Courtesy {
    next: Cell<Option<Instant>>,
    pause: Cell<Duration>,
}

impl Courtesy {
    pub(crate) const fn new() -> Courtesy {
        Courtesy { next: Cell::new(None), pause: Cell::new(SHORTEST_REFUSAL) }
    }

    pub(crate) fn is_due(&self) -> bool {
        self.next.get().is_none_or(|next| Instant::now() >= next)
    }

    /// Lets another thread have the processor.
    pub(crate) fn yield_processor(&self) {
        let start = Instant::now();
        std::thread::yield_now();
        self.note(start, start.elapsed());
    }

    fn note(&self, start: Instant, away: Duration) {
        let pause = self.pause.get();
        if away >= AWAY {
            self.next.set(Some(start + away + pause));
            self.pause.set((2 * pause).min(LONGEST_REFUSAL));
        } else {
            self.next.set(None);
            self.pause.set((pause / 2).max(SHORTEST_REFUSAL));
        }
    }
}

#[cfg(all(test, not(any(gochan_model, gochan_loom))))]
mod tests {
    use super::*;

    /// On a thread of its own, whose patience is new.
    fn on_a_thread(f: impl FnOnce() + Send + 'static) {
        std::thread::spawn(f).join().unwrap();
    }

    #[test]
    fn a_thread_that_is_woken_meanwhile_need_not_sleep() {
        on_a_thread(|| {
            assert!(look_around(|| true));
        });
    }

    #[test]
    fn a_thread_that_is_not_woken_soon_stops_looking_and_then_does_not_begin() {
        on_a_thread(|| {
            let looks = Cell::new(0);
            let never = || {
                looks.set(looks.get() + 1);
                false
            };
            assert!(!look_around(never));
            assert!(looks.take() > 0);
            assert!(!look_around(never));
            assert_eq!(looks.take(), 0);
        });
    }

    #[test]
    fn a_processor_that_comes_back_late_is_not_offered_again_for_longer_and_longer() {
        let (courtesy, now) = (Courtesy::new(), Instant::now());
        assert!(courtesy.is_due());
        courtesy.note(now, AWAY);
        assert!(!courtesy.is_due());
        assert_eq!(courtesy.next.get(), Some(now + AWAY + SHORTEST_REFUSAL));
        courtesy.note(now, AWAY);
        assert_eq!(courtesy.next.get(), Some(now + AWAY + 2 * SHORTEST_REFUSAL));
        (0..20).for_each(|_| courtesy.note(now, AWAY));
        assert_eq!(courtesy.next.get(), Some(now + AWAY + LONGEST_REFUSAL));
        courtesy.note(now, Duration::ZERO);
        assert!(courtesy.is_due());
    }

    #[test]
    fn in_vain_means_seldom_and_rewards_mean_always() {
        let patience = Patience::new();
        assert_eq!(patience.next(), SPIN);
        patience.note(false);
        let tries = (0..10 * TRY_AGAIN).filter(|_| patience.next() > Duration::ZERO).count();
        assert_eq!(tries, 10);
        patience.note(true);
        assert!((0..10 * TRY_AGAIN).all(|_| patience.next() == SPIN));
        patience.note(true);
        assert_eq!(patience.next(), SPIN_IF_REWARDED);
    }
}
