//! Waiting until a group of goroutines is done.

mod delta;

use super::limit::Limit;
use crate::base::location::SourceLocation;
use crate::base::spin::SpinLock;
use crate::base::touch::Touch;
use crate::chan::{Latch, Receiver};
use crate::context::{Context, ContextError};
use crate::knots::Member;
use crate::points;
use crate::sched::park::{Owner, WaitReason};
use crate::spawn::countdown::{Countdown, Misuse};
use crate::spawn::join::JoinHandle;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

pub use delta::Delta;

/// Waits for a collection of goroutines to finish: Go's `sync.WaitGroup`.
///
/// Clones share one counter. Call `add` before the spawn, and defer `done` as the first statement of the goroutine; or
/// let [`go`](WaitGroup::go) do both.
///
/// Everything before a `done` happens before the return of the `wait` that it ends.
///
/// ```
/// use gochan::prelude::*;
///
/// let wg = WaitGroup::new();
/// let sum = chan!(u64, 3);
/// for i in 0..3 {
///     wg.add(1);
///     go!([wg, sum] {
///         defer!(wg.done());
///         send!(sum <- i * i);
///     });
/// }
/// wg.wait();
/// assert_eq!(sum.try_iter().sum::<u64>(), 5);
/// ```
#[doc(alias = "sync.WaitGroup")]
pub struct WaitGroup {
    shared: Arc<Shared>,
}

struct Shared {
    countdown: Countdown,
    /// The channel of the next zero, once it has been asked for.
    next_zero: SpinLock<Option<NextZero>>,
}

#[derive(Clone)]
struct NextZero {
    /// The round of the countdown that it is for.
    round: u32,
    latch: Arc<Latch>,
}

impl WaitGroup {
    /// A group with a counter of zero.
    #[must_use]
    pub fn new() -> WaitGroup {
        let shared = Shared { countdown: Countdown::new(0), next_zero: SpinLock::new(None) };
        WaitGroup { shared: Arc::new(shared) }
    }

    /// Changes the counter by `delta`, which may be negative; at zero, all calls of [`wait`](WaitGroup::wait) return.
    /// Never blocks. One atomic operation unless it ends a wait. Any integer will do, such as the `len()` of a list.
    ///
    /// # Panics
    /// `sync: negative WaitGroup counter` if the counter would go below zero; it keeps its value. Also if the counter
    /// is raised from zero while a `wait` for that zero has not returned, which is a race in the program.
    #[inline]
    #[track_caller]
    pub fn add<N: Delta>(&self, delta: N) {
        self.count(delta.to_i64(), "WaitGroup::add", Some(Location::caller()));
    }

    /// Counts one goroutine down: `add(-1)`.
    ///
    /// # Panics
    /// `sync: negative WaitGroup counter` if the counter is zero.
    #[inline]
    #[track_caller]
    pub fn done(&self) {
        self.count(-1, "WaitGroup::done", Some(Location::caller()));
    }

    #[inline]
    #[track_caller]
    fn count(&self, delta: i64, what: &'static str, place: Option<SourceLocation>) {
        if let Err(misuse) = self.shared.countdown.add(delta, what, place) {
            misused(misuse);
        }
    }

    /// Waits until the counter is zero; returns at once if it is already.
    ///
    /// Parks the calling goroutine, or blocks the calling thread outside of goroutines.
    ///
    /// # Panics
    /// If the group is reused before this call has returned, as far as that is detected.
    #[inline]
    #[track_caller]
    pub fn wait(&self) {
        let countdown = &self.shared.countdown;
        if let Err(misuse) = countdown.wait("WaitGroup::wait", WaitReason::WaitGroup, Location::caller()) {
            misused(misuse);
        }
    }

    /// Like [`wait`](WaitGroup::wait), but for at most `limit`: true if the counter is zero, false if the time has run
    /// out. The goroutines of the group run on.
    ///
    /// # Panics
    /// Like `wait`.
    ///
    /// ```
    /// use gochan::prelude::*;
    /// use std::time::Duration;
    ///
    /// let (wg, gate) = (WaitGroup::new(), chan!(()));
    /// drop(wg.go({
    ///     let gate = gate.clone();
    ///     move || gate.recv()
    /// }));
    /// assert!(!wg.wait_timeout(Duration::from_millis(1)));
    /// close!(gate);
    /// assert!(wg.wait_timeout(Duration::from_secs(60)));
    /// ```
    #[must_use = "false: the goroutines have not ended"]
    #[track_caller]
    pub fn wait_timeout(&self, limit: Duration) -> bool {
        match Limit::after(limit) {
            Some(limit) => self.wait_within(&limit, "WaitGroup::wait_timeout", Location::caller()),
            None => {
                self.wait();
                true
            }
        }
    }

    /// Like [`wait`](WaitGroup::wait), but gives up when `ctx` ends.
    ///
    /// # Errors
    /// The error of `ctx`, if it ends before the counter is zero, or has ended before the call.
    ///
    /// # Panics
    /// Like `wait`.
    ///
    /// ```
    /// use gochan::prelude::*;
    ///
    /// let wg = WaitGroup::new();
    /// wg.add(1);
    /// let (ctx, cancel) = background().with_cancel();
    /// go!([wg] { wg.done(); }).join().unwrap();
    /// assert!(wg.wait_ctx(&ctx).is_ok());
    /// cancel.cancel();
    /// assert_eq!(wg.wait_ctx(&ctx).unwrap_err().to_string(), "context canceled");
    /// ```
    #[track_caller]
    pub fn wait_ctx(&self, ctx: &Context) -> Result<(), ContextError> {
        const WHAT: &str = "WaitGroup::wait_ctx";
        match Limit::end_of(ctx, WHAT, Location::caller())? {
            Some(limit) if self.wait_within(&limit, WHAT, Location::caller()) => Ok(()),
            Some(limit) => Err(limit.error()),
            None => {
                self.wait();
                Ok(())
            }
        }
    }

    #[track_caller]
    fn wait_within(&self, limit: &Limit, what: &'static str, place: SourceLocation) -> bool {
        let countdown = &self.shared.countdown;
        // Unlike a wait for zero, it does not commute with what counts down.
        limit.point_before(|| Touch::write(countdown), what, place);
        // SAFETY: withdrawing takes the waiter off the list, under its lock.
        let waited = countdown.wait_or_leave(|parker, withdraw| unsafe {
            limit.park(parker, WaitReason::WaitGroup, place, withdraw)
        });
        points::after(what, Some(place));
        waited.unwrap_or_else(|misuse| misused(misuse))
    }

    /// A channel that closes when the counter is next zero, and is closed if it is zero now; nothing is ever sent. So
    /// the wait can be an arm of [`select!`](macro@crate::select), in place of Go's goroutine that waits and then
    /// closes a channel:
    ///
    /// ```
    /// use gochan::prelude::*;
    /// use std::time::Duration;
    ///
    /// let wg = WaitGroup::new();
    /// for n in 1..=3 {
    ///     wg.add(1);
    ///     go!([wg] {
    ///         defer!(wg.done());
    ///         println!("{n}");
    ///     });
    /// }
    /// select! {
    ///     <-wg.finished() => println!("done"),
    ///     <-after(Duration::from_secs(60)) => println!("still at it"),
    /// }
    /// ```
    ///
    /// Calls return the same channel until the counter is zero. Never blocks; the first call allocates. If the last
    /// handle of the group is dropped before that, the channel closes then.
    #[track_caller]
    pub fn finished(&self) -> Receiver<()> {
        points::around(|| Touch::write(&self.shared.countdown), "WaitGroup::finished", || self.next_zero())
    }

    fn next_zero(&self) -> Receiver<()> {
        let Shared { countdown, next_zero } = &*self.shared;
        let known = next_zero.lock().clone();
        if let Some(known) = known
            && countdown.is_in(known.round)
        {
            return known.latch.receiver();
        }
        // Of several such calls at the same time each has a channel; the last one's is returned from then on.
        let latch = Arc::new(Latch::new());
        let receiver = latch.receiver();
        match countdown.register(Owner::task(&Waker::from(latch.clone()))) {
            Ok(round) => {
                let known = next_zero.lock().replace(NextZero { round, latch });
                drop(known);
            }
            Err(owner) => owner.wake(),
        }
        receiver
    }

    /// Runs `f` in a new goroutine, which is counted now and counted down when it ends, even by a panic or `goexit`.
    ///
    /// ```
    /// let wg = gochan::WaitGroup::new();
    /// (0..8).for_each(|i| drop(wg.go(move || println!("{i}"))));
    /// wg.wait();
    /// ```
    #[track_caller]
    pub fn go<F, T>(&self, f: F) -> JoinHandle<T>
    where
        F: FnOnce() -> T, // a closure, `|| f(x)`: not a call `f(x)`, nor an `async` block, which nothing would poll
        F: Send,          // use `Arc` for `Rc`, `sync::Mutex` or an atomic for cells, and lock inside
        F: 'static, // `move ||` owns what it names, clones of handles too; to borrow, use `gochan::scope`
        T: Send,    // the result may be joined elsewhere: return what is `Send`
        T: 'static,
    {
        struct Done(WaitGroup, Member);
        impl Drop for Done {
            fn drop(&mut self) {
                self.0.count(-1, "end of WaitGroup::go", None);
                self.0.shared.countdown.members().remove(&self.1);
            }
        }
        let member = self.shared.countdown.members().add();
        self.count(1, "WaitGroup::go", Some(Location::caller()));
        let mut done = Done(self.clone(), member);
        crate::spawn::start::go(move || {
            done.0.shared.countdown.members().start(&mut done.1);
            let _done = done;
            f()
        })
    }
}

#[cold]
#[track_caller]
fn misused(misuse: Misuse) -> ! {
    match misuse {
        Misuse::OutOfRange => panic!("sync: negative WaitGroup counter"),
        Misuse::AddDuringWait => panic!(
            "sync: WaitGroup misuse: add called concurrently with wait; call add before the wait can begin, which \
             means before the `go!`, not inside it"
        ),
        Misuse::ReusedTooEarly => panic!("sync: WaitGroup is reused before previous wait has returned"),
    }
}

impl Clone for WaitGroup {
    /// Another handle to the same counter.
    fn clone(&self) -> WaitGroup {
        WaitGroup { shared: self.shared.clone() }
    }
}

impl Default for WaitGroup {
    fn default() -> WaitGroup {
        WaitGroup::new()
    }
}

impl fmt::Debug for WaitGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitGroup").field("count", &self.shared.countdown.count()).finish()
    }
}
