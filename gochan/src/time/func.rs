//! `after_func`: a function that runs at its time.

use crate::sched::alarm::{self, Alarm};
use crate::sched::bubble::{point, point_after, point_before};
use std::fmt;
use std::panic::Location;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Runs `f` on a goroutine of its own once `d` has passed, unless the timer is stopped before.
///
/// Nothing waits for `f`, and dropping the timer does not stop it. `f` runs once for each time the timer is set, by
/// this function and by [`FuncTimer::reset`]. Unlike Go's, runs never overlap, as `f` may change what it has captured: one
/// that comes due while `f` still runs begins when that has ended. A duration beyond the clock's range never passes.
///
/// `f` and what it has captured are dropped when it can run no more: with the timer, if it was stopped or has run.
///
/// Logarithmic in the number of pending timers; nothing runs and no thread waits in the meantime.
///
/// # Panics
/// In a forked child of a process that runs goroutines.
///
/// ```
/// use gochan::prelude::*;
/// use gochan::time::after_func;
/// use std::time::Duration;
///
/// let done = chan!(());
/// after_func(Duration::from_millis(1), { let done = done.clone(); move || send!(done <- ()) });
/// recv!(done);
///
/// let timer = after_func(Duration::from_secs(3600), || unreachable!());
/// assert!(timer.stop());
/// ```
#[doc(alias = "time.AfterFunc")]
#[track_caller]
pub fn after_func<F: FnMut() + Send + 'static>(d: Duration, f: F) -> FuncTimer {
    let runs = Mutex::new(Runs::default());
    let func: Arc<Func> = Arc::new(Func { runs, f: Mutex::new(f) });
    let alarm = func.set(d);
    point_after("after_func");
    FuncTimer { func, alarm: Mutex::new(Some(alarm)) }
}

/// The timer of an [`after_func`].
#[doc(alias = "time.Timer")]
pub struct FuncTimer {
    func: Arc<Func>,
    /// What was set last; none once stopped.
    alarm: Mutex<Option<Alarm>>,
}

impl FuncTimer {
    /// Keeps the function from running if it is not too late: true if this call did. False if a goroutine has been
    /// started for the run, which may be over, go on, or not have begun, or if the timer was stopped before. Does not wait
    /// for the run.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let timer = gochan::time::after_func(Duration::from_secs(60), || unreachable!("called off"));
    /// assert!(timer.stop());
    /// ```
    #[track_caller]
    pub fn stop(&self) -> bool {
        point_before("FuncTimer::stop");
        let alarm = lock(&self.alarm).take();
        let stopped = alarm.is_some_and(|alarm| alarm.cancel());
        point("FuncTimer::stop");
        stopped
    }

    /// Lets the function run once `d` from now has passed, instead of when it was due before: then this returns
    /// true. If a goroutine had been started for that run, or the timer was stopped before, the function will run again,
    /// and this returns false.
    ///
    /// ```
    /// use gochan::prelude::*;
    /// use std::time::Duration;
    ///
    /// let runs = chan!(());
    /// let timer = gochan::time::after_func(Duration::from_secs(60), {
    ///     let runs = runs.clone();
    ///     move || send!(runs <- ())
    /// });
    /// assert!(timer.reset(Duration::ZERO));
    /// recv!(runs);
    /// assert!(!timer.reset(Duration::ZERO));
    /// recv!(runs);
    /// ```
    #[track_caller]
    pub fn reset(&self, d: Duration) -> bool {
        point_before("FuncTimer::reset");
        let alarm = self.func.set(d);
        let before = lock(&self.alarm).replace(alarm);
        let stopped = before.is_some_and(|alarm| alarm.cancel());
        point("FuncTimer::reset");
        stopped
    }
}

impl fmt::Debug for FuncTimer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FuncTimer").field("alarm", &*lock(&self.alarm)).finish_non_exhaustive()
    }
}

/// The function and its runs, of which one goes on at a time.
struct Func<F: ?Sized = dyn FnMut() + Send> {
    runs: Mutex<Runs>,
    /// Locked by the run that goes on, hence never contended.
    f: Mutex<F>,
}

#[derive(Default)]
struct Runs {
    running: bool,
    /// Runs that came due meanwhile.
    waiting: usize,
}

/// Held for moves only, and by user code that panics, which leaves nothing behind that a later run must not see.
fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Func {
    #[track_caller]
    fn set(self: &Arc<Self>, d: Duration) -> Alarm {
        let func = self.clone();
        let site = Location::caller();
        alarm::set_after(d, move || func.strike(site))
    }

    /// The time has come; called on a goroutine that is there for this.
    fn strike(self: Arc<Self>, site: &'static Location<'static>) {
        let mut runs = lock(&self.runs);
        if runs.running {
            runs.waiting += 1;
            return;
        }
        runs.running = true;
        drop(runs);
        self.run(site);
    }

    fn run(self: Arc<Self>, site: &'static Location<'static>) {
        /// Also when `f` panics or ends its goroutine.
        struct Next(Arc<Func>, &'static Location<'static>);

        impl Drop for Next {
            fn drop(&mut self) {
                let mut runs = lock(&self.0.runs);
                runs.running = runs.waiting > 0;
                if runs.running {
                    runs.waiting -= 1;
                    drop(runs);
                    let (func, site) = (self.0.clone(), self.1);
                    crate::sched::go_from(site, move || func.run(site));
                }
            }
        }

        let next = Next(self, site);
        let mut f = lock(&next.0.f);
        f();
    }
}
