//! `after_func`: a function that runs at a given time.

use crate::base::location::SourceLocation;
use crate::base::lock::lock;
use crate::base::touch::Touch;
use crate::points;
use crate::sched::alarms::Alarm;
use crate::spawn::alarm;
use std::fmt;
use std::panic::Location;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Runs `f` in a new goroutine after `d`, unless the timer is stopped before: Go's `time.AfterFunc`.
///
/// Never blocks, and dropping the timer does not stop it. `f` runs once for each time the timer is set, by this
/// function or by [`FuncTimer::reset`]. Unlike in Go, runs never overlap, since `f` may change its captures: a run that
/// comes due while `f` is running begins when that run has ended. A duration beyond the clock's range never passes.
///
/// `f` and its captures are dropped when it can no longer run: with the timer, if it was stopped or has run.
///
/// Logarithmic in the number of pending timers; no goroutine and no thread waits in the meantime.
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
pub fn after_func<F>(d: Duration, f: F) -> FuncTimer
where
    F: FnMut(), // a closure, `|| f(x)`: not a call `f(x)`
    F: Send,    // use `Arc` for `Rc`, `sync::Mutex` or an atomic for cells, and lock inside
    F: 'static, // it runs later, when its caller may be gone: `move ||` owns what it names
{
    let runs = Mutex::new(Runs::default());
    let func: Arc<Func> = Arc::new(Func { runs, f: Mutex::new(f) });
    let alarm = func.set(d);
    points::after_unpolled("after_func", Some(Location::caller()));
    FuncTimer { func, alarm: Mutex::new(Some(alarm)) }
}

/// The timer of an [`after_func`].
#[doc(alias = "time.Timer")]
pub struct FuncTimer {
    func: Arc<Func>,
    /// The last alarm that was set; `None` once stopped.
    alarm: Mutex<Option<Alarm>>,
}

impl FuncTimer {
    /// Keeps the function from running; true if this call did so. False if a goroutine has already been started for the
    /// run, whether or not it has begun or ended, or if the timer was stopped before. Never blocks: does not wait for a
    /// run.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let timer = gochan::time::after_func(Duration::from_secs(60), || unreachable!("it was stopped"));
    /// assert!(timer.stop());
    /// ```
    #[track_caller]
    pub fn stop(&self) -> bool {
        points::before(|| Touch::EVERYTHING, "FuncTimer::stop", Some(Location::caller()));
        let alarm = lock(&self.alarm).take();
        let stopped = alarm.is_some_and(|alarm| alarm.cancel());
        points::after("FuncTimer::stop", Some(Location::caller()));
        stopped
    }

    /// Makes the function run after `d` from now instead of at its previous time, and returns true. If a goroutine has
    /// already been started for the previous run, or the timer was stopped, the function will run again, and this
    /// returns false. Never blocks.
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
        points::before(|| Touch::EVERYTHING, "FuncTimer::reset", Some(Location::caller()));
        let alarm = self.func.set(d);
        let before = lock(&self.alarm).replace(alarm);
        let stopped = before.is_some_and(|alarm| alarm.cancel());
        points::after("FuncTimer::reset", Some(Location::caller()));
        stopped
    }
}

impl fmt::Debug for FuncTimer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FuncTimer").field("alarm", &*lock(&self.alarm)).finish_non_exhaustive()
    }
}

/// The function and its runs, of which only one is active at a time.
struct Func<F: ?Sized = dyn FnMut() + Send> {
    runs: Mutex<Runs>,
    /// Locked by the active run, hence never contended.
    f: Mutex<F>,
}

#[derive(Default)]
struct Runs {
    running: bool,
    /// Runs that came due during the active one.
    waiting: usize,
}

// The locks are held only for moves and by `f`, and a later run may see what a panic of `f` leaves.
impl Func {
    #[track_caller]
    fn set(self: &Arc<Self>, d: Duration) -> Alarm {
        let func = self.clone();
        let site = Location::caller();
        alarm::set_after(d, move || func.run_or_wait(site))
    }

    /// Called when the timer is due, in a goroutine of its own.
    fn run_or_wait(self: Arc<Self>, site: SourceLocation) {
        let mut runs = lock(&self.runs);
        if runs.running {
            runs.waiting += 1;
            return;
        }
        runs.running = true;
        drop(runs);
        self.run(site);
    }

    fn run(self: Arc<Self>, site: SourceLocation) {
        /// Starts the next run, even if `f` panics or ends its goroutine.
        struct Next(Arc<Func>, SourceLocation);

        impl Drop for Next {
            fn drop(&mut self) {
                let mut runs = lock(&self.0.runs);
                runs.running = runs.waiting > 0;
                if runs.running {
                    runs.waiting -= 1;
                    drop(runs);
                    let (func, site) = (self.0.clone(), self.1);
                    crate::spawn::start::go_from(site, move || func.run(site));
                }
            }
        }

        let next = Next(self, site);
        let mut f = lock(&next.0.f);
        f();
    }
}
